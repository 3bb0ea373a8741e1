"""TIME_SERIES_DAILY, TIME_SERIES_DAILY_ADJUSTED, TIME_SERIES_INTRADAY, SPLITS, DIVIDENDS."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quant_tui.domain.errors import ProviderError
from quant_tui.providers.alpha_vantage.answers import TITLE, day, number, rows_of
from quant_tui.providers.base import Action
from quant_tui.providers.sessions import closes_at

if TYPE_CHECKING:
    import pyarrow as pa

COMPACT_BARS = 100
"""Bars of an answer with ``outputsize=compact``."""

MINUTES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60}
SESSION_COLUMNS = {
    "1. open": "open",
    "2. high": "high",
    "3. low": "low",
    "4. close": "close",
    "5. volume": "volume",
    "6. volume": "volume",
}
ZONE = "America/New_York"
SHOWN_BAD = 3
ROUNDING = 1e-4
"""How far, in parts of the price, open and close may lie outside of high and low."""


@dataclass(frozen=True, slots=True)
class Series:
    """Bars of one answer, rising; ``actions`` only from the adjusted daily series.

    ``notes`` names bars that cannot be and were left out.
    """

    table: pa.Table
    unfinished: tuple[datetime, ...]
    notes: tuple[str, ...] = ()
    actions: tuple[Action, ...] | None = None


class _BadBar(Exception):
    """A bar that cannot be; the text says why."""


def sessions(answer: dict[str, object], symbol: str, now: datetime) -> Series:
    """Return daily bars; those whose session is not over at ``now`` are left out.

    Raises
    ------
    ProviderError
        A date cannot be read, or no bar can be.
    """
    import pyarrow as pa

    found = _series(answer, "Time Series (Daily)", symbol)
    rows: list[tuple[date, dict[str, float]]] = []
    unfinished: list[datetime] = []
    actions: list[Action] = []
    bad: list[str] = []
    for text in sorted(found):
        when = day(text, f"a date of {symbol}")
        if when is None:
            raise ProviderError(f"{TITLE}: a bar of {symbol} has no date.")
        if closes_at(symbol, when) > now:
            unfinished.append(datetime(when.year, when.month, when.day, tzinfo=UTC))
            continue
        fields = found[text]
        try:
            rows.append((when, _bar(fields, symbol, text)))
        except _BadBar as error:
            bad.append(str(error))
            continue
        split = number(fields.get("8. split coefficient"), "a split") or 1.0
        dividend = number(fields.get("7. dividend amount"), "a dividend") or 0.0
        if split != 1.0 or dividend:
            actions.append(Action(when, split, dividend))
    adjusted = any("5. adjusted close" in fields for fields in found.values())
    dates = pa.array([when for when, _ in rows], pa.date32())
    return Series(
        _table(symbol, dates, [bar for _, bar in rows]),
        tuple(unfinished),
        _notes(bad, rows, symbol),
        tuple(actions) if adjusted else None,
    )


def intraday(answer: dict[str, object], symbol: str, interval: str, now: datetime) -> Series:
    """Return intraday bars by the UTC time at which they begin; unfinished ones are left out.

    Raises
    ------
    ProviderError
        A time cannot be read, or no bar can be.
    """
    import pyarrow as pa

    minutes = MINUTES[interval]
    found = _series(answer, f"Time Series ({minutes}min)", symbol)
    zone = _zone(answer)
    length = timedelta(minutes=minutes)
    rows: list[tuple[datetime, dict[str, float]]] = []
    unfinished: list[datetime] = []
    bad: list[str] = []
    for text in sorted(found):
        try:
            begins = datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            raise ProviderError(
                f"{TITLE}: a time of {symbol} is {text[:40]!r}, none that can be read."
            ) from None
        if begins + length > now:
            unfinished.append(begins)
            continue
        try:
            rows.append((begins.replace(tzinfo=None), _bar(found[text], symbol, text)))
        except _BadBar as error:
            bad.append(str(error))
    rows.sort(key=lambda row: row[0])
    # The hour that winter time repeats would give a time twice: no market trades then.
    once = dict(rows)
    dates = pa.array(list(once), pa.timestamp("us"))
    return Series(
        _table(symbol, dates, list(once.values())), tuple(unfinished), _notes(bad, rows, symbol)
    )


def splits(answer: dict[str, object], symbol: str) -> list[Action]:
    """Return the splits of an answer to SPLITS; ratios are new shares for one old share."""
    found = []
    for row in rows_of(answer, "data"):
        when = day(row.get("effective_date"), f"a split of {symbol}")
        ratio = number(row.get("split_factor"), f"a split of {symbol}")
        if when is None or ratio is None:
            continue
        if ratio <= 0:
            raise ProviderError(f"{TITLE}: a split of {symbol} on {when} is {ratio:g}.")
        found.append(Action(when, split_ratio=ratio))
    return found


def dividends(answer: dict[str, object], symbol: str) -> list[Action]:
    """Return the dividends of an answer to DIVIDENDS, by ex-date, as paid a share."""
    found = []
    for row in rows_of(answer, "data"):
        when = day(row.get("ex_dividend_date"), f"a dividend of {symbol}")
        amount = number(row.get("amount"), f"a dividend of {symbol}")
        if when is None or not amount:
            continue
        if amount < 0:
            raise ProviderError(f"{TITLE}: a dividend of {symbol} on {when} is {amount:g}.")
        found.append(Action(when, dividend=amount))
    return found


def merged(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return actions by date, oldest first: several of one day as one."""
    by_day: dict[date, Action] = {}
    for one in actions:
        known = by_day.get(one.date, Action(one.date))
        by_day[one.date] = Action(
            one.date, known.split_ratio * one.split_ratio, known.dividend + one.dividend
        )
    return tuple(by_day[when] for when in sorted(by_day))


