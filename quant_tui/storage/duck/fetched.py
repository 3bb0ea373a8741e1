"""What was fetched: how far, prices as they came, and what was changed afterwards.

A fetch of bars is one transaction over all of it: prices as the provider gave them
(``raw_prices``), splits and dividends, the adjusted series that the engine reads
(``market_data``), revisions and the new coverage. Killed at any point, nothing of it or
all of it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.cancellation import CancelCheck, interrupted_by
from quant_tui.storage.duck import upsert
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.records import CorporateAction, ImportBatch, UpsertCounts

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]
Factors = Callable[[Days, Floats, Sequence[CorporateAction]], tuple[Floats, Floats]]
"""From rising days, closes as they came and actions (oldest first) to what prices and
volumes are multiplied by; all (T,)."""

NEVER = datetime.min.replace(tzinfo=UTC)
FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far something was fetched.

    Attributes
    ----------
    provider, kind, name, interval
        Of what: ``bars``, ``company``, ``news`` or ``economic`` of a symbol or series;
        ``interval`` is empty unless they are bars.
    start
        First day from which nothing is missing; None when it goes back to the beginning.
    end
        Last day of which something came.
    asked
        Last day asked for; None for up to the present.
    fetched_at
        When it was last asked for, aware.
    adjusted
        Whether the series in the store is adjusted.
    limited
        Whether the provider would give nothing older than ``start``.
    """

    provider: str
    kind: str
    name: str
    interval: str = ""
    start: date | None = None
    end: date | None = None
    asked: date | None = None
    fetched_at: datetime = NEVER
    adjusted: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """A value that a provider changed after it had been stored; ``date`` is UTC, naive."""

    kind: str
    name: str
    interval: str
    date: datetime
    field: str
    old: float
    new: float
    source: str
    seen_at: datetime


class FetchedRepository:
    """Coverage, raw prices and revisions; synchronous, safe from any thread."""

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def coverage(
        self, provider: str, kind: str, names: Sequence[str], interval: str = ""
    ) -> dict[str, Coverage]:
        """Return how far each of ``names`` was fetched; those that were, by name."""
        with self._store.read() as connection:
            rows = connection.execute(
                "SELECT start_date, end_date, asked_date, fetched_at, adjusted, limited, name "
                "FROM fetch_coverage WHERE provider = ? AND kind = ? "
                'AND "interval" = ? AND name IN (SELECT unnest(?::VARCHAR[]))',
                [provider, kind, interval, list(names)],
            ).fetchall()
        found: dict[str, Coverage] = {}
        for start, end, asked, fetched_at, adjusted, limited, name in rows:
            at = fetched_at.replace(tzinfo=UTC)
            found[name] = Coverage(
                provider, kind, name, interval, start, end, asked, at, adjusted, limited
            )
        return found

    def mark(self, coverage: Coverage) -> None:
        """Keep how far something was fetched."""
        with self._store.write() as connection:
            _mark(connection, coverage)

    def store_sessions(
        self,
        table: pa.Table,
        batch: ImportBatch,
        coverage: Coverage,
        actions: Sequence[CorporateAction] | None,
        factors: Factors,
        *,
        cancel: CancelCheck | None = None,
    ) -> UpsertCounts:
        """Store daily bars of one symbol as they came, and the series adjusted anew from them.

        Parameters
        ----------
        table
            Columns of ``STAGE_COLUMNS``, prices as the provider gave them.
        batch
            Where they came from; its adjustment is that of the series to be kept.
        coverage
            How far the symbol is fetched then.
        actions
            All that the provider knows; None leaves those that are stored.
        factors
            Says by what prices and volumes are multiplied.

        Raises
        ------
        Cancelled
            When ``cancel`` says so; nothing is stored then.
        """
        symbol, source = coverage.name, coverage.provider
        with (
            self._store.write(cancel=cancel) as connection,
            interrupted_by(cancel, connection.interrupt),
        ):
            connection.register("fetched", table)
            _note_revisions(connection, _RAW, batch, symbol)
            connection.execute(
                "DELETE FROM raw_prices WHERE symbol = ? AND source = ? "
                "AND date IN (SELECT date::DATE FROM fetched)",
                [symbol, source],
            )
            connection.execute(
                "INSERT INTO raw_prices SELECT symbol, ?, date::DATE, open, high, low, close, "
                "round(volume)::BIGINT, 1.0, ? FROM fetched",
                [source, batch.id],
            )
            if actions is not None:
                _replace_actions(connection, symbol, source, actions)
            stage = _adjusted(connection, symbol, source, factors)
            counts = upsert.write_stage(connection, stage, batch, _say_nothing)
            # A dividend adjusts the whole series anew: what changed at the source is among
            # the revisions, and its own former series can be computed from the raw prices.
            connection.execute(
                "DELETE FROM bar_revisions WHERE replaced_by = ? AND data_source = ?",
                [batch.id, source],
            )
            _mark(connection, coverage)
        return counts

    def store_intraday(
        self,
        table: pa.Table,
        batch: ImportBatch,
        coverage: Coverage,
        *,
        cancel: CancelCheck | None = None,
    ) -> UpsertCounts:
        """Store intraday bars of one symbol as they came.

        Raises
        ------
        Cancelled
            When ``cancel`` says so; nothing is stored then.
        """
        with (
            self._store.write(cancel=cancel) as connection,
            interrupted_by(cancel, connection.interrupt),
        ):
            connection.register("fetched", table)
            _note_revisions(connection, _INTRADAY, batch, coverage.name)
            counts = upsert.write_stage(connection, table, batch, _say_nothing)
            _mark(connection, coverage)
        return counts

    def note_revisions(self, revisions: Sequence[Revision]) -> None:
        """Keep revisions of values that lie elsewhere, such as economic series."""
        if not revisions:
            return
        with self._store.write() as connection:
            for one in revisions:
                connection.execute(
                    "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [one.kind, one.name, one.interval, one.date, one.field, one.old, one.new,
                     one.source, one.seen_at.astimezone(UTC).replace(tzinfo=None)],
                )  # fmt: skip

    def revisions(self, name: str = "", limit: int = 1000) -> list[Revision]:
        """Return revisions of a symbol or series, or of all, the newest first."""
        with self._store.read() as connection:
            rows = connection.execute(
                'SELECT kind, name, "interval", date, field, old_value, new_value, source, '
                "seen_at FROM revisions WHERE ? IN ('', name) "
                "ORDER BY seen_at DESC, name, date, field LIMIT ?",
                [name, limit],
            ).fetchall()
        return [
            Revision(kind, of, interval, day, field, old, new, source, seen.replace(tzinfo=UTC))
            for kind, of, interval, day, field, old, new, source, seen in rows
        ]

    def count_revisions(self, name: str) -> int:
        """Return how many values of a symbol or series were revised."""
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT count(*) FROM revisions WHERE name = ?", [name]
            ).fetchone()
        return int(row[0]) if row else 0

    def raw_prices(self, symbol: str, source: str) -> pa.Table:
        """Return daily bars as a provider gave them, with the factor that adjusts prices.

        Columns date, open, high, low, close, volume, factor; in order of date.
        """
        import pyarrow as pa

        with self._store.read() as connection:
            columns = connection.execute(
                "SELECT date, open, high, low, close, volume, factor FROM raw_prices "
                "WHERE symbol = ? AND source = ? ORDER BY date",
                [symbol, source],
            ).fetchnumpy()
        days = pa.array(np.asarray(columns.pop("date")).astype("datetime64[D]"))
        return pa.table({"date": days, **columns})


