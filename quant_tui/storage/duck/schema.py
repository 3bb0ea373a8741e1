"""Tables and indexes of the DuckDB file, and the migrations that make them.

``market_data`` and ``technical_indicators`` have the fields of the data model. ``id`` is
computed from the key (a generated column): it costs neither space nor time. ``volume`` is
a whole number, as the data model has it; a file's fractions are rounded, and said to be.

Measured on two cores, DuckDB 2.0, 5 million rows (2,000 symbols x 2,500 sessions):

====================================  =========  ============  ==================
                                      no index   unique only   all of the model
====================================  =========  ============  ==================
bulk insert of 5 million              2.1 s      4.5 s         6.8 s
file                                  153 MB     195 MB        366 MB
one symbol, 1,400 bars                2 ms       2 ms          2 ms
three symbols, 7,500 bars             4 ms       4 ms          4 ms
all symbols on one date               24 ms      20 ms         20 ms
====================================  =========  ============  ==================

So ``idx_market_data_symbol_date`` and ``idx_market_data_date`` cost half of the load time
and of the file, and no read is faster with them: reads live on the rows being kept in
order of symbol and date. The data model lists them, so they are made by default;
``DuckStore(extra_indexes=False)`` (a setting) leaves them out and drops them if present.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Index:
    """One index.

    Attributes
    ----------
    name, table
        Names as the data model has them.
    columns
        As in ``CREATE INDEX``; DuckDB accepts DESC and stores none.
    unique
        Whether it also guards against a second row of the same key.
    optional
        Whether a setting may leave it out, because it costs and gives nothing.
    """

    name: str
    table: str
    columns: str
    unique: bool = False
    optional: bool = False

    @property
    def create(self) -> str:
        """The statement that makes it."""
        kind = "UNIQUE INDEX" if self.unique else "INDEX"
        return f"CREATE {kind} IF NOT EXISTS {self.name} ON {self.table} ({self.columns})"


INDEXES: tuple[Index, ...] = (
    Index("idx_market_data_pk", "market_data", "symbol, date", unique=True),
    Index("idx_market_data_symbol_date", "market_data", "symbol, date DESC", optional=True),
    Index("idx_market_data_date", "market_data", "date", optional=True),
    Index("idx_tech_indicators", "technical_indicators", "symbol, indicator_type, date DESC"),
    Index("idx_intraday_data_pk", "intraday_data", "symbol, interval, date", unique=True),
)

BAR_COLUMNS = """
    open_price DOUBLE NOT NULL,
    high_price DOUBLE NOT NULL,
    low_price DOUBLE NOT NULL,
    close_price DOUBLE NOT NULL,
    volume BIGINT NOT NULL,
    data_source VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    batch_id VARCHAR NOT NULL