def months(first: date, last: date) -> list[str]:
    """Return the months from one day to another, as ``2024-01``."""
    found = []
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        found.append(f"{year:04d}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def _series(answer: dict[str, object], key: str, symbol: str) -> dict[str, dict[str, object]]:
    found = answer.get(key)
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise ProviderError(f"{TITLE} answered without {key!r} for {symbol}.")
    return found


def _zone(answer: dict[str, object]) -> ZoneInfo:
    meta = answer.get("Meta Data")
    named = [
        str(value)
        for key, value in (meta.items() if isinstance(meta, dict) else ())
        if "Time Zone" in str(key)
    ]
    name = named[0] if named else ZONE
    try:
        return ZoneInfo({"US/Eastern": ZONE}.get(name, name))
    except (ZoneInfoNotFoundError, ValueError):
        raise ProviderError(f"{TITLE}: there is no time zone {name[:40]!r}.") from None


def _bar(fields: dict[str, object], symbol: str, when: str) -> dict[str, float]:
    bar: dict[str, float] = {}
    for theirs, ours in SESSION_COLUMNS.items():
        if theirs in fields:
            value = number(fields[theirs], f"{ours} of {symbol} on {when}")
            if value is not None:
                bar[ours] = value
    bar.setdefault("volume", 0.0)
    for name in ("open", "high", "low", "close"):
        if not bar.get(name, 0.0) > 0:
            raise _BadBar(f"no {name} above zero on {when}")
    if bar["volume"] < 0:
        raise _BadBar(f"a volume below zero on {when}")
    high, low = max(bar["open"], bar["close"]), min(bar["open"], bar["close"])
    slack = ROUNDING * bar["close"]
    if bar["high"] < high - slack or bar["low"] > low + slack:
        raise _BadBar(f"open or close outside of low and high on {when}")
    bar["high"], bar["low"] = max(high, bar["high"]), min(low, bar["low"])
    return bar


def _notes(bad: Sequence[str], rows: Sequence[object], symbol: str) -> tuple[str, ...]:
    """Name what was left out; raise when nothing else is there."""
    if not bad:
        return ()
    shown = "; ".join(bad[:SHOWN_BAD]) + (" …" if len(bad) > SHOWN_BAD else "")
    if not rows:
        raise ProviderError(f"{TITLE}: no bar of {symbol} can be used: {shown}.")
    return (f"{len(bad)} bar{'' if len(bad) == 1 else 's'} left out: {shown}",)


def _table(symbol: str, dates: pa.Array, bars: list[dict[str, float]]) -> pa.Table:
    import pyarrow as pa

    columns = {
        name: pa.array([bar[name] for bar in bars], pa.float64())
        for name in ("open", "high", "low", "close", "volume")
    }
    names = pa.array([symbol] * len(bars), pa.string())
    return pa.table({"symbol": names, "date": dates, **columns})
