"""Which column of a file is which: names in the forms that data vendors use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from quant_tui.domain.errors import InvalidInput

ALIASES: dict[str, tuple[str, ...]] = {
    "date": (
        *("date", "datetime", "timestamp", "tradedate", "tradingdate", "sessiondate"),
        *("timeutc", "datetimeutc", "일자", "날짜", "거래일", "거래일자", "기준일", "기준일자"),
        *("년월일", "일시", "day", "dt", "dateutc", "opentime", "ymd"),
    ),
    "time": ("time", "시간", "시각", "체결시간"),
    "symbol": (
        *("symbol", "ticker", "종목코드", "단축코드", "표준코드", "code", "종목", "티커", "심볼"),
        *("instrument", "secid", "act_symbol", "종목명"),
    ),
    "open": ("open", "openprice", "시가", "시작가", "pxopen"),
    "high": ("high", "highprice", "고가", "최고가", "pxhigh"),
    "low": ("low", "lowprice", "저가", "최저가", "pxlow"),
    "close": (
        *("close", "closeprice", "종가", "마감가", "closelast", "last", "lastprice", "price"),
        *("현재가", "pxlast"),
    ),
    "adjusted_close": (
        *("adjclose", "adjustedclose", "closeadj", "closeadjusted", "수정종가", "수정주가"),
        "adjcloseprice",
    ),
    "volume": (
        *("volume", "vol", "거래량", "누적거래량", "totalvolume", "tradevolume", "sharestraded"),
        "tottrdqty",
    ),
}
"""Our name to the names it goes by, the surest first."""

REQUIRED = ("date", "close")
PRICES = ("open", "high", "low", "close")
TITLES = {"adjusted_close": "adjusted close"}

_NUMBERED = re.compile(r"^\d+[a-z]?\.\s*")
_NOISE = re.compile(r"[\s_./*\-<>'\"#:]+")
_UNIT = re.compile(r"[(\[].*?[)\]]")


def normalise(name: str) -> str:
    """Reduce a header to what matters: ``"1. open"`` to ``open``, ``"시가(원)"`` to ``시가``."""
    plain = unicodedata.normalize("NFKC", name).strip().lstrip("\ufeff").lower()
    return _NOISE.sub("", _UNIT.sub("", _NUMBERED.sub("", plain)))


def recognise(columns: Sequence[str], mapping: Mapping[str, str] | None = None) -> dict[str, int]:
    """Find our columns among a file's.

    Parameters
    ----------
    columns
        Names as the file has them.
    mapping
        Our name to the file's, from the user; goes before recognition. A name of the file
        may also be its number, from 1.

    Returns
    -------
    dict
        Our name to the place of the file's column, from 0.

    Raises
    ------
    InvalidInput
        When the mapping names what is not ours or not there, or a name is there twice.
    """
    found: dict[str, int] = {}
    for ours, theirs in (mapping or {}).items():
        if theirs:
            found[_known(ours)] = _place(columns, ours, theirs)
    taken = set(found.values())
    plain = [normalise(column) for column in columns]
    for ours, aliases in ALIASES.items():
        if ours in found:
            continue
        for alias in aliases:
            places = [
                place
                for place, name in enumerate(plain)
                if name == normalise(alias) and place not in taken
            ]
            if len(places) > 1:
                raise InvalidInput(
                    f"Two columns could be {TITLES.get(ours, ours)}: "
                    f"{' and '.join(repr(columns[place][:40]) for place in places[:5])}.",
                    field="mapping",
                    hint=f"Say which is the {TITLES.get(ours, ours)}, or rename one.",
                )
            if places:
                found[ours] = places[0]
                taken.add(places[0])
                break
    if "date" not in found and "time" in found:
        # A lone "time" is the date and time in one (Coinbase, MetaTrader exports).
        found["date"] = found.pop("time")
    return found


def listed(columns: Sequence[str]) -> str:
    """Return names for a message: the first twenty, each cut to forty characters."""
    shown = ", ".join(name if len(name) <= 40 else f"{name[:39]}…" for name in columns[:20])
    return shown + (f" and {len(columns) - 20:,} more" if len(columns) > 20 else "")


def missing(found: Mapping[str, int]) -> tuple[str, ...]:
    """Return our columns that bars cannot do without and that were not found.

    Close may be the adjusted one. Open, high and low may all be absent (a series of closes
    alone), not some of them.
    """
    lacking = [
        name
        for name in REQUIRED
        if name not in found and not (name == "close" and "adjusted_close" in found)
    ]
    spread = [name for name in ("open", "high", "low") if name not in found]
    if 0 < len(spread) < 3:
        lacking.extend(spread)
    return tuple(lacking)


def _known(ours: str) -> str:
    if ours not in ALIASES:
        raise InvalidInput(
            f"{ours!r} is not a column of bars.",
            field="mapping",
            hint=f"Map {', '.join(ALIASES)}.",
        )
    return ours


def _place(columns: Sequence[str], ours: str, theirs: str) -> int:
    exact = [place for place, name in enumerate(columns) if name.strip() == theirs.strip()]
    loose = [place for place, name in enumerate(columns) if normalise(name) == normalise(theirs)]
    for places in (exact, loose):
        if len(places) == 1:
            return places[0]
    if not exact and not loose and theirs.isdecimal() and 1 <= int(theirs) <= len(columns):
        return int(theirs) - 1
    raise InvalidInput(
        f"The file has {'no column' if not loose else 'more than one column'} {theirs!r} "
        f"to take as {ours}.",
        field="mapping",
        hint=f"It has {listed(columns)}.",
    )
