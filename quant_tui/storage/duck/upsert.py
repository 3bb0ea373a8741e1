"""Writing a stage of bars into the store: one transaction, counted, provenance kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from quant_tui.domain.errors import DataImportError
from quant_tui.storage.duck import schema
from quant_tui.storage.duck.records import STAGE_COLUMNS, ImportBatch, UpsertCounts, is_intraday

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    Stage: TypeAlias = Path | pa.Table | pa.RecordBatchReader

Report = Callable[[float, str], None]
"""Told the fraction done (0 to 1) and what is being done."""

RESORT_AT_LEAST = 200_000
RESORT_SHARE = 0.25
"""Re-sort a table once so many rows, and this share of it, were added out of order."""

REWRITE_AT_LEAST = 300_000
"""Write the table anew when so many rows change: an UPDATE keeps every old row in memory
until the commit (1 GB was not enough for 5 million), a new table spills to disk."""


def write_stage(
    connection: DuckDBPyConnection, stage: Stage, batch: ImportBatch, report: Report
) -> UpsertCounts:
    """Upsert ``stage`` by symbol and date inside the caller's transaction.

    A row whose prices, volume, source and adjustment are those already stored is left as
    it is, with its batch and creation time; so is one that says again what a fix of the user
    has changed. When nothing changes, nothing is written.

    Parameters
    ----------
    connection
        In a transaction.
    stage
        Bars as :data:`~quant_tui.storage.duck.records.STAGE_COLUMNS` says, no (symbol,
        date) twice: a Parquet file, or Arrow data.
    batch
        Where they came from; its interval says which table they go to.
    report
        Told about progress.

    Raises
    ------
    DataImportError
        When the stage lacks a column, has a row twice, or a value is missing or not finite.
    """
    report(0.0, "reading the new bars")
    _open_stage(connection, stage, intraday=is_intraday(batch.interval))
    total = _check_stage(connection)
    table = _Table.of(batch.interval)
    report(0.2, f"comparing {total:,} bars with those stored")
    changes = _find_changes(connection, table, batch)
    if changes.updated:
        report(0.4, f"keeping {changes.updated:,} bars that are replaced")
        _keep_replaced(connection, table, batch)
    report(0.45, f"storing {changes.inserted + changes.updated:,} bars")
    if changes.updated >= REWRITE_AT_LEAST:
        _rewrite(connection, table, batch)
    else:
        if changes.updated:
            _update(connection, table, batch)
        if changes.inserted:
            _insert(connection, table, batch, fresh=changes.fresh)
    if changes.inserted or changes.updated:
        report(0.9, "recording where they came from")
        _record_batch(connection, batch, total, changes)
        refresh_summaries(connection, table.name, "SELECT DISTINCT symbol FROM stage")
    connection.execute("DROP TABLE IF EXISTS changes")
    unchanged = total - changes.inserted - changes.updated
    return UpsertCounts(changes.inserted, changes.updated, unchanged)


def refresh_summaries(connection: DuckDBPyConnection, table: str, symbols: str) -> None:
    """Compute the summaries of some symbols anew.

    Parameters
    ----------
    connection
        In a transaction.
    table
        ``market_data`` or ``intraday_data``.
    symbols
        A query that gives the symbols.
    """
    intraday = table == "intraday_data"
    interval = (
        '"interval"'
        if intraday
        # Mean distance in days: 1.4 for sessions of five days a week, 7 weekly, 30 monthly.
        else """CASE WHEN rows < 3 THEN '1d'
                     WHEN (last_date - first_date) / (rows - 1) BETWEEN 5 AND 10 THEN '1wk'
                     WHEN (last_date - first_date) / (rows - 1) BETWEEN 25 AND 35 THEN '1mo'
                     ELSE '1d' END"""
    )
    keys = 'symbol, "interval"' if intraday else "symbol"
    connection.execute(
        f"DELETE FROM symbol_summaries WHERE intraday = ? AND symbol IN ({symbols})",
        [intraday],
    )
    connection.execute(
        f"""
        INSERT INTO symbol_summaries BY NAME
        WITH parts AS (
            SELECT {keys}, batch_id, data_source, min(date) AS first_date,
                   max(date) AS last_date, count(*) AS rows
            FROM {table} WHERE symbol IN ({symbols}) GROUP BY ALL
        ), joined AS (
            SELECT {", ".join(f"parts.{key.strip()}" for key in keys.split(","))},
                   min(first_date) AS first_date, max(last_date) AS last_date,
                   sum(parts.rows)::BIGINT AS rows,
                   string_agg(DISTINCT data_source, ', ' ORDER BY data_source) AS source,
                   string_agg(DISTINCT adjustment, ', ' ORDER BY adjustment) AS adjustment,
                   bool_or(coalesce(synthetic, false)) AS synthetic
            FROM parts LEFT JOIN import_batches AS batches ON batches.id = batch_id
            GROUP BY {", ".join(f"parts.{key.strip()}" for key in keys.split(","))}
        )
        SELECT symbol, {interval} AS "interval", {intraday} AS intraday, first_date, last_date,
               rows, source, coalesce(adjustment, 'unknown') AS adjustment, synthetic
        FROM joined
        """
    )


def needs_sorting(connection: DuckDBPyConnection, table: str) -> bool:
    """Whether enough rows were added out of order to make reads slow."""
    row = connection.execute(
        "SELECT coalesce(sum(rows), 0) FROM sort_debt WHERE table_name = ?", [table]
    ).fetchone()
    debt = int(row[0]) if row else 0
    if debt < RESORT_AT_LEAST:
        return False
    total = _count(connection, f"SELECT count(*) FROM {table}")
    return debt >= RESORT_SHARE * total


def sort_table(connection: DuckDBPyConnection, table: str) -> None:
    """Rewrite a table of bars in order of symbol and date, inside a transaction."""
    _replace_rows(connection, table, f"SELECT {_stored_columns(table)} FROM {table}", {})


def _replace_rows(
    connection: DuckDBPyConnection, table: str, rows: str, values: dict[str, object]
) -> None:
    """Put the result of a query in the place of a table's rows, in order, with its indexes."""
    order = "symbol, date" if table == "market_data" else 'symbol, "interval", date'
    names = _stored_columns(table)
    present = {
        name
        for (name,) in connection.execute(
            "SELECT index_name FROM duckdb_indexes() WHERE table_name = ?", [table]
        ).fetchall()
    }
    connection.execute(f"CREATE TABLE {table}_new ({schema.TABLES[table]})")
    connection.execute(
        f"INSERT INTO {table}_new ({names}) SELECT {names} FROM ({rows}) ORDER BY {order}", values
    )
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE {table}_new RENAME TO {table}")
    for index in schema.INDEXES:
        if index.name in present:
            connection.execute(index.create)
    connection.execute("DELETE FROM sort_debt WHERE table_name = ?", [table])


