"""Choosing a template: the list above, what the chosen one does below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from quant_tui.ui.screens.strategies.detail import StrategyDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.domain.trading import StrategyTemplate
    from quant_tui.services.strategies import StrategyService

COLUMNS = (
    Column("Template", 24, grow=1),
    Column("Type", 18, role=lambda _value: "muted"),
    Column("Tags", 30, role=lambda _value: "muted", grow=1),
)


class TemplatePicker(Vertical):
    """The templates; ``enter`` takes one."""

    DEFAULT_CSS = """
    TemplatePicker {
        height: 1fr;
        & > .heading { color: $accent; text-style: bold; height: 1; }
        & > Table { height: 7; }
        & > StrategyDetail { margin-top: 1; }
    }
    """

    class Picked(Message):
        """A template was taken."""

        def __init__(self, template: StrategyTemplate) -> None:
            super().__init__()
            self.template = template

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.table = Table(COLUMNS, empty=Notice("No templates"), id="templates")
        self.preview = StrategyDetail()
        self._templates: Mapping[str, StrategyTemplate] = {}
        self._service: StrategyService | None = None

    def compose(self) -> ComposeResult:
        """Lay out list and preview."""
        yield Static(
            Content.assemble("New strategy  ", ("from which template?", "$text-muted not bold")),
            classes="heading",
        )
        yield self.table
        yield self.preview

    def show_templates(
        self, templates: Sequence[StrategyTemplate], service: StrategyService
    ) -> None:
        """List the templates."""
        self._service = service
        self._templates = {one.strategy_type: one for one in templates}
        self.table.styles.height = len(templates) + 2
        self.table.set_rows(
            Row(one.strategy_type, (one.name, one.strategy_type, ", ".join(one.tags)))
            for one in templates
        )
        self._preview()

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show what the template does."""
        event.stop()
        self._preview()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Take the template."""
        event.stop()
        self.post_message(self.Picked(self._templates[event.key]))

    def _preview(self) -> None:
        template = self._templates.get(self.table.cursor_key)
        if template is None or self._service is None:
            return
        self.preview.show_template(template, self._service.document_of_type(template.strategy_type))
