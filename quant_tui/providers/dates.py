"""Dates and times as files write them.

A file has one style. It is told from the file itself; where numeric dates could be both
day/month and month/day throughout the file, the user is asked, never guessed for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

DAY = 86_400_000_000
"""Microseconds of a day."""

EARLIEST = np.datetime64("1700-01-01", "us").astype(np.int64)
LATEST = np.datetime64("2200-01-01", "us").astype(np.int64)

_MONTH_NAMES = "janfebmaraprmayjunjulaugsepoctnovdec"
_MONTHS = {_MONTH_NAMES[3 * place : 3 * place + 3]: place + 1 for place in range(12)}
_TIME = (
    r"(?:(?:T|\s+|:)?\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"|(?:T|\s*)(?P<clock>\d{6}|\d{4}))?"
    r"\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
    r"(?:\s*\[?[A-Z][A-Za-z]+/[A-Za-z_/]+\]?|\s+[A-Z]{3,4})?"
)
_DATES = {
    "ymd": r"(?P<year>\d{4})(?:[-/.]|\.\s+|년\s*)(?P<month>\d{1,2})(?:[-/.]|\.\s+|월\s*)"
    r"(?P<day>\d{1,2})(?:\.|일)?",
    "compact": r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    "dmy": r"(?P<day>\d{1,2})[-/. ](?P<month>\d{1,2})[-/. ](?P<year>\d{4})",
    "mdy": r"(?P<month>\d{1,2})[-/. ](?P<day>\d{1,2})[-/. ](?P<year>\d{4})",
    "named": r"(?:[A-Za-z]{3},?\s+)?(?P<day>\d{1,2})[- /]?(?P<month>[A-Za-z]{3})[a-z]*\.?[-, /]*"
    r"(?P<year>\d{4})",
    "month first": r"(?:[A-Za-z]{3},?\s+)?(?P<month>[A-Za-z]{3})[a-z]*\.?[ -]+(?P<day>\d{1,2})"
    r"(?:st|nd|rd|th)?[-, ]+(?P<year>\d{4})",
}
_PATTERNS = {name: re.compile(f"^{date}{_TIME}$") for name, date in _DATES.items()}
_EPOCH = re.compile(r"^-?(\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})(\.\d+)?$")
_TWO_DIGIT_YEAR = re.compile(r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(\s.*)?$")
_ORDERS = {"dmy": "dmy", "dd/mm": "dmy", "mdy": "mdy", "mm/dd": "mdy", "ymd": "ymd"}


@dataclass(frozen=True, slots=True)
class DateStyle:
    """How a file writes its dates.

    Attributes
    ----------
    name
        ``ymd``, ``compact``, ``dmy``, ``mdy``, ``named``, ``month first``, ``epoch``, or
        ``custom``.
    pattern
        strptime format of ``custom``.
    """

    name: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """Parsed dates.

    Attributes
    ----------
    local
        int64 microseconds since 1970 of the wall clock as written; 0 where wrong.
    offset
        int64 microseconds that the wall clock is ahead of UTC.
    zoned
        Whether the zone was written.
    absent, wrong
        Where nothing, or something that is no date, is written.
    """

    local: NDArray[np.int64]
    offset: NDArray[np.int64]
    zoned: NDArray[np.bool_]
    absent: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


class UndecidableDates(Exception):
    """The dates could be day/month as well as month/day, or are both.

    Parameters
    ----------
    example
        One such date.
    conflict
        A date that can only be the other way; empty when there is none.
    """

    def __init__(self, example: str, conflict: str = "") -> None:
        super().__init__(example)
        self.example = example
        self.conflict = conflict


def chosen_style(date_format: str) -> DateStyle | None:
    """Return the style that the user's option means; None when it is not set.

    ``dmy``, ``mdy`` (also ``dd/mm``, ``mm/dd``) or a strptime format; anything else is a
    ``custom`` style without ``%``, which the caller refuses.
    """
    if not date_format:
        return None
    order = _ORDERS.get(date_format.strip().lower().replace("/yyyy", "").replace("-", "/"))
    return DateStyle(order) if order else DateStyle("custom", date_format)


def recognise_style(cells: Iterable[str]) -> DateStyle | None:
    """Tell the style from some dates; None when none of them is a date.

    Raises
    ------
    UndecidableDates
        When numeric dates do not say whether the day or the month is first.
    """
    counts = dict.fromkeys((*_PATTERNS, "epoch"), 0)
    day_first = month_first = unclear = ""
    for cell in cells:
        text = cell.strip()
        if not text:
            continue
        if _EPOCH.match(text):
            counts["epoch"] += 1
            continue
        for name, pattern in _PATTERNS.items():
            if match := pattern.match(text):
                counts[name] += 1
                if name == "dmy":
                    first, second = int(match["day"]), int(match["month"])
                    day_first = day_first or (text if first > 12 else "")
                    month_first = month_first or (text if second > 12 else "")
                    unclear = text
                break
    best = max(counts, key=lambda name: counts[name])
    if not counts[best]:
        return None
    if best != "dmy":
        return DateStyle(best)
    if day_first and month_first:
        raise UndecidableDates(day_first, month_first)
    if not day_first and not month_first:
        raise UndecidableDates(unclear)
    return DateStyle("dmy" if day_first else "mdy")


def parse_dates(cells: pa.Array, style: DateStyle) -> Times:
    """Turn cells into times; repeated cells are parsed once.

    Parameters
    ----------
    cells
        Text. Arrow dates and timestamps are taken as they are.
    style
        Of the file.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        return _typed(cells)
    text = pc.utf8_trim_whitespace(pc.fill_null(pc.cast(cells, pa.string()), ""))
    fast = _fast(text, style)
    if fast is not None:
        return fast
    encoded = text.dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    count = len(distinct)
    local, offset = np.zeros(count, np.int64), np.zeros(count, np.int64)
    zoned, absent, wrong = (np.zeros(count, bool) for _ in range(3))
    for place, cell in enumerate(distinct):
        if cell.lower() in ("", "null", "nan", "nat", "none", "n/a", "-"):
            absent[place] = True
            continue
        parsed = parse_one(cell, style)
        if parsed is None:
            wrong[place] = True
            continue
        local[place], ahead = parsed
        if ahead is not None:
            offset[place], zoned[place] = ahead, True
    at = encoded.indices.to_numpy(zero_copy_only=False)
    return Times(local[at], offset[at], zoned[at], absent[at], wrong[at])


