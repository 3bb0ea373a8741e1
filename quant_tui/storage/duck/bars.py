"""Bars: what is stored, loading, upserting, deleting, hashing and exporting them.

Provenance: every row names its source and its batch; ``import_batches`` says where and
when the batch was read, and how its prices are adjusted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.cancellation import CancelCheck, interrupted_by
from quant_tui.domain.errors import InvalidInput
from quant_tui.storage.duck import export, upsert
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.export import ExportSelection
from quant_tui.storage.duck.loading import Rows, fetch_rows, pivot, stamp_rows
from quant_tui.storage.duck.records import (
    BarTable,
    ImportBatch,
    StoredBatch,
    SymbolSummary,
    UpsertCounts,
    is_intraday,
)
from quant_tui.storage.duck.selection import Bound, as_stored, choose, distinct

SPEAK_OF_BARS = (
    "corporate_actions", "bar_revisions", "data_fixes", "data_fix_bars", "data_fix_dates",
    "feature_values",
)  # fmt: skip
"""Tables whose rows mean nothing without the bars of their symbol."""

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from quant_tui.storage.duck.upsert import Report, Stage


def _say_nothing(_fraction: float, _what: str) -> None:
    """Report to nobody."""


class BarRepository:
    """Bars of all symbols, in one DuckDB file.

    Every method is synchronous, safe to call from any thread, and raises
    :class:`~quant_tui.domain.errors.StoreUnavailable` as ``DuckStore`` says.

    Parameters
    ----------
    store
        The file.
    """

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def summaries(self, symbols: Sequence[str] | None = None) -> list[SymbolSummary]:
        """Say what is stored, one line a symbol and interval, in order of symbol.

        Kept up to date by every upsert and delete, so its cost does not grow with rows.

        Parameters
        ----------
        symbols
            Which; None for all. Unknown ones are left out.
        """
        where = "" if symbols is None else "WHERE symbol IN (SELECT unnest(?::VARCHAR[]))"
        with self._store.read() as connection:
            rows = connection.execute(
                'SELECT symbol, first_date::DATE, last_date::DATE, rows, "interval", source, '
                f"adjustment, synthetic FROM symbol_summaries {where} "
                "ORDER BY symbol, intraday, interval",
                [] if symbols is None else [list(symbols)],
            ).fetchall()
        return [SymbolSummary(*row) for row in rows]

    def load(
        self,
        symbols: Sequence[str],
        start: Bound = None,
        end: Bound = None,
        *,
        interval: str | None = None,
        cancel: CancelCheck | None = None,
    ) -> BarTable:
        """Load bars as arrays on the union calendar of the symbols.

        Parameters
        ----------
        symbols
            At least one, none twice; the columns of the arrays are in this order.
        start, end
            First and last session or UTC time, both included; None for no bound.
        interval
            Which bars, when a symbol has several; None takes daily ones where they are,
            else the only interval that all symbols have.
        cancel
            Asked ten times a second.

        Returns
        -------
        BarTable
            Arrays of shape (T, N) with NaN where a symbol has no bar; T may be 0.

        Raises
        ------
        InvalidInput
            When no symbol is given, one is given twice, or ``interval`` must be chosen.
        NotFound
            When a symbol has no bars of this interval at all; all such are named.
        """
        names = distinct(symbols)
        with self._store.read(cancel=cancel) as connection:
            chosen, sources = choose(connection, names, interval)
            rows = self._fetch(connection, names, start, end, chosen, cancel)
        intraday = is_intraday(chosen)
        dates, fields = pivot(rows, len(names), "us" if intraday else "D")
        return BarTable(
            symbols=names,
            dates=dates,
            open=fields["open"],
            high=fields["high"],
            low=fields["low"],
            close=fields["close"],
            volume=fields["volume"],
            interval=chosen,
            sources=sources,
        )

    def closes(
        self, symbols: Sequence[str], start: Bound = None
    ) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
        """Load the closes of sessions on the union calendar of the symbols.

        Parameters
        ----------
        symbols
            Any number, none twice; those without bars are columns of NaN.
        start
            First session; None for no bound.

        Returns
        -------
        dates
            datetime64[D] (T,), rising.
        closes
            (T, N) with NaN where a symbol has no bar.
        """
        if not symbols:
            return np.empty(0, dtype="datetime64[D]"), np.empty((0, 0))
        names = distinct(symbols)
        with self._store.read() as connection:
            rows = fetch_rows(
                connection, names, as_stored(start, "1d"), None, "1d", fields=("close",)
            )  # fmt: skip
        dates, fields = pivot(rows, len(names), "D")
        return dates, fields["close"]

    def upsert(
        self,
        stage: Stage,
        batch: ImportBatch,
        *,
        progress: Report | None = None,
        cancel: CancelCheck | None = None,
    ) -> UpsertCounts:
        """Store bars by (symbol, date) in one transaction, replacing those that differ.

        Pairs with ``providers.files.read_bars``: its ``StagedBars.path`` is the stage, and
        its ``interval``, ``content_hash`` and ``origin`` belong in the batch::

            with read_bars(path, options) as staged:
                batch = ImportBatch(source, origin=staged.origin, interval=staged.interval,
                                    content_hash=staged.content_hash)
                counts = bars.upsert(staged.path, batch)

        Parameters
        ----------
        stage
            A Parquet file or Arrow data with the columns of ``STAGE_COLUMNS``; see
            :func:`quant_tui.storage.duck.upsert.write_stage`.
        batch
            Where the bars came from.
        progress
            Told the fraction done and what is being done.
        cancel
            Asked ten times a second; cancelling leaves the store as it was. The commit
            itself (some seconds for 5 million bars) is no longer cancelled.

        Returns
        -------
        UpsertCounts
            Bars inserted, updated (something of them differed) and unchanged.

        Raises
        ------
        DataImportError
            When a bar is there twice, or a value is missing or not finite.
        Cancelled
            When ``cancel`` says so.
        """
        if not batch.source:
            raise InvalidInput("Bars need a source.", field="source")
        report = progress or _say_nothing
        with (
            self._store.write(cancel=cancel) as connection,
            interrupted_by(cancel, connection.interrupt),
        ):
            counts = upsert.write_stage(connection, stage, batch, report)
            table = "intraday_data" if is_intraday(batch.interval) else "market_data"
            untidy = upsert.needs_sorting(connection, table)
            report(0.93, "saving; too late to cancel")
        if untidy:
            report(0.95, "putting the bars in order")
            self.sort()
        report(1.0, "stored")
        return counts

    def delete(self, symbols: Sequence[str], *, interval: str | None = None) -> int:
        """Delete bars of some symbols; return how many bars went.

        Parameters
        ----------
        symbols
            Which; unknown ones are passed over.
        interval
            Only bars of this interval; None for all of them, the corporate actions,
            what was replaced, and the fixes.
        """
        names = list(symbols)
        gone = 0
        with self._store.write() as connection:
            for table in ("market_data", "intraday_data"):
                intraday = table == "intraday_data"
                if interval is not None and is_intraday(interval) != intraday:
                    continue
                only = ' AND "interval" = ?' if intraday and interval is not None else ""
                row = connection.execute(
                    f"DELETE FROM {table} WHERE symbol IN (SELECT unnest(?::VARCHAR[])){only}",
                    [names, interval] if only else [names],
                ).fetchone()
                gone += int(row[0]) if row else 0
                connection.execute(
                    "CREATE OR REPLACE TEMP TABLE gone AS SELECT unnest(?::VARCHAR[]) AS symbol",
                    [names],
                )
                upsert.refresh_summaries(connection, table, "SELECT symbol FROM gone")
            if interval is None:
                for table in SPEAK_OF_BARS:
                    connection.execute(
                        f"DELETE FROM {table} WHERE symbol IN (SELECT unnest(?::VARCHAR[]))",
                        [names],
                    )
        return gone

    def last_session(
        self, symbols: Sequence[str] | None = None, interval: str | None = None
    ) -> date | None:
        """Return the newest date stored, of all symbols or some; None without bars.

        Parameters
        ----------
        interval
            Which bars, such as ``1d``; None for any.
        """
        found = self.summaries(symbols)
        return max(
            (one.last for one in found if interval in (None, one.interval)),
            default=None,
        )

    def stamp(self, symbols: Sequence[str], end: Bound = None) -> str:
        """Return a mark of the bars that :meth:`load` would return, worked out in the store.

        Equal stamps, equal bars; different ones may be of equal bars too, as after an
        upgrade of DuckDB. No bar leaves the store for it: five million take 0.2 s.

        Raises
        ------
        InvalidInput, NotFound
            As :meth:`load` does.
        """
        names = distinct(symbols)
        with self._store.read() as connection:
            interval, _ = choose(connection, names, None)
            return stamp_rows(connection, names, as_stored(end, interval), interval)

    def batches(self, limit: int = 100) -> list[StoredBatch]:
        """Return the newest import batches, newest first."""
        with self._store.read() as connection:
            rows = connection.execute(
                'SELECT source, origin, adjustment, content_hash, "interval", synthetic, '
                "fetched_at, id, rows, inserted, updated FROM import_batches "
                "ORDER BY fetched_at DESC, id LIMIT ?",
                [limit],
            ).fetchall()
        return [
            StoredBatch(
                ImportBatch(
                    source=row[0],
                    origin=row[1],
                    adjustment=row[2],
                    content_hash=row[3],
                    interval=row[4],
                    synthetic=row[5],
                    fetched_at=row[6].replace(tzinfo=UTC),
                    id=row[7],
                ),
                rows=row[8],
                inserted=row[9],
                updated=row[10],
            )
            for row in rows
        ]

    def batch_ids(self, since: datetime) -> frozenset[str]:
        """Return the ids of the import batches that were read at a moment or later."""
        with self._store.read() as connection:
            rows = connection.execute(
                "SELECT id FROM import_batches WHERE fetched_at >= ?",
                [since.astimezone(UTC).replace(tzinfo=None)],
            ).fetchall()
        return frozenset(row[0] for row in rows)

    def symbols_of(self, batch_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the symbols whose bars came with batches, by interval."""
        with self._store.read() as connection:
            rows = connection.execute(
                """
                WITH wanted AS (
                    SELECT id, "interval" FROM import_batches WHERE id IN (SELECT unnest(?))
                ), bars AS (
                    SELECT symbol, batch_id FROM market_data
                    UNION ALL SELECT symbol, batch_id FROM intraday_data
                )
                SELECT wanted."interval", list(DISTINCT symbol ORDER BY symbol)
                FROM bars JOIN wanted ON wanted.id = batch_id GROUP BY 1 ORDER BY 1
                """,
                [list(batch_ids)],
            ).fetchall()
        return {interval: tuple(symbols) for interval, symbols in rows}

    def export(
        self,
        target: Path,
        selection: ExportSelection | None = None,
        *,
        file_format: str = "parquet",
        by_year: bool = False,
        overwrite: bool = False,
        cancel: CancelCheck | None = None,
    ) -> int:
        """Write bars to a file that :func:`read_bars` of the providers reads back the same.

        Parameters
        ----------
        target
            The file to make; a folder when ``by_year``.
        selection
            Which bars; None for all of sessions.
        file_format
            ``parquet`` (ZSTD, with where the bars came from) or ``csv``.
        by_year
            Whether to make one folder a year (``year=2023``), as Parquet readers know it.
        overwrite
            Whether an export that is there already gives way to the new one.
        cancel
            Asked ten times a second; what was written so far goes away.

        Returns
        -------
        int
            Bars written.

        Raises
        ------
        InvalidInput
            When the format is not known, there are no such bars, the target exists, or it
            cannot be written.
        """
        with (
            self._store.read(cancel=cancel) as connection,
            interrupted_by(cancel, connection.interrupt),
        ):
            return export.write_bars(
                connection,
                target,
                file_format,
                selection or ExportSelection(),
                by_year=by_year,
                overwrite=overwrite,
            )

    def sort(self) -> None:
        """Rewrite the bars in order of symbol and date, which reads live on.

        Done by :meth:`upsert` by itself when enough rows came out of order; about 2 s for
        5 million rows, 5 s with all indexes.
        """
        with self._store.write() as connection:
            for table in ("market_data", "intraday_data"):
                upsert.sort_table(connection, table)

    @staticmethod
    def _fetch(
        connection: DuckDBPyConnection,
        names: tuple[str, ...],
        start: Bound,
        end: Bound,
        interval: str,
        cancel: CancelCheck | None,
    ) -> Rows:
        with interrupted_by(cancel, connection.interrupt):
            return fetch_rows(
                connection,
                names,
                as_stored(start, interval),
                as_stored(end, interval),
                interval,
            )
