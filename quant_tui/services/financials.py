"""A company's financials, which are a document of any shape, as figures and statements."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from quant_tui.domain.base import Document

Kind = Literal["amount", "fraction", "text"]

PERIOD_KEYS = ("fiscal_date_ending", "fiscalDateEnding", "period_end", "period", "date",
               "fiscal_year", "year", "end")  # fmt: skip
"""Keys of a report that say which period it is of; the first one there counts."""

REPORTED_KEYS = ("reported_date", "reportedDate", "filed")
REPORT_DELAY = timedelta(days=90)
"""After the end of a period its report is taken as known, when nothing says when it was."""

_PERIOD = re.compile(r"(\d{4})(?:[-/ ]?(?:Q([1-4])|(\d{2})(?:[-/](\d{2}))?))?$")
_FRACTION = re.compile(r"margin|yield|growth|yoy|return_on|payout", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\x00-\x7f]+")
_SHORT = frozenset({"eps", "pe", "ev", "ebitda", "ebit", "ttm", "roe", "roa", "peg", "cik", "yoy",
                    "sga", "gdp", "usd", "id"})  # fmt: skip
_ABSENT = frozenset({"", "none", "-", "n/a", "nan", "null"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One fact: an amount, a fraction, or a text; None where it is named but not known."""

    name: str
    kind: Kind
    value: float | str | None


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line of a statement.

    Attributes
    ----------
    figures
        One a period; None where it is not known.
    growth
        From the period before the last to the last, as a fraction of its size; None where
        one is not known or the first of them is zero.
    """

    name: str
    kind: Kind
    figures: tuple[float | None, ...]

    @property
    def growth(self) -> float | None:
        """Change from the last period but one to the last."""
        if len(self.figures) < 2:
            return None
        before, last = self.figures[-2:]
        if before is None or last is None or before == 0:
            return None
        return (last - before) / abs(before)


@dataclass(frozen=True, slots=True)
class Statement:
    """Figures by period, the oldest first."""

    title: str
    periods: tuple[str, ...]
    rows: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True)
class Financials:
    """What a company's document holds.

    Attributes
    ----------
    groups
        Title ("" for what stands at the top) and its figures.
    statements
        Reports of several periods.
    hidden
        Whether something was left out because it was not known yet.
    """

    groups: tuple[tuple[str, tuple[Figure, ...]], ...]
    statements: tuple[Statement, ...]
    hidden: bool = False


def read_financials(
    document: Document, *, as_of: datetime | None = None, known_since: datetime | None = None
) -> Financials:
    """Sort a document into figures and statements.

    Parameters
    ----------
    document
        ``Company.financials``: lists of reports and mappings by period become statements,
        everything else figures.
    as_of
        Only what was known then: reports by their date of publication, or 90 days after
        their period's end; figures without a date when the document is no younger.
    known_since
        When the document was stored.
    """
    undated = as_of is None or (known_since is not None and known_since <= as_of)
    groups: list[tuple[str, tuple[Figure, ...]]] = []
    statements: list[Statement] = []
    hidden = False
    for title, part in _parts(document):
        reports = _reports(part)
        if reports is None:
            figures = tuple(_figures(part)) if isinstance(part, Mapping) else ()
            if figures and undated:
                groups.append((title, figures))
            hidden |= bool(figures) and not undated
            continue
        known = [one for one in reports if as_of is None or _known(one, as_of)]
        hidden |= len(known) < len(reports)
        if known and (statement := _statement(title, known)).rows:
            statements.append(statement)
    return Financials(tuple(groups), tuple(statements), hidden)


def _parts(document: Mapping[str, object], title: str = "") -> Iterator[tuple[str, object]]:
    """Yield the plain figures of a document, then its parts, each with its title."""
    plain = {key: value for key, value in document.items() if not _is_part(value)}
    if plain:
        yield title, plain
    for key, value in document.items():
        if not _is_part(value):
            continue
        name = words(key) if not title else f"{title}: {words(key)}"
        if isinstance(value, Mapping) and _reports(value) is None:
            yield from _parts(value, name)
        else:
            yield name, value


def _is_part(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, Sequence) and any(isinstance(one, Mapping) for one in value)


_Report = tuple[str, Mapping[str, object]]


def _reports(part: object) -> list[_Report] | None:
    """Return period and figures of each report, the oldest first; None when it is none."""
    found: list[_Report] = []
    if isinstance(part, Mapping):
        for key, value in part.items():
            if _PERIOD.fullmatch(str(key)) is None:
                return None
            found.append((str(key), value if isinstance(value, Mapping) else {"value": value}))
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for value in part:
            period = next((value.get(key) for key in PERIOD_KEYS if value.get(key)), None) if (
                isinstance(value, Mapping)
            ) else None  # fmt: skip
            if period is None or _PERIOD.fullmatch(str(period)) is None:
                return None
            found.append((str(period), value))
    return sorted(found, key=lambda one: _end_of(one[0])) if found else None


def _end_of(period: str) -> date:
    """Return the last day of a period; the first of all days for a text that is none."""
    match = _PERIOD.fullmatch(period)
    if match is None:
        return date.min
    year, quarter, month, day = match.groups()
    last_month = int(quarter) * 3 if quarter else int(month or 12)
    try:
        if day:
            return date(int(year), last_month, int(day))
        following = date(int(year) + last_month // 12, last_month % 12 + 1, 1)
    except ValueError:
        return date.min
    return following - timedelta(days=1)


def _known(report: _Report, as_of: datetime) -> bool:
    period, figures = report
    told = next((figures.get(key) for key in REPORTED_KEYS if figures.get(key)), None)
    if told is not None and (published := _end_of(str(told)[:10])) != date.min:
        return published <= as_of.date()
    return _end_of(period) + REPORT_DELAY <= as_of.date()


def _statement(title: str, reports: Sequence[_Report]) -> Statement:
    names = dict.fromkeys(
        key
        for _, figures in reports
        for key in figures
        if key not in PERIOD_KEYS and key not in REPORTED_KEYS
    )
    rows = []
    for name in names:
        values = tuple(number_of(figures.get(name)) for _, figures in reports)
        if any(value is not None for value in values):
            known = [value for value in values if value is not None]
            rows.append(StatementRow(words(name), _kind(name, known), values))
    return Statement(title, tuple(period for period, _ in reports), tuple(rows))


def _figures(part: Mapping[str, object]) -> Iterator[Figure]:
    for name, value in part.items():
        number = number_of(value)
        if number is not None and name not in PERIOD_KEYS and not isinstance(value, bool):
            yield Figure(words(name), _kind(name, [number]), number)
        elif value is None or str(value).strip().lower() in _ABSENT:
            yield Figure(words(name), "text", None)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield Figure(words(name), "text", ", ".join(str(one) for one in value))
        else:
            yield Figure(words(name), "text", str(value))


def _kind(name: str, values: Sequence[float]) -> Kind:
    small = all(abs(value) <= 20 for value in values)
    return "fraction" if small and _FRACTION.search(name) else "amount"


def number_of(value: object) -> float | None:
    """Return a finite number, also of a text; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def words(name: object) -> str:
    """Write a key for people: ``MarketCapitalization`` is ``Market capitalization``."""
    found = _WORDS.findall(str(name)) or [str(name)]
    written = [one.upper() if one.lower() in _SHORT else one.lower() for one in found]
    written[0] = written[0][:1].upper() + written[0][1:]
    return " ".join(written)
