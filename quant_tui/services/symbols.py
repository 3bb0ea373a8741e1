"""One symbol as a screen shows it: its bars at any interval, its company, its actions."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quant_tui.services.names import FOUND_AT_MOST
from quant_tui.services.price_series import PriceSeries, made_from, offered, resample

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quant_tui.domain.market_data import Company
    from quant_tui.services.arrivals import Arrivals, BarsArrived
    from quant_tui.services.companies import CompanyService
    from quant_tui.storage.duck.actions import CorporateActionRepository
    from quant_tui.storage.duck.bars import BarRepository
    from quant_tui.storage.duck.records import CorporateAction, SymbolSummary

SERIES_KEPT = 8
"""Series of bars that are kept, for another interval or for the way back."""


@dataclass(frozen=True, slots=True)
class SymbolProfile:
    """What is known of a symbol, apart from its bars.

    Attributes
    ----------
    symbol
        Its name.
    summaries
        What is stored of it, one an interval; empty when there are no bars.
    company
        Who stands behind it; None when that is not known.
    actions
        Its splits and dividends, by date.
    """

    symbol: str
    summaries: tuple[SymbolSummary, ...]
    company: Company | None
    actions: tuple[CorporateAction, ...]

    @property
    def intervals(self) -> tuple[str, ...]:
        """Intervals that can be shown, from short to long."""
        return offered(one.interval for one in self.summaries)

    @property
    def usual_interval(self) -> str:
        """The interval that is shown first: daily where there is one; "" without bars."""
        if not self.summaries:
            return ""
        stored = [one.interval for one in self.summaries]
        return "1d" if "1d" in stored else stored[0]

    def stores(self, interval: str) -> bool:
        """Whether bars of an interval are stored, and need not be put together."""
        return any(one.interval == interval for one in self.summaries)

    @property
    def synthetic(self) -> bool:
        """Whether any of its bars are invented."""
        return any(one.synthetic for one in self.summaries)


@dataclass(frozen=True, slots=True)
class FoundSymbol:
    """A symbol that a search found, with the name of its company where that is known."""

    symbol: str
    name: str


class SymbolService:
    """Bars and facts of single symbols; they are shared by all users of a store."""

    def __init__(
        self,
        bars: BarRepository,
        actions: CorporateActionRepository,
        companies: CompanyService,
        arrivals: Arrivals,
    ) -> None:
        self._bars = bars
        self._actions = actions
        self._companies = companies
        self._kept: OrderedDict[tuple[str, str], PriceSeries] = OrderedDict()
        arrivals.subscribe(self._forget)

    def _forget(self, arrived: BarsArrived) -> None:
        gone = set(arrived.symbols)
        for key in [key for key in self._kept if key[0] in gone]:
            del self._kept[key]

    async def profile(self, symbol: str) -> SymbolProfile:
        """Return what is known of a symbol; every part of it may be empty."""
        summaries, actions, company = await asyncio.gather(
            asyncio.to_thread(self._bars.summaries, (symbol,)),
            asyncio.to_thread(self._actions.list_actions, (symbol,)),
            self._companies.of(symbol),
        )
        return SymbolProfile(symbol, tuple(summaries), company, tuple(actions))

    async def prices(
        self, profile: SymbolProfile, interval: str, until: datetime | None = None
    ) -> PriceSeries:
        """Return the bars of a symbol at an interval, put together where it is not stored.

        Parameters
        ----------
        until
            Nothing later is in them, also not in a bar that was put together.

        Raises
        ------
        InvalidInput
            When the interval cannot be made of what is stored.
        NotFound
            When the bars are gone meanwhile.
        """
        stored = made_from(interval, [one.interval for one in profile.summaries])
        base = (await self._stored(profile.symbol, stored)).until(until)
        if interval == stored:
            return base
        return await asyncio.to_thread(resample, base, interval)

    async def _stored(self, symbol: str, interval: str) -> PriceSeries:
        key = (symbol, interval)
        found = self._kept.get(key)
        if found is None:
            table = await asyncio.to_thread(self._bars.load, (symbol,), interval=interval)
            found = PriceSeries.of(table)
        self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > SERIES_KEPT:
            self._kept.popitem(last=False)
        return found

    async def names(self) -> tuple[str, ...]:
        """Return every symbol that has bars, by name."""
        found = await asyncio.to_thread(self._bars.summaries)
        return tuple(dict.fromkeys(one.symbol for one in found))

    async def company_names(self, symbols: Sequence[str]) -> dict[str, str]:
        """Return the names of the companies behind symbols, of those that are known."""
        found = await self._companies.of_symbols(symbols)
        return {symbol: company.name for symbol, company in found.items()}

    async def named_like(self, text: str, *, limit: int = FOUND_AT_MOST) -> list[FoundSymbol]:
        """Return symbols whose company's name, sector or industry holds a text."""
        found = await self._companies.search(text, limit=limit)
        return [FoundSymbol(one.symbol, one.name) for one in found]
