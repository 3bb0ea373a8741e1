"""Bars: what is stored, loading, upserting, deleting, hashing and exporting them.

Provenance: every row names its source and its batch; ``import_batches`` says where and
when the batch was read, and how its prices are adjusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.cancellation import CancelCheck, interrupted_by
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.storage.duck import export, upsert
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.loading import Rows, fetch_rows, hash_rows, pivot
from quant_tui.storage.duck.records import (
    BarTable,
    ImportBatch,
    StoredBatch,
    SymbolSummary,
    UpsertCounts,
    is_intraday,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from quant_tui.storage.duck.upsert import Report, Stage

Bound = date | datetime | None


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
        names = _distinct(symbols)
        with self._store.read(cancel=cancel) as connection:
            chosen, sources = self._choose(connection, names, interval)
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
            Asked ten times a second; cancelling leaves the store as it was.

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
            Only bars of this interval; None for all of them, and the corporate actions.
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
                connection.execute(
                    "DELETE FROM corporate_actions WHERE symbol IN (SELECT unnest(?::VARCHAR[]))",
                    [names],
                )
        return gone

    def last_session(self, symbols: Sequence[str] | None = None) -> date | None:
        """Return the newest date stored, of all symbols or some; None without bars."""
        return max((summary.last for summary in self.summaries(symbols)), default=None)

    def data_hash(
        self,
        symbols: Sequence[str],
        start: Bound = None,
        end: Bound = None,
        *,
        interval: str | None = None,
    ) -> str:
        """Hash the bars of some symbols and dates: equal hash, equal bars.

        Independent of the order of ``symbols`` and of how rows lie in the file; see
        :func:`quant_tui.storage.duck.loading.hash_rows`. Raises as :meth:`load` does.
        """
        names = _distinct(symbols)
        with self._store.read() as connection:
            chosen, _ = self._choose(connection, names, interval)
            rows = self._fetch(connection, names, start, end, chosen, None)
        return hash_rows(rows, names)

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

    def export(
        self,
        target: Path,
        *,
        file_format: str = "parquet",
        by_year: bool = False,
        symbols: Sequence[str] | None = None,
        interval: str = "1d",
        cancel: CancelCheck | None = None,
    ) -> int:
        """Write bars to a file that :func:`read_bars` of the providers reads back the same.

        Parameters
        ----------
        target
            The file to make; a folder, which must not exist yet, when ``by_year``.
        file_format
            ``parquet`` (ZSTD) or ``csv``.
        by_year
            Whether to make one folder a year (``year=2023``), as Parquet readers know it.
        symbols
            Which; None for all.
        interval
            Sessions (``1d``, ``1wk`` and ``1mo`` are one table), or intraday bars of this
            interval.
        cancel
            Asked ten times a second; what was written so far goes away.

        Returns
        -------
        int
            Bars written.

        Raises
        ------
        InvalidInput
            When the format is not known, or the target cannot be written.
        """
        with (
            self._store.read(cancel=cancel) as connection,
            interrupted_by(cancel, connection.interrupt),
        ):
            return export.write_bars(
                connection, target, file_format, by_year=by_year, symbols=symbols, interval=interval
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
                _bound(start, interval),
                _bound(end, interval),
                interval,
                intraday=is_intraday(interval),
            )

    @staticmethod
    def _choose(
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


def _distinct(symbols: Sequence[str]) -> tuple[str, ...]:
    names = tuple(symbols)
    if not names:
        raise InvalidInput("Name at least one symbol.", field="symbols")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(f"{', '.join(twice)} is named twice.", field="symbols")
    return names


def _bound(value: Bound, interval: str) -> Bound:
    """Bring a bound to what the table holds: a date, or a naive time in UTC."""
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if not isinstance(value, datetime):
        return value
    if not is_intraday(interval):
        return value.date()
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
