"""What the form of a new backtest begins with, so that it can be run as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quant_tui.domain.market_data import Company
from quant_tui.services.backtest_report import BacktestSummary
from quant_tui.services.backtest_request import DEFAULT_COMMISSION
from quant_tui.services.backtests import BacktestService
from quant_tui.services.market_data import MarketDataService
from quant_tui.storage.duck.records import SymbolSummary
from quant_tui.storage.mongo.repository import Repository

SUGGESTED_SYMBOLS = 2

_INDEX = "Index"
"""Sector of companies that are none: an index cannot be bought, but it is a benchmark."""


@dataclass(frozen=True, slots=True)
class RunDefaults:
    """What can be chosen, and what is suggested.

    Attributes
    ----------
    available
        Every symbol with bars.
    names
        Company names by symbol.
    symbols
        Those of the last backtest if they still have bars, otherwise two with real bars
        before invented ones, and the longest history first.
    benchmark
        An index whose bars cover the symbols' common range; empty when there is none.
    commission
        Fraction of every fill's value.
    """

    available: tuple[SymbolSummary, ...]
    names: dict[str, str]
    symbols: tuple[str, ...]
    benchmark: str
    commission: float = DEFAULT_COMMISSION


async def suggest_run(
    market_data: MarketDataService, backtests: BacktestService, companies: Repository[Company]
) -> RunDefaults:
    """Return what a new backtest can be made of, and the likeliest choice."""
    available = tuple(await market_data.symbols())
    known = {one.symbol: one for one in available}
    facts = await companies.list(where={"symbol": {"$in": list(known)}}, limit=len(known) or 1)
    names = {one.symbol: one.name for one in facts}
    indices = [one.symbol for one in facts if one.sector == _INDEX and one.symbol in known]
    symbols = likeliest_symbols(available, await backtests.list(limit=1))
    covering = [one for one in sorted(indices, reverse=True) if _covers(known, one, symbols)]
    return RunDefaults(available, names, symbols, covering[0] if covering else "")


def likeliest_symbols(
    available: Sequence[SymbolSummary], last: Sequence[BacktestSummary]
) -> tuple[str, ...]:
    """Return the symbols to begin with; see :class:`RunDefaults`.

    Parameters
    ----------
    last
        The last backtest; empty when there is none.
    """
    known = {one.symbol for one in available}
    if last and last[0].symbols and known.issuperset(last[0].symbols):
        return last[0].symbols
    best = sorted(available, key=lambda one: (one.synthetic, -one.rows, one.symbol))
    return tuple(sorted(one.symbol for one in best[:SUGGESTED_SYMBOLS]))


def common_range(
    available: Sequence[SymbolSummary], symbols: Sequence[str]
) -> tuple[date, date] | None:
    """Return the first and last date on which all symbols have begun and none has ended.

    None when a symbol is unknown, none is given, or they never met.
    """
    known = {one.symbol: one for one in available}
    chosen = [known[symbol] for symbol in symbols if symbol in known]
    if not chosen or len(chosen) != len(symbols):
        return None
    first, last = max(one.first for one in chosen), min(one.last for one in chosen)
    return (first, last) if first <= last else None


def _covers(known: dict[str, SymbolSummary], index: str, symbols: Sequence[str]) -> bool:
    period = common_range(tuple(known.values()), symbols)
    if period is None:
        return False
    return known[index].first <= period[0] and known[index].last >= period[1]
