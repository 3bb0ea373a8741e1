"""What the positions of a chart stand for, and where the marks of its axes are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from quant_tui.ui.widgets.chart_data import column_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.ui.widgets.chart_data import Dates

_MONTHS = ("", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Marks of months; January is marked by its year."""

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

_SAMPLES = 4
"""Dates that are looked at for each column: a mark's place is exact to the column."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Bars at even distances.

    Attributes
    ----------
    dates
        (T,) datetime64, rising.
    """

    dates: Dates
    cells: ClassVar[bool] = False

    def __len__(self) -> int:
        return len(self.dates)

    def write(self, position: int) -> str:
        """Return the date of a position, with its time of day where it has one."""
        text = str(self.dates[position].astype("datetime64[m]"))
        return text.replace("T00:00", "").replace("T", " ")

    def ticks(self, start: int, stop: int, width: int) -> list[tuple[int, str]]:
        """Return columns and labels for the positions ``start`` to ``stop``."""
        count = stop - start
        looked_at = start + np.arange(min(count, _SAMPLES * width)) * count // max(
            1, min(count, _SAMPLES * width)
        )
        found = date_ticks(self.dates[looked_at], width)
        return [
            (column_of(int(looked_at[at]) - start, count, width, cells=self.cells), text)
            for at, text in found
        ]


class BarAxis(TimeAxis):
    """Bars at even distances, each a stretch of the axis: for what is as wide as a bar."""

    cells: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Equal stretches of a range of values: the bins of a histogram.

    Attributes
    ----------
    low, step, count
        The stretch at position p goes from ``low + p · step`` to the next.
    write_value
        From a value to its text.
    """

    low: float
    step: float
    count: int
    write_value: Callable[[float | None], str]
    cells: ClassVar[bool] = True

    def __len__(self) -> int:
        return self.count

    def position(self, value: float) -> float:
        """Return where a value lies; the middle of the first stretch is 0."""
        return (value - self.low) / self.step - 0.5

    def write(self, position: int) -> str:
        """Return the bounds of a stretch."""
        low = self.low + position * self.step
        return f"{self.write_value(low)} … {self.write_value(low + self.step)}"

    def ticks(self, start: int, stop: int, width: int) -> list[tuple[int, str]]:
        """Return columns and labels for the positions ``start`` to ``stop``."""
        low, high = self.low + start * self.step, self.low + stop * self.step
        room = max(len(self.write_value(low)), len(self.write_value(high))) + 3
        ticks = value_ticks(low, high, max(2, width // room))
        return [
            (min(width - 1, int((tick - low) / (high - low) * width)), self.write_value(tick))
            for tick in ticks
        ]


def value_ticks(low: float, high: float, most: int, *, log: bool = False) -> list[float]:
    """Return at most ``most`` round values between two bounds, rising.

    On a logarithmic axis over more than a decade they are 1, 2 and 5 times powers of ten.
    """
    if most < 1 or not high > low:
        return []
    if log and low > 0 and high / low > 8:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for factors in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
            ticks = [f * 10.0**d for d in decades for f in factors if low <= f * 10.0**d <= high]
            if len(ticks) <= most:
                return ticks
        return ticks[:: math.ceil(len(ticks) / most)]
    rough = (high - low) / most
    size = 10.0 ** math.floor(math.log10(rough))
    for factor in (*_STEPS, 20.0):
        step = factor * size
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [0.0 if k == 0 else k * step for k in range(first, last + 1)]
    return []


def date_ticks(dates: Dates, width: int) -> list[tuple[int, str]]:
    """Return positions in ``dates`` and labels for an axis of ``width`` cells.

    The finest of years, quarters, months, days and times of day that fits is taken; a
    mark stands where its period begins.

    Parameters
    ----------
    dates
        (T,) datetime64, rising: what is shown.
    """
    count = len(dates)
    if count < 2 or width < 12:
        return []
    best: list[tuple[int, str]] = []
    for ticks in _candidates(dates):
        if not ticks:
            continue
        room = max(len(label) for _, label in ticks) + 2
        columns = [at * (width - 1) // max(1, count - 1) for at, _ in ticks]
        if all(b - a >= room for a, b in pairwise(columns)):
            best = ticks
        else:
            break
    return best


def _candidates(dates: Dates) -> list[list[tuple[int, str]]]:
    """Return tick sets from coarse to fine."""
    days = dates.astype("datetime64[D]")
    years = days.astype("datetime64[Y]").astype(int) + 1970
    months = days.astype("datetime64[M]").astype(int)
    sets = [
        _at_changes(years // step, [f"{year // step * step}" for year in years])
        for step in (20, 10, 5, 2, 1)
    ]
    names = [_month(int(month)) for month in months]
    sets += [
        _at_changes(months // step, [_month(int(m) // step * step) for m in months])
        for step in (6, 3)
    ]
    sets.append(_at_changes(months, names))
    if len(dates) <= 400:
        day_names = np.datetime_as_string(days, unit="D")
        ordinal = days.astype(int)
        short = [str(name)[5:] for name in day_names]
        # weeks begin on Monday; 1970-01-01 was a Thursday
        sets.append(_at_changes((ordinal + 3) // 7, short))
        sets.append(_at_changes(ordinal, short))
        if (dates != days).any():
            minutes = dates.astype("datetime64[m]")
            times = [str(name)[11:16] for name in np.datetime_as_string(minutes, unit="m")]
            sets.append(_at_changes(minutes.astype(int) // 60, times))
    return sets


def _month(month: int) -> str:
    year, of_year = 1970 + month // 12, month % 12
    return _MONTHS[of_year] or str(year)


def _at_changes(period: NDArray[np.int64], labels: list[str]) -> list[tuple[int, str]]:
    changes = np.flatnonzero(np.diff(period)) + 1
    return [(int(at), labels[at]) for at in changes]
