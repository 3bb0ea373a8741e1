"""From series to a grid of characters: plotext draws the lines, blocks the areas.

This is plain work on arrays and strings, about 5 ms a line at 80x24 and 25 ms at
200x60, so the chart runs it in a thread.
"""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.ui.widgets.chart_axes import date_ticks, value_ticks
from quant_tui.ui.widgets.chart_data import (
    ChartData,
    Pane,
    bounds_of,
    least_in_columns,
    reduce_to_columns,
)

if TYPE_CHECKING:
    from quant_tui.ui.widgets.chart_data import Floats

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_BRAILLE = 0x2800
_LOWER_BLOCKS = " ▁▂▃▄▅▆▇"
_ROWS_A_TICK = 3
_LEFT_DOTS = 0x47
"""Bits of a braille cell's left column: a line of these alone is drawn thinner."""

_plotext = threading.Lock()
"""plotext keeps tables of its own between calls; two threads must not draw at once."""


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
    for pane, scale in zip(data.panes, scales, strict=True):
        _draw_pane(grid, pane, scale, start, stop)
    _draw_dates(grid, data, start, stop)
    return grid


def _heights(panes: tuple[Pane, ...], rows: int) -> list[int]:
    total = sum(pane.weight for pane in panes)
    heights = [max(2, rows * pane.weight // total) for pane in panes]
    heights[0] = max(2, heights[0] + rows - sum(heights))
    return heights


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
        most = max(2, height // _ROWS_A_TICK)
        ticks = value_ticks(low, high, most, log=log)
        bare = cls(low, high, height, log, (), ())
        last = []
        for series in reversed(pane.series):
            shown = series.values[start:stop]
            finite = np.flatnonzero(np.isfinite(shown))
            if len(finite):
                value = float(shown[finite[-1]])
                last.append((bare.row(value), pane.write(value), series.role))
        marks = tuple((bare.row(tick), pane.write(tick)) for tick in ticks)
        return cls(low, high, height, log, marks, tuple(last))

    def transform(self, values: Floats) -> Floats:
        if not self.log:
            return values
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(values > 0, np.log10(values), np.nan)

    def limits(self) -> tuple[float, float]:
        return (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)

    def row(self, value: float) -> int:
        """Return the row of a value, 0 at the top."""
        if self.log and value <= 0:
            return self.height - 1
        low, high = self.limits()
        place = math.log10(value) if self.log else value
        part = (high - place) / (high - low)
        return min(self.height - 1, max(0, round(part * (4 * self.height - 1)) // 4))


def _draw_pane(grid: Grid, pane: Pane, scale: _Scale, start: int, stop: int) -> None:
    width, height = grid.width, scale.height
    characters = [[" "] * width for _ in range(height)]
    roles = [[""] * width for _ in range(height)]
    for row, _ in scale.ticks:
        for column in range(0, width, 2):
            characters[row][column], roles[row][column] = "·", "grid"
    for series in pane.series:
        values = scale.transform(series.values[start:stop])
        if pane.kind == "area":
            _fill(characters, roles, values, scale, series.role)
        else:
            _overlay(characters, roles, _line(values, width, scale), series.role, series.thin)
    labels: dict[int, tuple[str, str]] = {row: (text, "axis") for row, text in scale.ticks}
    for row, text, role in scale.last:
        if pane.kind == "line" and labels.get(row, ("", "axis"))[1] == "axis":
            labels[row] = (text, role)
    for row in range(height):
        text, role = labels.get(row, ("", ""))
        characters[row].extend(f" {text}".ljust(grid.axis_width))
        roles[row].extend([role] * grid.axis_width)
    grid.characters += characters
    grid.roles += roles


def _line(values: Floats, width: int, scale: _Scale) -> list[str]:
    """Let plotext draw one series in braille, without axes and colours."""
    from textual_plotext import Plot

    x, y = reduce_to_columns(values, 2 * width)
    if len(x) == 0:
        return []
    with _plotext:
        plot = Plot()
        plot.theme("clear")
        plot.plotsize(width, scale.height)
        # plotsize stops at the terminal's size; textual-plotext gets round that like this
        plot._set_size(width, scale.height)
        plot.frame(False)
        plot.xaxes(False, False)
        plot.yaxes(False, False)
        plot.xfrequency(0)
        plot.yfrequency(0)
        plot.xlim(0, 2 * width - 1)
        plot.ylim(*scale.limits())
        plot.plot(x.tolist(), y.tolist(), marker="braille")
        drawn: str = plot.build()
    return _ESCAPES.sub("", drawn).split("\n")


def _overlay(
    characters: list[list[str]], roles: list[list[str]], lines: list[str], role: str, thin: bool
) -> None:
    """Put a braille drawing over what is there; dots of two lines in one cell are joined."""
    for row, line in enumerate(lines[: len(characters)]):
        for column, mark in enumerate(line[: len(characters[row])]):
            dots = ord(mark) - _BRAILLE
            if dots <= 0:
                continue
            dots = (dots & _LEFT_DOTS or dots) if thin else dots
            below = ord(characters[row][column]) - _BRAILLE
            if 0 < below < 256:
                dots |= below
            characters[row][column], roles[row][column] = chr(_BRAILLE + dots), role


def _fill(
    characters: list[list[str]], roles: list[list[str]], values: Floats, scale: _Scale, role: str
) -> None:
    """Fill downwards from zero at the top, in eighths of a row."""
    least = least_in_columns(values, len(characters[0]))
    eighths = np.nan_to_num(least / scale.low) * scale.height * 8
    for column, depth in enumerate(np.ceil(eighths - 0.25).astype(int)):
        full, part = divmod(int(depth), 8)
        for row in range(min(full, scale.height)):
            # a coloured background: block characters leave seams in some fonts
            characters[row][column], roles[row][column] = " ", f"{role}-reversed"
        if part and full < scale.height:
            # the lower rest of the cell in the background's colour: reversed
            characters[full][column] = _LOWER_BLOCKS[8 - part]
            roles[full][column] = f"{role}-reversed"


def _draw_dates(grid: Grid, data: ChartData, start: int, stop: int) -> None:
    line = [" "] * (grid.width + grid.axis_width)
    for at, label in date_ticks(data.dates[start:stop], grid.width):
        column = column_of(at, stop - start, grid.width)
        text = f"╵{label}"
        if column + len(text) <= len(line):
            line[column : column + len(text)] = list(text)
    grid.characters.append(line)
    grid.roles.append(["axis"] * len(line))


def column_of(position: int, count: int, width: int) -> int:
    """Return the column in which a position out of ``count`` is drawn."""
    if count <= width:
        return 0 if count < 2 else round(position * (width - 1) / (count - 1))
    return min(width - 1, position * width // count)
