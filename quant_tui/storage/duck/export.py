"""Bars out of the store, as Parquet or CSV."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import InvalidInput
from quant_tui.storage.duck.records import is_intraday

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMATS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER true"}


def write_bars(
    connection: DuckDBPyConnection,
    target: Path,
    file_format: str,
    *,
    by_year: bool,
    symbols: Sequence[str] | None,
    interval: str,
) -> int:
    """Write bars to ``target``; see :meth:`BarRepository.export`.

    They are written beside it first and put in its place when complete.
    """
    if file_format not in FORMATS:
        raise InvalidInput(
            f"{file_format!r} is not a format to export.",
            field="format",
            hint=f"Choose one of {', '.join(FORMATS)}.",
        )
    if target.is_dir() or (by_year and target.exists()):
        raise InvalidInput(
            f"{target} exists already.", field="target", hint="Choose a new name, or remove it."
        )
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = _copy(connection, draft, FORMATS[file_format], by_year, symbols, interval)
        if draft.exists():
            draft.replace(target)
    except OSError as error:
        raise InvalidInput(
            f"{target} cannot be written ({error.strerror}).", field="target"
        ) from error
    finally:
        _remove(draft)
    return rows


def _copy(
    connection: DuckDBPyConnection,
    draft: Path,
    options: str,
    by_year: bool,
    symbols: Sequence[str] | None,
    interval: str,
) -> int:
    intraday = is_intraday(interval)
    table = "intraday_data" if intraday else "market_data"
    conditions: list[str] = []
    values: list[object] = []
    if intraday:
        conditions.append('"interval" = ?')
        values.append(interval)
    if symbols is not None:
        conditions.append("symbol IN (SELECT unnest(?::VARCHAR[]))")
        values.append(list(symbols))
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    year = ", year(date) AS year" if by_year else ""
    partition = ", PARTITION_BY (year)" if by_year else ""
    escaped = str(draft).replace("'", "''")
    row = connection.execute(
        f"""
        COPY (
            SELECT symbol, date, open_price AS open, high_price AS high, low_price AS low,
                   close_price AS close, volume, data_source AS source{year}
            FROM {table} {where} ORDER BY symbol, date
        ) TO '{escaped}' ({options}{partition})
        """,
        values,
    ).fetchone()
    return int(row[0]) if row else 0


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft)
    else:
        draft.unlink(missing_ok=True)
