"""Windows that models are judged in: known crises and calm times, and markets found in bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput

if TYPE_CHECKING:
    from quant_tui.engine import Bars
    from quant_tui.engine.arrays import FloatArray

TURN = 0.2
"""Change from an extreme that makes a bear or a bull market."""

LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Window:
    """Dates with a name, both ends included."""

    name: str
    start: date
    end: date

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= LONGEST_NAME or not self.name.isprintable():
            raise InvalidInput(
                f"The name of a window has 1 to {LONGEST_NAME} letters.", field="windows"
            )
        if self.end <= self.start:
            raise InvalidInput(f"{self.name} ends before it begins.", field="windows")

    @classmethod
    def parse(cls, text: str, known: Sequence[Window] = ()) -> Window:
        """Return the window of ``NAME``, one of the known, or ``[NAME=]START..END``.

        Raises
        ------
        InvalidInput
            It is none of these.
        """
        text = text.strip()
        for one in known:
            if one.name.casefold() == text.casefold():
                return one
        name, _, dates = text.rpartition("=")
        first, dots, last = (part.strip() for part in dates.partition(".."))
        try:
            if not dots:
                raise ValueError
            return cls(name.strip() or dates.strip(), *map(date.fromisoformat, (first, last)))
        except ValueError:
            raise InvalidInput(
                f"{text!r} is no window.",
                field="windows",
                hint="Write NAME=2008-01-01..2009-03-31, or the name of a known one.",
            ) from None

    @classmethod
    def from_document(cls, document: Document) -> Window:
        """Return the window of :meth:`to_document`."""
        return cls(
            document["name"],
            date.fromisoformat(document["start"]),
            date.fromisoformat(document["end"]),
        )

    def to_document(self) -> Document:
        """Return it as plain data."""
        return {"name": self.name, "start": self.start.isoformat(), "end": self.end.isoformat()}

    @property
    def text(self) -> str:
        """As it is typed: a known one by its name."""
        if self in KNOWN:
            return self.name
        dates = f"{self.start}..{self.end}"
        return dates if self.name == dates else f"{self.name}={dates}"


def _known(name: str, start: str, end: str) -> Window:
    return Window(name, date.fromisoformat(start), date.fromisoformat(end))


KNOWN: tuple[Window, ...] = (
    _known("Dot-com crash", "2000-03-24", "2002-10-09"),
    _known("Recovery 2003", "2003-03-11", "2004-03-05"),
    _known("Calm 2004-2006", "2004-03-08", "2006-12-29"),
    _known("Financial crisis", "2007-10-09", "2009-03-09"),
    _known("Rebound 2009", "2009-03-10", "2010-04-23"),
    _known("Flash crash 2010", "2010-04-26", "2010-07-02"),
    _known("Debt crisis 2011", "2011-07-22", "2011-10-03"),
    _known("Rise 2013", "2012-11-16", "2014-01-15"),
    _known("China and oil 2015", "2015-07-20", "2016-02-11"),
    _known("Low volatility 2017", "2016-11-09", "2018-01-26"),
    _known("Volatility shock 2018", "2018-01-29", "2018-04-02"),
    _known("Fourth quarter 2018", "2018-09-21", "2018-12-24"),
    _known("Covid crash", "2020-02-20", "2020-03-23"),
    _known("Covid rebound", "2020-03-24", "2021-11-08"),
    _known("Rates shock 2022", "2022-01-04", "2022-10-12"),
    _known("AI rally 2023", "2023-01-03", "2024-07-16"),
)
"""Crises and regimes of the US market by their usual dates, from peak to trough or back."""


def windows_in(bars: Bars) -> list[Window]:
    """Return the known windows that lie in the dates of bars, and the markets found in them."""
    first, last = (bars.dates[place].astype("datetime64[D]").item() for place in (0, -1))
    inside = [one for one in KNOWN if one.start >= first and one.end <= last]
    return inside + markets_of(bars)


def markets_of(bars: Bars) -> list[Window]:
    """Return the bear and bull markets of the symbols together, each bar weighing alike.

    Notes
    -----
    Lunde and Timmermann (2004), "Duration Dependence in Stock Prices", Journal of Business &
    Economic Statistics 22(3), with a filter of 20 % both ways: a bull market lasts from a low to
    the last high before a fall of 20 %. The one that goes on at the end is left out.
    """
    days = bars.dates.astype("datetime64[D]")
    turns = turning_rows(_index_of(bars.close))
    found = []
    for (begin, _), (end, high) in pairwise(turns):
        start, stop = days[begin].item(), days[end].item()
        name = f"{'Bull' if high else 'Bear'} {start:%Y-%m} to {stop:%Y-%m}"
        if stop > start:
            found.append(Window(name, start, stop))
    return found


def turning_rows(level: FloatArray) -> list[tuple[int, bool]]:
    """Return the rows at which a level turned by 20 %, and whether each was a high."""
    found: list[tuple[int, bool]] = []
    low = high = 0
    rising: bool | None = None
    for row, value in enumerate(level.tolist()):
        if value > level[high]:
            high = row
        if value < level[low]:
            low = row
        if rising is not False and value <= level[high] * (1.0 - TURN):
            found.append((high, True))
            rising, low = False, row
        elif rising is not True and value >= level[low] * (1.0 + TURN):
            found.append((low, False))
            rising, high = True, row
    return found


def _index_of(close: FloatArray) -> FloatArray:
    """Return a level (T,) that moves by the mean return of the symbols that have one."""
    filled = close.copy()
    for row in range(1, len(filled)):
        gap = np.isnan(filled[row])
        filled[row, gap] = filled[row - 1, gap]
    steps = filled[1:] / filled[:-1] - 1.0
    there = np.isfinite(steps)
    mean = np.where(there, steps, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return np.concatenate(([1.0], np.cumprod(1.0 + mean)))
