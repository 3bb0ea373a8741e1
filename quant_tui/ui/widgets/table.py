"""The only table of the app: 10,000 rows open at once, a key repaints two lines.

Textual's DataTable measures every cell and repaints the whole table for one changed
cell. Here column widths are fixed, a line is drawn when it is looked at, and a cursor
move repaints the line left and the line entered. When the cursor leaves the view, the
view moves by half a page: over a slow line that is one repaint for fifteen keys.

Example
-------
::

    table = Table(
        [Column("Name", 24, grow=1), Column("Sharpe", 8, "right", write=..., first="descending")],
        id="strategies",
        empty=Notice("No strategies yet", "…", (("n", "New from a template"),)),
    )
    table.set_rows([Row("id-1", ("Golden cross", 1.23))])

    def on_table_row_opened(self, event: Table.RowOpened) -> None: ...   # enter
    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from quant_tui.domain.errors import QuantError
from quant_tui.ui.reporting import describe, toast
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice
from quant_tui.ui.widgets.table_grid import TableGrid
from quant_tui.ui.widgets.table_model import Column, Row, TableModel

if TYPE_CHECKING:
    from textual.widgets import Input

    from quant_tui.ui.widgets.filter_line import FilterLine

__all__ = ["Column", "Row", "Table"]

NOTHING_FOUND = Notice("Nothing matches the filter", keys=(("escape", "Clear the filter"),))


class Table(Vertical):
    """A table with filter, order, marks, and its own empty, loading and error states.

    Parameters
    ----------
    columns
        What is shown.
    empty
        What to say while there are no rows.
    markable
        Whether ``space`` marks rows.
    openable
        Whether ``enter`` on a row leads anywhere.
    model
        Where the rows are kept, when they are arranged in a way of their own.
    """

    DEFAULT_CSS = """
    Table {
        height: 1fr;
        & > FilterLine { height: 1; border: none; padding: 0 1; background: $panel; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", id="table.filter", key_display="/",
                tooltip="Show only the rows that contain what you type"),
        Binding("s", "sort", "Sort", id="table.sort", tooltip="Order by the next column"),
        Binding("S", "flip", "Turn order", id="table.flip", show=False,
                tooltip="Turn the order round"),
        Binding("space", "mark", "Mark", id="table.mark", tooltip="Mark or unmark the row"),
        Binding("y", "copy", "Copy", id="table.copy", show=False,
                tooltip="Copy the cell under the column cursor, or the row, to the clipboard"),
        Binding("escape", "clear", "Clear filter", id="table.clear", show=False,
                tooltip="Clear the filter, the column cursor, the marks"),
    ]  # fmt: skip

    @dataclass
    class RowHighlighted(Message):
        """The cursor came to a row, or the row under it changed; ``key`` is "" for none."""

        table: Table
        key: str

        @property
        def control(self) -> Table:
            """The table, for ``@on`` selectors."""
            return self.table

        def can_replace(self, message: Message) -> bool:
            """A newer cursor position makes an older one pointless."""
            return isinstance(message, Table.RowHighlighted) and message.table is self.table

    @dataclass
    class RowOpened(Message):
        """``enter``, or a second click, on a row."""

        table: Table
        key: str

        @property
        def control(self) -> Table:
            """The table, for ``@on`` selectors."""
            return self.table

    @dataclass
    class MarksChanged(Message):
        """Rows were marked or unmarked."""

        table: Table
        keys: frozenset[str]

        @property
        def control(self) -> Table:
            """The table, for ``@on`` selectors."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty: Notice | None = None,
        markable: bool = False,
        openable: bool = True,
        model: TableModel | None = None,
        id: str | None = None,  # noqa: A002 -- Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.model = TableModel(columns) if model is None else model
        self.empty = empty or Notice("Nothing here yet")
        self.markable = markable
        self.grid = TableGrid(self.model, markable=markable, openable=openable)
        self.panel = MessagePanel(self.empty)
        self.panel.display = False
        self._notice: Notice | None = None
        self._highlighted: tuple[str, Row | None] = ("", None)

    def compose(self) -> ComposeResult:
        """Lay out the grid and the panel that stands in for it."""
        yield self.grid
        yield self.panel

    def on_mount(self) -> None:
        """Show the state that there is before any row has come."""
        self._settle()

    # -- content

    @property
    def cursor_key(self) -> str:
        """Key of the row under the cursor; "" when there is none."""
        line = self.grid.cursor
        return self.model.row(line).key if 0 <= line < len(self.model) else ""

    def keys_around(self) -> list[str]:
        """Return the keys of the rows within a page of the cursor, the nearest first."""
        # before the first layout the table has no height: what the whole screen could show
        cursor, page = self.grid.cursor, max(1, self.grid.size.height or self.app.size.height)
        lines = range(max(0, cursor - page), min(len(self.model), cursor + page + 1))
        nearest = sorted(lines, key=lambda line: abs(line - cursor))
        return [self.model.row(line).key for line in nearest]

    @property
    def marked(self) -> frozenset[str]:
        """Keys of the marked rows."""
        return frozenset(self.model.marked)

    def set_rows(self, rows: Iterable[Row]) -> None:
        """Put other rows in; the cursor stays on its row if that is still there."""
        self._notice = None
        with self.grid.keeping_cursor():
            self.model.replace(rows)
        self._settle()

    def set_columns(self, columns: Sequence[Column], rows: Iterable[Row]) -> None:
        """Show other columns, with rows that fit them."""
        self._notice = None
        with self.grid.keeping_cursor():
            self.model.set_columns(columns, rows)
        self.grid.columns_changed()
        self._settle()

    def put_row(self, key: str, values: Sequence[object]) -> None:
        """Change one row; only its line is repainted, and only when it can be seen."""
        if self.model.put(key, values):
            self.grid.repaint_row(key)
            if key == self.cursor_key:
                self._announce()

    def move_to(self, key: str) -> bool:
        """Put the cursor on a row, clearing the filter if it hides it; False when unknown."""
        if self.model.line_of(key) is None and self.model.filter_text:
            self._set_filter("")
        line = self.model.line_of(key)
        if line is None:
            return False
        self.grid.move_cursor(line)
        return True

    def filter_by(self, text: str) -> None:
        """Show only the rows in which every word of ``text`` occurs."""
        with self.grid.keeping_cursor():
            self.model.set_filter(text)
        self._settle()

    def clear_marks(self) -> None:
        """Unmark everything."""
        if self.model.marked:
            self.model.marked.clear()
            self.grid.refresh()
            self.post_message(self.MarksChanged(self, frozenset()))

    # -- states

    def show_loading(self, what: str = "Loading") -> None:
        """Say that rows are on their way; rows that are there stay until then."""
        if not self.model.rows:
            self._show_notice(Notice(f"{what} …", kind="loading"))

    def show_error(self, error: BaseException, retry: Callable[[], object] | None = None) -> None:
        """Say what went wrong in place of the rows."""
        title, message = describe(error)
        hint = error.hint if isinstance(error, QuantError) else ""
        text = f"{message.removesuffix(hint).strip()}\n\n{hint}" if hint else message
        self._show_notice(Notice(title, text, kind="error"), retry)

    def _show_notice(self, notice: Notice, retry: Callable[[], object] | None = None) -> None:
        self._notice = notice
        self.panel.show(notice, retry=retry)
        self._settle()

    def _settle(self) -> None:
        """Show grid or panel, whichever fits, without losing the focus."""
        if not self.is_attached:
            return
        if self._notice is None and not len(self.model):
            self.panel.show(NOTHING_FOUND if self.model.rows else self.empty)
        message = self._notice is not None or not len(self.model)
        # asked of the screen: a widget hears of its own focus only later
        had_focus = self.screen.focused in (self.grid, self.panel)
        # set here and not by a class: what is focused next must be focusable at once
        self.grid.display, self.panel.display = not message, message
        if had_focus:
            self.focus(scroll_visible=False)
        self.refresh_bindings()
        self._announce()

    def _announce(self) -> None:
        key = self.cursor_key
        row = self.model.find(key) if key else None
        if (key, row) != self._highlighted:
            self._highlighted = (key, row)
            self.post_message(self.RowHighlighted(self, key))

    # -- what the keys do

    def focus(self, scroll_visible: bool = True) -> Table:
        """Give the keys to the rows, or to the panel that stands in for them."""
        # at once: Textual's own way puts it off, and by then the other of the two may show
        target = self.panel if self.panel.display else self.grid
        if self.is_attached:  # work may end after the app has
            self.screen.set_focus(target, scroll_visible=scroll_visible)
        return self

    @property
    def has_keys(self) -> bool:
        """Whether this table has the focus."""
        return self.grid.has_focus or self.panel.has_focus

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer what makes sense for the rows there are."""
        if action == "mark":
            return self.markable and bool(len(self.model))
        if action == "clear":
            return bool(
                self.model.filter_text or self.grid.cursor_column is not None or self.model.marked
            )
        if action == "filter":  # in the filter line "/" is a letter
            return bool(self.model.rows) and self.screen.focused in (self.grid, self.panel)
        if action in ("sort", "flip", "copy"):
            return bool(self.model.rows)
        return True

    def on_table_grid_cursor_moved(self, event: TableGrid.CursorMoved) -> None:
        """Tell the screen which row the cursor is on."""
        event.stop()
        self._announce()

    def on_table_grid_opened(self, event: TableGrid.Opened) -> None:
        """Tell the screen which row was opened."""
        event.stop()
        if key := self.cursor_key:
            self.post_message(self.RowOpened(self, key))

    def on_table_grid_heading_clicked(self, event: TableGrid.HeadingClicked) -> None:
        """Order by the column whose heading was clicked; again turns it round."""
        event.stop()
        with self.grid.keeping_cursor():
            if self.model.sort_column == event.column:
                self.model.flip_sort()
            elif self.model.columns[event.column].sort is not None:
                self.model.sort_by(event.column)

    def action_sort(self) -> None:
        """Order by the next column."""
        with self.grid.keeping_cursor():
            self.model.cycle_sort()

    def action_flip(self) -> None:
        """Turn the order round."""
        with self.grid.keeping_cursor():
            self.model.flip_sort()

    def action_mark(self) -> None:
        """Mark or unmark the row and go to the next."""
        key = self.cursor_key
        if not key:
            return
        self.model.marked ^= {key}
        self.grid.repaint_row(key)
        self.grid.move_cursor(self.grid.cursor + 1)
        self.refresh_bindings()
        self.post_message(self.MarksChanged(self, self.marked))

    def action_copy(self) -> None:
        """Copy the cell under the column cursor, or else the row with tabs between."""
        key = self.cursor_key
        row = self.model.find(key) if key else None
        if row is None:
            return
        column = self.grid.cursor_column
        if column is None:
            text = "\t".join(self.model.text(row, c) for c in range(len(self.model.columns)))
            what = "Row"
        else:
            text = self.model.text(row, column)
            what = self.model.columns[column].title
        self.app.copy_to_clipboard(text)
        toast(self.app, f"{what} copied", seconds=2)

    def action_clear(self) -> None:
        """Take back one thing: the filter, else the column cursor, else the marks."""
        if self.model.filter_text:
            self._set_filter("")
        elif self.grid.cursor_column is not None:
            self.grid.set_cursor_column(None)
            self.refresh_bindings()
        else:
            self.clear_marks()

    async def action_filter(self) -> None:
        """Open the line that filters as you type."""
        line = self._filter_line()
        if line is None:
            from quant_tui.ui.widgets.filter_line import FilterLine

            line = FilterLine(self.model.filter_text)
            await self.mount(line)
        line.focus()

    def _filter_line(self) -> FilterLine | None:
        from quant_tui.ui.widgets.filter_line import FilterLine

        return next(iter(self.query_children(FilterLine)), None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter at every letter; who searches elsewhere too hears of it."""
        self.filter_by(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go from the filter line back to the rows, keeping the filter."""
        event.stop()
        if event.value:
            self.focus()
        else:
            self._set_filter("")

    def on_filter_line_left(self, event: FilterLine.Left) -> None:
        """Go back to the rows, with the filter or without it."""
        event.stop()
        if event.keep:
            self.focus()
        else:
            self._set_filter("")

    def _set_filter(self, text: str) -> None:
        line = self._filter_line()
        if line is not None and not text:
            line.remove()
        with self.grid.keeping_cursor():
            self.model.set_filter(text)
        self._settle()
        self.focus()
