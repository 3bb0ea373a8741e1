"""Returns of calendar periods: days, months, years, and the monthly table."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from quant_tui.engine.arrays import DateArray, FloatArray, IntArray
from quant_tui.engine.calendars import period_number


class PeriodReturns:
    """Returns of the days, months and years of an equity curve.

    Longer periods are found among the last bars of the days, so that only those are
    asked for their month and year.

    Parameters
    ----------
    equity
        Value at each close (T,).
    initial_capital
        Value before the first bar.
    dates
        ``datetime64`` (T,).
    """

    def __init__(self, equity: FloatArray, initial_capital: float, dates: DateArray) -> None:
        self._initial_capital = initial_capital
        last = _last_of_sessions(dates)
        self._sessions: DateArray = dates[last].astype("datetime64[D]")
        self._closes = equity[last]

    @cached_property
    def days(self) -> FloatArray:
        """Return of each day."""
        return self._from(self._closes)

    @cached_property
    def months(self) -> tuple[IntArray, FloatArray]:
        """Months since January 1970, and the return of each; the outer ones may be partial."""
        return self._of("month")

    @cached_property
    def years(self) -> tuple[IntArray, FloatArray]:
        """Calendar years, and the return of each; the outer ones may be partial."""
        return self._of("year")

    def monthly_table(self) -> dict[int, dict[int, float]]:
        """Return year → month (1 to 12) → return."""
        table: dict[int, dict[int, float]] = {}
        numbers, returns = self.months
        for number, value in zip(numbers.tolist(), returns.tolist(), strict=True):
            table.setdefault(1970 + number // 12, {})[number % 12 + 1] = value
        return table

    def _of(self, period: str) -> tuple[IntArray, FloatArray]:
        numbers = period_number(self._sessions, period)
        last = _last_of_each(numbers)
        return numbers[last], self._from(self._closes[last])

    def _from(self, ends: FloatArray) -> FloatArray:
        starts = np.concatenate(([self._initial_capital], ends[:-1]))
        with np.errstate(all="ignore"):
            return np.where(starts > 0.0, ends / starts - 1.0, 0.0)


def _last_of_sessions(dates: DateArray) -> IntArray:
    """Rows that are the last of their day; of times, found day by day among all of them."""
    if np.datetime_data(dates.dtype)[0] == "D":
        return np.arange(len(dates))
    first, last = dates[[0, -1]].astype("datetime64[D]")
    starts = np.arange(first + 1, last + 1).astype(dates.dtype)
    return np.unique(np.append(np.searchsorted(dates, starts), len(dates))) - 1


def _last_of_each(numbers: IntArray) -> IntArray:
    """Rows that are the last of their number."""
    return np.append(np.flatnonzero(numbers[1:] != numbers[:-1]), len(numbers) - 1)
