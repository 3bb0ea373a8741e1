"""A chart of bars: candles, volume, overlays and panels, with a read-out of the cursor's bar."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.chart_canvas import PATTERN_MARKS
from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series
from quant_tui.ui.widgets.read_out import whole

if TYPE_CHECKING:
    from datetime import datetime

    from quant_tui.ui.widgets.candles import Candles
    from quant_tui.ui.widgets.chart_data import Floats

LEAST_BARS = 30
"""Fewest bars that are shown at first, where there are so many."""

AXIS_ROOM = 10
"""Columns that are left for the value axis when the first range is chosen."""


class CandleChart(Chart):
    """Panes over one axis of bars; the last so many that fit are shown at first.

    The first line reads out the bar under the cursor, or the last one shown; the second,
    where there is something to say, the series on the bars and in the panels below.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "zoom(-1)", "Zoom in", id="chart.zoomup", show=False, tooltip="Zoom in"),
        Binding("down,j", "zoom(1)", "Zoom out", id="chart.zoomdown", show=False,
                tooltip="Zoom out"),
    ]  # fmt: skip

    class WentOn(Message):
        """The cursor wants beyond the last bar."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id, classes=classes)
        self._fresh = True
        self._drawn_data: ChartData | None = None
        self.remarks: dict[int, str] = {}
        """Position → what happened there besides: a split, a dividend."""

    # -- content

    def show_bars(
        self,
        data: ChartData | None,
        *,
        remarks: dict[int, str] | None = None,
        to_end: bool = False,
    ) -> None:
        """Show other bars; as many as before, to the same date, and to the end if it was there.

        Parameters
        ----------
        remarks
            Position → what the read-out says of it besides.
        to_end
            Whether the cursor goes to the last bar; otherwise it stays at its date.
        """
        before, start, stop, at = self._data, self._start, self._stop, self._cursor
        self._data, self._cursor, self.remarks = data, None, remarks or {}
        if data is None or not len(data) or before is None or not len(before):
            self._fresh = True
        elif not self._fresh:
            last = len(data)
            if stop < len(before):
                last = self._position(data, before, stop - 1) + 1
            length = min(len(data), stop - start)
            self._start = min(max(0, last - length), len(data) - length)
            self._stop = self._start + length
            if at is not None:
                self._cursor = len(data) - 1 if to_end else self._position(data, before, at)
        self._redraw()
        self.refresh_bindings()

    @staticmethod
    def _position(data: ChartData, before: ChartData, position: int) -> int:
        """Return the bar of ``data`` into which a bar of other data falls."""
        dates, wanted = _dates(data), _dates(before)[position].astype("datetime64[us]")
        at = int(np.searchsorted(dates.astype("datetime64[us]"), wanted))
        return min(at, len(data) - 1)

    def _redraw(self) -> None:
        if self._fresh and self._data is not None and self._fits():
            self._fresh = False
            count = max(LEAST_BARS, self.size.width - AXIS_ROOM)
            self._start, self._stop = max(0, len(self._data) - count), len(self._data)
        super()._redraw()

    def prepared(self, data: ChartData, start: int) -> ChartData:
        """Rebase what is compared to the first bar shown."""
        panes = tuple(_rebased(pane, start) if pane.rebased else pane for pane in data.panes)
        self._drawn_data = replace(data, panes=panes)
        return self._drawn_data

    def go_to(self, moment: datetime) -> None:
        """Put the cursor on the last bar at or before a moment, in the middle of the view."""
        if self._data is None or not len(self._data):
            return
        wanted = np.datetime64(moment.replace(tzinfo=None), "us")
        dates = _dates(self._data).astype("datetime64[us]")
        at = max(0, int(np.searchsorted(dates, wanted, side="right")) - 1)
        length = self._stop - self._start
        if not self._start <= at < self._stop:
            self._set_range(at - length // 2, None)
        self._move_to(at)

    # -- keys

    def action_step(self, direction: int) -> None:
        """Move the cursor; beyond the last bar, ask for more."""
        at_end = self._data is not None and self._cursor == len(self._data) - 1
        if direction > 0 and at_end:
            self.post_message(self.WentOn())
        else:
            super().action_step(direction)

    def action_zoom(self, direction: int) -> None:
        """Zoom around the cursor; without one, the last bars stay when they are shown."""
        data = self._data
        at_end = data is not None and self._cursor is None and self._stop == len(data)
        super().action_zoom(direction)
        if at_end and data is not None:
            self._set_range(len(data), None)

    # -- read-out

    @property
    def legend_rows(self) -> int:
        """One line for the bar, and one for the series if there are any."""
        data = self._data
        return 2 if data is not None and any(pane.series for pane in data.panes) else 1

    def legend(self, row: int, width: int) -> Strip:
        """Return the bar's line, or the series' line."""
        data = self._drawn_data if self._data is not None else None
        if data is None or self._data is None or not len(self._data) or self._stop < 1:
            return Strip.blank(width, self.rich_style)
        at = self._stop - 1 if self._cursor is None else self._cursor
        at = min(at, len(data) - 1)
        segments = self._bar(data, at) if row == 0 else self._lines(data, at)
        return Strip(whole(segments, width)).adjust_cell_length(width, self.rich_style)

    def _bar(self, data: ChartData, at: int) -> Iterator[Segment]:
        muted = self.get_component_rich_style("chart--axis")
        here = self._cursor is not None
        when = data.axis.write(at)
        yield Segment(f"▏{when}  " if here else f"{when}  ", self.rich_style if here else muted)
        for pane in data.panes:
            if (bars := pane.candles or pane.volume) is not None:
                write = pane.write if pane.candles is not None else fmt.number
                yield from self._prices(bars, at, write)
                break
        if self.log_axis:
            yield Segment("log  ", muted)
        if remark := self.remarks.get(at):
            yield Segment(remark, self.get_component_rich_style("chart--text"))

    def _prices(
        self, bars: Candles, at: int, write: Callable[[float | None], str]
    ) -> Iterator[Segment]:
        muted = self.get_component_rich_style("chart--axis")
        strong = self.rich_style + Style(bold=True)
        named = (("O", bars.open), ("H", bars.high), ("L", bars.low), ("C", bars.close))
        for name, values in named:
            yield Segment(f"{name} ", muted)
            yield Segment(f"{write(float(values[at]))}  ", strong)
        if at:
            change = float(bars.close[at] / bars.close[at - 1] - 1.0)
            role = {"up": "rise", "down": "fall"}.get(fmt.direction(change), "axis")
            yield Segment(
                f"{fmt.change(change)}  ", self.get_component_rich_style(f"chart--{role}")
            )
        yield Segment("V ", muted)
        yield Segment(f"{fmt.compact(float(bars.volume[at]))}  ", strong)

    def _lines(self, data: ChartData, at: int) -> Iterator[Segment]:
        for pane in data.panes:
            for series in pane.series:
                value = float(series.values[at])
                style = self.get_component_rich_style(f"chart--{series.role}")
                yield Segment(f"{_mark(series)}{series.label} {series.name} ", style)
                text = pane.write(value if math.isfinite(value) else None)
                yield Segment(f"{text}  ", style + Style(bold=True))


def _mark(series: Series) -> str:
    return {"line": PATTERN_MARKS[series.pattern], "area": "▔", "bars": "▄"}[series.kind]


def _dates(data: ChartData) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    from quant_tui.ui.widgets.chart_axes import TimeAxis

    if not isinstance(data.axis, TimeAxis):
        raise TypeError("bars stand on an axis of time")
    return data.axis.dates


def _rebased(pane: Pane, start: int) -> Pane:
    series = tuple(replace(one, values=_change(one.values, start)) for one in pane.series)
    return replace(pane, series=series)


def _change(values: Floats, start: int) -> Floats:
    """Return values as their change since the first one that is known from ``start`` on."""
    known = np.flatnonzero(np.isfinite(values[start:]))
    if not len(known):
        return values
    changed: Floats = values / values[start + int(known[0])] - 1.0
    return changed
