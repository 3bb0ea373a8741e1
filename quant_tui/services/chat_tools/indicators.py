"""Tools that compute: indicators of the rule language, statistics of prices, correlations."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.genai.tools import ToolResult
from quant_tui.services.chat_tools.answers import facts, table
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.market_data import MOST_SYMBOLS, cite
from quant_tui.services.chat_tools.runs import DatedArguments
from quant_tui.services.chat_tools.tool import ReadingTool, Tool

if TYPE_CHECKING:
    from quant_tui.engine import Bars
    from quant_tui.services.price_series import PriceSeries

LEAST_RETURNS = 3
"""Common returns of which a correlation is told."""


class Indicator(DatedArguments):
    """Which indicator of which symbol."""

    symbol: str = Field(description="A symbol.")
    expression: str = Field(
        description="One or several expressions of the rule language, as rsi(close, 14).",
        min_length=1, max_length=2_000,
    )  # fmt: skip
    limit: int = Field(20, ge=1, le=100, description="Most rows; the newest are kept.")


class Statistics(DatedArguments):
    """Whose statistics."""

    symbol: str = Field(description="A symbol.")


class Correlate(DatedArguments):
    """Which symbols."""

    symbols: list[str] = Field(description="Symbols.", min_length=2, max_length=MOST_SYMBOLS)


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "compute_indicator", "Compute an indicator",
            "Compute expressions of the rule language on a symbol's bars; conditions are 1 or 0.",
            Indicator, partial(_indicator, context),
        ),
        ReadingTool(
            "price_statistics", "Describe a symbol's prices",
            "Describe returns, volatility, tails, deepest falls and 52-week range of a symbol.",
            Statistics, partial(_statistics, context),
        ),
        ReadingTool(
            "correlate", "Correlate symbols",
            "Correlate the bar-to-bar returns of symbols, each pair on its common bars.",
            Correlate, partial(_correlate, context),
        ),
    )  # fmt: skip


async def _prices(context: ToolContext, symbol: str) -> PriceSeries:
    await context.market_data.require((symbol,), field="symbol")
    profile = await context.symbols.profile(symbol)
    return await context.symbols.prices(profile, profile.usual_interval)


def _period(prices: PriceSeries, given: DatedArguments) -> slice:
    """Return the rows of a period.

    Raises
    ------
    InsufficientData
        There is no bar in it.
    """
    days = prices.dates.astype("datetime64[D]")
    first = 0 if given.start is None else int(np.searchsorted(days, np.datetime64(given.start)))
    after = (
        len(days)
        if given.end is None
        else int(np.searchsorted(days, np.datetime64(given.end), side="right"))
    )
    if first >= after:
        raise InsufficientData(
            f"No bars of {prices.symbol} from {given.start or 'the first'} to "
            f"{given.end or 'the last'}.",
            hint=f"It has {days[0]} to {days[-1]}." if len(days) else "",
        )
    return slice(first, after)


async def _indicator(context: ToolContext, given: Indicator) -> ToolResult:
    from quant_tui.services.indicators import compute, read_indicators

    read = await asyncio.to_thread(read_indicators, given.expression)
    prices = await _prices(context, given.symbol)
    rows_of_period = _period(prices, given)
    # over all bars up to the end, so that the first day of the period is warmed up
    known = prices.head(rows_of_period.stop)
    computed = await asyncio.to_thread(compute, read, known)
    places = range(rows_of_period.start, rows_of_period.stop)[-given.limit :]
    unit: Literal["s", "D"] = "s" if known.intraday else "D"
    rows: list[Document] = [
        {"date": str(np.datetime_as_string(known.dates[place], unit=unit))}
        | {one.text: float(values[place]) for one, values in zip(read, computed, strict=True)}
        for place in places
    ]
    total = rows_of_period.stop - rows_of_period.start
    note = f"The newest {len(rows)} of {total} bars." if len(rows) < total else ""
    beside = {"symbol": given.symbol, "interval": known.interval}
    return table("Indicator", rows, [cite(given.symbol)], kind="indicator", note=note,
                 beside=beside)  # fmt: skip


async def _statistics(context: ToolContext, given: Statistics) -> ToolResult:
    prices = await _prices(context, given.symbol)
    rows = _period(prices, given)
    part = replace(
        prices,
        **{
            name: getattr(prices, name)[rows]
            for name in ("dates", "open", "high", "low", "close", "volume")
        },
    )
    document = await asyncio.to_thread(statistics, part)
    return facts("Statistics", document, [cite(given.symbol)], kind="statistics")


def statistics(prices: PriceSeries) -> Document:
    """Return what the prices of a symbol are like; there must be two bars.

    Raises
    ------
    InsufficientData
        There are fewer.
    """
    from quant_tui.services.price_statistics import YearRange, falls, return_shape

    shape = return_shape(prices)
    if shape is None:
        raise InsufficientData(f"{prices.symbol} has one bar in this period; two are needed.")
    described = asdict(shape)
    described.pop("histogram")
    for key in ("best", "worst"):
        day, value = described[key]
        described[key] = {"date": str(day.astype("datetime64[D]")), "return": value}
    seen, expected = described.pop("beyond")
    days = prices.dates.astype("datetime64[D]").astype(str)
    deepest = [
        {
            "depth": one.depth,
            "peak": str(days[max(one.peak_row, 0)]),
            "valley": str(days[one.valley_row]),
            "recovered": None if one.recovery_row is None else str(days[one.recovery_row]),
        }
        for one in falls(prices).deepest
    ]
    return {
        "symbol": prices.symbol,
        "interval": prices.interval,
        "first": str(days[0]),
        "last": str(days[-1]),
        "bars": len(prices),
        "total_return": float(prices.close[-1] / prices.close[0] - 1.0),
        **described,
        "beyond_three_deviations": {"seen": seen, "of_a_normal": expected},
        "deepest_falls": deepest,
        "year_range": asdict(YearRange.of(prices)),
    }


async def _correlate(context: ToolContext, given: Correlate) -> ToolResult:
    symbols = list(dict.fromkeys(given.symbols))
    if len(symbols) < 2:
        raise InvalidInput("Name two symbols or more.", field="symbols")
    await context.market_data.require(symbols, field="symbols")
    bars = await context.market_data.load_bars(symbols, given.start, given.end)
    rows = await asyncio.to_thread(correlations, bars)
    return table("Correlations", rows, [cite(one) for one in symbols], kind="correlations")


def correlations(bars: Bars) -> list[Document]:
    """Return Pearson's r of the returns of each pair, over bars that both have.

    None where there are fewer than three of them, or one does not move.
    """
    rows: list[Document] = []
    for left in range(len(bars.symbols)):
        for right in range(left + 1, len(bars.symbols)):
            pair = bars.close[:, [left, right]]
            common = pair[np.isfinite(pair).all(axis=1)]
            returns = common[1:] / common[:-1] - 1.0
            enough = len(returns) >= LEAST_RETURNS and (returns.std(axis=0) > 0).all()
            matrix = np.atleast_2d(np.corrcoef(returns.T)) if enough else None
            value = None if matrix is None else float(matrix[0, 1])
            rows.append(
                {
                    "a": bars.symbols[left],
                    "b": bars.symbols[right],
                    "correlation": value,
                    "returns": len(returns),
                }
            )
    return rows
