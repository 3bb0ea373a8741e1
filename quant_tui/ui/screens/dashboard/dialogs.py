"""Choosing a new widget, its settings, and among layouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.screens.dashboard.content import Choice
from quant_tui.ui.screens.dashboard.kinds import KINDS
from quant_tui.ui.widgets.form import Field, Form
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table


class KindPicker(Dialog[str]):
    """What to put on the dashboard; the result is the kind's code, "" for nothing."""

    DEFAULT_CSS = """
    KindPicker Table { height: auto; max-height: 16; min-height: 8; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="kinds.back", tooltip="Add nothing"),
    ]

    def compose(self) -> ComposeResult:
        """List the kinds."""
        self.table = Table(
            (Column("Widget", 18), Column("Shows", 30, grow=1, role=lambda _: "muted")),
            empty=Notice("No kinds"),
        )
        self.table.styles.height = len(KINDS) + 2
        box = Vertical(self.table, classes="dialog")
        box.border_title = Content("Add a widget")
        yield box

    def on_mount(self) -> None:
        """Fill the list."""
        self.table.set_rows(Row(kind.code, (kind.title, kind.about)) for kind in KINDS)
        self.table.focus()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Take the kind."""
        event.stop()
        self.dismiss(event.key)

    def action_leave(self) -> None:
        """Take none."""
        self.dismiss("")


class WidgetSettings(Dialog[dict[str, str] | None]):
    """What a widget shows of its kind; the result is the settings, None for no change.

    Parameters
    ----------
    title
        The kind's name.
    choices
        What may be chosen.
    settings
        What is chosen now.
    """

    def __init__(self, title: str, choices: Sequence[Choice], settings: Mapping[str, str]) -> None:
        super().__init__()
        self._title = title
        self.form = Form(
            *(
                Field(
                    one.key,
                    one.label,
                    settings.get(one.key, one.start),
                    choices=one.options or None,
                    help_text=one.help_text,
                )
                for one in choices
            )
        )

    def compose(self) -> ComposeResult:
        """Show the form."""
        box = Vertical(self.form, classes="dialog")
        box.border_title = Content(self._title)
        box.border_subtitle = Content("ctrl+s save · escape back")
        yield box

    def on_mount(self) -> None:
        """Begin with the first field."""
        self.form.fields[0].control.focus()

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Take what was chosen."""
        event.stop()
        self.dismiss({key: value.strip() for key, value in event.values.items()})

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Change nothing."""
        event.stop()
        self.dismiss(None)


class LayoutName(Dialog[str]):
    """A name for a layout; the result is the name, "" for none.

    Parameters
    ----------
    title
        What is being done.
    name
        What to begin with.
    check
        From a name to what is wrong with it; "" when nothing is.
    """

    def __init__(self, title: str, name: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self._title = title

        def wrong(values: dict[str, str]) -> dict[str, str]:
            message = check(values["name"])
            return {"name": message} if message else {}

        self.form = Form(Field("name", "Name", name, help_text="up to 40 characters"), check=wrong)

    def compose(self) -> ComposeResult:
        """Show the field."""
        box = Vertical(self.form, classes="dialog")
        box.border_title = Content(self._title)
        yield box

    def on_mount(self) -> None:
        """Begin typing."""
        self.form.fields[0].control.focus()

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Take the name."""
        event.stop()
        self.dismiss(event.values["name"])

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Take none."""
        event.stop()
        self.dismiss("")


class LayoutPicker(Dialog[tuple[str, str]]):
    """The layouts; the result is what to do and with which: ``("show", "Trading")``.

    Parameters
    ----------
    layouts
        Names with how many widgets each has.
    active
        The one shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "take('new')", "New", id="layouts.new", tooltip="An empty layout"),
        Binding("c", "take('copy')", "Copy", id="layouts.copy",
                tooltip="A new layout that begins with these widgets"),
        Binding("e", "take('rename')", "Rename", id="layouts.rename", tooltip="Another name"),
        Binding("d", "take('delete')", "Delete", id="layouts.delete", tooltip="Delete it"),
        Binding("escape", "leave", "Back", id="layouts.back", tooltip="Change nothing"),
    ]  # fmt: skip

    def __init__(self, layouts: Sequence[tuple[str, int]], active: str) -> None:
        super().__init__()
        self._layouts = layouts
        self._active = active

    def compose(self) -> ComposeResult:
        """List the layouts."""
        self.table = Table(
            (Column("Layout", 30, grow=1), Column("Widgets", 7, "right")), empty=Notice("None")
        )
        self.table.styles.height = min(14, len(self._layouts) + 2)
        box = Vertical(
            self.table,
            Static(Content("enter show · n new · c copy · e rename · d delete"), classes="hint"),
            classes="dialog",
        )
        box.border_title = Content("Layouts")
        yield box

    def on_mount(self) -> None:
        """Fill the list."""
        self.table.set_rows(Row(name, (name, count)) for name, count in self._layouts)
        self.table.move_to(self._active)
        self.table.focus()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Show the layout."""
        event.stop()
        self.dismiss(("show", event.key))

    def action_take(self, what: str) -> None:
        """Do something with the layout under the cursor."""
        self.dismiss((what, self.table.cursor_key))

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(("", ""))
