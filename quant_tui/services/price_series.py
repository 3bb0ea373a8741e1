"""Bars of one symbol at one interval, cut at a moment and put together to longer ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.errors import InvalidInput

if TYPE_CHECKING:
    from quant_tui.engine import Bars
    from quant_tui.storage.duck.records import BarTable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Dates = NDArray[np.datetime64]

SESSIONS = ("1d", "1wk", "1mo")
"""Intervals of whole sessions, from short to long."""

INTRADAY_MINUTES = (1, 5, 15, 30, 60, 240)
"""Intraday intervals that are offered where shorter bars are stored."""

_UNITS = {"m": 1, "min": 1, "h": 60}


@dataclass(frozen=True)
class PriceSeries:
    """Bars of one symbol, (T,) each.

    Attributes
    ----------
    dates
        datetime64[D] sessions, or datetime64[us] UTC times intraday, rising. A bar put
        together from others carries the date of the last one in it: what it says is
        known then, and not before.
    interval
        ``1d``, ``1wk``, ``1mo``, or minutes and hours as ``5m`` and ``1h``.
    """

    symbol: str
    interval: str
    dates: Dates
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    @classmethod
    def of(cls, table: BarTable) -> PriceSeries:
        """Take the bars of the only symbol of a table."""
        return cls(
            symbol=table.symbols[0],
            interval=table.interval,
            dates=table.dates,
            open=table.open[:, 0],
            high=table.high[:, 0],
            low=table.low[:, 0],
            close=table.close[:, 0],
            volume=table.volume[:, 0],
        )

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def intraday(self) -> bool:
        """Whether the bars have a time of day."""
        return self.interval not in SESSIONS

    @cached_property
    def returns(self) -> Floats:
        """Close over the close before, less 1: (T - 1,)."""
        found: Floats = self.close[1:] / self.close[:-1] - 1.0
        return found

    @property
    def change(self) -> float | None:
        """Last close over that of the bar before, intraday of the day before, less 1.

        None where there is none.
        """
        before = len(self) - 2
        if self.intraday:
            days = self.dates.astype("datetime64[D]")
            before = int(np.searchsorted(days, days[-1])) - 1 if len(self) else -1
        return float(self.close[-1] / self.close[before] - 1.0) if before >= 0 else None

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of dates and figures."""
        digest = hashlib.sha256(self.dates.astype("datetime64[us]").astype("<i8").tobytes())
        for column in (self.open, self.high, self.low, self.close, self.volume):
            digest.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
        return digest.hexdigest()

    def until(self, moment: datetime | None) -> PriceSeries:
        """Return the bars at or before a moment; all of them for None."""
        if moment is None:
            return self
        return self.head(int(np.searchsorted(self.dates, as_datetime64(moment), side="right")))

    def head(self, count: int) -> PriceSeries:
        """Return the first bars."""
        if count >= len(self):
            return self
        return replace(
            self,
            dates=self.dates[:count],
            open=self.open[:count],
            high=self.high[:count],
            low=self.low[:count],
            close=self.close[:count],
            volume=self.volume[:count],
        )

    def moment(self, position: int) -> datetime:
        """Return when all that a bar says was known: the end of its day, or its time."""
        step = np.timedelta64(0, "us") if self.intraday else np.timedelta64(86_399_999_999, "us")
        at: datetime = (self.dates[position].astype("datetime64[us]") + step).item()
        return at.replace(tzinfo=UTC)

    def position_of(self, moment: datetime) -> int:
        """Return the last bar at or before a moment, or the first bar of all."""
        at = int(np.searchsorted(self.dates, as_datetime64(moment), side="right")) - 1
        return max(0, at)

    def to_bars(self) -> Bars:
        """Return the same for the engine.

        Raises
        ------
        InsufficientData
            When there is no bar.
        """
        from quant_tui.engine import Bars

        return Bars(
            symbols=(self.symbol,),
            dates=self.dates,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
        )


