"""Returns of calendar periods: days, months, years, and the monthly table."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import DateArray, FloatArray, IntArray
from quant_tui.engine.calendars import period_number


def period_returns(
    equity: FloatArray, initial_capital: float, dates: DateArray, period: str
) -> tuple[IntArray, FloatArray]:
    """Return each period's number and its return, from the last close before it to its last.

    Parameters
    ----------
    equity
        Value at each close (T,).
    initial_capital
        Value before the first bar.
    dates
        ``datetime64`` (T,).
    period
        ``day``, ``week``, ``month``, ``quarter`` or ``year``.
    """
    numbers = period_number(dates, period)
    last = np.flatnonzero(np.append(numbers[1:] != numbers[:-1], True))
    ends = equity[last]
    starts = np.concatenate(([initial_capital], ends[:-1]))
    with np.errstate(all="ignore"):
        returns = np.where(starts > 0.0, ends / starts - 1.0, 0.0)
    return numbers[last], returns


def monthly_table(
    equity: FloatArray, initial_capital: float, dates: DateArray
) -> dict[int, dict[int, float]]:
    """Return year → month (1 to 12) → return; the first and last month may be partial."""
    table: dict[int, dict[int, float]] = {}
    numbers, returns = period_returns(equity, initial_capital, dates, "month")
    for number, value in zip(numbers.tolist(), returns.tolist(), strict=True):
        table.setdefault(1970 + number // 12, {})[number % 12 + 1] = value
    return table
