"""Rows of a table, apart from how they are drawn: filter, order, marks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Literal, NamedTuple

Align = Literal["left", "right"]


def plain(value: object) -> str:
    """Write a value as it is; nothing for None."""
    return "" if value is None else str(value)


def no_role(_value: object) -> str:
    """Give no role."""
    return ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    title
        Heading.
    width
        Cells; beyond it a figure loses digits after the point, then thousands, and other
        text is cut with "…". Widths never change with the content.
    align
        Numbers go right.
    write
        From the value to its text.
    role
        From the value to ``up``, ``down``, ``muted``, ``warning``, ``error``, ``accent`` or "".
    grow
        Share of the width that is left over; 0 keeps ``width``.
    sort
        From the value to something that orders; None where ordering makes no sense.
    first
        Order that the first ``s`` on this column gives: numbers are best from the top.
    """

    title: str
    width: int
    align: Align = "left"
    write: Callable[[object], str] = plain
    role: Callable[[object], str] = no_role
    grow: int = 0
    sort: Callable[[object], object] | None = lambda value: value
    first: Literal["ascending", "descending"] = "ascending"


class Row(NamedTuple):
    """One row: a key that never changes, and a value for every column."""

    key: str
    values: Sequence[object]
    also: str = ""
    """Text that the filter finds though no column shows it."""


class TableModel:
    """Rows, and which of them are shown in which order.

    Parameters
    ----------
    columns
        What the values of every row mean.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.rows: list[Row] = []
        self.shown: list[int] = []
        """Positions in ``rows``, in the order on the screen."""
        self.marked: set[str] = set()
        self.filter_text = ""
        self.sort_column: int | None = None
        self.descending = False
        self._position: dict[str, int] = {}
        self._haystacks: list[str | None] = []

    def __len__(self) -> int:
        return len(self.shown)

    def replace(self, rows: Iterable[Row]) -> None:
        """Put other rows in; filter, order and the marks of rows that stay are kept."""
        self.rows = list(rows)
        self._position = {row.key: at for at, row in enumerate(self.rows)}
        self._haystacks = [None] * len(self.rows)
        self.marked &= self._position.keys()
        self.arrange()

    def set_columns(self, columns: Sequence[Column], rows: Iterable[Row]) -> None:
        """Show other columns, with rows that fit them; the order is kept if its column is."""
        ordered = None if self.sort_column is None else self.columns[self.sort_column].title
        self.columns = tuple(columns)
        places = [at for at, column in enumerate(self.columns) if column.title == ordered]
        self.sort_column = places[0] if places else None
        self.replace(rows)

    def put(self, key: str, values: Sequence[object]) -> bool:
        """Change one row's values in place; return whether it was there.

        The row keeps its place until the next :meth:`arrange`, so that a live table
        does not jump under the reader's eyes.
        """
        at = self._position.get(key)
        if at is None:
            return False
        self.rows[at] = self.rows[at]._replace(values=values)
        self._haystacks[at] = None
        return True

    def row(self, line: int) -> Row:
        """Return the row on a line of the screen's order."""
        return self.rows[self.shown[line]]

    def find(self, key: str) -> Row | None:
        """Return a row by its key, shown or not."""
        at = self._position.get(key)
        return None if at is None else self.rows[at]

    def line_of(self, key: str) -> int | None:
        """Return the line that a row is shown on, or None."""
        at = self._position.get(key)
        if at is None:
            return None
        if len(self.shown) == len(self.rows) and self.sort_column is None:
            return at
        try:
            return self.shown.index(at)
        except ValueError:
            return None

    def text(self, row: Row, column: int) -> str:
        """Return a cell as written."""
        return self.columns[column].write(row.values[column])

    def set_filter(self, text: str) -> None:
        """Show the rows in which every word of ``text`` occurs, in any column and case."""
        self.filter_text = text
        self.arrange()

    def cycle_sort(self) -> None:
        """Order by the next column that can be ordered by; after the last, as given."""
        sortable = [at for at, column in enumerate(self.columns) if column.sort is not None]
        after = -1 if self.sort_column is None else self.sort_column
        following = [at for at in sortable if at > after]
        self.sort_by(following[0] if following else None)

    def sort_by(self, column: int | None, *, descending: bool | None = None) -> None:
        """Order by a column; None is the order that the rows came in."""
        self.sort_column = column
        if column is not None:
            first = self.columns[column].first == "descending"
            self.descending = first if descending is None else descending
        self.arrange()

    def flip_sort(self) -> None:
        """Turn the order round."""
        if self.sort_column is not None:
            self.descending = not self.descending
            self.arrange()

    def arrange(self) -> None:
        """Work out what is shown, anew."""
        words = self.filter_text.casefold().split()
        if words:
            self.shown = [
                at
                for at in range(len(self.rows))
                if all(word in self._haystack(at) for word in words)
            ]
        else:
            self.shown = list(range(len(self.rows)))
        if self.sort_column is not None:
            self._order(self.sort_column)

    def _haystack(self, at: int) -> str:
        found = self._haystacks[at]
        if found is None:
            row = self.rows[at]
            cells = [self.text(row, c) for c in range(len(self.columns))]
            found = " ".join([*cells, row.also]).casefold()
            self._haystacks[at] = found
        return found

    def _order(self, column: int) -> None:
        how = self.columns[column].sort
        if how is None:
            return
        keyed: list[tuple[object, int]] = []
        missing: list[int] = []
        for at in self.shown:
            value = self.rows[at].values[column]
            key = None if value is None else how(value)
            if key is None or (isinstance(key, float) and math.isnan(key)):
                missing.append(at)  # what does not exist goes last, whichever way round
            else:
                keyed.append((key.casefold() if isinstance(key, str) else key, at))
        keyed.sort(key=cmp_to_key(_compare), reverse=self.descending)
        self.shown = [at for _, at in keyed] + missing


def _compare(left: tuple[object, int], right: tuple[object, int]) -> int:
    a, b = left[0], right[0]
    try:
        if a < b:  # type: ignore[operator]  # values of one column compare; the except is for those that do not
            return -1
        return 1 if b < a else 0  # type: ignore[operator]  # as above
    except TypeError:
        a, b = str(a), str(b)
        return (a > b) - (a < b)