_RAW = (
    "raw_prices AS stored ON stored.symbol = $symbol AND stored.source = $source "
    "AND stored.date = fetched.date::DATE",
    ("open", "high", "low", "close", "volume"),
)
_INTRADAY = (
    "intraday_data AS stored ON stored.symbol = $symbol AND stored.data_source = $source "
    'AND stored."interval" = $interval AND stored.date = fetched.date::TIMESTAMP',
    ("open_price", "high_price", "low_price", "close_price", "volume"),
)


def _note_revisions(
    connection: DuckDBPyConnection,
    place: tuple[str, tuple[str, ...]],
    batch: ImportBatch,
    symbol: str,
) -> None:
    joined, columns = place
    for field, column in zip(FIELDS, columns, strict=True):
        new = "round(fetched.volume)" if field == "volume" else f"fetched.{field}"
        connection.execute(
            f"""
            INSERT INTO revisions
            SELECT 'bars', $symbol, $interval, fetched.date::TIMESTAMP, '{field}',
                   stored.{column}, {new}, $source, $seen
            FROM fetched JOIN {joined} WHERE stored.{column} <> {new}
            """,
            {
                "symbol": symbol,
                "source": batch.source,
                "interval": batch.interval,
                "seen": batch.fetched_at.astimezone(UTC).replace(tzinfo=None),
            },
        )


def _replace_actions(
    connection: DuckDBPyConnection, symbol: str, source: str, actions: Sequence[CorporateAction]
) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute(
        "DELETE FROM corporate_actions WHERE symbol = ? AND source = ?", [symbol, source]
    )
    for action in actions:
        connection.execute(
            "INSERT OR REPLACE INTO corporate_actions VALUES (?, ?, ?, ?, ?, ?)",
            [symbol, action.date, action.split_ratio, action.dividend, source, now],
        )


def _adjusted(
    connection: DuckDBPyConnection, symbol: str, source: str, factors: Factors
) -> pa.Table:
    """Return the whole series adjusted, and keep the factors beside the raw prices."""
    import pyarrow as pa

    raw = connection.execute(
        "SELECT date, open, high, low, close, volume::DOUBLE AS volume FROM raw_prices "
        "WHERE symbol = ? AND source = ? ORDER BY date",
        [symbol, source],
    ).fetchnumpy()
    days = np.asarray(raw["date"]).astype("datetime64[D]")
    rows = connection.execute(
        "SELECT symbol, date, split_ratio, dividend, source FROM corporate_actions "
        "WHERE symbol = ? AND source = ? ORDER BY date",
        [symbol, source],
    ).fetchall()
    price, volume = factors(days, np.asarray(raw["close"]), [CorporateAction(*row) for row in rows])
    dates = pa.array(days).cast(pa.date32())
    connection.register("factors", pa.table({"date": dates, "factor": price}))
    connection.execute(
        "UPDATE raw_prices SET factor = factors.factor FROM factors "
        "WHERE raw_prices.symbol = ? AND raw_prices.source = ? "
        "AND raw_prices.date = factors.date AND raw_prices.factor <> factors.factor",
        [symbol, source],
    )
    prices = {name: np.asarray(raw[name]) * price for name in FIELDS[:-1]}
    return pa.table(
        {
            "symbol": pa.array([symbol] * len(days), pa.string()),
            "date": dates,
            **prices,
            "volume": np.asarray(raw["volume"]) * volume,
        }
    )


def _mark(connection: DuckDBPyConnection, one: Coverage) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO fetch_coverage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [one.provider, one.kind, one.name, one.interval, one.start, one.end, one.asked,
         one.fetched_at.astimezone(UTC).replace(tzinfo=None), one.adjusted, one.limited],
    )  # fmt: skip


def _say_nothing(_fraction: float, _what: str) -> None:
    """Report to nobody."""
