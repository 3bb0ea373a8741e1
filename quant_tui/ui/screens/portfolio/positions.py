"""Positions: what is held, what it cost, what it is worth; then what was sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.portfolio import writing
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.services.portfolio_report import PortfolioReport, Position

STALE = "stale"
CLOSED = "closed"


def _state_role(value: object) -> str:
    return "warning" if value == STALE else "muted"


COLUMNS = (
    Column("Symbol", 10, grow=1),
    Column("Quantity", 9, "right", write=writing.shares, first="descending"),
    Column("Value", 11, "right", write=writing.money, first="descending"),
    Column("Weight", 6, "right", write=writing.weight, first="descending"),
    Column("Day", 9, "right", write=writing.change, role=fmt.direction, first="descending"),
    Column("Unrealised", 11, "right", write=writing.gain, role=fmt.direction, first="descending"),
    Column("State", 6, role=_state_role),
    Column("Average", 9, "right", write=writing.price, first="descending"),
    Column("Last", 9, "right", write=writing.price, first="descending"),
    Column("Gain", 10, "right", write=writing.change, role=fmt.direction, first="descending"),
    Column("Realised", 11, "right", write=writing.gain, role=fmt.direction, first="descending"),
    Column("Dividends", 9, "right", write=writing.some, first="descending"),
    Column("60 days", writing.SPARK, write=writing.spark, role=writing.spark_role, sort=None),
    Column("Priced", 10, write=writing.day, role=writing.muted),
    Column("Sector", 14, role=writing.muted, grow=1),
)
EMPTY = Notice(
    "Nothing was recorded yet",
    "Positions follow from transactions. Begin with the money that went in.",
    (
        ("a", "A transaction in one line: deposit 10000"),
        ("n", "A transaction, field by field"),
        ("i", "Import a CSV file of transactions"),
    ),
)
ONLY_CASH = Notice(
    "Nothing is held",
    "So far there is only cash. Positions follow from purchases and sales.",
    (
        ("a", "A transaction in one line: buy 100 GOOG @ 152.30"),
        ("n", "A transaction, field by field"),
        ("i", "Import a CSV file of transactions"),
    ),
)


class PositionsPart(Vertical):
    """The table, and under it what is doubtful."""

    DEFAULT_CSS = """
    PositionsPart {
        height: 1fr;
        & > Static { height: auto; max-height: 6; color: $text-warning; padding: 0 1; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.table = Table(COLUMNS, empty=EMPTY, id="positions-table")
        self.warnings = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out table and warnings."""
        yield self.table
        yield self.warnings

    def focus_first(self) -> None:
        """Give the keys to the table."""
        self.table.focus()

    async def show_report(self, report: PortfolioReport) -> None:
        """Show the positions of a portfolio."""
        self.table.empty = ONLY_CASH if report.figures else EMPTY
        self.table.set_rows(_row(one) for one in report.positions)
        self.warnings.display = bool(report.warnings)
        self.warnings.update(Content("\n").join(Content(f"! {one}") for one in report.warnings))


def _row(one: Position) -> Row:
    state = "" if one.is_open else CLOSED
    if one.is_open and one.stale:
        state = STALE
    return Row(
        one.symbol,
        (
            one.symbol,
            one.quantity,
            one.value if one.is_open else None,
            one.weight if one.is_open else None,
            one.price_change if one.is_open and not one.stale else None,
            one.unrealised if one.is_open else None,
            state,
            one.average_cost,
            one.last,
            one.unrealised_return,
            one.realised,
            one.dividends,
            one.spark,
            one.last_date,
            one.sector,
        ),
        also=one.name,
    )
