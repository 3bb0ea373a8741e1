"""Which exchange's calendar the bars of a symbol follow, as it was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from quant_tui.storage.duck.database import DuckStore


class SymbolCalendarRepository:
    """Calendars by symbol, in the same file as the bars."""

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def of_symbols(self, symbols: Sequence[str] | None = None) -> dict[str, tuple[str, str]]:
        """Return calendar and origin (``chosen`` or ``inferred``) by symbol."""
        where = "" if symbols is None else "WHERE symbol IN (SELECT unnest(?::VARCHAR[]))"
        with self._store.read() as connection:
            rows = connection.execute(
                f"SELECT symbol, calendar, origin FROM symbol_calendars {where}",
                [] if symbols is None else [list(symbols)],
            ).fetchall()
        return {symbol: (calendar, origin) for symbol, calendar, origin in rows}

    def remember(self, calendars: Mapping[str, str], origin: str) -> None:
        """Remember calendars; what a person chose gives way to another choice alone.

        Parameters
        ----------
        calendars
            By symbol.
        origin
            ``chosen`` by a person, or ``inferred`` from the dates.
        """
        if not calendars:
            return
        now = datetime.now(UTC).replace(tzinfo=None)
        with self._store.write() as connection:
            connection.execute(
                """
                INSERT INTO symbol_calendars
                SELECT unnest($symbols::VARCHAR[]), unnest($calendars::VARCHAR[]), $origin, $now
                ON CONFLICT (symbol) DO UPDATE SET calendar = excluded.calendar,
                    origin = excluded.origin, decided_at = excluded.decided_at
                WHERE symbol_calendars.origin <> 'chosen' OR excluded.origin = 'chosen'
                """,
                {
                    "symbols": list(calendars),
                    "calendars": list(calendars.values()),
                    "origin": origin,
                    "now": now,
                },
            )

    def forget(self, symbols: Sequence[str]) -> None:
        """Forget the calendars of symbols: they are decided anew when asked for."""
        with self._store.write() as connection:
            connection.execute(
                "DELETE FROM symbol_calendars WHERE symbol IN (SELECT unnest(?::VARCHAR[]))",
                [list(symbols)],
            )
