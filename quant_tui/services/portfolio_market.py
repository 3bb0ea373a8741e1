"""What the market says about the symbols of a portfolio: closes, splits, dividends, companies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from quant_tui.domain.market_data import Company
from quant_tui.engine.arrays import DateArray, FloatArray
from quant_tui.engine.portfolio.actions import Actions
from quant_tui.services.companies import CompanyService
from quant_tui.storage.duck.actions import CorporateActionRepository
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.records import is_intraday


@dataclass(frozen=True, slots=True)
class Market:
    """Closes and actions of N symbols, the benchmark among them.

    Attributes
    ----------
    symbols
        Names of the columns.
    dates, closes
        Sessions (T,) and closes as stored (T, N), NaN where there is none.
    adjustment
        What each symbol's closes are adjusted for, as its imports say; "" without bars.
    actions
        Splits and dividends of the same columns.
    companies
        By symbol, where known.
    """

    symbols: tuple[str, ...]
    dates: DateArray
    closes: FloatArray
    adjustment: tuple[str, ...]
    actions: Actions
    companies: Mapping[str, Company]


class PortfolioMarket:
    """Reads the market data that portfolios are valued with."""

    def __init__(
        self, bars: BarRepository, actions: CorporateActionRepository, companies: CompanyService
    ) -> None:
        self._bars = bars
        self._actions = actions
        self._companies = companies

    async def actions(self, symbols: Sequence[str]) -> Actions:
        """Return the splits and dividends of symbols, their columns in that order."""
        return await asyncio.to_thread(self._load_actions, tuple(symbols))

    async def load(self, symbols: Sequence[str], benchmark: str, start: date) -> Market:
        """Return everything of symbols and benchmark from ``start`` on, symbols first."""
        companies = await self._companies.of_symbols(symbols)
        wanted = tuple(dict.fromkeys((*symbols, benchmark))) if benchmark else tuple(symbols)
        return await asyncio.to_thread(self._load, wanted, start, companies)

    async def last_closes(self, symbols: Sequence[str]) -> dict[str, float]:
        """Return the last close of each symbol that has one."""
        names = tuple(symbols)
        _, closes = await asyncio.to_thread(self._bars.closes, names)
        found = {}
        for at, name in enumerate(names):
            known = np.flatnonzero(np.isfinite(closes[:, at]))
            if len(known):
                found[name] = float(closes[known[-1], at])
        return found

    def _load(
        self, symbols: tuple[str, ...], start: date, companies: Mapping[str, Company]
    ) -> Market:
        dates, closes = self._bars.closes(symbols, start)
        known = {
            one.symbol: one.adjustment
            for one in self._bars.summaries(symbols)
            if not is_intraday(one.interval)
        }
        return Market(
            symbols=symbols,
            dates=dates,
            closes=closes,
            adjustment=tuple(known.get(one, "") for one in symbols),
            actions=self._load_actions(symbols),
            companies=companies,
        )

    def _load_actions(self, symbols: tuple[str, ...]) -> Actions:
        column = {name: at for at, name in enumerate(symbols)}
        found = self._actions.list_actions(symbols) if symbols else []
        return Actions(
            day=np.array([one.date for one in found], dtype="datetime64[D]"),
            symbol=np.array([column[one.symbol] for one in found], dtype=np.int64),
            ratio=np.array([one.split_ratio for one in found], dtype=np.float64),
            dividend=np.array([one.dividend for one in found], dtype=np.float64),
        )
