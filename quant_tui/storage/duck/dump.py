"""Whole tables out of the DuckDB file and into another, as ZSTD Parquet.

Rows keep their order, and what is computed from others is computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.cancellation import CancelCheck, interrupted_by
from quant_tui.domain.errors import InvalidInput
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.schema import MIGRATIONS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCHEMA_VERSION = MIGRATIONS[-1].version
"""Layout of the tables that this program writes."""

_LEDGER = "schema_migrations"


@dataclass(frozen=True, slots=True)
class DumpedTable:
    """One table in a file."""

    name: str
    path: Path
    rows: int


def dump_tables(
    store: DuckStore,
    folder: Path,
    *,
    pinned: Callable[[], None],
    progress: Callable[[float], None],
    cancel: CancelCheck | None,
) -> list[DumpedTable]:
    """Write every table to ``folder``, all as they were at one moment.

    Other instances cannot write meanwhile, and this one's writes wait.

    Parameters
    ----------
    pinned
        Called when the moment is fixed, and nobody writes bars.
    progress
        Told the fraction of the rows that is done.

    Raises
    ------
    Cancelled
        When ``cancel`` said so; files may be left in ``folder``.
    """
    with store.read(cancel=cancel) as connection, interrupted_by(cancel, connection.interrupt):
        connection.execute("BEGIN TRANSACTION")
        try:
            sizes = {name: _count(connection, name) for name in _tables(connection)}
            pinned()
            total, done = sum(sizes.values()) or 1, 0
            dumped = []
            for name, rows in sizes.items():
                path = folder / f"{name}.parquet"
                columns = ", ".join(_quoted(one) for one in _columns(connection, name))
                connection.execute(
                    f"COPY (SELECT {columns} FROM {_quoted(name)}) "
                    f"TO {_literal(path)} (FORMAT parquet, COMPRESSION zstd)"
                )
                dumped.append(DumpedTable(name, path, rows))
                done += rows
                progress(done / total)
            return dumped
        finally:
            connection.execute("ROLLBACK")


def load_tables(
    store: DuckStore,
    tables: list[DumpedTable],
    *,
    progress: Callable[[float], None],
    cancel: CancelCheck | None,
) -> None:
    """Fill an empty file with tables that were written by :func:`dump_tables`.

    Raises
    ------
    InvalidInput
        A file is damaged, holds other columns than the table, or another number of rows.
    Cancelled
        When ``cancel`` said so.
    """
    import duckdb

    total, done = sum(one.rows for one in tables) or 1, 0
    with store.write(cancel=cancel) as connection, interrupted_by(cancel, connection.interrupt):
        known = set(_tables(connection))
        for one in tables:
            if one.name not in known:
                raise _refused(one, "this program has no such table", "Update quant-tui.")
            try:
                _load(connection, one)
            except duckdb.InterruptException:
                raise
            except duckdb.Error as error:
                raise _refused(one, str(error).partition("\n")[0]) from error
            done += one.rows
            progress(done / total)


def _load(connection: DuckDBPyConnection, one: DumpedTable) -> None:
    source = f"read_parquet({_literal(one.path)})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    given = [str(row[0]) for row in described]
    foreign = set(given) - set(_columns(connection, one.name))
    if foreign:
        raise _refused(one, f"it has a column {min(foreign)!r}", "Update quant-tui.")
    columns = ", ".join(_quoted(name) for name in given)
    connection.execute(
        f"INSERT INTO {_quoted(one.name)} ({columns}) SELECT {columns} FROM {source}"
    )
    rows = _count(connection, one.name)
    if rows != one.rows:
        raise _refused(one, f"it holds {rows:,} rows and should hold {one.rows:,}")


def _tables(connection: DuckDBPyConnection) -> Iterator[str]:
    found = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary "
        "AND table_name <> ? ORDER BY table_name",
        [_LEDGER],
    ).fetchall()
    return (str(name) for (name,) in found)


def _columns(connection: DuckDBPyConnection, table: str) -> list[str]:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_name = ? AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    ).fetchall()
    return [str(name) for (name,) in found]


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()
    return int(row[0]) if row else 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _refused(one: DumpedTable, why: str, hint: str = "Take another backup.") -> InvalidInput:
    return InvalidInput(
        f"The table {one.name} of the backup cannot be read: {why}.", field="backup", hint=hint
    )
