"""Columns of a list of quotes: what each shows, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, cast

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.table_model import Align, Column, Row

if TYPE_CHECKING:
    from quant_tui.domain.watchlist import ListDetails, ListEntry, RuleColumn
    from quant_tui.services.quotes import Quote
    from quant_tui.services.watchlist_lines import GroupLine, SymbolLine

SPARKLINE = 10
RANGE = 11
RULE = "rule:"
"""Begins the code of a column of the user's own; its title follows."""

GROUP = "group: "
"""Begins the key of a group's row; no symbol holds a blank."""


class Blank:
    """A cell of a group's heading: nothing is written, not even that nothing is there."""


BLANK = Blank()


@dataclass(frozen=True, slots=True)
class NameCell:
    """First cell of a row: a symbol, or a group with its fold mark."""

    text: str
    depth: int = 0
    group: bool = False
    folded: bool = False

    def __str__(self) -> str:
        indent = "  " * self.depth
        return (
            f"{indent}{'▸' if self.folded else '▾'} {self.text}"
            if self.group
            else indent + self.text
        )


def _name_role(value: object) -> str:
    return "accent" if isinstance(value, NameCell) and value.group else ""


def _written(write: Callable[[float | None], str]) -> Callable[[object], str]:
    def text(value: object) -> str:
        return "" if value is BLANK else write(cast("float | None", value))

    return text


def _order(value: object) -> object:
    """Order by the value; what is on its way comes last, as what does not exist."""
    return None if value is BLANK else value


def _spark(value: object) -> str:
    return fmt.sparkline(value, SPARKLINE) if isinstance(value, tuple) and value else ""


def _spark_role(value: object) -> str:
    return fmt.direction(value[-1] - value[0]) if isinstance(value, tuple) and value else ""


def _range(value: object) -> str:
    """Draw a line with a mark where the close lies between low and high."""
    if not isinstance(value, float):
        return "" if value is BLANK else fmt.NOTHING
    at = min(RANGE - 1, int(value * RANGE))
    return "─" * at + "●" + "─" * (RANGE - 1 - at)


def _times(value: float | None) -> str:
    return fmt.NOTHING if value is None else f"{fmt.number(value, 1)}x"


def _change(decimals: int) -> Callable[[float | None], str]:
    return lambda value: fmt.change(value, decimals)


def _day(value: object) -> str:
    return "" if value is BLANK else fmt.day(cast("date | None", value))


def _text(value: object) -> str:
    return "" if value is BLANK or value is None else str(value)


def _muted(_value: object) -> str:
    return "muted"


ValueOf = Callable[["Quote | None", "ListEntry | None", str], object]
"""From quote, what is said of the symbol, and company name."""


@dataclass(frozen=True, slots=True)
class QuoteColumn:
    """A column that can be chosen.

    Attributes
    ----------
    code
        How a list names it.
    about
        What it shows, for the dialog that chooses columns.
    value
        From quote, what is said of the symbol, and company name.
    """

    code: str
    about: str
    column: Column
    value: ValueOf


def _figure(name: str) -> ValueOf:
    return lambda quote, _entry, _name: BLANK if quote is None else getattr(quote, name)


def _number(
    code: str,
    title: str,
    width: int,
    about: str,
    write: Callable[[float | None], str],
    *,
    name: str = "",
    role: Callable[[object], str] = lambda _: "",
) -> QuoteColumn:
    column = Column(
        title, width, "right", write=_written(write), role=role, sort=_order, first="descending"
    )
    return QuoteColumn(code, about, column, _figure(name or code))


def _drawn(
    code: str,
    title: str,
    width: int,
    about: str,
    write: Callable[[object], str],
    name: str,
    *,
    role: Callable[[object], str] = lambda _: "",
    sort: Callable[[object], object] | None = None,
) -> QuoteColumn:
    column = Column(title, width, write=write, role=role, sort=sort, first="descending")
    return QuoteColumn(code, about, column, _figure(name))


def _words(
    code: str,
    title: str,
    about: str,
    value: ValueOf,
    width: int = 14,
    align: Align = "left",
) -> QuoteColumn:
    return QuoteColumn(
        code, about, Column(title, width, align, write=_text, role=_muted, grow=3), value
    )


