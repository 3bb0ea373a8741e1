"""From series to a grid of characters.

This is plain work on arrays, a few milliseconds however long the series are, so the
chart runs it in a thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.ui.widgets.candles import draw_candles, draw_volume
from quant_tui.ui.widgets.chart_axes import value_ticks
from quant_tui.ui.widgets.chart_canvas import Canvas
from quant_tui.ui.widgets.chart_data import (
    ChartData,
    Markers,
    Pane,
    Series,
    bounds_of,
    column_of,
    extreme_in_columns,
    reduce_to_columns,
)

if TYPE_CHECKING:
    from quant_tui.ui.widgets.chart_data import Floats

_ROWS_A_TICK = 3
_COLUMNS_A_LETTER = 24
"""How often a line's letter stands on it."""


@dataclass(slots=True)
class Grid:
    """A drawn chart: for every row its characters and their roles.

    Attributes
    ----------
    width
        Cells of the plotting area; the value axis is to the right of it.
    """

    width: int
    axis_width: int
    characters: list[list[str]]
    roles: list[list[str]]


def draw(data: ChartData, start: int, stop: int, columns: int, rows: int, *, log: bool) -> Grid:
    """Draw the positions ``start`` to ``stop`` into ``columns`` x ``rows`` cells.

    Parameters
    ----------
    log
        Whether panes that may use a logarithmic axis do.
    """
    heights = _heights(data.panes, rows - 1)
    scales = [
        _Scale.of(pane, start, stop, height, log=log and pane.may_log)
        for pane, height in zip(data.panes, heights, strict=True)
    ]
    axis_width = max((scale.label_width for scale in scales), default=0) + 1
    width = max(4, columns - axis_width)
    grid = Grid(width, columns - width, [], [])
    view = _View(start, stop, width, data.axis.cells)
    for pane, scale in zip(data.panes, scales, strict=True):
        _draw_pane(grid, pane, scale, view)
    _draw_axis(grid, data, view)
    return grid


