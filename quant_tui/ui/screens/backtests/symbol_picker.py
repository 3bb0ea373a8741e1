"""The store's symbols, to mark those that a run is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.message import Message

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.services.run_defaults import RunDefaults


def _day(value: object) -> str:
    return fmt.day(cast("date", value))


def _muted(_value: object) -> str:
    return "muted"


def _source_role(value: object) -> str:
    return "warning" if value == SYNTHETIC else "muted"


SYNTHETIC = "synthetic"
COLUMNS = (
    Column("Symbol", 12),
    Column("Source", 9, role=_source_role),
    Column("First", 10, write=_day, role=_muted),
    Column("Last", 10, write=_day, role=_muted),
    Column("Name", 16, grow=1, role=_muted),
)
NO_SYMBOLS = Notice(
    "No bars yet",
    "A backtest needs prices. Load the sample data or import a CSV or Parquet file.",
    (("0", "Data: sample data, import"),),
)


class SymbolPicker(Table):
    """Symbols with their periods; ``space`` marks, ``enter`` goes back to the form."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "done", "To the form", id="symbols.done", tooltip="Back to the form"),
    ]

    class Done(Message):
        """Back to the form."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, empty=NO_SYMBOLS, markable=True, id="symbol-picker")

    def show_symbols(self, defaults: RunDefaults) -> None:
        """List the symbols."""
        self.set_rows(
            Row(
                one.symbol,
                (
                    one.symbol,
                    SYNTHETIC if one.synthetic else one.source,
                    one.first,
                    one.last,
                    defaults.names.get(one.symbol, ""),
                ),
            )
            for one in defaults.available
        )

    def follow_text(self, symbols: Sequence[str]) -> None:
        """Mark what a text names, and show what its unfinished last word could become."""
        known = {row.key for row in self.model.rows}
        self.model.marked = known & set(symbols)
        last = symbols[-1] if symbols else ""
        with self.grid.keeping_cursor():
            self.model.set_filter("" if last in known else last)
        self._settle()

    def first_match(self) -> str:
        """Return the first symbol shown, "" when none is."""
        return self.model.row(0).key if len(self.model) else ""

    def action_done(self) -> None:
        """Go back to the form."""
        self.post_message(self.Done())

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go back to the form."""
        event.stop()
        self.post_message(self.Done())