def _stored_columns(table: str) -> str:
    interval = "" if table == "market_data" else '"interval", '
    return (
        f"symbol, {interval}date, open_price, high_price, low_price, close_price, volume, "
        "data_source, created_at, batch_id"
    )


# ---------------------------------------------------------------------------- steps


@dataclass(frozen=True, slots=True)
class _Table:
    """The table that bars of an interval go to, and how its rows are told apart."""

    name: str
    match: str
    interval_column: str

    @staticmethod
    def of(interval: str) -> _Table:
        key = "bars.symbol = stage.symbol AND bars.date = stage.date"
        if not is_intraday(interval):
            return _Table("market_data", key, "")
        return _Table("intraday_data", f'{key} AND bars."interval" = $interval', '"interval", ')

    def bind(self, interval: str, **more: object) -> dict[str, object]:
        """Values of the placeholders: DuckDB refuses one that the statement lacks."""
        return {"interval": interval, **more} if self.interval_column else dict(more)


@dataclass(frozen=True, slots=True)
class _Changes:
    inserted: int
    updated: int
    fresh: bool


def _open_stage(connection: DuckDBPyConnection, stage: Stage, *, intraday: bool) -> None:
    import duckdb

    if isinstance(stage, Path):
        escaped = str(stage).replace("'", "''")
        origin = f"read_parquet('{escaped}')"
    else:
        connection.register("stage_arrow", stage)
        origin = "stage_arrow"
    kind = "TIMESTAMP" if intraday else "DATE"
    prices = ", ".join(f"{name}::DOUBLE AS {name}" for name in STAGE_COLUMNS[2:-1])
    # A reader gives its rows once, a file or table as often as asked.
    once = not isinstance(stage, Path) and not hasattr(stage, "num_rows")
    connection.execute("DROP VIEW IF EXISTS stage")
    connection.execute("DROP TABLE IF EXISTS stage")
    try:
        connection.execute(
            f"CREATE TEMP {'TABLE' if once else 'VIEW'} stage AS "
            f"SELECT symbol::VARCHAR AS symbol, date::{kind} AS date, {prices}, "
            f"round(volume::DOUBLE) AS volume FROM {origin}"
        )
    except (duckdb.BinderException, duckdb.ConversionException) as error:
        raise DataImportError(
            f"The bars to store need the columns {', '.join(STAGE_COLUMNS)} ({error})."
        ) from error


