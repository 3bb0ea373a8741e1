"""A table of numbers on tinted cells, with a cursor that reads one out.

The sign and the number carry the meaning, the tint its strength; so it is right without
colours too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from quant_tui.ui.widgets.line_view import LineView
from quant_tui.ui.widgets.table_grid import fit

HEAD = 2
"""Lines above the rows: the readout and the headings."""

LABEL = 6
STRENGTHS = 4
LEAST_CELL, MOST_CELL = 5, 9


@dataclass(frozen=True, slots=True)
class HeatColumn:
    """A column.

    Attributes
    ----------
    title
        Heading.
    strong
        Absolute value that gets the full tint.
    apart
        Whether a gap stands before it.
    """

    title: str
    strong: float
    apart: bool = False


@dataclass(frozen=True, slots=True)
class HeatData:
    """Rows of numbers.

    Attributes
    ----------
    labels, columns
        Of the rows, and of the numbers in each.
    values
        A row of numbers for every label; None where there is none.
    write
        From a number and the cells there are to its text, sign included.
    read_out
        From row and column to a line about the number.
    base
        The number that gets no tint; those above and below it get one each.
    marks
        Row and column → a character at the left of the cell.
    start
        Where the cursor is at first; None for the last number there is.
    """

    labels: Sequence[str]
    columns: Sequence[HeatColumn]
    values: Sequence[Sequence[float | None]]
    write: Callable[[float, int], str]
    read_out: Callable[[int, int], str]
    base: float = 0.0
    marks: Mapping[tuple[int, int], str] = field(default_factory=dict)
    start: tuple[int, int] | None = None


def _alike(before: HeatData | None, now: HeatData) -> bool:
    """Return whether two maps have the same rows and columns."""
    if before is None or list(before.labels) != list(now.labels):
        return False
    return [one.title for one in before.columns] == [one.title for one in now.columns]


class HeatMap(LineView, can_focus=True):
    """The map; it scrolls down, its headings stay."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "heat--heading",
        "heat--muted",
        "heat--cursor",
        *(f"heat--{way}-{strength}" for way in ("up", "down") for strength in range(STRENGTHS + 1)),
    }
    DEFAULT_CSS = """
    HeatMap {
        & > .heat--heading { color: $text-muted; text-style: bold; }
        & > .heat--muted { color: $text-muted; }
        & > .heat--cursor { text-style: reverse bold; }
        & > .heat--up-0 { color: $up; }
        & > .heat--up-1 { background: $up 16%; }
        & > .heat--up-2 { background: $up 28%; }
        & > .heat--up-3 { background: $up 40%; }
        & > .heat--up-4 { background: $up 54%; }
        & > .heat--down-0 { color: $down; }
        & > .heat--down-1 { background: $down 16%; }
        & > .heat--down-2 { background: $down 28%; }
        & > .heat--down-3 { background: $down 40%; }
        & > .heat--down-4 { background: $down 54%; }
    }
    HeatMap:ansi {
        & > .heat--up-1, & > .heat--up-2 { color: $up; background: ansi_default; }
        & > .heat--up-3, & > .heat--up-4 { color: $up; background: ansi_default; text-style: reverse; }
        & > .heat--down-1, & > .heat--down-2 { color: $down; background: ansi_default; }
        & > .heat--down-3, & > .heat--down-4 { color: $down; background: ansi_default; text-style: reverse; }
    }
    """  # noqa: E501 -- one rule a line
    BINDING_GROUP_TITLE = "Map"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(0, -1)", "Cell", id="heat.left", key_display="←→↑↓",
                tooltip="Cell to the left; the first line reads it out"),
        Binding("right,l", "move(0, 1)", "Cell right", id="heat.right", show=False,
                tooltip="Cell to the right"),
        Binding("up,k", "move(-1, 0)", "Cell up", id="heat.up", show=False, tooltip="Row above"),
        Binding("down,j", "move(1, 0)", "Cell down", id="heat.down", show=False,
                tooltip="Row below"),
        Binding("g,home", "edge(-1)", "First", id="heat.first", show=False, tooltip="First row"),
        Binding("G,end", "edge(1)", "Last", id="heat.last", show=False, tooltip="Last row"),
    ]  # fmt: skip

    STILL_LINES = HEAD

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._data: HeatData | None = None
        self._row = 0
        self._column = 0

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column that are read out."""
        return self._row, self._column

    def show(self, data: HeatData | None) -> None:
        """Show other numbers, the cursor on the last there is; None for nothing."""
        before, self._data = self._data, data
        if data is not None and data.start is not None and _alike(before, data):
            self.refresh()  # the same cells with newer numbers: the cursor stays
            return
        self._row = self._column = 0
        if data is not None and data.values:
            self._row = len(data.values) - 1
            last = data.values[-1]
            known = [at for at, one in enumerate(last) if one is not None]
            inside = [at for at in known if not data.columns[at].apart]
            self._column = max(inside or known, default=0)
            if data.start is not None:
                self._row, self._column = data.start
        self.set_height(len(data.values) + HEAD if data else 0)
        self._bring_into_view()
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.set_height(len(self._data.values) + HEAD if self._data else 0)
        self._bring_into_view()

    # -- keys

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor."""
        self._move_to(self._row + rows, self._column + columns)

    def action_edge(self, direction: int) -> None:
        """Go to the first or last row."""
        self._move_to(
            0 if direction < 0 or not self._data else len(self._data.values), self._column
        )

    def _move_to(self, row: int, column: int) -> None:
        if self._data is None:
            return
        before = self._row
        self._row = max(0, min(row, len(self._data.values) - 1))
        self._column = max(0, min(column, len(self._data.columns) - 1))
        if not self._bring_into_view():
            self.refresh(Region(0, 0, self.size.width, HEAD))
            self.repaint_line(before)
            self.repaint_line(self._row)

    def _bring_into_view(self) -> bool:
        height = self.size.height - HEAD
        top = round(self.scroll_y)
        if height <= 0 or top <= self._row < top + height:
            return False
        half = max(1, height // 2)
        wanted = self._row - half + 1 if self._row >= top + height else self._row - half
        self.scroll_to(y=max(0, wanted), animate=False, force=True)
        return True

    def on_click(self, event: events.Click) -> None:
        """Read out the cell that was clicked."""
        if self._data is None or event.y < HEAD:
            return
        for column, (left, width) in enumerate(self._places(self._data)):
            if left <= event.x < left + width:
                self._move_to(event.y - HEAD + round(self.scroll_y), column)

    # -- drawing

    def _places(self, data: HeatData) -> list[tuple[int, int]]:
        """Return where each column begins and how wide it is."""
        gaps = sum(2 for column in data.columns if column.apart)
        cell = (self.room - LABEL - gaps) // max(1, len(data.columns))
        cell = max(LEAST_CELL, min(MOST_CELL, cell))
        places, left = [], LABEL
        for column in data.columns:
            left += 2 if column.apart else 0
            places.append((left, cell))
            left += cell
        return places

    def render_line(self, y: int) -> Strip:
        """Draw the readout, the headings, or a row."""
        data, width = self._data, self.room
        if data is None or not data.values:
            return Strip.blank(width, self.rich_style)
        row = y - HEAD + round(self.scroll_y)
        if y == 0:
            text = data.read_out(self._row, self._column)
            segments = [Segment(fit(text, width, "left"), self.rich_style)]
        elif y == 1:
            segments = self._headings(data)
        elif row < len(data.values):
            segments = self._cells(data, row)
        else:
            return Strip.blank(width, self.rich_style)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _headings(self, data: HeatData) -> list[Segment]:
        style = self.get_component_rich_style("heat--heading")
        parts = [Segment(" " * LABEL, style)]
        for at, (column, (_, width)) in enumerate(
            zip(data.columns, self._places(data), strict=True)
        ):
            gap = "  " if column.apart else ""
            chosen = style + Style(underline=True) if at == self._column else style
            room = width - len(column.title)
            parts += [Segment(gap + " " * room, style), Segment(column.title, chosen)]
        return parts

    def _cells(self, data: HeatData, row: int) -> list[Segment]:
        muted = self.get_component_rich_style("heat--muted")
        label = self.get_component_rich_style("heat--heading")
        parts = [Segment(fit(data.labels[row], LABEL, "left"), label)]
        cursor = self.get_component_rich_style("heat--cursor", partial=True)
        for at, (column, (_, width)) in enumerate(
            zip(data.columns, self._places(data), strict=True)
        ):
            if column.apart:
                parts.append(Segment("  ", self.rich_style))
            value = data.values[row][at]
            if value is None:
                text, style = "·".rjust(width), muted
            else:
                mark = data.marks.get((row, at), "")
                text = mark + data.write(value, width - len(mark)).rjust(width - len(mark))
                style = self._tint(value - data.base, column.strong)
            if (row, at) == (self._row, self._column):
                style = (self.rich_style if self.has_focus else style) + cursor
            parts.append(Segment(text, style))
        return parts

    def _tint(self, value: float, strong: float) -> Style:
        if value == 0:
            return self.get_component_rich_style("heat--muted")
        strength = min(STRENGTHS, round(abs(value) / strong * STRENGTHS))
        way = "up" if value > 0 else "down"
        return self.get_component_rich_style(f"heat--{way}-{strength}")

    def on_focus(self) -> None:
        """Show the cursor as one that answers keys."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as one that does not."""
        self.refresh()