def as_datetime64(moment: datetime) -> np.datetime64:
    """Return an aware moment as UTC ``datetime64[us]``."""
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def minutes_of(interval: str) -> int:
    """Return the length of an intraday interval.

    Raises
    ------
    InvalidInput
        When it is none.
    """
    digits = interval.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = _UNITS.get(interval[len(digits) :])
    if unit is None or not digits.isdigit() or not int(digits):
        raise InvalidInput(
            f"{interval!r} is not an interval.",
            field="interval",
            hint="Write 1d, 1wk, 1mo, or minutes and hours as 5m and 1h.",
        )
    return int(digits) * unit


def interval_of(minutes: int) -> str:
    """Write an intraday interval: 90 is ``90m``, 60 is ``1h``."""
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def offered(stored: Iterable[str]) -> tuple[str, ...]:
    """Return the intervals that can be shown of what is stored, from short to long.

    Parameters
    ----------
    stored
        Intervals of the stored bars; none offers none.
    """
    names = set(stored)
    if not names:
        return ()
    intraday = {minutes_of(one): one for one in names if one not in SESSIONS}
    for minutes in INTRADAY_MINUTES if intraday else ():
        if any(minutes > one and minutes % one == 0 for one in intraday):
            intraday.setdefault(minutes, interval_of(minutes))
    shortest = 0 if intraday else min(SESSIONS.index(one) for one in names)
    return (*(intraday[one] for one in sorted(intraday)), *SESSIONS[shortest:])


def made_from(interval: str, stored: Iterable[str]) -> str:
    """Return the stored interval that an offered one is put together from.

    Raises
    ------
    InvalidInput
        When it cannot be made of what is stored.
    """
    names = tuple(stored)
    if interval in names:
        return interval
    if interval in SESSIONS:
        sessions = [one for one in SESSIONS[: SESSIONS.index(interval)] if one in names]
        if sessions:
            return sessions[0]
    intraday = sorted((minutes_of(one), one) for one in names if one not in SESSIONS)
    wanted = 0 if interval in SESSIONS else minutes_of(interval)
    fitting = [one for minutes, one in intraday if not wanted or wanted % minutes == 0]
    if not fitting:
        raise InvalidInput(
            f"There are no bars to make {interval} of.",
            field="interval",
            hint=f"There are: {', '.join(offered(names)) or 'none'}.",
        )
    return fitting[-1] if wanted else fitting[0]


def resample(prices: PriceSeries, interval: str) -> PriceSeries:
    """Put bars together to longer ones.

    Open is the first, high the highest, low the lowest, close the last, volume the sum of
    the bars in it. Weeks begin on Monday, months on the first, days and parts of a day at
    midnight UTC; the first and the last may be partial, and hold what bars there are.

    Parameters
    ----------
    prices
        Bars, at most as long as ``interval``.
    interval
        ``1d``, ``1wk``, ``1mo``, or minutes and hours as ``15m`` and ``1h``.

    Returns
    -------
    PriceSeries
        Every bar with the date of the last one in it.
    """
    if interval == prices.interval or not len(prices):
        return replace(prices, interval=interval)
    numbers = _period_numbers(prices.dates, interval)
    first = np.flatnonzero(np.concatenate(([True], numbers[1:] != numbers[:-1])))
    last = np.append(first[1:], len(prices)) - 1
    dates = prices.dates[last]
    return PriceSeries(
        symbol=prices.symbol,
        interval=interval,
        dates=dates.astype("datetime64[D]") if interval in SESSIONS else dates,
        open=prices.open[first],
        high=np.maximum.reduceat(prices.high, first),
        low=np.minimum.reduceat(prices.low, first),
        close=prices.close[last],
        volume=np.add.reduceat(prices.volume, first),
    )


def _period_numbers(dates: Dates, interval: str) -> Ints:
    from quant_tui.engine.calendars import period_number

    if interval in SESSIONS:
        return period_number(dates, {"1d": "day", "1wk": "week", "1mo": "month"}[interval])
    numbers: Ints = dates.astype("datetime64[m]").astype(np.int64) // minutes_of(interval)
    return numbers