def _check_stage(connection: DuckDBPyConnection) -> int:
    numbers = STAGE_COLUMNS[2:]
    bad = ", ".join(
        f"count(*) FILTER (WHERE {name} IS NULL OR NOT isfinite({name}))" for name in numbers
    )
    row = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE symbol IS NULL OR date IS NULL), {bad} FROM stage"
    ).fetchone()
    counts = [int(value) for value in row] if row else [0]
    for name, count in zip(("symbol or date", *numbers), counts[1:], strict=True):
        if count:
            raise DataImportError(f"{count:,} bars to store have no usable {name}.")
    distinct = _count(connection, "SELECT count(*) FROM (SELECT DISTINCT symbol, date FROM stage)")
    if distinct != counts[0]:
        raise DataImportError(
            f"{counts[0] - distinct:,} bars to store repeat a symbol and date of another."
        )
    return counts[0]


def _find_changes(connection: DuckDBPyConnection, table: _Table, batch: ImportBatch) -> _Changes:
    connection.execute("DROP TABLE IF EXISTS changes")
    known = _count(
        connection,
        f"SELECT count(*) FROM (SELECT 1 FROM {table.name} AS bars "
        "WHERE symbol IN (SELECT DISTINCT symbol FROM stage) LIMIT 1)",
    )
    fixed = table.name == "market_data" and _count(
        connection,
        "SELECT count(*) FROM data_fixes WHERE undone_at IS NULL "
        "AND symbol IN (SELECT DISTINCT symbol FROM stage)",
    )
    if not known and not fixed:
        return _Changes(_count(connection, "SELECT count(*) FROM stage"), 0, fresh=True)
    connection.execute(
        f"""
        CREATE TEMP TABLE changes AS
        SELECT stage.*, bars.symbol IS NOT NULL AS known
        FROM stage
        LEFT JOIN {table.name} AS bars ON {table.match}
        LEFT JOIN import_batches AS batches ON batches.id = bars.batch_id
        WHERE bars.symbol IS NULL
           OR bars.open_price <> stage.open OR bars.high_price <> stage.high
           OR bars.low_price <> stage.low OR bars.close_price <> stage.close
           OR bars.volume <> stage.volume OR bars.data_source <> $source
           OR batches.adjustment IS DISTINCT FROM $adjustment
           OR batches.synthetic IS DISTINCT FROM $synthetic
        """,
        table.bind(
            batch.interval,
            source=batch.source,
            adjustment=batch.adjustment,
            synthetic=batch.synthetic,
        ),
    )
    if fixed:
        _leave_fixed(connection, batch)
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE NOT known), count(*) FILTER (WHERE known) FROM changes"
    ).fetchone()
    inserted, updated = (int(row[0]), int(row[1])) if row else (0, 0)
    return _Changes(inserted, updated, fresh=False)


def _leave_fixed(connection: DuckDBPyConnection, batch: ImportBatch) -> None:
    """Take out of ``changes`` what a fix replaced and still has as it left it.

    Another value for such a bar is news, and stays among the changes.
    """
    prices = ("open", "high", "low", "close")
    said = " AND ".join(f"was.{name}_price = changes.{name}" for name in prices)
    same = " AND ".join(f"bars.{name}_price = made.{name}_price" for name in prices)
    connection.execute(
        f"""
        DELETE FROM changes WHERE (symbol, date) IN (
            WITH live AS (
                SELECT bars.* FROM data_fix_bars AS bars
                JOIN data_fixes AS fixes ON fixes.id = bars.fix_id AND fixes.undone_at IS NULL
            )
            SELECT (was.symbol, was.date)
            FROM live AS was
            JOIN changes ON changes.symbol = was.symbol AND changes.date = was.date
            LEFT JOIN import_batches AS batches ON batches.id = was.batch_id
            WHERE was.change = 'before' AND {said} AND was.volume = changes.volume
              AND was.data_source = $source
              AND batches.adjustment IS NOT DISTINCT FROM $adjustment
              AND (NOT changes.known OR (was.symbol, was.date) IN (
                SELECT (made.symbol, made.date) FROM live AS made
                JOIN market_data AS bars
                  ON bars.symbol = made.symbol AND bars.date = made.date
                WHERE made.change = 'after' AND {same} AND bars.volume = made.volume
                  AND bars.batch_id = made.batch_id
              ))
        )
        """,
        {"source": batch.source, "adjustment": batch.adjustment},
    )


