"""Choosing a symbol as one types: by its name, or by that of its company."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from quant_tui.domain.errors import QuantError
from quant_tui.services.names import FOUND_AT_MOST, matching
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.reporting import report
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from textual.worker import Worker

    from quant_tui.services.symbols import SymbolService

COLUMNS = (
    Column("Symbol", 14, role=lambda _: "accent"),
    Column("Company", 30, grow=1, role=lambda _: "muted"),
)
SETTLED = 0.12
"""Seconds without a letter after which the companies are searched too."""

LEAST_LETTERS = 2
"""Letters from which the companies are searched."""


class SymbolJump(Dialog[str]):
    """A search line over the symbols that it fits; gives the one chosen, "" for none.

    Parameters
    ----------
    symbols
        Where they are looked up.
    title
        What the choice is for.
    """

    DEFAULT_CSS = """
    SymbolJump > .dialog { width: 64; height: 20; max-height: 90%; padding: 0 1; }
    SymbolJump Input {
        height: 1; border: none; padding: 0 1; margin-bottom: 1; background: $panel;
    }
    SymbolJump .hint { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="jump.close", tooltip="Choose none"),
        Binding("enter", "choose", "Choose", id="jump.choose", priority=True,
                tooltip="Take the symbol under the cursor"),
        Binding("down", "scroll(1)", "Down", id="jump.down", show=False, tooltip="Next symbol"),
        Binding("up", "scroll(-1)", "Up", id="jump.up", show=False, tooltip="Previous symbol"),
        Binding("pagedown", "scroll(10)", "Page down", id="jump.pagedown", show=False,
                tooltip="A page down"),
        Binding("pageup", "scroll(-10)", "Page up", id="jump.pageup", show=False,
                tooltip="A page up"),
    ]  # fmt: skip

    def __init__(self, symbols: SymbolService, title: str = "Go to symbol") -> None:
        super().__init__()
        self._symbols = symbols
        self._title = title
        self._names: tuple[str, ...] = ()
        self._table = Table(COLUMNS, empty=Notice("No such symbol"))

    def compose(self) -> ComposeResult:
        """Lay out search line and table."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            yield Input(placeholder="symbol or company", compact=True)
            yield self._table
            yield Static("↑ ↓ move  ·  enter takes it  ·  escape closes", classes="hint")

    def on_mount(self) -> None:
        """Fetch the symbols."""
        self._table.show_loading()
        self.query_one(Input).focus()
        _loading: Worker[None] = self.run_worker(self._load, group="load", exit_on_error=False)

    async def _load(self) -> None:
        try:
            self._names = await self._symbols.names()
        except QuantError as error:
            report(self, error)
        self._show(self.query_one(Input).value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what fits: symbols at once, companies as soon as one stops typing."""
        event.stop()
        self._show(event.value)

    def _show(self, text: str) -> None:
        self._put([(name, "") for name in matching(self._names, text)])
        _finding: Worker[None] = self.run_worker(
            self._find(text), group="find", exclusive=True, exit_on_error=False
        )

    def _put(self, found: list[tuple[str, str]]) -> None:
        self._table.set_rows(Row(symbol, (symbol, name)) for symbol, name in found)
        self._table.grid.action_first()

    async def _find(self, text: str) -> None:
        await asyncio.sleep(SETTLED)
        by_symbol = matching(self._names, text)
        try:
            known = await self._symbols.company_names(by_symbol)
            named = await self._symbols.named_like(text) if len(text) >= LEAST_LETTERS else []
        except QuantError as error:
            report(self, error)
            return
        found = {symbol: known.get(symbol, "") for symbol in by_symbol}
        for one in named:
            found.setdefault(one.symbol, one.name)
        cursor = self._table.cursor_key
        self._put(list(found.items())[:FOUND_AT_MOST])
        if cursor:
            self._table.move_to(cursor)

    def action_scroll(self, lines: int) -> None:
        """Move through the table from within the search line."""
        self._table.grid.action_move(lines)

    def action_choose(self) -> None:
        """Take the symbol under the cursor."""
        if symbol := self._table.cursor_key:
            self.dismiss(symbol)

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Take the symbol that was clicked."""
        event.stop()
        self.dismiss(event.key)

    def action_close(self) -> None:
        """Choose none."""
        self.dismiss("")
