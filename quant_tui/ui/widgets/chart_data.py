"""What a chart shows, and how much of it a terminal of so many columns can show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from quant_tui.ui.format import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.ui.widgets.candles import Candles

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Dates = NDArray[np.datetime64]

Role = Literal[
    "first", "second", "third", "fourth", "fifth", "sixth", "up", "down", "axis", "text",
    "rise", "fall",
]  # fmt: skip
"""What colour a series has; the theme says which."""

OVERLAY_ROOM = 0.4
"""How far overlays may widen the range of the bars, on each side, as a part of it."""

Pattern = Literal["solid", "thin", "dashed", "dotted", "long", "sparse"]
"""How a line is broken, so that lines are told apart without colour."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line, area or row of bars of a pane.

    Attributes
    ----------
    name
        As the legend writes it; "" leaves the label alone.
    values
        (T,), one a position; NaN where there is none.
    role
        Which colour of the theme.
    pattern
        How a line is broken.
    kind
        ``line``; ``area``, filled from zero at the top down; ``bars``, from zero up.
    label
        A letter that stands on the line and at its end, and in the legend.
    """

    name: str
    values: Floats
    role: Role = "first"
    pattern: Pattern = "solid"
    kind: Literal["line", "area", "bars"] = "line"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Markers:
    """Single points, each a character: fills, the numbers of drawdowns, a scatter.

    Attributes
    ----------
    name
        As the readout names one.
    positions, values
        (K,) rising positions on the axis, and where they stand on the pane's value axis.
    characters
        One for all of them, or (K,) one each.
    role
        Which colour of the theme.
    above
        Rows that they stand above their values; negative is below.
    """

    name: str
    positions: Ints
    values: Floats
    characters: str
    role: Role = "first"
    above: int = 0


@dataclass(frozen=True, slots=True)
class Vertical:
    """A line across the pane at a place of the axis, with a label at its top.

    ``position`` may lie between two positions.
    """

    position: float
    label: str
    role: Role = "down"


@dataclass(frozen=True, slots=True)
class Pane:
    """Series and markers that share a value axis.

    Attributes
    ----------
    series, markers, verticals
        Later ones are drawn over earlier ones.
    weight
        Share of the chart's height.
    write
        From a value to the text of the axis and of the readout.
    may_log
        Whether a logarithmic axis makes sense.
    level
        A value that a line is drawn at, None for none.
    counts
        Whether only whole numbers have a meaning.
    title
        What stands in the pane's upper left corner.
    candles
        Bars that are drawn under the series.
    volume
        Bars whose volume is drawn under the series.
    rebased
        Whether series are drawn as their change since the first position shown.
    spread
        Whether the markers have to be seen too where there are series.
    ends
        Whether the last value of every line stands on the axis.
    """

    series: tuple[Series, ...] = ()
    weight: int = 1
    write: Callable[[float | None], str] = number
    may_log: bool = False
    markers: tuple[Markers, ...] = ()
    verticals: tuple[Vertical, ...] = ()
    level: float | None = None
    counts: bool = False
    title: str = ""
    candles: Candles | None = None
    volume: Candles | None = None
    rebased: bool = False
    spread: bool = False
    ends: bool = True

    @property
    def drawn_on(self) -> bool:
        """Whether there is something that markers stand on."""
        return bool(self.series) or self.candles is not None


class Axis(Protocol):
    """What the positions of a chart stand for; :mod:`chart_axes` has the usual ones."""

    @property
    def cells(self) -> bool:
        """Whether a position is a stretch of the axis and not a point on it."""

    def __len__(self) -> int: ...

    def write(self, position: int) -> str:
        """Return the text of a position."""

    def ticks(self, start: int, stop: int, width: int) -> list[tuple[int, str]]:
        """Return columns and labels for the positions ``start`` to ``stop``."""


@dataclass(frozen=True, slots=True)
class ChartData:
    """Panes over one axis.

    Attributes
    ----------
    axis
        What the positions 0 … T - 1 stand for. Sessions are drawn at even distances:
        weekends and holidays leave no holes.
    note
        What the first line says while no cursor is shown; "" for the range and last values.
    """

    axis: Axis
    panes: tuple[Pane, ...]
    note: str = ""

    def __len__(self) -> int:
        return len(self.axis)

    @property
    def has_markers(self) -> bool:
        """Whether there are markers that can be taken away: those on a series."""
        return any(pane.drawn_on and pane.markers for pane in self.panes)

    def without_markers(self) -> ChartData:
        """Return the same without the markers on series."""
        panes = tuple(replace(pane, markers=()) if pane.drawn_on else pane for pane in self.panes)
        return replace(self, panes=panes)


def column_of(position: float, count: int, width: int, *, cells: bool = False) -> int:
    """Return the column in which a position out of ``count`` is drawn.

    Parameters
    ----------
    cells
        Whether a position is a stretch of the axis, as of a bar, and not a point on it.
    """
    if count <= width and not cells:
        return 0 if count < 2 else round(position * (width - 1) / (count - 1))
    if count <= width:
        return min(width - 1, int((position + 0.5) * width / count))
    return min(width - 1, int(position) * width // count)


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


def extreme_in_columns(values: Floats, columns: int, *, greatest: bool = False) -> Floats:
    """Return the least, or greatest, value of each column, (columns,); NaN where none is."""
    count = len(values)
    if count == 0:
        return np.full(columns, np.nan)
    starts = np.arange(columns) * count // columns
    if count <= columns:
        return values[starts]
    pick = np.fmax if greatest else np.fmin
    found: Floats = pick.reduceat(values, starts)
    return found


def bounds_of(pane: Pane, start: int, stop: int, *, log: bool) -> tuple[float, float]:
    """Return the least and greatest value of a pane between two positions.

    Areas and bars reach to zero; a flat line gets room above and below.
    """
    kinds = {series.kind for series in pane.series}
    arrays = [series.values[start:stop] for series in pane.series]
    if pane.candles is not None:
        arrays = [pane.candles.low[start:stop], pane.candles.high[start:stop], *arrays]
    if pane.volume is not None:
        most = float(np.nanmax(pane.volume.volume[start:stop], initial=0.0))
        return 0.0, max(most, 1e-9)
    alone = not pane.series and pane.candles is None
    for markers in pane.markers if alone or pane.spread else ():
        first, last = np.searchsorted(markers.positions, (start, stop))
        arrays.append(markers.values[first:last])
    lows, highs = [], []
    for array in arrays:
        shown = array[np.isfinite(array) & (array > 0)] if log else array[np.isfinite(array)]
        if len(shown):
            lows.append(float(shown.min()))
            highs.append(float(shown.max()))
    if pane.candles is not None and len(lows) >= 2:
        return _around_candles(lows, highs, log=log)
    if not lows:
        return (1.0, 10.0) if log else (0.0, 1.0)
    low, high = min(lows), max(highs)
    if "area" in kinds:
        return min(low, -1e-4), 0.0
    if "bars" in kinds:
        return 0.0, max(high, 1e-9)
    if high - low <= 1e-9 * max(abs(high), abs(low)):
        room = abs(high) * 0.01 or 1.0
        low, high = low - room, high + room
    return low, high


def _around_candles(lows: list[float], highs: list[float], *, log: bool) -> tuple[float, float]:
    """Return the range of the bars, which come first, and of overlays that are not far off."""
    low, high = min(lows[:2]), max(highs[:2])
    room = (high - low) * OVERLAY_ROOM or abs(high) * 0.01 or 1.0
    bottom, top = max(min(lows), low - room), min(max(highs), high + room)
    return (bottom if bottom > 0 or not log else low, top if top > bottom else bottom + room)