def parse_one(cell: str, style: DateStyle) -> tuple[int, int | None] | None:
    """Parse one date; return microseconds of the wall clock and of the offset, if written."""
    text = cell.strip()
    if style.name == "epoch":
        return _epoch(text)
    try:
        if style.name == "custom":
            moment = datetime.strptime(text, style.pattern)
        else:
            found = _from_match(text, style.name)
            if found is None:
                return None
            moment = found
    except (ValueError, OverflowError):
        return None
    ahead = moment.utcoffset()
    wall = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return _micros(wall), None if ahead is None else _micros(ahead)


def explain_date(cell: str, style: DateStyle) -> str:
    """Say why a cell is not a date."""
    text = cell.strip()
    shown = repr(text if len(text) <= 40 else text[:37] + "…")
    if _TWO_DIGIT_YEAR.match(text):
        return f"{shown} has a year of two digits; name the date format, for example %d/%m/%y"
    if style.name in ("dmy", "mdy"):
        other = DateStyle("mdy" if style.name == "dmy" else "dmy")
        if parse_one(text, other) is not None:
            order = "day/month/year" if style.name == "dmy" else "month/day/year"
            return f"{shown} is not a date as {order}, which the other rows or the option say"
    if re.fullmatch(r"\d{5}", text):
        return f"{shown} is not a date; it looks like Excel's day number: format it as a date"
    if any(pattern.match(text) for pattern in _PATTERNS.values()):
        if style.name != "custom" and parse_one(text, style) is None and _same(text, style):
            return f"{shown} is not a day of the calendar"
        return f"{shown} is written in another way than the other dates"
    return f"{shown} is not a date"


def _same(text: str, style: DateStyle) -> bool:
    pattern = _PATTERNS.get(style.name)
    return pattern is not None and pattern.match(text) is not None


def _from_match(text: str, name: str) -> datetime | None:
    match = _PATTERNS[name].match(text)
    if match is None:
        return None
    month = match["month"]
    number = int(month) if month.isdecimal() else _MONTHS.get(month.lower(), 0)
    hour, minute, second, micro = 0, 0, 0, 0
    if match["hour"]:
        hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
        micro = int((match["part"] or "0").ljust(6, "0")[:6])
        if match["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if match["half"][0] in "Pp" else 0)
    elif match["clock"]:
        clock = match["clock"].ljust(6, "0")
        hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:])
    moment = datetime(int(match["year"]), number, int(match["day"]), hour, minute, second, micro)
    zone = match["zone"]
    return moment if zone is None else moment.replace(tzinfo=_zone(zone))


