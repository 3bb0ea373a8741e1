"""A chart: lines, areas, bars and markers on one axis, with zoom, pan and a cursor.

Drawing happens in a thread (see :mod:`chart_raster`); the event loop only turns the
finished grid into strips. A cursor move repaints two columns and the readout.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from quant_tui.ui.widgets.chart_canvas import FILLED, ON, PATTERN_MARKS
from quant_tui.ui.widgets.chart_data import ChartData, Markers, Series, column_of
from quant_tui.ui.widgets.chart_strips import strips_of
from quant_tui.ui.widgets.read_out import whole
from quant_tui.ui.widgets.table_grid import fit

if TYPE_CHECKING:
    from textual.worker import Worker

    from quant_tui.ui.widgets.chart_raster import Grid

LEAST_SHOWN = 10
"""Fewest positions that can be zoomed to."""

ROOMY = 70
"""Columns from which the legend names both ends of the axis."""


class Chart(Widget, can_focus=True):
    """Panes over one axis, of time or of values.

    The first line is the legend, or what is under the cursor. Sizes follow the widget;
    zoom and log axis are kept when other data of the same length come.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--first",
        "chart--second",
        "chart--third",
        "chart--fourth",
        "chart--fifth",
        "chart--sixth",
        "chart--up",
        "chart--down",
        "chart--rise",
        "chart--fall",
        "chart--axis",
        "chart--text",
        "chart--grid",
        "chart--cursor",
    }
    DEFAULT_CSS = """
    Chart {
        width: 1fr;
        height: 1fr;
        & > .chart--first { color: $chart-1; }
        & > .chart--second { color: $chart-2; }
        & > .chart--third { color: $chart-3; }
        & > .chart--fourth { color: $chart-4; }
        & > .chart--fifth { color: $chart-5; }
        & > .chart--sixth { color: $chart-6; }
        & > .chart--up { color: $up 60%; }
        & > .chart--down { color: $down 60%; }
        & > .chart--rise { color: $up; }
        & > .chart--fall { color: $down; }
        & > .chart--axis { color: $chart-axis; }
        & > .chart--text { color: $foreground; text-style: bold; }
        & > .chart--grid { color: $chart-grid; }
        & > .chart--cursor { background: $primary-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", "Cursor", id="chart.left", key_display="←→",
                tooltip="Cursor one column to the left; it reads out date and values"),
        Binding("right,l", "step(1)", "Cursor right", id="chart.right", show=False,
                tooltip="Cursor one column to the right"),
        Binding("plus,equals_sign", "zoom(-1)", "Zoom", id="chart.zoomin", key_display="+-",
                tooltip="Zoom in around the cursor"),
        Binding("minus", "zoom(1)", "Zoom out", id="chart.zoomout", show=False,
                tooltip="Zoom out"),
        Binding("less_than_sign,comma,shift+left", "pan(-1)", "Pan", id="chart.panleft",
                key_display="<>", tooltip="Earlier dates"),
        Binding("greater_than_sign,full_stop,shift+right", "pan(1)", "Later", id="chart.panright",
                show=False, tooltip="Later dates"),
        Binding("g,home", "end(-1)", "First", id="chart.first", show=False,
                tooltip="Cursor to the first date shown"),
        Binding("G,end", "end(1)", "Last", id="chart.last", show=False,
                tooltip="Cursor to the last date shown"),
        Binding("v", "log", "Log axis", id="chart.log",
                tooltip="Logarithmic value axis, or back"),
        Binding("m", "markers", "Markers", id="chart.markers",
                tooltip="Show or hide the markers on the curve"),
        Binding("z", "whole", "Whole range", id="chart.whole", show=False,
                tooltip="Show all dates again"),
        Binding("escape", "leave", "Cursor off", id="chart.leave", show=False,
                tooltip="Take the cursor away"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id, classes=classes)
        self.log_axis = False
        self.markers_shown = True
        self._data: ChartData | None = None
        self._start = 0
        self._stop = 0
        self._cursor: int | None = None
        self._grid: Grid | None = None
        self._drawn: tuple[int, int] = (0, 0)
        self._strips: list[Strip] = []

    # -- for charts of their own kind

    @property
    def legend_rows(self) -> int:
        """Lines above the picture."""
        return 1

    def legend(self, row: int, width: int) -> Strip:  # noqa: ARG002 -- there is one row
        """Return a line above the picture."""
        return self._legend(width)

    def prepared(self, data: ChartData, start: int) -> ChartData:  # noqa: ARG002 -- for others
        """Return what is drawn of the data when ``start`` is the first position shown."""
        return data

    # -- content

    def show(self, data: ChartData | None, *, grown: bool = False) -> None:
        """Show other data; None for nothing.

        Parameters
        ----------
        grown
            Whether they are the data shown before, with more at their end: then zoom and
            cursor stay where they are, and the end stays in sight where it was.
        """
        before = self._data
        if before is None or data is None or (len(data) != len(before) and not grown):
            self._start, self._stop = 0, len(data) if data else 0
            self._cursor = None
        elif self._stop == len(before) or self._stop > len(data):
            shown = len(data) if self._start == 0 else self._stop - self._start
            self._stop = len(data)
            self._start = max(0, self._stop - shown)
        self._data = data
        if self._cursor is not None and data is not None:
            self._cursor = min(self._cursor, len(data) - 1)
        self._redraw()

    @property
    def shown(self) -> tuple[int, int]:
        """First position shown and the one after the last."""
        return self._start, self._stop

    @property
    def cursor(self) -> int | None:
        """Position that the readout is about, None for none."""
        return self._cursor

    def _redraw(self) -> None:
        if self._data is None or len(self._data) == 0 or not self._fits():
            # nothing rather than the picture of other data; it is drawn once there is room
            self.workers.cancel_group(self, "chart")
            self._grid, self._strips = None, []
            self.refresh()
        else:
            _drawing: Worker[None] = self.run_worker(
                self._draw, group="chart", exclusive=True, exit_on_error=False
            )

    def _fits(self) -> bool:
        return self.size.width >= 20 and self.size.height >= 5

    async def _draw(self) -> None:
        from quant_tui.ui.widgets.chart_raster import draw

        if self._data is None:
            return
        start, stop = self._start, self._stop
        data = self._data if self.markers_shown else self._data.without_markers()
        data = self.prepared(data, start)
        self._grid = await asyncio.to_thread(
            draw,
            data,
            start,
            stop,
            self.size.width,
            self.size.height - self.legend_rows,
            log=self.log_axis,
        )
        self._drawn = (start, stop)
        self._restrip()

    def _restrip(self) -> None:
        grid = self._grid
        if grid is None:
            return
        self._strips = strips_of(grid, self._role_style)
        self.refresh()

    def _role_style(self, role: str) -> Style:
        if not role:
            return self.rich_style
        if role.endswith(FILLED):
            return self._role_style(role.removesuffix(FILLED)) + Style(reverse=True)
        above, on, below = role.partition(ON)
        style = self.get_component_rich_style(f"chart--{above}")
        if on and (filled := self._role_style(below)).color is not None:
            style = Style(color=style.color, bgcolor=filled.color, bold=style.bold)
        return style

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size."""
        if event.size != event.virtual_size or self._grid is None or self._size_changed():
            self._redraw()

    def _size_changed(self) -> bool:
        grid = self._grid
        if grid is None:
            return True
        return (grid.width + grid.axis_width, len(grid.characters) + self.legend_rows) != tuple(
            self.size
        )

    def notify_style_update(self) -> None:
        """Take the colours of another theme."""
        super().notify_style_update()
        if self.is_mounted:
            self._restrip()

    # -- drawing

    def render_line(self, y: int) -> Strip:
        """Return the legend, or a line of the drawn grid with the cursor on it."""
        width = self.size.width
        if y < self.legend_rows:
            return self.legend(y, width)
        row = y - self.legend_rows
        if row >= len(self._strips):
            return Strip.blank(width, self.rich_style)
        strip = self._strips[row].adjust_cell_length(width, self.rich_style)
        column = self._cursor_column()
        if column is None or row == len(self._strips) - 1:
            return strip
        cell = strip.crop(column, column + 1)
        text = cell.text if cell.text not in (" ", "·") else "│"
        style = next(iter(cell), Segment("")).style or Style()
        shown = style + self.get_component_rich_style("chart--cursor")
        if style.reverse:  # a filled cell stays filled, one filled in part as it is
            filled = Style(color=self.rich_style.color, bgcolor=style.color)
            shown = filled if text == "│" else style
        marked = Strip([Segment(text, shown)])
        return Strip.join([strip.crop(0, column), marked, strip.crop(column + 1)])

    def _cursor_column(self) -> int | None:
        if self._cursor is None or self._grid is None or self._data is None:
            return None
        start, stop = self._drawn
        if not start <= self._cursor < stop:
            return None
        return self._column(self._cursor, self._data, self._grid)

    def _column(self, position: float, data: ChartData, grid: Grid) -> int:
        start, stop = self._drawn
        return column_of(position - start, stop - start, grid.width, cells=data.axis.cells)

    def _legend(self, width: int) -> Strip:
        data = self._data
        if data is None or not len(data):
            return Strip.blank(width, self.rich_style)
        muted = self.get_component_rich_style("chart--axis")
        if self._cursor is None and data.note:
            return Strip([Segment(data.note, muted)]).adjust_cell_length(width, muted)
        at = self._stop - 1 if self._cursor is None else self._cursor
        when = data.axis.write(at)
        if width >= ROOMY:
            when = f"{data.axis.write(self._start)} … {when}"
        if self._cursor is not None:
            when = f"▏{data.axis.write(at)}"
        segments = [Segment(f"{when}  ", muted if self._cursor is None else self.rich_style)]
        for pane in data.panes:
            for series in reversed(pane.series):
                value = float(series.values[at])
                if series.kind == "line" or math.isfinite(value):
                    segments += self._entry(series, pane.write(value))
            for markers in pane.markers if self._cursor is not None else ():
                segments += self._marked(markers, pane.write, data, at)
        if self.log_axis:
            segments.append(Segment("log axis", muted))
        return Strip(whole(segments, width)).adjust_cell_length(width, self.rich_style)

    def _entry(self, series: Series, value: str) -> list[Segment]:
        style = self.get_component_rich_style(f"chart--{series.role}")
        mark = {"line": PATTERN_MARKS[series.pattern], "area": "▔", "bars": "▄"}[series.kind]
        name = fit(series.name, min(18, len(series.name) * 2), "left").rstrip()
        return [
            Segment(f"{mark}{series.label} ", style),
            Segment(f"{name} " if name else "", self.get_component_rich_style("chart--axis")),
            Segment(f"{value}   ", style + Style(bold=True)),
        ]

    def _marked(
        self, markers: Markers, write: Callable[[float | None], str], data: ChartData, at: int
    ) -> list[Segment]:
        """Say what stands in the cursor's column: one marker's value, or how many there are."""
        grid = self._grid
        if grid is None or not (self.markers_shown or not data.has_markers):
            return []
        column = self._column(at, data, grid)
        reach = 1 + (self._stop - self._start) // max(1, grid.width)
        first, last = markers.positions.searchsorted((at - reach, at + reach + 1)).tolist()
        found = [
            one
            for one in range(first, last)
            if self._column(int(markers.positions[one]), data, grid) == column
        ]
        if not found:
            return []
        single = len(markers.characters) == 1
        mark = markers.characters if single else markers.characters[found[0]]
        text = write(float(markers.values[found[0]])) if len(found) == 1 else f"x {len(found)}"
        style = self.get_component_rich_style(f"chart--{markers.role}")
        return [
            Segment(f"{mark} {markers.name} ", style),
            Segment(f"{text}   ", style + Style(bold=True)),
        ]

    # -- what the keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer what makes sense."""
        if action == "leave":
            return self._cursor is not None
        if action == "log":
            return self._data is not None and any(pane.may_log for pane in self._data.panes)
        if action == "markers":
            return self._data is not None and self._data.has_markers
        return self._data is not None

    def action_step(self, direction: int) -> None:
        """Move the cursor by one column; beyond the edge the view moves along."""
        if self._cursor is None:
            self._move_to(self._stop - 1 if direction < 0 else self._start)
            return
        count, columns = self._stop - self._start, self._grid.width if self._grid else 1
        column = self._cursor_column()
        if column is None or count <= columns:
            self._move_to(self._cursor + direction)
        else:  # the first position of the column beside
            self._move_to(self._start - (-(column + direction) * count // columns))

    def action_end(self, direction: int) -> None:
        """Put the cursor on the first or last date shown."""
        self._move_to(self._start if direction < 0 else self._stop - 1)

    def _move_to(self, position: int) -> None:
        if self._data is None:
            return
        position = min(len(self._data) - 1, max(0, position))
        before = self._cursor_column()
        self._cursor = position
        if position < self._start:
            self._set_range(self._start - (self._stop - self._start) // 4, None)
        elif position >= self._stop:
            self._set_range(self._start + (self._stop - self._start) // 4, None)
        else:
            rows = max(0, len(self._strips) - 1)
            top = self.legend_rows
            regions = [Region(0, 0, self.size.width, top)]
            columns = {before, self._cursor_column()}
            regions += [Region(column, top, 1, rows) for column in columns if column is not None]
            self.refresh(*regions)
        self.refresh_bindings()

    def action_zoom(self, direction: int) -> None:
        """Halve or double what is shown, around the cursor."""
        if self._data is None:
            return
        length = self._stop - self._start
        wanted = length * 2 if direction > 0 else max(LEAST_SHOWN, length // 2)
        wanted = min(len(self._data), wanted)
        around = (self._start + self._stop) // 2 if self._cursor is None else self._cursor
        part = (around - self._start) / length if length else 0.5
        self._set_range(round(around - part * wanted), wanted)

    def action_pan(self, direction: int) -> None:
        """Move the view by a quarter of its length."""
        quarter = max(1, (self._stop - self._start) // 4)
        self._set_range(self._start + direction * quarter, None)

    def action_whole(self) -> None:
        """Show all dates."""
        if self._data is not None:
            self._set_range(0, len(self._data))

    def _set_range(self, start: int, length: int | None) -> None:
        if self._data is None:
            return
        length = self._stop - self._start if length is None else length
        start = min(max(0, start), len(self._data) - length)
        if (start, start + length) != (self._start, self._stop):
            self._start, self._stop = start, start + length
            self._redraw()

    def action_log(self) -> None:
        """Switch between a linear and a logarithmic value axis."""
        self.log_axis = not self.log_axis
        self._redraw()

    def action_markers(self) -> None:
        """Show or hide the markers on the curve."""
        self.markers_shown = not self.markers_shown
        self._redraw()

    def action_leave(self) -> None:
        """Take the cursor away."""
        self._cursor = None
        self.refresh()
        self.refresh_bindings()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse clicked."""
        if self._data is None or self._grid is None or event.x >= self._grid.width:
            return
        self._move_to(self._start + event.x * (self._stop - self._start) // self._grid.width)
