"""What a list of dates says about its calendar: interval, annualisation, period starts."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import BoolArray, DateArray, IntArray

TRADING_DAYS = 252.0
"""Sessions of an equity year."""

_MOST_OF_A_DAY = 8 * 86_400_000_000_000 // 10
"""Nanoseconds of 0.8 days."""


def is_intraday(dates: DateArray) -> bool:
    """Return whether most neighbouring bars lie less than a day apart."""
    if len(dates) < 2:
        return False
    steps = np.diff(dates.astype("datetime64[ns]").view(np.int64))
    return 2 * int(np.count_nonzero(steps < _MOST_OF_A_DAY)) > len(steps)


def periods_per_year(dates: DateArray) -> float:
    """Derive the annualisation factor from the dates.

    Daily bars give 252, or 365 when weekends trade too; weekly 52, monthly 12,
    quarterly 4, yearly 1. Intraday bars give bars a session (the median over the
    sessions) times the sessions of a year. Fewer than two dates give 252.

    Parameters
    ----------
    dates
        ``datetime64`` (T,), ascending.
    """
    if len(dates) < 2:
        return TRADING_DAYS
    days = dates.astype("datetime64[D]").view(np.int64)
    starts = np.concatenate(([0], np.flatnonzero(days[1:] != days[:-1]) + 1))
    sessions, counts = days[starts], np.diff(starts, append=len(days))
    weekday = (sessions + 3) % 7
    trades_weekends = len(sessions) >= 7 and float((weekday >= 5).mean()) > 0.1
    sessions_per_year = 365.0 if trades_weekends else TRADING_DAYS
    if is_intraday(dates):
        return float(np.median(counts)) * sessions_per_year
    step = float(np.median(np.diff(days)))
    for longest, factor in ((4.5, sessions_per_year), (10.0, 52.0), (45.0, 12.0), (135.0, 4.0)):
        if step <= longest:
            return factor
    return 1.0


def period_number(dates: DateArray, period: str) -> IntArray:
    """Return a number for each date that is equal within one ``period``.

    Parameters
    ----------
    dates
        ``datetime64`` (T,).
    period
        ``day``, ``week`` (from Monday), ``month``, ``quarter`` or ``year``.
    """
    if period == "day":
        return dates.astype("datetime64[D]").astype(np.int64)
    if period == "week":
        return (dates.astype("datetime64[D]").astype(np.int64) + 3) // 7
    if period == "year":
        return dates.astype("datetime64[Y]").astype(np.int64) + 1970
    months = dates.astype("datetime64[M]").astype(np.int64)
    return months // 3 if period == "quarter" else months


def period_start(dates: DateArray, period: str) -> BoolArray:
    """Return where a new ``period`` begins: the first date of it, known on that date.

    The first date of all counts as a start.
    """
    numbers = period_number(dates, period)
    starts = np.ones(len(dates), dtype=np.bool_)
    starts[1:] = numbers[1:] != numbers[:-1]
    return starts