def _heights(panes: tuple[Pane, ...], rows: int) -> list[int]:
    total = sum(pane.weight for pane in panes)
    heights = [max(2, rows * pane.weight // total) for pane in panes]
    heights[0] = max(2, heights[0] + rows - sum(heights))
    return heights


@dataclass(frozen=True, slots=True)
class _View:
    """Which positions are drawn, into how many columns."""

    start: int
    stop: int
    width: int
    cells: bool

    @property
    def count(self) -> int:
        return self.stop - self.start

    def column(self, position: float) -> int:
        return column_of(position - self.start, self.count, self.width, cells=self.cells)

    def points(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the shown part of a series in dots across, and its values."""
        shown = values[self.start : self.stop]
        dots = 2 * self.width
        if self.cells and len(shown) <= dots:
            kept = np.isfinite(shown)
            x = (np.arange(len(shown)) + 0.5) * dots / len(shown) - 0.5
            return x[kept], shown[kept]
        return reduce_to_columns(shown, dots)


@dataclass(frozen=True, slots=True)
class _Scale:
    """A pane's value axis."""

    low: float
    high: float
    height: int
    log: bool
    ticks: tuple[tuple[int, str], ...]
    last: tuple[tuple[int, str, str], ...]

    @property
    def label_width(self) -> int:
        labels = [text for _, text in self.ticks] + [text for _, text, _ in self.last]
        return max((len(text) for text in labels), default=0)

    @classmethod
    def of(cls, pane: Pane, start: int, stop: int, height: int, *, log: bool) -> _Scale:
        low, high = bounds_of(pane, start, stop, log=log)
        if not pane.series and pane.candles is None and pane.markers and not log:
            low, high = low - 0.02 * (high - low), high + 0.02 * (high - low)
        most = max(2, height // _ROWS_A_TICK)
        ticks = value_ticks(low, high, most, log=log)
        bare = cls(low, high, height, log, (), ())
        ends: list[tuple[float, str, str]] = []
        if pane.candles is not None and stop > start:
            close = float(pane.candles.close[stop - 1])
            ends.append((close, pane.write(close), pane.candles.role(stop - 1)))
        lines = [one for one in pane.series if one.kind == "line"]
        for series in lines if pane.ends and len(lines) == len(pane.series) else ():
            shown = series.values[start:stop]
            finite = np.flatnonzero(np.isfinite(shown))
            if len(finite):
                value = float(shown[finite[-1]])
                text = f"{series.label} {pane.write(value)}".lstrip()
                if low <= value <= high:
                    ends.append((value, text, series.role))
        ends.sort(key=lambda one: -one[0])
        last = tuple((bare.row(value), text, role) for value, text, role in ends)
        if pane.counts:
            ticks = [tick for tick in ticks if tick == round(tick)]
        # ticks finer than the decimals would say the same thing twice
        marks = tuple({pane.write(tick): bare.row(tick) for tick in ticks}.items())
        return cls(low, high, height, log, tuple((row, text) for text, row in marks), last)

    def part(self, values: Floats) -> Floats:
        """Return how far down values lie: 0 at the top, 1 at the bottom."""
        if self.log:
            with np.errstate(invalid="ignore", divide="ignore"):
                values = np.where(values > 0, np.log10(values), np.nan)
        low, high = self.limits()
        return (high - values) / (high - low)

    def limits(self) -> tuple[float, float]:
        return (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)

    def dots(self, values: Floats) -> Floats:
        return self.part(values) * (4 * self.height - 1)

    def row(self, value: float) -> int:
        """Return the row of a value, 0 at the top."""
        if self.log and value <= 0:
            return self.height - 1
        dot = float(self.dots(np.array([value]))[0])
        return min(self.height - 1, max(0, round(dot) // 4))


def _draw_pane(grid: Grid, pane: Pane, scale: _Scale, view: _View) -> None:
    canvas = Canvas(grid.width, scale.height)
    for row, _ in scale.ticks:
        canvas.grid_row(row)
    if pane.level is not None and scale.low <= pane.level <= scale.high:
        canvas.level(scale.row(pane.level))
    if pane.volume is not None:
        draw_volume(canvas, pane.volume, (view.start, view.stop), scale.high)
    if pane.candles is not None:
        draw_candles(canvas, pane.candles, (view.start, view.stop), scale.part)
    for series in pane.series:
        _draw_series(canvas, series, scale, view)
    for at, series in enumerate(pane.series):
        if series.label:
            _put_letters(canvas, series, scale, view, _COLUMNS_A_LETTER * at // len(pane.series))
    for markers in pane.markers:
        _put_markers(canvas, markers, scale, view)
    for at, vertical in enumerate(pane.verticals):
        if view.start - 0.5 <= vertical.position <= view.stop - 0.5:
            column = view.column(vertical.position)
            canvas.vertical(column, vertical.role)
            wide = len(vertical.label) + 1
            left = column - wide if column >= wide else column + 2
            canvas.put(at, left, vertical.label, vertical.role)
    if pane.title:
        canvas.put(0, 0, f"{pane.title} ", "axis")
    _write_axis(grid, scale, canvas)


def _draw_series(canvas: Canvas, series: Series, scale: _Scale, view: _View) -> None:
    if series.kind == "line":
        x, y = view.points(series.values)
        y = scale.dots(y)
        known = np.isfinite(y)
        x, y = x[known], y[known]
        inside = (y > -1) & (y < 4 * scale.height)
        for run in np.split(np.arange(len(x)), np.flatnonzero(inside[1:] != inside[:-1]) + 1):
            if len(run) and inside[run[0]]:
                canvas.line(x[run], y[run], series.role, series.pattern)
        return
    shown = series.values[view.start : view.stop]
    if series.kind == "area":
        least = extreme_in_columns(shown, view.width)
        canvas.area(least / scale.low * scale.height, series.role)
    else:
        most = extreme_in_columns(shown, view.width, greatest=True)
        canvas.bars(most / scale.high * scale.height, series.role)


def _put_letters(canvas: Canvas, series: Series, scale: _Scale, view: _View, offset: int) -> None:
    x, y = view.points(series.values)
    y = scale.dots(y)
    if not len(x):
        return
    for column in range(4 + offset, canvas.width, _COLUMNS_A_LETTER):
        at = int(np.searchsorted(x, 2 * column))
        if x[0] <= 2 * column <= x[-1] and np.isfinite(y[at]):
            canvas.put(round(float(y[at])) // 4, column, series.label, series.role)


def _put_markers(canvas: Canvas, markers: Markers, scale: _Scale, view: _View) -> None:
    first, last = np.searchsorted(markers.positions, (view.start, view.stop)).tolist()
    values = markers.values[first:last]
    kept = np.flatnonzero(np.isfinite(values))
    if not len(kept):
        return
    rows = np.clip(np.rint(scale.dots(values[kept])) // 4, 0, canvas.height - 1).astype(int)
    rows = np.clip(rows - markers.above, 0, canvas.height - 1)
    columns = [view.column(float(markers.positions[first + at])) for at in kept.tolist()]
    single = len(markers.characters) == 1
    for at, row, column in zip(kept.tolist(), rows.tolist(), columns, strict=True):
        character = markers.characters if single else markers.characters[first + at]
        canvas.put(row, column, character, markers.role)


def _write_axis(grid: Grid, scale: _Scale, canvas: Canvas) -> None:
    """Write the ticks right of the pane; a line's last value pushes others aside."""
    ends = [(text, role) for _, text, role in scale.last]
    labels = dict(zip(_apart(scale), ends, strict=False))
    for row, text in scale.ticks:
        labels.setdefault(row, (text, "axis"))
    for row in range(scale.height):
        text, role = labels.get(row, ("", ""))
        canvas.characters[row].extend(f" {text}".ljust(grid.axis_width)[: grid.axis_width])
        canvas.roles[row].extend([role] * grid.axis_width)
    grid.characters += canvas.characters
    grid.roles += canvas.roles


def _apart(scale: _Scale) -> list[int]:
    """Return a row of its own for every last value, near its own and in their order."""
    rows: list[int] = []
    for row, _, _ in scale.last[: scale.height]:
        rows.append(max(row, rows[-1] + 1) if rows else row)
    highest = scale.height - 1
    for at in range(len(rows) - 1, -1, -1):
        rows[at] = min(rows[at], highest)
        highest = rows[at] - 1
    return rows


def _draw_axis(grid: Grid, data: ChartData, view: _View) -> None:
    line = [" "] * (grid.width + grid.axis_width)
    for column, label in data.axis.ticks(view.start, view.stop, grid.width):
        text = f"╵{label}"
        if column + len(text) <= len(line):
            line[column : column + len(text)] = list(text)
    grid.characters.append(line)
    grid.roles.append(["axis"] * len(line))
