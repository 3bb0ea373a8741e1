"""Daily bars of any symbol: where there are intraday bars alone, the days that they make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.cancellation import CancelCheck, interrupted_by
from quant_tui.domain.errors import NotFound
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.loading import Rows, fetch_rows, pivot
from quant_tui.storage.duck.records import BarTable, SymbolSummary, is_intraday
from quant_tui.storage.duck.selection import distinct

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BEST_FIRST = """
    PARTITION BY symbol
    ORDER BY intraday, CASE WHEN intraday THEN regexp_extract("interval", '[0-9]+')::BIGINT
        * CASE WHEN "interval" LIKE '%h' THEN 60 ELSE 1 END END DESC, last_date DESC
"""
"""Bars by session before intraday ones, and of these the longest, which are the fewest."""


class DailyBarRepository:
    """Daily bars. Synchronous, as all of DuckDB; safe from any thread.

    Parameters
    ----------
    store
        The file.
    """

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def summaries(self, symbols: Sequence[str]) -> list[SymbolSummary]:
        """Say what the daily bars of symbols come from, one line a symbol that has any bars.

        Its interval is an intraday one where days are made of such bars.
        """
        with self._store.read() as connection:
            return _summaries(connection, symbols)

    def load(
        self,
        symbols: Sequence[str],
        start: date | None = None,
        *,
        cancel: CancelCheck | None = None,
    ) -> BarTable:
        """Load daily bars as arrays on the union calendar of the symbols.

        A day that is made has the first open, the highest high, the lowest low, the last
        close and the sum of the volumes of its bars; it ends at midnight UTC, and the last
        one may not be over yet.

        Parameters
        ----------
        symbols
            At least one, none twice; the columns of the arrays are in this order.
        start
            First day; None for no bound.
        cancel
            Asked ten times a second.

        Raises
        ------
        InvalidInput
            When no symbol is given, or one is given twice.
        NotFound
            When a symbol has no bars at all.
        """
        names = distinct(symbols)
        with (
            self._store.read(cancel=cancel) as connection,
            interrupted_by(cancel, connection.interrupt),
        ):
            found = {one.symbol: one for one in _summaries(connection, names)}
            if absent := [name for name in names if name not in found]:
                raise NotFound(f"No bars are stored of {', '.join(absent)}.")
            rows = fetch_rows(connection, names, start, None, "1d")
            if any(is_intraday(one.interval) for one in found.values()):
                rows = together(rows, fetch_days(connection, names, start=start))
        dates, fields = pivot(rows, len(names), "D")
        return BarTable(
            symbols=names,
            dates=dates,
            open=fields["open"],
            high=fields["high"],
            low=fields["low"],
            close=fields["close"],
            volume=fields["volume"],
            interval="1d",
            sources={name: found[name].source for name in names},
        )


def fetch_days(
    connection: DuckDBPyConnection,
    symbols: tuple[str, ...],
    *,
    start: date | None = None,
    days: int | None = None,
) -> Rows:
    """Fetch the days that intraday bars make, of the symbols that have those alone.

    Parameters
    ----------
    symbols
        ``position`` is the index among them.
    start
        First day; None for no bound.
    days
        How far back from a symbol's own last day; None for no bound.
    """
    query = f"""
        WITH wanted AS (
            SELECT name, row_number() OVER () - 1 AS position
            FROM (SELECT unnest($names::VARCHAR[]) AS name)
        ), made AS (
            SELECT position, symbol, "interval",
                greatest(last_date::DATE - $days, $start::DATE) AS first
            FROM wanted JOIN symbol_summaries ON symbol = name
            QUALIFY bool_and(intraday) OVER (PARTITION BY symbol)
                AND row_number() OVER ({_BEST_FIRST}) = 1
        )
        SELECT made.position::INTEGER AS position, bars.date::DATE AS date,
            arg_min(open_price, bars.date)::DOUBLE AS open, max(high_price)::DOUBLE AS high,
            min(low_price)::DOUBLE AS low, arg_max(close_price, bars.date)::DOUBLE AS close,
            sum(volume)::DOUBLE AS volume
        FROM intraday_data AS bars
        JOIN made ON bars.symbol = made.symbol AND bars."interval" = made."interval"
        WHERE made.first IS NULL OR bars.date >= made.first
        GROUP BY ALL
    """
    given = {"names": list(symbols), "start": start, "days": days}
    fetched = connection.execute(query, given).fetchnumpy()
    return {name: np.asarray(column) for name, column in fetched.items()}


def together(rows: Rows, more: Rows) -> Rows:
    """Return all of the rows, with the columns of the first."""
    return {name: np.concatenate([column, more[name]]) for name, column in rows.items()}


def _summaries(connection: DuckDBPyConnection, symbols: Sequence[str]) -> list[SymbolSummary]:
    found = connection.execute(
        f"""
        SELECT symbol, first_date::DATE, last_date::DATE, rows, "interval", source, adjustment,
            synthetic
        FROM symbol_summaries WHERE symbol IN (SELECT unnest(?::VARCHAR[]))
        QUALIFY row_number() OVER ({_BEST_FIRST}) = 1 ORDER BY symbol
        """,
        [list(symbols)],
    ).fetchall()
    return [SymbolSummary(*row) for row in found]
