"""What a chart shows, and how much of it a terminal of so many columns can show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from quant_tui.ui.format import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Dates = NDArray[np.datetime64]

Role = Literal["first", "second", "third", "down"]
"""What colour a series has; the theme says which."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a pane.

    Attributes
    ----------
    name
        As the legend writes it.
    values
        (T,), one a date; NaN where there is none.
    role
        Which colour of the theme.
    thin
        Drawn with half the dots, so that it is told apart without colour.
    """

    name: str
    values: Floats
    role: Role = "first"
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Pane:
    """Series that share a value axis.

    Attributes
    ----------
    series
        Later ones are drawn over earlier ones.
    weight
        Share of the chart's height.
    write
        From a value to the text of the axis and of the readout.
    kind
        ``line``, or ``area``: filled between zero and one series.
    may_log
        Whether a logarithmic axis makes sense.
    """

    series: tuple[Series, ...]
    weight: int = 1
    write: Callable[[float | None], str] = number
    kind: Literal["line", "area"] = "line"
    may_log: bool = False


@dataclass(frozen=True, slots=True)
class ChartData:
    """Panes over one time axis.

    Attributes
    ----------
    dates
        (T,) datetime64, rising. Sessions are drawn at even distances: weekends and
        holidays leave no holes.
    """

    dates: Dates
    panes: tuple[Pane, ...]

    def __len__(self) -> int:
        return len(self.dates)


def reduce_to_columns(values: Floats, columns: int) -> tuple[Floats, Floats]:
    """Reduce a series to what ``columns`` columns can show, losing no peak.

    Where several values fall into one column its least and its greatest are kept, in
    the direction in which the series went; where there is room all points are kept.

    Parameters
    ----------
    values
        (T,) floats; NaN is left out.
    columns
        Number of columns, at least 1.

    Returns
    -------
    x, y
        (K,) column positions, 0 to ``columns - 1``, and values; K ≤ 2 · ``columns``.
    """
    count = len(values)
    if count == 0 or columns < 1:
        return np.empty(0), np.empty(0)
    if count <= columns:
        x = np.arange(count, dtype=np.float64) * (columns - 1) / max(1, count - 1)
        kept = np.isfinite(values)
        return x[kept], values[kept]
    starts = np.arange(columns) * count // columns
    low = np.fmin.reduceat(values, starts)
    high = np.fmax.reduceat(values, starts)
    rising = values[np.append(starts[1:], count) - 1] >= values[starts]
    y = np.empty(2 * columns)
    y[0::2] = np.where(rising, low, high)
    y[1::2] = np.where(rising, high, low)
    x = np.repeat(np.arange(columns, dtype=np.float64), 2)
    kept = np.isfinite(y)
    kept[1::2] &= y[1::2] != y[0::2]
    return x[kept], y[kept]


def least_in_columns(values: Floats, columns: int) -> Floats:
    """Return the least value of each column, (columns,); NaN where there is none."""
    count = len(values)
    if count == 0:
        return np.full(columns, np.nan)
    if count <= columns:
        return values[np.arange(columns) * count // columns]
    return np.fmin.reduceat(values, np.arange(columns) * count // columns)


def bounds_of(pane: Pane, start: int, stop: int, *, log: bool) -> tuple[float, float]:
    """Return the least and greatest value of a pane between two positions.

    An area reaches to zero; a flat line gets room above and below.
    """
    lows, highs = [], []
    for series in pane.series:
        shown = series.values[start:stop]
        shown = shown[np.isfinite(shown) & (shown > 0)] if log else shown[np.isfinite(shown)]
        if len(shown):
            lows.append(float(shown.min()))
            highs.append(float(shown.max()))
    if not lows:
        return (1.0, 10.0) if log else (0.0, 1.0)
    low, high = min(lows), max(highs)
    if pane.kind == "area":
        low, high = min(low, -1e-4), 0.0
    elif high - low <= 1e-9 * max(abs(high), abs(low)):
        room = abs(high) * 0.01 or 1.0
        low, high = low - room, high + room
    return low, high
