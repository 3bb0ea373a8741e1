"""The tables of a result: fills and round trips."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from quant_tui.ui import format as fmt
from quant_tui.ui.symbol_target import symbol_target
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.domain.trading import BacktestResult
    from quant_tui.ui.app import QuantApp
    from quant_tui.ui.screens.results.view import ResultView


def _muted(_value: object) -> str:
    return "muted"


def _money(value: object) -> str:
    return fmt.number(cast("float | None", value))


def _quantity(value: object) -> str:
    return fmt.number(cast("float | None", value), 4)


def _price(value: object) -> str:
    return fmt.number(cast("float | None", value), 4)


def _signed_money(value: object) -> str:
    return fmt.signed(cast("float | None", value))


def _change(value: object) -> str:
    return fmt.change(cast("float | None", value))


def _percent(value: object) -> str:
    return fmt.percent(cast("float | None", value), 1)


def _count(value: object) -> str:
    return fmt.integer(cast("float | None", value))


def _day(value: object) -> str:
    return str(value)[:10] if value else fmt.NOTHING


def _action_role(value: object) -> str:
    return "up" if "BUY" in str(value) else "down"


def _state_role(value: object) -> str:
    return "" if value == "closed" else "warning"


TRADE_COLUMNS = (
    Column("Date", 10, write=_day),
    Column("Symbol", 12),
    Column("Action", 6, role=_action_role),
    Column("Quantity", 13, "right", write=_quantity, first="descending"),
    Column("Price", 11, "right", write=_price, first="descending"),
    Column("Value", 13, "right", write=_money, first="descending"),
    Column("Commission", 10, "right", write=_money, role=_muted, first="descending"),
    Column("Slippage", 9, "right", write=_money, role=_muted, first="descending"),
    Column("Why", 8, role=_muted, grow=1),
)
NO_TRADES = Notice("No trades", "The rules never gave a signal that could be filled.")

TRIP_COLUMNS = (
    Column("Symbol", 12),
    Column("Entry", 10, write=_day),
    Column("Exit", 10, write=_day),
    Column("P&L", 12, "right", write=_signed_money, role=fmt.direction, first="descending"),
    Column("Return", 10, "right", write=_change, role=fmt.direction, first="descending"),
    Column("State", 9, role=_state_role),
    Column("Bars", 5, "right", write=_count, role=_muted, first="descending"),
    Column("Quantity", 13, "right", write=_quantity, role=_muted, first="descending"),
    Column("Entry at", 11, "right", write=_price, role=_muted, first="descending"),
    Column("Exit at", 11, "right", write=_price, role=_muted, first="descending"),
    Column("MAE", 7, "right", write=_percent, role=_muted, first="descending"),
    Column("MFE", 7, "right", write=_percent, role=_muted, first="descending"),
    Column("Costs", 9, "right", write=_money, role=_muted, first="descending"),
)


def trade_rows(result: BacktestResult) -> Iterator[Row]:
    """Return a row for every fill, in the order they happened."""
    for at, fill in enumerate(result.trades):
        sign = "▲" if fill["action"] == "BUY" else "▼"
        yield Row(
            str(at),
            (
                fill["date"],
                fill["symbol"],
                f"{sign} {fill['action']}",
                fill["quantity"],
                fill["price"],
                fill["quantity"] * fill["price"],
                fill["commission"],
                fill["slippage"],
                str(fill.get("reason") or "").replace("_", " "),
            ),
        )


def trip_rows(result: BacktestResult) -> Iterator[Row]:
    """Return a row for every round trip; open and delisted ones are flagged."""
    for at, trip in enumerate(result.round_trips):
        state = "◌ open" if trip.get("open") else "closed"
        if trip.get("delisted"):
            state = "■ delist."
        yield Row(
            str(at),
            (
                trip["symbol"],
                trip["entry_date"],
                None if trip.get("open") else trip["exit_date"],
                trip["pnl"],
                trip["return"],
                state,
                trip.get("bars"),
                trip["quantity"],
                trip["entry_price"],
                trip["exit_price"],
                trip.get("mae"),
                trip.get("mfe"),
                (trip.get("commission") or 0.0) + (trip.get("slippage") or 0.0),
            ),
        )


class ResultTable(Table):
    """A table of a result; its rows are made in a thread.

    Parameters
    ----------
    rows
        From a result to its rows.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        rows: Callable[[BacktestResult], Iterator[Row]],
        *,
        id: str,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(columns, empty=NO_TRADES, id=id)
        self._rows = rows
        titles = [column.title for column in columns]
        self._symbol_at = titles.index("Symbol")
        self._day_at = titles.index("Entry" if "Entry" in titles else "Date")
        self._shown: dict[str, Row] = {}

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()

    async def show_view(self, view: ResultView) -> None:
        """Show a result's rows."""
        rows = await asyncio.to_thread(list, self._rows(view.result))
        self._shown = {row.key: row for row in rows}
        self.set_rows(rows)

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open the symbol's chart at the day of the trade."""
        event.stop()
        values = self._shown[event.key].values
        day = str(values[self._day_at])[:10]
        target = symbol_target(str(values[self._symbol_at]), day=day)
        cast("QuantApp", self.app).go_to("symbol", target=target)


def fills_table() -> ResultTable:
    """Return the table of fills."""
    return ResultTable(TRADE_COLUMNS, trade_rows, id="trades")


def round_trips_table() -> ResultTable:
    """Return the table of round trips."""
    return ResultTable(TRIP_COLUMNS, trip_rows, id="trips")
