"""What the ``metadata`` of a watchlist holds, by its own types, and what its alerts said."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from quant_tui.domain.base import Entity, UtcDatetime, utc_now

GROUP_SEPARATOR = "/"
"""Between the names of nested groups: ``Technology/Chips``."""


class _Part(BaseModel):
    """A part of the metadata; what a newer version wrote besides is kept."""

    model_config = ConfigDict(extra="allow", frozen=True)


class ListEntry(_Part):
    """What is said of one symbol; symbols without any of it have no entry.

    Attributes
    ----------
    group
        Path of its group; empty when it is in none.
    note, tags
        The user's own words.
    """

    symbol: str
    group: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.group or self.note or self.tags)


class ListGroup(_Part):
    """A group; ``path`` names those around it first, ``folded`` hides its symbols."""

    path: str
    folded: bool = False


class RuleColumn(_Part):
    """A column of the user's own.

    Attributes
    ----------
    rule
        An expression of the rule language; its value on the last bar is shown.
    percent
        Whether a number is a fraction to be written as a percentage.
    """

    title: str
    rule: str
    percent: bool = False


class ListAlert(_Part):
    """A condition to be told of.

    Attributes
    ----------
    id
        Made when the alert is; its events carry it.
    rule
        A condition of the rule language, on daily bars.
    symbols
        Whose; empty for every symbol of the list.
    since
        Only bars after this session can fire it: the newest when the alert was made.
    behind
        Symbols that were not as far then, each with its own newest session, which counts
        for it instead.
    active
        Whether it is looked at.
    """

    id: str
    name: str
    rule: str
    symbols: tuple[str, ...] = ()
    since: date | None = None
    behind: tuple[tuple[str, date], ...] = ()
    active: bool = True


class ListDetails(_Part):
    """Groups, notes, tags, columns and alerts of one list.

    Attributes
    ----------
    entries
        What is said of symbols.
    groups
        In their order; those around a group come before it.
    columns
        Codes of the columns that are shown, in order; empty for the usual ones.
    rules
        The user's own columns; their code is ``rule:`` and their title.
    """

    entries: tuple[ListEntry, ...] = ()
    groups: tuple[ListGroup, ...] = ()
    columns: tuple[str, ...] = ()
    rules: tuple[RuleColumn, ...] = ()
    alerts: tuple[ListAlert, ...] = Field(default=())

    def entry(self, symbol: str) -> ListEntry:
        """Return what is said of a symbol; an empty entry when nothing is."""
        found = (one for one in self.entries if one.symbol == symbol)
        return next(found, ListEntry(symbol=symbol))

    def by_symbol(self) -> dict[str, ListEntry]:
        """Return the entries by symbol."""
        return {one.symbol: one for one in self.entries}


class AlertEvent(Entity):
    """An alert that fired; beyond the data model. One a symbol and session.

    It names list, alert and rule as they were, so that it can be read when they are gone.

    Attributes
    ----------
    bar_date
        Session on which the condition became true, as ``2026-03-31``.
    close
        Close of that session.
    """

    user_id: str
    watchlist_id: str
    watchlist: str
    alert_id: str
    name: str
    rule: str
    symbol: str
    bar_date: str
    close: float
    fired_at: UtcDatetime = Field(default_factory=utc_now)
