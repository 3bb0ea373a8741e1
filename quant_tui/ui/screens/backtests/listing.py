"""The list of backtests: what is fetched, and how one is written as a row and below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.content import Content

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui import format as fmt
from quant_tui.ui.status_words import status_text
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from quant_tui.services.backtest_report import BacktestSummary
    from quant_tui.services.backtests import BacktestService


class State(NamedTuple):
    """Status of a backtest and, while it runs, how far it is (0 to 1)."""

    status: RunStatus
    progress: float | None = None


def _write_state(value: object) -> str:
    state = cast("State", value)
    if state.status is RunStatus.RUNNING and state.progress is not None:
        return f"▸ {state.progress * 100:3.0f}%"
    return status_text(state.status).text


def _state_role(value: object) -> str:
    return status_text(cast("State", value).status).role


def _muted(_value: object) -> str:
    return "muted"


def _change(value: object) -> str:
    return fmt.change(cast("float | None", value), 1)


def _ratio(value: object) -> str:
    return fmt.number(cast("float | None", value))


def _percent(value: object) -> str:
    return fmt.percent(cast("float | None", value), 1)


def _count(value: object) -> str:
    return fmt.integer(cast("float | None", value))


def _ago(value: object) -> str:
    return fmt.ago(cast("datetime", value))


def _day_or(value: date | None, otherwise: str) -> str:
    return otherwise if value is None else fmt.day(value)


def period(start: date | None, end: date | None) -> str:
    """Write a period by its months: ``2010-01 … 2018-12``."""
    if start is None and end is None:
        return "all there is"
    return f"{_day_or(start, 'first')[:7]} … {_day_or(end, 'last')[:7]}"


EMPTY = Notice(
    "No backtests yet",
    "A backtest runs a strategy over stored prices, with costs, and keeps the result together "
    "with everything needed to repeat it.",
    (("n", "New backtest"), ("3", "Strategies: make one first"), ("0", "Data: prices to run on")),
)

COLUMNS = (
    Column("Status", 9, write=_write_state, role=_state_role),
    Column("Backtest", 13, grow=3),
    Column("Symbols", 14, grow=3),
    Column("Return", 9, "right", write=_change, role=fmt.direction, first="descending"),
    Column("Sharpe", 6, "right", write=_ratio, first="descending"),
    Column("Max DD", 7, "right", write=_percent, first="descending"),
    Column("Trades", 6, "right", write=_count, first="descending"),
    Column("Period", 17, role=_muted),
    Column("Run", 10, "right", write=_ago, role=_muted, first="descending"),
)


def title_of(one: BacktestSummary) -> str:
    """Return the name that a person gave; else the strategy's, for the symbols stand beside it."""
    strategy = one.strategy_name or one.strategy_type
    return strategy if one.name.startswith(f"{strategy} on ") else one.name


def row_of(one: BacktestSummary, progress: float | None = None) -> Row:
    """Return a row, which the filter finds by name, strategy and type alike."""
    also = f"{one.name} {one.strategy_name} {one.strategy_type}"
    return Row(one.id, values_of(one, progress), also)


def values_of(one: BacktestSummary, progress: float | None = None) -> Sequence[object]:
    """Return a row's values."""
    return (
        State(one.status, progress),
        title_of(one),
        ", ".join(one.symbols),
        one.total_return,
        one.sharpe_ratio,
        one.max_drawdown,
        one.total_trades,
        period(one.start, one.end),
        one.created_at,
    )


def lines_of(one: BacktestSummary | None, width: int) -> Content:
    """Write the chosen backtest in two lines: what it is, and how it went."""
    if one is None:
        return Content("")
    words = status_text(one.status)
    first = Content.assemble(
        (one.name, "bold"),
        (f"  {one.strategy_name}" if one.strategy_name not in one.name else "", "$text-muted"),
        (f"  {one.strategy_type}" if one.strategy_type != one.strategy_name else "", "$text-muted"),
        (f"  {_day_or(one.start, 'first bar')} … {_day_or(one.end, 'last bar')}", "$text-muted"),
    )
    if one.error:
        second = Content.styled(f"✗ {' '.join(one.error.split())}", "$text-error")
    elif one.status is RunStatus.COMPLETED:
        second = Content.assemble(
            (f"{len(one.symbols)} symbol{'s' * (len(one.symbols) != 1)}: ", "$text-muted"),
            ", ".join(one.symbols),
            ("   run ", "$text-muted"),
            fmt.moment(one.created_at),
        )
    else:
        second = Content.styled(words.text, words.style)
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in (first, second))


async def summaries_from(backtests: BacktestService, skip: int, page: int) -> list[BacktestSummary]:
    """Fetch all from the ``skip``-th newest on, ``page`` at a time."""
    found: list[BacktestSummary] = []
    more = True
    while more:
        fetched = await backtests.list(skip=skip + len(found), limit=page)
        found += fetched
        more = len(fetched) == page
    return found
