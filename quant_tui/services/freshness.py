"""Whether the bars are as new as the exchange's calendar says they should be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from quant_tui.domain.base import utc_now
from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.services.stores import Stores
from quant_tui.services.symbol_calendars import Calendars, SymbolCalendars
from quant_tui.services.trading_calendars import DEFAULT, TradingCalendars
from quant_tui.storage.duck.records import SymbolSummary

LOOK_AGAIN = timedelta(minutes=10)
"""How long an answer about the whole store stands when no bars arrive."""

SEVERAL_SESSIONS = frozenset({"1wk", "1mo"})


@dataclass(frozen=True, slots=True)
class Freshness:
    """How new the bars of a symbol are.

    Attributes
    ----------
    last
        Date of the last bar.
    expected
        The last session whose bars should be there; None when that cannot be told: of
        weekly bars, and while the calendar is not at hand.
    behind
        Sessions that are due.
    """

    symbol: str
    interval: str
    calendar: str
    last: date
    expected: date | None
    behind: int

    @property
    def stale(self) -> bool:
        """Whether a session is due."""
        return self.behind > 0


@dataclass(frozen=True, slots=True)
class StoreFreshness:
    """How new the newest bars of the whole store are; ``last`` is None without bars."""

    last: date | None
    expected: date | None
    stale: bool


class FreshnessService:
    """Answers cheaply: from the summaries of symbols and kept calendars, never from bars."""

    def __init__(
        self,
        stores: Stores,
        symbol_calendars: SymbolCalendars,
        calendars: TradingCalendars,
        arrivals: Arrivals,
    ) -> None:
        self._bars = stores.bars
        self._symbol_calendars = symbol_calendars
        self._calendars = calendars
        self._answer: tuple[datetime, StoreFreshness] | None = None
        self._arrivals = 0
        arrivals.subscribe(self._arrived)

    def _arrived(self, _arrived: BarsArrived) -> None:
        self._answer = None
        self._arrivals += 1

    async def of_symbols(
        self,
        symbols: Sequence[str] | None = None,
        *,
        work_out: bool = True,
        now: datetime | None = None,
    ) -> list[Freshness]:
        """Return last date, expected date and sessions due, by symbol and interval.

        Parameters
        ----------
        symbols
            Which; None for all that have bars.
        work_out
            Whether a calendar may be worked out, on a thread, which takes a second;
            otherwise nothing is expected of its symbols while its sessions are not at hand.
        now
            Aware; the present time when None.
        """
        names = None if symbols is None else tuple(symbols)
        summaries = await asyncio.to_thread(self._bars.summaries, names)
        known = await self._symbol_calendars.known([one.symbol for one in summaries])
        return await asyncio.to_thread(
            self.compare, summaries, known, now or utc_now(), work_out=work_out
        )

    def compare(
        self,
        summaries: Sequence[SymbolSummary],
        calendars: Calendars,
        now: datetime,
        *,
        work_out: bool = True,
    ) -> list[Freshness]:
        """Compare last dates with calendars; blocking only while one is worked out."""
        expected: dict[str, date | None] = {}
        found = []
        for one in summaries:
            code = calendars.get(one.symbol, (DEFAULT, ""))[0]
            if code not in expected:
                at_hand = work_out or self._calendars.is_ready(code)
                expected[code] = self._calendars.sessions(code).expected(now) if at_hand else None
            due = None if one.interval in SEVERAL_SESSIONS else expected[code]
            behind = 0
            if due is not None and one.last < due:
                behind = self._calendars.sessions(code).behind(one.last, due)
            found.append(Freshness(one.symbol, one.interval, code, one.last, due, behind))
        return found

    async def of_store(
        self, *, work_out: bool, now: datetime | None = None
    ) -> StoreFreshness | None:
        """Say whether the newest bars are stale; kept until bars arrive or ten minutes pass.

        Parameters
        ----------
        work_out
            Whether a calendar may be worked out; otherwise None is returned when its
            sessions are not at hand.
        now
            Aware; the present time when None.
        """
        now = now or utc_now()
        if self._answer is not None and now - self._answer[0] < LOOK_AGAIN:
            return self._answer[1]
        arrivals = self._arrivals
        summaries = await asyncio.to_thread(self._bars.summaries)
        last = max((one.last for one in summaries), default=None)
        if last is None:
            return StoreFreshness(None, None, stale=False)
        newest = [one for one in summaries if one.last == last]
        known = await self._symbol_calendars.known([one.symbol for one in newest])
        codes = {known.get(one.symbol, (DEFAULT, ""))[0] for one in newest}
        if not work_out and not all(map(self._calendars.is_ready, codes)):
            return None
        each = await asyncio.to_thread(self.compare, newest, known, now)
        due = [one.expected for one in each if one.expected is not None]
        answer = StoreFreshness(last, max(due, default=None), any(one.stale for one in each))
        if arrivals == self._arrivals:  # else bars came meanwhile
            self._answer = (now, answer)
        return answer