def _keep_replaced(connection: DuckDBPyConnection, table: _Table, batch: ImportBatch) -> None:
    """Keep what the stage is about to replace, by whom and when: nothing is lost."""
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute(
        f"""
        INSERT INTO bar_revisions BY NAME
        SELECT bars.symbol, $interval AS "interval", bars.date::TIMESTAMP AS date,
               open_price, high_price, low_price, close_price, bars.volume, data_source,
               created_at, batch_id, $now AS replaced_at, $batch AS replaced_by
        FROM {table.name} AS bars JOIN changes AS stage ON stage.known AND {table.match}
        ORDER BY bars.symbol, bars.date
        """,
        {"interval": batch.interval, "now": now, "batch": batch.id},
    )


def _update(connection: DuckDBPyConnection, table: _Table, batch: ImportBatch) -> None:
    connection.execute(
        f"""
        UPDATE {table.name} AS bars
        SET open_price = stage.open, high_price = stage.high, low_price = stage.low,
            close_price = stage.close, volume = stage.volume,
            data_source = $source, batch_id = $batch
        FROM changes AS stage
        WHERE stage.known AND {table.match}
        """,
        table.bind(batch.interval, source=batch.source, batch=batch.id),
    )


def _rewrite(connection: DuckDBPyConnection, table: _Table, batch: ImportBatch) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    bars_interval = f"bars.{table.interval_column}" if table.interval_column else ""
    new_interval = "$interval AS " + table.interval_column if table.interval_column else ""
    rows = f"""
        SELECT bars.symbol, {bars_interval}bars.date,
               coalesce(stage.open, bars.open_price) AS open_price,
               coalesce(stage.high, bars.high_price) AS high_price,
               coalesce(stage.low, bars.low_price) AS low_price,
               coalesce(stage.close, bars.close_price) AS close_price,
               coalesce(stage.volume::BIGINT, bars.volume) AS volume,
               CASE WHEN stage.known THEN $source ELSE bars.data_source END AS data_source,
               bars.created_at,
               CASE WHEN stage.known THEN $batch ELSE bars.batch_id END AS batch_id
        FROM {table.name} AS bars LEFT JOIN changes AS stage ON stage.known AND {table.match}
        UNION ALL BY NAME
        SELECT symbol, {new_interval}date, open AS open_price, high AS high_price,
               low AS low_price, close AS close_price, volume::BIGINT AS volume,
               $source AS data_source,
               $now AS created_at, $batch AS batch_id
        FROM changes WHERE NOT known
    """
    values = table.bind(batch.interval, source=batch.source, batch=batch.id, now=now)
    _replace_rows(connection, table.name, rows, values)


def _insert(
    connection: DuckDBPyConnection, table: _Table, batch: ImportBatch, *, fresh: bool
) -> None:
    origin = "stage" if fresh else "changes WHERE NOT known"
    interval = "$interval, " if table.interval_column else ""
    now = datetime.now(UTC).replace(tzinfo=None)
    added = connection.execute(
        f"""
        INSERT INTO {table.name} (symbol, {table.interval_column}date, open_price, high_price,
            low_price, close_price, volume, data_source, created_at, batch_id)
        SELECT symbol, {interval}date, open, high, low, close, volume, $source, $now, $batch
        FROM {origin} ORDER BY symbol, date
        """,
        table.bind(batch.interval, source=batch.source, now=now, batch=batch.id),
    ).fetchone()
    if not fresh and added:
        connection.execute("INSERT INTO sort_debt VALUES (?, ?)", [table.name, int(added[0])])


def _record_batch(
    connection: DuckDBPyConnection, batch: ImportBatch, total: int, changes: _Changes
) -> None:
    known = connection.execute(
        "UPDATE import_batches SET rows = rows + ?, inserted = inserted + ?, "
        "updated = updated + ? WHERE id = ?",
        [total, changes.inserted, changes.updated, batch.id],
    ).fetchone()
    if known and known[0]:
        # One batch may come in several stages.
        return
    connection.execute(
        "INSERT INTO import_batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            batch.id,
            batch.source,
            batch.origin,
            batch.fetched_at.astimezone(UTC).replace(tzinfo=None),
            batch.adjustment,
            batch.content_hash,
            batch.interval,
            batch.synthetic,
            total,
            changes.inserted,
            changes.updated,
        ],
    )


def _count(connection: DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