"""

TABLES: dict[str, str] = {
    "market_data": f"""
        id VARCHAR GENERATED ALWAYS AS (symbol || ':' || date::VARCHAR) VIRTUAL,
        symbol VARCHAR NOT NULL,
        date DATE NOT NULL,
        {BAR_COLUMNS}
    """,
    "intraday_data": f"""
        id VARCHAR GENERATED ALWAYS AS
            (symbol || ':' || "interval" || ':' || date::VARCHAR) VIRTUAL,
        symbol VARCHAR NOT NULL,
        "interval" VARCHAR NOT NULL,
        date TIMESTAMP NOT NULL,
        {BAR_COLUMNS}
    """,
    "technical_indicators": """
        id VARCHAR GENERATED ALWAYS AS
            (symbol || ':' || indicator_type || ':' || date::VARCHAR) VIRTUAL,
        symbol VARCHAR NOT NULL,
        indicator_type VARCHAR NOT NULL,
        date TIMESTAMP NOT NULL,
        "values" JSON NOT NULL,
        created_at TIMESTAMP NOT NULL
    """,
    "import_batches": """
        id VARCHAR NOT NULL,
        source VARCHAR NOT NULL,
        origin VARCHAR NOT NULL,
        fetched_at TIMESTAMP NOT NULL,
        adjustment VARCHAR NOT NULL,
        content_hash VARCHAR NOT NULL,
        "interval" VARCHAR NOT NULL,
        synthetic BOOLEAN NOT NULL,
        rows BIGINT NOT NULL,
        inserted BIGINT NOT NULL,
        updated BIGINT NOT NULL
    """,
    "symbol_summaries": """
        symbol VARCHAR NOT NULL,
        "interval" VARCHAR NOT NULL,
        intraday BOOLEAN NOT NULL,
        first_date TIMESTAMP NOT NULL,
        last_date TIMESTAMP NOT NULL,
        rows BIGINT NOT NULL,
        source VARCHAR NOT NULL,
        adjustment VARCHAR NOT NULL,
        synthetic BOOLEAN NOT NULL
    """,
    "corporate_actions": """
        symbol VARCHAR NOT NULL,
        date DATE NOT NULL,
        split_ratio DOUBLE NOT NULL,
        dividend DOUBLE NOT NULL,
        source VARCHAR NOT NULL,
        created_at TIMESTAMP NOT NULL,
        PRIMARY KEY (symbol, date)
    """,
    "sort_debt": """
        table_name VARCHAR NOT NULL,
        rows BIGINT NOT NULL
    """,
}

WORKSPACE_TABLES: dict[str, str] = {
    "bar_revisions": f"""
        symbol VARCHAR NOT NULL,
        "interval" VARCHAR NOT NULL,
        date TIMESTAMP NOT NULL,
        {BAR_COLUMNS},
        replaced_at TIMESTAMP NOT NULL,
        replaced_by VARCHAR NOT NULL
    """,
    "data_fixes": """
        id VARCHAR NOT NULL,
        made_at TIMESTAMP NOT NULL,
        made_by VARCHAR NOT NULL,
        symbol VARCHAR NOT NULL,
        "check" VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        first_date DATE NOT NULL,
        last_date DATE NOT NULL,
        bars BIGINT NOT NULL,
        detail VARCHAR NOT NULL,
        reason VARCHAR NOT NULL,
        undone_at TIMESTAMP,
        undone_by VARCHAR
    """,
    "data_fix_bars": f"""
        fix_id VARCHAR NOT NULL,
        change VARCHAR NOT NULL,
        symbol VARCHAR NOT NULL,
        date DATE NOT NULL,
        {BAR_COLUMNS}
    """,
    "data_fix_dates": """
        fix_id VARCHAR NOT NULL,
        symbol VARCHAR NOT NULL,
        "check" VARCHAR NOT NULL,
        date DATE NOT NULL
    """,
    "watched_files": """
        folder VARCHAR NOT NULL,
        path VARCHAR NOT NULL,
        size BIGINT NOT NULL,
        modified_ns BIGINT NOT NULL,
        problem VARCHAR NOT NULL,
        seen_at TIMESTAMP NOT NULL
    """,
    "symbol_calendars": """
        symbol VARCHAR NOT NULL PRIMARY KEY,
        calendar VARCHAR NOT NULL,
        origin VARCHAR NOT NULL,
        decided_at TIMESTAMP NOT NULL
    """,
    "fetch_coverage": """
        provider VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        "interval" VARCHAR NOT NULL,
        start_date DATE,
        end_date DATE,
        asked_date DATE,
        fetched_at TIMESTAMP NOT NULL,
        adjusted BOOLEAN NOT NULL,
        limited BOOLEAN NOT NULL,
        PRIMARY KEY (provider, kind, name, "interval")
    """,
    "raw_prices": """
        symbol VARCHAR NOT NULL,
        source VARCHAR NOT NULL,
        date DATE NOT NULL,
        open DOUBLE NOT NULL,
        high DOUBLE NOT NULL,
        low DOUBLE NOT NULL,
        close DOUBLE NOT NULL,
        volume BIGINT NOT NULL,
        factor DOUBLE NOT NULL,
        batch_id VARCHAR NOT NULL
    """,
    "revisions": """
        kind VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        "interval" VARCHAR NOT NULL,
        date TIMESTAMP NOT NULL,
        field VARCHAR NOT NULL,
        old_value DOUBLE NOT NULL,
        new_value DOUBLE NOT NULL,
        source VARCHAR NOT NULL,
        seen_at TIMESTAMP NOT NULL
    """,
    "indicator_series": """
        symbol VARCHAR NOT NULL,
        indicator_type VARCHAR NOT NULL,
        period VARCHAR NOT NULL,
        expression VARCHAR NOT NULL,
        bars_hash VARCHAR NOT NULL,
        used_at TIMESTAMP NOT NULL
    """,
}
"""Tables that came with the trader's workspace."""

