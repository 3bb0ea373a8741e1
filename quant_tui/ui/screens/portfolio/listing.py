"""The list of portfolios: its columns, its rows, and what is said of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.portfolio import writing
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from quant_tui.domain.trading import Portfolio

COLUMNS = (
    Column("Name", 16, grow=3),
    Column("Value", 15, "right", write=writing.money, first="descending"),
    Column("Day", 10, "right", write=writing.change, role=fmt.direction, first="descending"),
    Column("P&L", 14, "right", write=writing.gain, role=fmt.direction, first="descending"),
    Column("Return", 11, "right", write=writing.change, role=fmt.direction, first="descending"),
    Column("Open", 4, "right", first="descending"),
    Column("As of", 10, role=writing.muted, first="descending"),
    Column("Cash", 14, "right", write=writing.money, first="descending"),
    Column("Volatility", 10, "right", write=writing.weight, first="descending"),
    Column("Max DD", 8, "right", write=writing.weight),
    Column("Benchmark", 10, role=writing.muted),
)
EMPTY = Notice(
    "No portfolios yet",
    "A portfolio is what you hold, worked out from what you did: purchases, sales, dividends, "
    "splits, cash. It shows what each position won, its risk, and the orders that reach your "
    "target weights.\n\n"
    "Or open a finished backtest and press P: what it held becomes a portfolio.",
    (("n", "New portfolio"), ("4", "Backtests")),
    picture=(
        "████████████████▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒░░░░\n"
        "██████████▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒░░░░░░░\n"
        "█████████████▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░"
    ),
)


def row_of(portfolio: Portfolio) -> Row:
    """Return the row of a portfolio, with the figures of its last change or look."""
    figures = portfolio.performance
    return Row(
        portfolio.id,
        (
            portfolio.name,
            figures.get("value"),
            figures.get("day_return"),
            figures.get("total_pnl"),
            figures.get("time_weighted_return"),
            len(portfolio.positions),
            figures.get("as_of") or "",
            figures.get("cash"),
            figures.get("annual_volatility"),
            figures.get("max_drawdown"),
            portfolio.benchmark,
        ),
        also=portfolio.description,
    )


def about(portfolio: Portfolio | None, width: int) -> Content:
    """Say more of a portfolio, in two lines."""
    if portfolio is None:
        return Content("")
    costs = "average cost" if portfolio.cost_method == "average" else "first in, first out"
    parts = [portfolio.base_currency, costs]
    if portfolio.allow_short:
        parts.append("short allowed")
    if portfolio.apply_dividends:
        parts.append("announced dividends booked")
    if not portfolio.apply_splits:
        parts.append("announced splits not applied")
    largest = [str(one["symbol"]) for one in portfolio.positions[:8]]
    lines = [
        Content.assemble((" · ".join(parts), "$text-muted")),
        Content(", ".join(largest) or portfolio.description),
    ]
    return Content("\n").join(line.truncate(max(10, width), ellipsis=True) for line in lines)
