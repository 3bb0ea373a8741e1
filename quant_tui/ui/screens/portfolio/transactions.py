"""Transactions: every line of the history, the newest first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.portfolio import writing
from quant_tui.ui.screens.portfolio.positions import EMPTY
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.services.portfolio_report import PortfolioReport


def _kind_role(value: object) -> str:
    return {"buy": "up", "sell": "down"}.get(str(value), "")


def _price(value: object) -> str:
    return "" if value is None else fmt.number(cast("float", value), 4)


def _shares(value: object) -> str:
    return "" if not value else writing.shares(value)


COLUMNS = (
    Column("Date", 10, first="descending"),
    Column("Type", 10, role=_kind_role),
    Column("Symbol", 10),
    Column("Quantity", 10, "right", write=_shares, first="descending"),
    Column("Price", 11, "right", write=_price, first="descending"),
    Column("Cash", 14, "right", write=writing.gain, role=fmt.direction, first="descending"),
    Column("Commission", 10, "right", write=writing.some, first="descending"),
    Column("Realised", 12, "right", write=lambda value: writing.gain(value) if value else "",
           role=fmt.direction, first="descending"),
    Column("Held after", 10, "right", write=_shares, first="descending"),
    Column("Note", 12, role=writing.muted, grow=1),
)  # fmt: skip


class TransactionsPart(Vertical):
    """The table; rows can be marked."""

    DEFAULT_CSS = """
    TransactionsPart { height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.table = Table(
            COLUMNS, empty=EMPTY, markable=True, openable=False, id="transactions-table"
        )

    def compose(self) -> ComposeResult:
        """Lay out the table."""
        yield self.table

    def focus_first(self) -> None:
        """Give the keys to the table."""
        self.table.focus()

    @property
    def chosen(self) -> list[str]:
        """Ids of the marked transactions, or of the one under the cursor."""
        marked = sorted(self.table.marked)
        return marked or [key for key in [self.table.cursor_key] if key]

    async def show_report(self, report: PortfolioReport) -> None:
        """Show the transactions of a portfolio."""
        self.table.set_rows(await asyncio.to_thread(_rows, report))


def _rows(report: PortfolioReport) -> list[Row]:
    history = report.history
    if history is None:
        return []
    applied, book = history.applied, history.book
    rows = []
    for place, source in enumerate(applied.source.tolist()):
        if source < 0:
            continue
        one = report.ledger.documents[source]
        rows.append(
            Row(
                str(one["_id"]),
                (
                    one["date"].date().isoformat(),
                    str(one["kind"]),
                    one["symbol"],
                    one["quantity"],
                    one["price"] if one["kind"] in ("buy", "sell") else None,
                    float(book.cash[place]),
                    one["commission"],
                    float(book.realised[place]),
                    float(book.position[place]) if one["symbol"] else None,
                    one["note"],
                ),
            )
        )
    rows.reverse()
    return rows