def _zone(text: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(ahead if text[0] == "+" else -ahead)


def _epoch(text: str) -> tuple[int, int | None] | None:
    match = _EPOCH.match(text)
    if match is None:
        return None
    whole = text.partition(".")[0]
    digits = len(whole.lstrip("-"))
    value = int(whole)
    if digits <= 10:
        return value * 1_000_000, 0
    if digits <= 13:
        return value * 1_000, 0
    return (value, 0) if digits <= 16 else (value // 1_000, 0)


def _micros(span: timedelta) -> int:
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def _fast(text: pa.Array, style: DateStyle) -> Times | None:
    """Parse whole arrays of ISO, compact and epoch dates; None when one does not fit."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(text)
    no = np.zeros(count, dtype=bool)
    nothing = np.zeros(count, dtype=np.int64)
    try:
        if style.name == "ymd":
            local = pc.cast(text, pa.timestamp("us"))
            return Times(_ints(local), nothing, no, no, no)
        if style.name == "compact":
            value = _ints(pc.cast(text, pa.int32()))
            if not len(value) or value.min() < 10_000_000 or value.max() > 99_999_999:
                return None
            local = _civil(value // 10_000, value // 100 % 100, value % 100)
            return None if local is None else Times(local, nothing, no, no, no)
        if style.name == "epoch":
            value = _ints(pc.cast(text, pa.int64()))
            for low, high, scale in ((10**8, 10**10, 10**6), (10**11, 10**13, 10**3)):
                if len(value) and value.min() >= low and value.max() < high:
                    return Times(value * scale, nothing, ~no, no, no)
    except pa.ArrowInvalid:
        if style.name == "ymd":
            return _fast_zoned(text)
    return None


def _fast_zoned(text: pa.Array) -> Times | None:
    """Parse ``2020-01-02T09:30:00+09:00`` for whole arrays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        utc = _ints(pc.cast(text, pa.timestamp("us", tz="UTC")))
    except pa.ArrowInvalid:
        return None
    zones = pc.utf8_slice_codeunits(text, -6).dictionary_encode()
    ahead = np.zeros(len(zones.dictionary), np.int64)
    for place, zone in enumerate(zones.dictionary.to_pylist()):
        if zone.endswith(("Z", "z")):
            continue
        if not re.fullmatch(r"[+-]\d{2}:\d{2}", zone):
            return None
        sign = -1 if zone[0] == "-" else 1
        ahead[place] = sign * (int(zone[1:3]) * 60 + int(zone[4:])) * 60_000_000
    offset = ahead[zones.indices.to_numpy(zero_copy_only=False)]
    no = np.zeros(len(text), dtype=bool)
    return Times(utc + offset, offset, ~no, no, no)


def _typed(cells: pa.Array) -> Times:
    import pyarrow as pa
    import pyarrow.compute as pc

    absent = np.asarray(pc.is_null(cells).to_numpy(zero_copy_only=False), dtype=bool)
    zone = cells.type.tz if pa.types.is_timestamp(cells.type) else None
    wall = cells
    if zone:
        wall = pc.local_timestamp(cells)
    local = _ints(pc.fill_null(pc.cast(wall, pa.timestamp("us"), safe=False), 0))
    offset = np.zeros(len(local), dtype=np.int64)
    if zone:
        utc = _ints(pc.fill_null(pc.cast(cells, pa.timestamp("us", tz=zone), safe=False), 0))
        offset = np.where(absent, 0, local - utc)
    zoned = np.full(len(local), zone is not None)
    return Times(local, offset, zoned, absent, np.zeros(len(local), dtype=bool))


def _ints(array: pa.Array) -> NDArray[np.int64]:
    return np.array(array.to_numpy(zero_copy_only=False)).astype(np.int64)


def _civil(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    if month.min() < 1 or month.max() > 12 or day.min() < 1:
        return None
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    if not np.array_equal(days.astype("datetime64[M]"), months):
        return None
    return days.astype("datetime64[us]").astype(np.int64)