BUILT_IN: dict[str, QuoteColumn] = {
    one.code: one
    for one in (
        _number("last", "Last", 10, "Close of the newest session", fmt.number),
        _number("change_fraction", "Change %", 9, "Against the close before", _change(2),
                role=fmt.direction),
        _number("change", "Change", 8, "Against the close before, in price", fmt.signed,
                role=fmt.direction),
        _number("volume_ratio", "Vol", 5, "Volume over its average of 20 sessions", _times),
        _drawn("spark", "30 days", SPARKLINE, "Closes of the last 30 sessions", _spark, "closes",
               role=_spark_role),
        _drawn("range", "52 weeks", RANGE, "Place between low and high of 52 weeks", _range,
               "place", sort=_order),
        _number("rsi", "RSI", 4, "Relative strength index of 14 sessions",
                lambda value: fmt.number(value, 0)),
        _number("from_sma_50", "SMA 50", 8, "Distance to the average of 50 sessions", _change(1),
                role=fmt.direction),
        _number("from_sma_200", "SMA 200", 8, "Distance to the average of 200 sessions",
                _change(1), role=fmt.direction),
        _number("volume", "Volume", 8, "Of the newest session", fmt.compact),
        _number("low", "Low 52w", 10, "Lowest low of 52 weeks", fmt.number),
        _number("high", "High 52w", 10, "Highest high of 52 weeks", fmt.number),
        QuoteColumn("date", "The newest session",
                    Column("Session", 10, write=_day, role=_muted, sort=_order, first="descending"),
                    _figure("date")),
        _words("name", "Name", "Company", lambda _, __, name: name),
        _words("note", "Note", "Your note", lambda _, entry, __: entry.note if entry else ""),
        _words("tags", "Tags", "Your tags",
               lambda _, entry, __: " ".join(f"#{one}" for one in entry.tags) if entry else ""),
    )
}  # fmt: skip

USUAL = ("last", "change_fraction", "change", "volume_ratio", "spark", "range", "rsi",
         "from_sma_50", "from_sma_200")  # fmt: skip
"""Shown unless others are chosen, before the user's own and then name and note."""

SYMBOL = Column(
    "Symbol",
    13,
    write=str,
    role=_name_role,
    grow=1,
    sort=lambda value: cast(NameCell, value).text,
)


def shown_codes(details: ListDetails) -> tuple[str, ...]:
    """Return the codes of the columns that a list shows, in order."""
    own = tuple(RULE + one.title for one in details.rules)
    if not details.columns:
        return (*USUAL, *own, "name", "note")
    known = {*BUILT_IN, *own}
    return tuple(one for one in details.columns if one in known)


def rule_column(rule: RuleColumn) -> Column:
    """Return the column of an expression: yes or no, or a number."""

    def write(value: object) -> str:
        if isinstance(value, bool):
            return "✓ yes" if value else "· no"
        if value is BLANK:
            return ""
        figure = cast("float | None", value)
        return fmt.percent(figure) if rule.percent else _plain_number(figure)

    def role(value: object) -> str:
        return "accent" if value is True else "muted" if value is False else ""

    width = max(8, min(14, len(rule.title) + 1))
    return Column(
        rule.title, width, "right", write=write, role=role, sort=_order, first="descending"
    )


def _plain_number(value: float | None) -> str:
    """Write a number of unknown size with as many decimals as say something."""
    if value is None:
        return fmt.NOTHING
    size = abs(value)
    if size >= 1e7:
        return fmt.compact(value)
    return fmt.number(value, 0 if size >= 1e5 else 2 if size >= 10 or value == 0 else 4)


class Layout:
    """The columns that one list shows, and rows for them.

    Parameters
    ----------
    details
        Of the list.
    """

    def __init__(self, details: ListDetails) -> None:
        self.codes = shown_codes(details)
        self.rules = {RULE + one.title: one for one in details.rules}
        self.columns = (SYMBOL, *(self._column(code) for code in self.codes))
        self.blanks: tuple[object, ...] = (BLANK,) * len(self.codes)
        """Cells of a group's heading after the first."""
        self._values: list[tuple[ValueOf | None, str]] = [
            (None, self.rules[code].rule) if code in self.rules else (BUILT_IN[code].value, "")
            for code in self.codes
        ]

    @property
    def shown_rules(self) -> list[RuleColumn]:
        """The user's own columns among those shown."""
        return [self.rules[code] for code in self.codes if code in self.rules]

    def _column(self, code: str) -> Column:
        rule = self.rules.get(code)
        return BUILT_IN[code].column if rule is None else rule_column(rule)

    def symbol_row(
        self,
        line: SymbolLine,
        quote: Quote | None,
        entry: ListEntry | None,
        name: str,
        own: Mapping[str, object],
    ) -> Row:
        """Return the row of a symbol; ``own`` holds values of rules by their text.

        What is on its way, without a quote, is blank.
        """
        first = NameCell(line.symbol, line.depth)
        said = f"{name} {line.group} {entry.note} {' '.join(entry.tags)}" if entry else name
        if quote is None and not said and not own:
            return Row(line.symbol, (first, *self.blanks))
        values = [
            own.get(rule, BLANK) if value is None else value(quote, entry, name)
            for value, rule in self._values
        ]
        return Row(line.symbol, (first, *values), said)

    def group_row(self, line: GroupLine) -> Row:
        """Return the row of a group's heading."""
        cell = NameCell(f"{line.name} ({line.count})", line.depth, group=True, folded=line.folded)
        return Row(GROUP + line.path, (cell, *self.blanks))
