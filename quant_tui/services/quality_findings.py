"""What a check of data quality says: kinds of findings, their words, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quant_tui.domain.base import Document
from quant_tui.storage.duck.fixes import split_text
from quant_tui.storage.duck.quality import FoundDates


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of finding.

    Attributes
    ----------
    title
        As in tables.
    sentence
        What was found, after the number.
    serious
        Whether results that use these bars are likely to be wrong.
    fixes
        Kinds of fixes that it offers, the likeliest first.
    """

    title: str
    sentence: str
    serious: bool
    fixes: tuple[str, ...]


CHECKS: dict[str, Check] = {
    "unadjusted_split": Check(
        "unadjusted split", "", serious=True, fixes=("adjust_split", "ignore")
    ),
    "conflict": Check(
        "sources disagree",
        "bar(s) had other prices from another source that was imported before",
        serious=True,
        fixes=("take_other", "ignore"),
    ),
    "spike": Check(
        "spike",
        "close(s) far from all neighbours that the next bar took back",
        serious=True,
        fixes=("drop", "ignore"),
    ),
    "outside_range": Check(
        "impossible prices",
        "bar(s) with open or close outside low to high, or a price that is not above zero",
        serious=True,
        fixes=("drop", "ignore"),
    ),
    "future": Check(
        "of the future",
        "bar(s) of days that have not been yet",
        serious=True,
        fixes=("drop", "ignore"),
    ),
    "duplicate_bar": Check(
        "repeated bar",
        "bar(s) equal to the one before in all prices and volume",
        serious=True,
        fixes=("drop", "ignore"),
    ),
    "unexpected_session": Check(
        "no session",
        "bar(s) on days on which the exchange was closed",
        serious=False,
        fixes=("drop", "ignore"),
    ),
    "missing_sessions": Check(
        "missing sessions",
        "session(s) of the exchange without a bar",
        serious=False,
        fixes=("closure", "fill", "ignore"),
    ),
    "duplicate_import": Check(
        "imported twice",
        "file(s) with the same content were imported more than once",
        serious=False,
        fixes=("ignore",),
    ),
    "stale_close": Check(
        "stale close",
        "stretch(es) in which the close never changed",
        serious=False,
        fixes=("ignore",),
    ),
    "zero_volume": Check(
        "no volume", "bar(s) without volume", serious=False, fixes=("drop", "ignore")
    ),
    "overdue": Check("overdue", "", serious=False, fixes=("ignore",)),
}
"""By name, the most serious first."""

FIXES: dict[str, str] = {
    "adjust_split": "Adjust the bars before for the split",
    "take_other": "Take the values of the other source",
    "drop": "Drop these bars",
    "closure": "Mark as days on which the exchange was closed",
    "fill": "Fill with the close before, without volume",
    "ignore": "Leave as it is, and do not mention it again",
}
"""What each kind of fix does."""

CHANGE_BARS = frozenset({"adjust_split", "take_other", "drop", "fill"})
"""Fixes after which the bars are others."""


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """One kind of oddity of one symbol.

    Attributes
    ----------
    symbol, check
        Whose, and what; ``check`` is a key of :data:`CHECKS`.
    count, first, last
        How often, and from when to when.
    dates
        When; the first 200 at most.
    calendar
        Which the dates were compared with; empty when with none.
    split_ratio
        New shares for an old one; 0 unless it is about a split.
    text
        One sentence for people.
    """

    symbol: str
    check: str
    count: int
    first: date
    last: date
    dates: tuple[date, ...]
    calendar: str
    split_ratio: float
    text: str

    @property
    def key(self) -> str:
        """What tells it from other findings."""
        split = f" {self.first}" if self.check == "unadjusted_split" else ""
        return f"{self.check} {self.symbol}{split}"

    def to_document(self) -> Document:
        """Return the finding as JSON holds it."""
        return {
            "symbol": self.symbol,
            "check": self.check,
            "serious": CHECKS[self.check].serious,
            "count": self.count,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "dates": [day.isoformat() for day in self.dates],
            "calendar": self.calendar or None,
            "split_ratio": self.split_ratio or None,
            "text": self.text,
            "fixes": list(CHECKS[self.check].fixes),
        }


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What a check found.

    Attributes
    ----------
    bars_of
        How many bars of each symbol were looked at.
    findings
        The most serious first, then by symbol and date.
    calendars
        Calendar and where that is known from, by symbol.
    """

    bars_of: dict[str, int]
    findings: tuple[QualityFinding, ...]
    calendars: dict[str, tuple[str, str]]
    seconds: float

    @property
    def symbols(self) -> int:
        """How many symbols were looked at."""
        return len(self.bars_of)

    @property
    def bars(self) -> int:
        """How many bars were looked at."""
        return sum(self.bars_of.values())


def finding_of(found: FoundDates, calendar: str) -> QualityFinding:
    """Put what was found into words."""
    when = f"on {found.first}" if found.count == 1 else f"{found.first} to {found.last}"
    sentence = CHECKS[found.check].sentence
    if found.check in ("unexpected_session", "missing_sessions"):
        sentence = f"{sentence}, by {calendar}"
    more = f" ({found.detail})" if found.detail else ""
    return QualityFinding(
        symbol=found.symbol,
        check=found.check,
        count=found.count,
        first=found.first,
        last=found.last,
        dates=found.dates,
        calendar=calendar,
        split_ratio=0.0,
        text=f"{found.count:,} {sentence}{more}, {when}.",
    )


def split_finding(
    symbol: str, day: date, ratio: float, *, recorded: bool, change: float
) -> QualityFinding:
    """Say that a jump looks like a split.

    Parameters
    ----------
    ratio
        New shares for an old one.
    recorded
        Whether the corporate actions have this split.
    change
        Of the close, as a fraction.
    """
    says = "the corporate actions have" if recorded else "it looks like"
    return QualityFinding(
        symbol=symbol,
        check="unadjusted_split",
        count=1,
        first=day,
        last=day,
        dates=(day,),
        calendar="",
        split_ratio=ratio,
        text=f"The close went {change:+.1%} on {day}: {says} a {split_text(ratio)} split, and "
        "the bars before are not adjusted for it.",
    )


def overdue_finding(
    symbol: str, last: date, expected: date, behind: int, calendar: str
) -> QualityFinding:
    """Say that bars should be there that are not."""
    return QualityFinding(
        symbol=symbol,
        check="overdue",
        count=behind,
        first=last,
        last=last,
        dates=(last,),
        calendar=calendar,
        split_ratio=0.0,
        text=f"The last bar is of {last}; {behind:,} session(s) of {calendar} until {expected} "
        "are due.",
    )
