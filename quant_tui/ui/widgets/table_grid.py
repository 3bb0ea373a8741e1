"""The lines of a table, drawn one by one as they are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.line_view import LineView
from quant_tui.ui.widgets.table_model import Column, Row, TableModel

GUTTER = 2
GAP = 2

MOST_SCROLLED = 1000
"""Cells that come into view at once when the cursor leaves it, so that a key stays cheap."""


def fit(text: str, width: int, align: str) -> str:
    """Cut or pad a text to exactly ``width`` cells; Korean and the like take two each.

    A figure on the right is written in fewer digits rather than cut.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    length = len(text) if text.isascii() else cell_len(text)
    if length > width and align == "right" and (figure := fmt.shortened(text, width)):
        return figure.rjust(width)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    padding = " " * (width - length)
    return padding + text if align == "right" else text + padding


class TableGrid(LineView, can_focus=True):
    """Heading and rows of a :class:`~quant_tui.ui.widgets.table.Table`."""

    ROLES: ClassVar[tuple[str, ...]] = ("up", "down", "muted", "warning", "error", "accent")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--heading",
        "table--cursor",
        "table--cursor-blurred",
        "table--marked",
        *(f"table--{role}" for role in ROLES),
    }
    DEFAULT_CSS = """
    TableGrid {
        & > .table--heading { color: $text-muted; text-style: bold; }
        & > .table--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: $block-cursor-text-style; }
        & > .table--cursor-blurred { background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground; text-style: $block-cursor-blurred-text-style; }
        & > .table--marked { color: $accent; text-style: bold; }
        & > .table--up { color: $up; }
        & > .table--down { color: $down; }
        & > .table--muted { color: $text-muted; }
        & > .table--warning { color: $text-warning; }
        & > .table--error { color: $text-error; }
        & > .table--accent { color: $text-accent; }
    }
    """  # noqa: E501 -- one rule a line
    BINDING_GROUP_TITLE = "Table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="table.open", tooltip="Open the row"),
        Binding("down,j", "move(1)", "Down", id="table.down", show=False, tooltip="Next row"),
        Binding("up,k", "move(-1)", "Up", id="table.up", show=False, tooltip="Previous row"),
        Binding("right,l", "column(1)", "Next column", id="table.right", show=False,
                tooltip="Column cursor to the right, and into view"),
        Binding("left,h", "column(-1)", "Previous column", id="table.left", show=False,
                tooltip="Column cursor to the left, and into view"),
        Binding("g,home", "first", "First", id="table.first", show=False, tooltip="First row"),
        Binding("G,end", "last", "Last", id="table.last", show=False, tooltip="Last row"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", id="table.pagedown", show=False,
                tooltip="A page down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", id="table.pageup", show=False,
                tooltip="A page up"),
    ]  # fmt: skip

    STILL_LINES = 1

    @dataclass
    class CursorMoved(Message):
        """The cursor is on another row."""

    @dataclass
    class Opened(Message):
        """The row under the cursor was opened."""

    @dataclass
    class HeadingClicked(Message):
        """A column's heading was clicked."""

        column: int

    def __init__(self, model: TableModel, *, markable: bool = False, openable: bool = True) -> None:
        super().__init__()
        self.model = model
        self.markable = markable
        self.openable = openable
        self.cursor = 0
        self.cursor_column: int | None = None
        self._style_cache: dict[tuple[str, ...], Style] = {}
        self._widths: tuple[tuple[int, int], list[int]] = ((-1, 0), [])
        self._skipped = 0

    # -- changes

    @contextmanager
    def keeping_cursor(self) -> Iterator[None]:
        """Change the model inside; the cursor stays on its row, or else on its line."""
        key = self.model.row(self.cursor).key if self.cursor < len(self.model) else ""
        offset = self.cursor - round(self.scroll_y)
        yield
        line = self.model.line_of(key) if key else None
        self.cursor = min(self.cursor, max(0, len(self.model) - 1)) if line is None else line
        self.set_height(len(self.model) + 1)
        if line is not None:
            self._scroll(line - offset)
        self._bring_into_view()
        self.refresh()

    def columns_changed(self) -> None:
        """Lay the columns out anew; the first ones show."""
        self._widths = ((-1, 0), [])
        self._skipped = 0
        self.cursor_column = None
        self.refresh()

    def repaint_row(self, key: str) -> None:
        """Repaint one row's line, if it can be seen."""
        line = self.model.line_of(key)
        if line is not None:
            self.repaint_line(line)

    def move_cursor(self, line: int) -> None:
        """Put the cursor on a line, as near as there is one."""
        line = max(0, min(line, len(self.model) - 1))
        if line == self.cursor:
            return
        before, self.cursor = self.cursor, line
        if not self._bring_into_view():
            self.repaint_line(before)
            self.repaint_line(line)
        self.post_message(self.CursorMoved())

    def set_cursor_column(self, column: int | None) -> None:
        """Choose the column that copying takes, and bring it into view; None is the whole row."""
        self.cursor_column = column
        if self._show_column(column):
            self.refresh()
        else:
            self.refresh(Region(0, 0, self.size.width, 1))
            self.repaint_line(self.cursor)

    def _show_column(self, column: int | None) -> bool:
        """Skip as few columns after the first as it takes to show one; return whether others show.

        The first stays: it says what the row is about.
        """
        before = self._skipped
        if column is None:
            self._skipped = 0
        elif 0 < column <= self._skipped:
            self._skipped = column - 1
        else:
            while self._skipped < column - 1 and not self._layout()[column]:
                self._skipped += 1
        return self._skipped != before

    def _bring_into_view(self) -> bool:
        """Move the view when the cursor has left it, by half a page or as much as is cheap.

        Returns
        -------
        bool
            Whether it moved.
        """
        height = self.size.height - 1
        if height <= 0:
            return False
        top = round(self.scroll_y)
        step = max(1, min(height // 2, MOST_SCROLLED // max(1, self.size.width)))
        if self.cursor < top:
            return self._scroll(self.cursor - (0 if top - self.cursor > step else step - 1))
        if self.cursor >= top + height:
            beyond = self.cursor - (top + height)
            return self._scroll(self.cursor - (height - 1 if beyond > step else height - step))
        return False

    def _scroll(self, top: int) -> bool:
        top = max(0, min(top, len(self.model) + 1 - self.size.height))
        if top == round(self.scroll_y):
            return False
        self.scroll_to(y=top, animate=False)
        return True

    # -- events

    def on_resize(self) -> None:
        """Keep the virtual size and the cursor in step with the room there is."""
        self.set_height(len(self.model) + 1)
        self._bring_into_view()

    def notify_style_update(self) -> None:
        """Forget styles of the theme before."""
        self._style_cache.clear()
        super().notify_style_update()

    def on_focus(self) -> None:
        """Show the cursor as one that answers keys."""
        self.repaint_line(self.cursor)

    def on_blur(self) -> None:
        """Show the cursor as one that does not."""
        self.repaint_line(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """Go to a row, open it on the second click; order by a heading."""
        if event.y == 0:
            column = self._column_at(event.x)
            if column is not None:
                self.post_message(self.HeadingClicked(column))
            return
        line = event.y - 1 + round(self.scroll_y)
        if line < len(self.model):
            if event.chain == 2 and line == self.cursor and self.openable:
                self.post_message(self.Opened())
            self.move_cursor(line)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer to open a row only where that does something."""
        return self.openable if action == "open" else True

    def action_open(self) -> None:
        """Open the row."""
        self.post_message(self.Opened())

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self.move_cursor(self.cursor + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.move_cursor(self.cursor + pages * max(1, self.size.height - 2))

    def action_first(self) -> None:
        """Go to the first row."""
        self.move_cursor(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self.move_cursor(len(self.model) - 1)

    def action_column(self, columns: int) -> None:
        """Move the column cursor."""
        last = len(self.model.columns) - 1
        if self.cursor_column is None:
            self.set_cursor_column(0 if columns > 0 else last)
        else:
            self.set_cursor_column(max(0, min(last, self.cursor_column + columns)))
        self.refresh_bindings()

    # -- drawing

    def _layout(self) -> list[int]:
        """Widths of the columns for the room there is; 0 hides one that does not fit."""
        room = self.room
        if self._widths[0] == (room, self._skipped):
            return self._widths[1]
        widths: list[int] = []
        used = GUTTER
        full = False
        for at, column in enumerate(self.model.columns):
            if 0 < at <= self._skipped:
                widths.append(0)
                continue
            # Once one does not fit, those right of it are less important still.
            full = full or used + column.width > room
            if full:
                widths.append(max(0, room - used) if not widths else 0)
                continue
            widths.append(column.width)
            used += column.width + GAP
        shares = sum(c.grow for c, w in zip(self.model.columns, widths, strict=True) if w)
        spare = room - (used - GAP)
        if shares and spare > 0:
            for at, column in enumerate(self.model.columns):
                if widths[at] and column.grow:
                    extra = spare * column.grow // shares
                    shares -= column.grow
                    spare -= extra
                    widths[at] += extra
        self._widths = ((room, self._skipped), widths)
        return widths

    def _column_at(self, x: int) -> int | None:
        left = GUTTER
        for at, width in enumerate(self._layout()):
            if width and left <= x < left + width + GAP:
                return at
            left += width + GAP if width else 0
        return None

    def _style(self, *names: str) -> Style:
        found = self._style_cache.get(names)
        if found is None:
            found = self.rich_style
            for name in names:
                found += self.get_component_rich_style(name, partial=True)
            self._style_cache[names] = found
        return found

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget."""
        width = self.room
        line = y - 1 + round(self.scroll_y)
        if y == 0:
            segments = self._heading(self._layout())
        elif line < len(self.model):
            segments = self._row(self.model.row(line), line == self.cursor, self._layout())
        else:
            return Strip.blank(width, self.rich_style)
        return Strip(segments).adjust_cell_length(width, segments[-1].style)

    def _heading(self, widths: list[int]) -> list[Segment]:
        style = self._style("table--heading")
        beyond = ("‹" if self._skipped else "") + ("" if widths[-1] else "›")
        parts = [Segment(beyond.ljust(GUTTER), style)]
        for at, (column, width) in enumerate(zip(self.model.columns, widths, strict=True)):
            if not width:
                continue
            title = column.title
            if at == self.model.sort_column:
                arrow = "▼" if self.model.descending else "▲"
                title = f"{arrow}{title}" if column.align == "right" else f"{title}{arrow}"
            underlined = at == self.cursor_column
            chosen = style + Style(underline=True) if underlined else style
            parts.append(Segment(fit(title, width, column.align), chosen))
            parts.append(Segment(" " * GAP, style))
        return parts[:-1]

    def _row(self, row: Row, under_cursor: bool, widths: list[int]) -> list[Segment]:
        marked = self.markable and row.key in self.model.marked
        names: tuple[str, ...] = ()
        if under_cursor:
            names = ("table--cursor",) if self.has_focus else ("table--cursor-blurred",)
        base = self._style(*names)
        gutter = "● " if marked else "  "
        if under_cursor:
            gutter = "▸●" if marked else "▸ "
        segments: list[Segment] = []
        # Neighbours of one style are sent as one: colour codes are most of what a line costs.
        text = gutter
        style = self._style(*names, "table--marked") if marked and not under_cursor else base
        for at, (column, width) in enumerate(zip(self.model.columns, widths, strict=True)):
            if not width:
                continue
            wanted = self._cell_style(column, row.values[at], names, base)
            if under_cursor and at == self.cursor_column:
                wanted += Style(underline=True)
            cell = fit(column.write(row.values[at]), width, column.align)
            if wanted is not style and wanted != style:
                segments.append(Segment(text, style))
                text, style = "", wanted
            text += cell
            if wanted is base:
                text += " " * GAP
            else:
                segments.append(Segment(text, style))
                text, style = " " * GAP, base
        segments.append(Segment(text, style))
        return segments

    def _cell_style(
        self, column: Column, value: object, names: tuple[str, ...], base: Style
    ) -> Style:
        role = column.role(value)
        if not role or (names and names[0] == "table--cursor"):
            return base  # the cursor's own colours are the ones that can be read on it
        return self._style(*names, f"table--{role}")
