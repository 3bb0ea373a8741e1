"""Which bars a request means: its symbols, bounds and interval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.storage.duck.records import is_intraday

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Bound = date | datetime | None


def choose(
    connection: DuckDBPyConnection, names: tuple[str, ...], interval: str | None
) -> tuple[str, dict[str, str]]:
    """Choose the interval to load; return it with the source of each symbol."""
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    for symbol, stored, source in connection.execute(
        'SELECT symbol, "interval", source FROM symbol_summaries '
        "WHERE symbol IN (SELECT unnest(?::VARCHAR[])) ORDER BY intraday",
        [list(names)],
    ).fetchall():
        found[symbol][stored] = source
    # Sessions lie in one table whatever their distance, so any of its names will do.
    if interval is None:
        shared = [set(by_interval) for by_interval in found.values() if by_interval]
        daily = all(any(not is_intraday(name) for name in names_) for names_ in shared)
        common = set.intersection(*shared) if shared else set()
        if daily or not shared:
            interval = "1d"
        elif len(common) == 1:
            interval = next(iter(common))
        else:
            raise InvalidInput(
                f"{', '.join(names)} are not stored at one common interval.",
                field="interval",
                hint="Choose symbols of one interval, or name the interval.",
            )
    sources: dict[str, str] = {}
    for name, by_interval in found.items():
        for stored, source in by_interval.items():
            same_table = not is_intraday(stored) and not is_intraday(interval)
            if stored == interval or same_table:
                sources[name] = source
                if same_table and len(names) == 1:
                    interval = stored
    absent = [name for name in names if name not in sources]
    if absent:
        raise NotFound(
            f"No {interval} bars are stored of {', '.join(absent)}.",
            hint="Import them, or see `quant-tui data list` for what there is.",
        )
    return interval, sources


def distinct(symbols: Sequence[str]) -> tuple[str, ...]:
    """Return the symbols asked for; refuses none at all, and one named twice."""
    names = tuple(symbols)
    if not names:
        raise InvalidInput("Name at least one symbol.", field="symbols")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(f"{', '.join(twice)} is named twice.", field="symbols")
    return names


def as_stored(value: Bound, interval: str) -> Bound:
    """Bring a bound to what the table holds: a date, or a naive time in UTC."""
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if not isinstance(value, datetime):
        return value
    if not is_intraday(interval):
        return value.date()
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
