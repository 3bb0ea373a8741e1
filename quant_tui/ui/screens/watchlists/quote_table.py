"""The table of a list: groups that fold, figures that come in later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from quant_tui.domain.watchlist import GROUP_SEPARATOR
from quant_tui.ui.screens.watchlists.columns import GROUP, SYMBOL, NameCell
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Row, Table
from quant_tui.ui.widgets.table_model import TableModel

if TYPE_CHECKING:
    from quant_tui.services.watchlist_lines import GroupLine, SymbolLine

EMPTY = Notice(
    "This list is empty",
    "Add symbols by name or search for companies; several at once, as they are pasted.",
    (("n", "Add symbols"), ("i", "Import a CSV file")),
)


class QuoteModel(TableModel):
    """Rows of symbols under the headings of their groups.

    The order is kept within each group. The filter looks into folded groups too, and
    shows the headings above what it finds.
    """

    def __init__(self) -> None:
        super().__init__((SYMBOL,))
        self._lines: Sequence[GroupLine | SymbolLine] = ()

    def set_lines(self, lines: Sequence[GroupLine | SymbolLine]) -> None:
        """Say what the rows are that come next."""
        self._lines = lines

    def members(self, group: str) -> set[str]:
        """Return the symbols of a group and of those within it."""
        within = group + GROUP_SEPARATOR
        return {
            row.key
            for row, line in zip(self.rows, self._lines, strict=True)
            if (path := getattr(line, "group", "")) == group or path.startswith(within)
        }

    def arrange(self) -> None:
        """Work out what is shown, anew."""
        words = self.filter_text.casefold().split()
        sections: dict[str, list[int]] = {}
        headings: dict[str, int] = {}
        for at, line in enumerate(self._lines):
            if line.hidden and not words:
                continue
            if at >= len(self.rows):
                break
            if self.rows[at].key.startswith(GROUP):
                path = self.rows[at].key.removeprefix(GROUP)
                headings[path] = at
                sections.setdefault(path, [])
            elif all(word in self._haystack(at) for word in words):
                sections.setdefault(getattr(line, "group", ""), []).append(at)
        found: list[int] = []
        filled = {path for path, members in sections.items() if members}
        for path, members in sections.items():
            within = path + GROUP_SEPARATOR
            if path and words and not any(one == path or one.startswith(within) for one in filled):
                continue
            if path:
                found.append(headings[path])
            found += self._ordered(members)
        self.shown = found

    def _ordered(self, members: list[int]) -> list[int]:
        if self.sort_column is not None and len(members) > 1:
            self.shown = members
            self._order(self.sort_column)
            return self.shown
        return members

    def _haystack(self, at: int) -> str:
        """Return what the filter looks at: symbol, name, group, note and tags."""
        found = self._haystacks[at]
        if found is None:
            row = self.rows[at]
            name = row.values[0]
            text = name.text if isinstance(name, NameCell) else str(name)
            found = self._haystacks[at] = f"{text} {row.also}".casefold()
        return found


class QuoteTable(Table):
    """Symbols of one list with their figures."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("J,shift+down", "shift(1)", "Move down", id="quotes.later", show=False,
                tooltip="Move the symbol down in its group"),
        Binding("K,shift+up", "shift(-1)", "Move up", id="quotes.earlier", show=False,
                tooltip="Move the symbol up in its group"),
    ]  # fmt: skip

    @dataclass
    class Shifted(Message):
        """A symbol is to be moved by so many places."""

        symbol: str
        steps: int

    def __init__(self) -> None:
        self.quotes = QuoteModel()
        super().__init__((SYMBOL,), empty=EMPTY, markable=True, model=self.quotes, id="quotes")

    @property
    def symbol(self) -> str:
        """The symbol under the cursor; "" on a group's heading."""
        key = self.cursor_key
        return "" if key.startswith(GROUP) else key

    @property
    def group(self) -> str:
        """The group whose heading the cursor is on; "" on a symbol."""
        key = self.cursor_key
        return key.removeprefix(GROUP) if key.startswith(GROUP) else ""

    @property
    def chosen(self) -> list[str]:
        """The marked symbols in the order shown, or else the one under the cursor."""
        marked = [one for one in self.shown_symbols if one in self.model.marked]
        return marked or ([self.symbol] if self.symbol else [])

    @property
    def shown_symbols(self) -> list[str]:
        """The symbols as they are ordered and filtered."""
        keys = (self.model.rows[at].key for at in self.model.shown)
        return [key for key in keys if not key.startswith(GROUP)]

    def symbols_around(self) -> list[str]:
        """Return the symbols that can be seen, or soon will be."""
        return [key for key in self.keys_around() if not key.startswith(GROUP)]

    def put_figures(self, rows: Mapping[str, Row]) -> None:
        """Change the rows of symbols; only lines that can be seen are repainted."""
        for key, row in rows.items():
            self.model.put(key, row.values)
        grid = self.grid
        top = round(grid.scroll_y)
        for line in range(top, min(len(self.model), top + grid.size.height)):
            if self.model.row(line).key in rows:
                grid.repaint_line(line)
        if self.cursor_key in rows:
            self._announce()

    def arrange_again(self) -> None:
        """Put the rows in order after their figures have changed."""
        if self.model.sort_column is not None:
            with self.grid.keeping_cursor():
                self.model.arrange()

    def action_mark(self) -> None:
        """Mark or unmark the symbol, or on a heading all symbols of the group."""
        group = self.group
        if not group:
            super().action_mark()
            return
        members = self.quotes.members(group)
        self.model.marked ^= members if members <= self.model.marked else members - self.marked
        self.grid.refresh()
        self.refresh_bindings()
        self.post_message(self.MarksChanged(self, self.marked))

    def action_shift(self, steps: int) -> None:
        """Move the symbol under the cursor."""
        if self.symbol and self.model.sort_column is None and not self.model.filter_text:
            self.post_message(self.Shifted(self.symbol, steps))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to move a symbol where the list shows its own order."""
        if action == "shift":
            own_order = self.model.sort_column is None and not self.model.filter_text
            return bool(self.symbol) and own_order
        return super().check_action(action, parameters)

    def set_lines(self, lines: Sequence[GroupLine | SymbolLine], rows: Iterable[Row]) -> None:
        """Put other symbols in."""
        self.quotes.set_lines(lines)
        self.set_rows(rows)
