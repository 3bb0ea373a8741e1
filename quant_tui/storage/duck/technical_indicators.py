"""Rows of computed indicators, and of which bars they were computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.market_data import TechnicalIndicator
from quant_tui.storage.duck.database import DuckStore

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """One indicator whose rows are stored.

    Attributes
    ----------
    indicator_type, period
        Its key in the table: ``sma`` and ``50``.
    expression
        How the rule language writes it: ``sma(close, 50)``.
    bars_hash
        Hash of the bars that it was computed of.
    used_at
        When it was asked for last, to the day of the last write.
    """

    indicator_type: str
    period: str
    expression: str
    bars_hash: str
    used_at: datetime


@dataclass(frozen=True)
class IndicatorRows:
    """Figures of one type of indicator, to be stored.

    Attributes
    ----------
    dates
        (T,) datetime64.
    values
        Period → (T,) figures; NaN is stored as no figure.
    expressions
        Period → how the rule language writes it.
    """

    indicator_type: str
    dates: NDArray[np.datetime64]
    values: dict[str, NDArray[np.float64]]
    expressions: dict[str, str]


class TechnicalIndicatorRepository:
    """``technical_indicators`` by symbol, type and date, each row with all its periods.

    Every method is synchronous, safe to call from any thread, and raises
    :class:`~quant_tui.domain.errors.StoreUnavailable` as ``DuckStore`` says.
    """

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def kept(self, symbol: str) -> list[KeptSeries]:
        """Return what is stored of a symbol, what was used last first."""
        with self._store.read() as connection:
            rows = connection.execute(
                "SELECT indicator_type, period, expression, bars_hash, used_at "
                "FROM indicator_series WHERE symbol = ? ORDER BY used_at DESC, expression",
                [symbol],
            ).fetchall()
        return [
            KeptSeries(kind, period, expression, bars_hash, used.replace(tzinfo=UTC))
            for kind, period, expression, bars_hash, used in rows
        ]

    def replace(self, symbol: str, rows: Sequence[IndicatorRows], bars_hash: str) -> int:
        """Store rows in place of all that there are of a symbol, in one transaction.

        Rows without any figure are left out.

        Returns
        -------
        int
            Rows stored.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        stored = 0
        with self._store.write() as connection:
            _delete(connection, [symbol])
            for one in rows:
                stored += _insert(connection, symbol, one, now)
                periods = list(one.values)
                connection.execute(
                    """
                    INSERT INTO indicator_series
                    SELECT ?, ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), ?, ?
                    """,
                    [symbol, one.indicator_type, periods,
                     [one.expressions[period] for period in periods], bars_hash, now],
                )  # fmt: skip
        return stored

    def forget(self, symbols: Sequence[str]) -> int:
        """Delete what is stored of some symbols; return how many of them had rows.

        Costs a look when there is nothing to delete.
        """
        with self._store.read() as connection:
            found = connection.execute(
                "SELECT DISTINCT symbol FROM indicator_series "
                "WHERE symbol IN (SELECT unnest(?::VARCHAR[]))",
                [list(symbols)],
            ).fetchall()
        names = [str(name) for (name,) in found]
        if names:
            with self._store.write() as connection:
                _delete(connection, names)
        return len(names)

    def prune(self, most_symbols: int) -> int:
        """Delete the rows of all but the symbols used last; return how many symbols went."""
        with self._store.read() as connection:
            found = connection.execute(
                "SELECT symbol FROM indicator_series GROUP BY symbol "
                "ORDER BY max(used_at) DESC, symbol OFFSET ?",
                [most_symbols],
            ).fetchall()
        return self.forget([str(name) for (name,) in found]) if found else 0

    def rows(
        self,
        symbol: str,
        indicator_type: str,
        start: date | None = None,
        end: date | None = None,
    ) -> list[TechnicalIndicator]:
        """Return stored rows, the oldest first; both bounds are included."""
        with self._store.read() as connection:
            found = connection.execute(
                """
                SELECT id, date, "values", created_at FROM technical_indicators
                WHERE symbol = ? AND indicator_type = ?
                  AND date >= coalesce(?::DATE, '-infinity'::DATE)
                  AND date <= coalesce(?::DATE, 'infinity'::DATE)
                ORDER BY date
                """,
                [symbol, indicator_type, start, end],
            ).fetchall()
        import json

        return [
            TechnicalIndicator(
                id=key,
                symbol=symbol,
                indicator_type=indicator_type,
                date=day.replace(tzinfo=UTC),
                values=json.loads(values),
                created_at=created.replace(tzinfo=UTC),
            )
            for key, day, values, created in found
        ]


def _delete(connection: DuckDBPyConnection, symbols: list[str]) -> None:
    for table in ("technical_indicators", "indicator_series"):
        connection.execute(
            f"DELETE FROM {table} WHERE symbol IN (SELECT unnest(?::VARCHAR[]))", [symbols]
        )


def _insert(connection: DuckDBPyConnection, symbol: str, rows: IndicatorRows, now: datetime) -> int:
    """Insert the rows of one type at once: columns are handed over, JSON is made there."""
    columns = list(rows.values.values())
    known = np.flatnonzero(np.logical_or.reduce([np.isfinite(column) for column in columns]))
    if not len(known):
        return 0
    times = rows.dates[known].astype("datetime64[us]").astype(np.int64)
    given: list[object] = [times.tolist()]
    names: list[object] = []
    pairs = []
    for at, (period, column) in enumerate(rows.values.items()):
        figures = column[known]
        given.append([None if value != value else value for value in figures.tolist()])
        names.append(period)
        pairs.append(f"?, staged.v{at}")
    unnested = ", ".join(f"unnest(?::DOUBLE[]) AS v{at}" for at in range(len(columns)))
    connection.execute(
        f"""
        INSERT INTO technical_indicators (symbol, indicator_type, date, "values", created_at)
        SELECT ?, ?, make_timestamp(staged.at), json_object({", ".join(pairs)}), ?
        FROM (SELECT unnest(?::BIGINT[]) AS at, {unnested}) AS staged
        """,
        [symbol, rows.indicator_type, *names, now, *given],
    )
    return len(known)
