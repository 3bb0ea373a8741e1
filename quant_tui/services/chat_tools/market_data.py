"""Tools about market data: what is stored, newest figures, and bounded queries of bars."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.genai.tools import Citation, ToolArguments, ToolResult
from quant_tui.services.chat_tools.answers import table
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.runs import DatedArguments
from quant_tui.services.chat_tools.tool import ReadingTool, Tool

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quant_tui.engine import Bars

MOST_SYMBOLS = 20
"""Symbols of one query."""

Column = Literal["open", "high", "low", "close", "volume", "return"]
Every = Literal["bar", "week", "month", "quarter", "year", "all"]
Aggregate = Literal["last", "first", "mean", "min", "max", "sum", "std", "count"]


def _close() -> list[Column]:
    return ["close"]


class SearchSymbols(ToolArguments):
    """What to list."""

    search: str = Field("", description="Part of a symbol or of its company's name or sector.")
    limit: int = Field(50, ge=1, le=100, description="Most symbols to list.")


class Quotes(ToolArguments):
    """Whose quotes."""

    symbols: list[str] = Field(description="Symbols.", min_length=1, max_length=50)


class QueryBars(DatedArguments):
    """Which bars, and what is made of them."""

    symbols: list[str] = Field(description="Symbols.", min_length=1, max_length=MOST_SYMBOLS)
    columns: list[Column] = Field(
        default_factory=_close, min_length=1, max_length=6,
        description="return is the fraction from close to close.",
    )  # fmt: skip
    every: Every = Field("bar", description="Bars are gathered by this; all is one row a symbol.")
    aggregate: Aggregate = Field("last", description="How bars of one period are gathered.")
    limit: int = Field(60, ge=1, le=100, description="Most rows; the newest are kept.")


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "list_symbols", "List symbols",
            "List symbols that have bars: dates, count, interval, source, whether invented.",
            SearchSymbols, partial(_symbols, context),
        ),
        ReadingTool(
            "quotes", "Show quotes",
            "Show the newest close, change, volume, 52-week range, averages and RSI of symbols.",
            Quotes, partial(_quotes, context),
        ),
        ReadingTool(
            "query_bars", "Query bars",
            "Query stored bars of up to 20 symbols: columns, dates, and aggregates by week, "
            "month, quarter, year or over all. Returns are fractions.",
            QueryBars, partial(_query, context),
        ),
    )  # fmt: skip


def cite(symbol: str) -> Citation:
    """Return what an answer about a symbol points at."""
    return Citation("symbol", symbol, symbol)


async def _symbols(context: ToolContext, given: SearchSymbols) -> ToolResult:
    stored = await context.market_data.symbols()
    named = await context.symbols.named_like(given.search) if given.search else []
    names = {one.symbol: one.name for one in named}
    wanted = given.search.casefold()
    found = [one for one in stored if wanted in one.symbol.casefold() or one.symbol in names]
    shown = found[: given.limit]
    companies = await context.symbols.company_names([one.symbol for one in shown])
    rows = [{**asdict(one), "name": companies.get(one.symbol, "")} for one in shown]
    cited = [cite(one.symbol) for one in shown]
    return table("Symbols", rows, cited, total=len(found), kind="symbols")


async def _quotes(context: ToolContext, given: Quotes) -> ToolResult:
    await context.market_data.require(given.symbols, field="symbols")
    rows = [
        {key: value for key, value in asdict(one).items() if key != "closes"}
        for one in await context.quotes.quotes(given.symbols)
    ]
    return table("Quotes", rows, [cite(one) for one in given.symbols], kind="quotes")


async def _query(context: ToolContext, given: QueryBars) -> ToolResult:
    symbols = list(dict.fromkeys(given.symbols))
    await context.market_data.require(symbols, field="symbols")
    if given.start and given.end and given.start > given.end:
        raise InvalidInput("The start is after the end.", field="start")
    bars = await context.market_data.load_bars(symbols, given.start, given.end)
    rows, total = await asyncio.to_thread(query, bars, given)
    provenance = await context.market_data.provenance(symbols)
    invented = [str(one["symbol"]) for one in provenance if one["synthetic"]]
    notes = [f"The newest {len(rows)} of {total} rows." if len(rows) < total else ""]
    notes += [f"Invented figures: {', '.join(invented)}." if invented else ""]
    beside = {"every": given.every, "aggregate": given.aggregate, "provenance": provenance}
    return table(
        "Bars", rows, [cite(one) for one in symbols], kind="bars", beside=beside,
        note=" ".join(filter(None, notes)),
    )  # fmt: skip


def query(bars: Bars, given: QueryBars) -> tuple[list[Document], int]:
    """Return the rows of a query, the newest last, and how many there were in all.

    A row is one symbol in one period, dated by its last bar; those without a bar are left
    out.
    """
    import numpy as np

    values = {column: _values(bars, column) for column in given.columns}
    edges = np.append(_starts(bars.dates, given.every), len(bars.dates))
    rows: list[Document] = []
    total = 0
    has_time = not (bars.dates == bars.dates.astype("datetime64[D]")).all()
    dates = np.datetime_as_string(bars.dates, unit="s" if has_time else "D")
    present = np.isfinite(bars.close)
    for first, after in reversed(list(pairwise(edges))):
        for place in reversed(range(len(bars.symbols))):
            known = np.flatnonzero(present[first:after, place])
            if not len(known):
                continue
            total += 1
            if len(rows) < given.limit:
                row: Document = {
                    "date": str(dates[first + known[-1]]),
                    "symbol": bars.symbols[place],
                }
                for column, matrix in values.items():
                    row[column] = _gather(matrix[first:after, place], given.aggregate)
                rows.append(row)
    return rows[::-1], total


def _values(bars: Bars, column: Column) -> NDArray[np.float64]:
    import numpy as np

    if column != "return":
        found: NDArray[np.float64] = getattr(bars, column)
        return found
    returns = np.full(bars.close.shape, np.nan)
    for place in range(bars.close.shape[1]):
        known = np.flatnonzero(np.isfinite(bars.close[:, place]))
        closes = bars.close[known, place]
        returns[known[1:], place] = closes[1:] / closes[:-1] - 1.0
    return returns


def _starts(dates: NDArray[np.datetime64], every: Every) -> NDArray[np.int64]:
    """Return the row at which each period begins."""
    import numpy as np

    if every == "bar":
        return np.arange(len(dates))
    if every == "all":
        return np.zeros(1, dtype=np.int64)
    days = dates.astype("datetime64[D]")
    if every == "week":
        numbers = (days.astype(np.int64) + 3) // 7  # 1970-01-01 was a Thursday
    else:
        months = days.astype("datetime64[M]").astype(np.int64)
        numbers = months // {"month": 1, "quarter": 3, "year": 12}[every]
    return np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))


def _gather(values: NDArray[np.float64], aggregate: Aggregate) -> float | None:
    import numpy as np

    known = values[np.isfinite(values)]
    if aggregate == "count":
        return float(len(known))
    if not len(known) or (aggregate == "std" and len(known) < 2):
        return None
    match aggregate:
        case "last":
            return float(known[-1])
        case "first":
            return float(known[0])
        case "std":
            return float(known.std(ddof=1))
        case "mean" | "min" | "max" | "sum":
            return float(getattr(known, aggregate)())
