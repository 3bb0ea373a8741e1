"""Facts of the calendar, a figure a date, known on that date."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.calendars import period_number
from quant_tui.engine.rules.frame import Frame


def year(frame: Frame) -> FloatArray:
    """Calendar year of each date, (T,)."""
    return period_number(frame.bars.dates, "year").astype(np.float64)


def month(frame: Frame) -> FloatArray:
    """Month of each date, 1 to 12, (T,)."""
    return (period_number(frame.bars.dates, "month") % 12 + 1).astype(np.float64)


def weekday(frame: Frame) -> FloatArray:
    """Day of the week of each date, 1 = Monday, (T,)."""
    return ((period_number(frame.bars.dates, "day") + 3) % 7 + 1).astype(np.float64)


def month_day(frame: Frame) -> FloatArray:
    """Day of the month of each date, (T,)."""
    days = frame.bars.dates.astype("datetime64[D]")
    months = frame.bars.dates.astype("datetime64[M]").astype("datetime64[D]")
    numbers: FloatArray = (days - months).astype(np.int64) + 1.0
    return numbers


def quarter(frame: Frame) -> FloatArray:
    """Quarter of the year of each date, 1 to 4, (T,)."""
    return (period_number(frame.bars.dates, "quarter") % 4 + 1).astype(np.float64)


def month_session(frame: Frame) -> FloatArray:
    """Count of the month's dates so far, 1 on its first one in the data, (T,)."""
    days = period_number(frame.bars.dates, "day")
    months = period_number(frame.bars.dates, "month")
    sessions = np.cumsum(np.diff(days, prepend=days[:1] - 1) > 0)
    starts = np.diff(months, prepend=months[:1] - 1) > 0
    before = np.maximum.accumulate(np.where(starts, sessions - 1, 0))
    return (sessions - before).astype(np.float64)


def hour(frame: Frame) -> FloatArray:
    """Hour of each bar's time stamp, 0 to 23, (T,)."""
    return (_minutes(frame) // 60).astype(np.float64)


def minute(frame: Frame) -> FloatArray:
    """Minute of each bar's time stamp, 0 to 59, (T,)."""
    return (_minutes(frame) % 60).astype(np.float64)


def _minutes(frame: Frame) -> FloatArray:
    stamps = frame.bars.dates.astype("datetime64[m]")
    numbers: FloatArray = (stamps - stamps.astype("datetime64[D]")).astype(np.float64)
    return numbers
