"""What the rule language can call and name, searchable as one types."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from quant_tui.services.rule_reference import language_reference
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.reporting import toast
from quant_tui.ui.widgets.table import Column, Row, Table

COLUMNS = (
    Column("Name", 21, role=lambda _: "accent"),
    Column("Group", 19, role=lambda _: "muted"),
    Column("What it is", 22, grow=1),
)


class FunctionReference(Dialog[None]):
    """Every function and field by group, and how the one under the cursor is written."""

    DEFAULT_CSS = """
    FunctionReference > .dialog { width: 112; height: 96%; padding: 0 1; }
    FunctionReference Input {
        height: 1; border: none; padding: 0 1; margin-bottom: 1; background: $panel;
    }
    FunctionReference .detail { height: 6; margin-top: 1; border-top: solid $rule; }
    FunctionReference .hint { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="functions.close",
                tooltip="Clear the search, or close"),
        Binding("enter", "copy", "Copy", id="functions.copy", priority=True,
                tooltip="Copy how the function is written"),
        Binding("down", "scroll(1)", "Down", id="functions.down", show=False,
                tooltip="Next function"),
        Binding("up", "scroll(-1)", "Up", id="functions.up", show=False,
                tooltip="Previous function"),
        Binding("pagedown", "scroll(10)", "Page down", id="functions.pagedown", show=False,
                tooltip="A page down"),
        Binding("pageup", "scroll(-10)", "Page up", id="functions.pageup", show=False,
                tooltip="A page up"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._entries = {one.name: one for one in language_reference()}
        self._table = Table(COLUMNS)
        self._detail = Static(classes="detail")

    def compose(self) -> ComposeResult:
        """Lay out search line, table, and the function under the cursor."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Rule language: functions"
            yield Input(placeholder="/ type to search", compact=True)
            yield self._table
            yield self._detail
            yield Static(
                "↑ ↓ move  ·  enter copies how it is written  ·  escape closes",
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Show everything, ready to search."""
        self._table.set_rows(
            Row(one.name, (one.name, one.group, one.help), also=one.units)
            for one in self._entries.values()
        )
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as typed, up to a whole name; the slash that begins a search is no part of it."""
        event.stop()
        if "/" in event.value:
            event.input.value = event.value.replace("/", "")
            return
        self._table.filter_by(event.value)
        name = event.value.strip().lower()
        if name in self._entries:
            self._table.move_to(name)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Say how the function under the cursor is written and what it gives."""
        event.stop()
        entry = self._entries.get(event.key)
        if entry is None:
            self._detail.update("")
            return
        self._detail.update(
            Content("\n").join(
                [
                    Content.styled(entry.signature, "bold"),
                    Content(entry.help),
                    Content.styled(f"gives a {entry.result}: {entry.units}", "$text-muted"),
                ]
            )
        )

    def action_scroll(self, lines: int) -> None:
        """Move through the table from within the search line."""
        self._table.grid.action_move(lines)

    def action_copy(self) -> None:
        """Copy the signature of the function under the cursor."""
        entry = self._entries.get(self._table.cursor_key)
        if entry is not None:
            self.app.copy_to_clipboard(entry.signature)
            toast(self.app, f"{entry.name} copied", seconds=2)

    def action_close(self) -> None:
        """Clear the search, or close when there is none."""
        search = self.query_one(Input)
        if search.value:
            search.value = ""
        else:
            self.dismiss()
