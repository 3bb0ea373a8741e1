"""Choosing a template: the list above, what the chosen one does below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from quant_tui.domain.trading import OwnTemplate
from quant_tui.services.strategy_rules import rules_of_template
from quant_tui.ui.screens.strategies.detail import StrategyDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.domain.trading import StrategyTemplate


def _muted(_value: object) -> str:
    return "muted"


COLUMNS = (
    Column("Template", 22, grow=1),
    Column("Type", 18, role=_muted),
    Column("Used", 4, "right", first="descending"),
    Column("Tags", 24, role=_muted, grow=1),
)


class TemplatePicker(Vertical):
    """The templates, the user's own first; ``enter`` takes one."""

    DEFAULT_CSS = """
    TemplatePicker {
        height: 1fr;
        & > .heading { color: $accent; text-style: bold; height: 1; }
        & > Table { height: 7; max-height: 65%; }
        & > StrategyDetail { margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "delete", "Delete", id="templates.delete",
                tooltip="Delete this template of your own; strategies made from it stay"),
    ]  # fmt: skip

    class Picked(Message):
        """A template was taken."""

        def __init__(self, template: StrategyTemplate) -> None:
            super().__init__()
            self.template = template

    class DeleteAsked(Message):
        """A template of the user's own is to be deleted."""

        def __init__(self, template: OwnTemplate) -> None:
            super().__init__()
            self.template = template

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.table = Table(COLUMNS, empty=Notice("No templates"), id="templates")
        self.preview = StrategyDetail()
        self._templates: Mapping[str, StrategyTemplate] = {}

    def compose(self) -> ComposeResult:
        """Lay out list and preview."""
        yield Static(
            Content.assemble("New strategy  ", ("from which template?", "$text-muted not bold")),
            classes="heading",
        )
        yield self.table
        yield self.preview

    def show_templates(
        self, templates: Sequence[StrategyTemplate], own: Sequence[OwnTemplate]
    ) -> None:
        """List the user's own templates, then the built-in ones."""
        self._templates = {one.id: one for one in (*own, *templates)}
        self.table.styles.height = len(self._templates) + 2
        self.table.set_rows(
            Row(
                one.id,
                (
                    one.name,
                    "your own" if isinstance(one, OwnTemplate) else one.strategy_type,
                    one.usage_count,
                    ", ".join(one.tags),
                ),
            )
            for one in self._templates.values()
        )
        self._preview()

    @property
    def chosen(self) -> StrategyTemplate | None:
        """The template under the cursor."""
        return self._templates.get(self.table.cursor_key)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show what the template does."""
        event.stop()
        self._preview()
        self.refresh_bindings()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Take the template."""
        event.stop()
        self.post_message(self.Picked(self._templates[event.key]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer to delete what is the user's own."""
        return action != "delete" or isinstance(self.chosen, OwnTemplate)

    def action_delete(self) -> None:
        """Ask the workspace to delete the template."""
        if isinstance(template := self.chosen, OwnTemplate):
            self.post_message(self.DeleteAsked(template))

    def _preview(self) -> None:
        if (template := self.chosen) is not None:
            self.preview.show_template(template, rules_of_template(template))