ML_TABLES: dict[str, str] = {
    "feature_values": """
        definition VARCHAR NOT NULL,
        symbol VARCHAR NOT NULL,
        "interval" VARCHAR NOT NULL,
        data_hash VARCHAR NOT NULL,
        "values" BLOB NOT NULL,
        stored_at TIMESTAMP NOT NULL
    """,
}
"""Tables that came with the ML platform."""

LEDGER = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version INTEGER NOT NULL, name VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL
    )
"""


def _make_tables(connection: DuckDBPyConnection) -> None:
    for name, columns in TABLES.items():
        connection.execute(f"CREATE TABLE {name} ({columns})")
    for index in INDEXES:
        if not index.optional:
            connection.execute(index.create)


def _add_workspace_tables(connection: DuckDBPyConnection) -> None:
    for name, columns in WORKSPACE_TABLES.items():
        connection.execute(f"CREATE TABLE {name} ({columns})")


def _add_ml_tables(connection: DuckDBPyConnection) -> None:
    for name, columns in ML_TABLES.items():
        connection.execute(f"CREATE TABLE {name} ({columns})")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; applied once, in its own order."""

    version: int
    name: str
    apply: Callable[[DuckDBPyConnection], None]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "bars, indicators, provenance", _make_tables),
    Migration(2, "the trader's workspace", _add_workspace_tables),
    Migration(3, "the ML platform", _add_ml_tables),
)


def pending(connection: DuckDBPyConnection, database: Path) -> tuple[Migration, ...]:
    """Return the migrations that the file still needs; writes nothing.

    Raises
    ------
    StoreUnavailable
        When a newer version of this program has migrated the file.
    """
    ledger = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE table_name = 'schema_migrations'"
    ).fetchone()
    if ledger is None:
        return MIGRATIONS
    applied = {
        int(version)
        for (version,) in connection.execute("SELECT version FROM schema_migrations").fetchall()
    }
    newest = MIGRATIONS[-1].version
    if applied and max(applied) > newest:
        raise StoreUnavailable(
            f"{database} has schema version {max(applied)}; this program knows up to {newest}.",
            hint="Update quant-tui, or use another data folder.",
        )
    return tuple(step for step in MIGRATIONS if step.version not in applied)


def apply_pending(connection: DuckDBPyConnection, database: Path) -> list[str]:
    """Apply what is pending inside the caller's transaction; return the names applied."""
    steps = pending(connection, database)
    if steps:
        connection.execute(LEDGER)
    for step in steps:
        step.apply(connection)
        connection.execute(
            "INSERT INTO schema_migrations VALUES (?, ?, ?)",
            [step.version, step.name, datetime.now(UTC).replace(tzinfo=None)],
        )
    return [step.name for step in steps]


def optional_index_changes(connection: DuckDBPyConnection, *, wanted: bool) -> list[str]:
    """Return the statements that make the optional indexes present, or absent."""
    present = {
        name for (name,) in connection.execute("SELECT index_name FROM duckdb_indexes()").fetchall()
    }
    optional = [index for index in INDEXES if index.optional]
    if wanted:
        return [index.create for index in optional if index.name not in present]
    return [f"DROP INDEX {index.name}" for index in optional if index.name in present]
