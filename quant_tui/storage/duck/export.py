"""Bars out of the store, as Parquet or CSV.

Parquet carries where its bars came from: the batches of :data:`PROVENANCE_KEY` in the
file's metadata, and each row's batch in the column ``batch``. So an export that is imported
again gives the same rows, of the same sources.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import FileExists, InvalidInput
from quant_tui.storage.duck.records import is_intraday

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMATS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER true"}
PROVENANCE_KEY = "quant_tui.batches"
"""Key of a Parquet file's metadata; ``providers.exported`` reads it back."""
PARTITIONS = ("", "year")
BATCH_FIELDS = (
    "id", "source", "origin", "adjustment", "content_hash", "interval", "synthetic", "fetched_at",
)  # fmt: skip
"""What the metadata say of each batch, in JSON."""


@dataclass(frozen=True, slots=True)
class ExportSelection:
    """Which bars to write.

    Attributes
    ----------
    symbols
        None for all.
    start, end
        First and last day, both included; None for no bound.
    interval
        Sessions (``1d``, ``1wk`` and ``1mo`` are one table), or intraday bars of this
        interval.
    """

    symbols: Sequence[str] | None = None
    start: date | None = None
    end: date | None = None
    interval: str = "1d"

    @property
    def table(self) -> str:
        """The table that they are in."""
        return "intraday_data" if is_intraday(self.interval) else "market_data"

    @property
    def condition(self) -> tuple[str, list[object]]:
        """The WHERE clause, and the values of its placeholders."""
        parts: list[tuple[str, object]] = []
        if is_intraday(self.interval):
            parts.append(('"interval" = ?', self.interval))
        if self.symbols is not None:
            parts.append(("symbol IN (SELECT unnest(?::VARCHAR[]))", list(self.symbols)))
        if self.start is not None:
            parts.append(("date >= ?", self.start))
        if self.end is not None:
            parts.append(("date < ?::DATE + 1", self.end))
        if not parts:
            return "", []
        return f"WHERE {' AND '.join(text for text, _ in parts)}", [value for _, value in parts]


def write_bars(
    connection: DuckDBPyConnection,
    target: Path,
    file_format: str,
    selection: ExportSelection,
    *,
    by_year: bool,
    overwrite: bool,
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
    refuse_existing(target, overwrite=overwrite, by_year=by_year)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = _copy(connection, draft, file_format, selection, by_year)
        if not rows:
            raise InvalidInput(
                "There are no such bars to export.",
                field="symbols",
                hint="See: quant-tui data list",
            )
        _put_in_place(draft, target)
    except OSError as error:
        raise InvalidInput(
            f"{target} cannot be written ({error.strerror}).", field="out"
        ) from error
    finally:
        _remove(draft)
    return rows


def refuse_existing(target: Path, *, overwrite: bool, by_year: bool) -> None:
    """Refuse what is there already.

    Raises
    ------
    FileExists
        There is an export, and it may not be overwritten.
    InvalidInput
        What is there was made by no export of this kind, so that none may take its place.
    """
    if not target.exists():
        return
    strange = target.is_dir() and any(
        not child.name.startswith("year=") for child in target.iterdir()
    )
    if strange or target.is_dir() != by_year or not (target.is_dir() or target.is_file()):
        raise InvalidInput(
            f"{target} is not an export of this kind, so it is not overwritten.",
            field="out",
            hint="Choose a new name.",
        )
    if not overwrite:
        raise FileExists(target)


def _copy(
    connection: DuckDBPyConnection,
    draft: Path,
    file_format: str,
    selection: ExportSelection,
    by_year: bool,
) -> int:
    where, values = selection.condition
    options = [FORMATS[file_format]]
    extra = ""
    if file_format == "parquet":
        provenance = _provenance(connection, selection).replace("'", "''")
        options.append(f"KV_METADATA {{'{PROVENANCE_KEY}': '{provenance}'}}")
        extra = ", batch_id AS batch"
    if by_year:
        options.append("PARTITION_BY (year)")
        extra += ", year(date) AS year"
    escaped = str(draft).replace("'", "''")
    row = connection.execute(
        f"""
        COPY (
            SELECT symbol, date, open_price AS open, high_price AS high, low_price AS low,
                   close_price AS close, volume, data_source AS source{extra}
            FROM {selection.table} {where} ORDER BY symbol, date
        ) TO '{escaped}' ({", ".join(options)})
        """,
        values,
    ).fetchone()
    return int(row[0]) if row else 0


def _provenance(connection: DuckDBPyConnection, selection: ExportSelection) -> str:
    where, values = selection.condition
    rows = connection.execute(
        f"""
        SELECT id, source, origin, adjustment, content_hash, "interval", synthetic, fetched_at
        FROM import_batches
        WHERE id IN (SELECT DISTINCT batch_id FROM {selection.table} {where})
        ORDER BY fetched_at, id
        """,
        values,
    ).fetchall()
    batches = [dict(zip(BATCH_FIELDS, row, strict=True)) for row in rows]
    return json.dumps(batches, ensure_ascii=True, default=_time)


def _time(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return value.replace(tzinfo=UTC).isoformat()


def _put_in_place(draft: Path, target: Path) -> None:
    """Let the draft take the target's place; what was there goes only then."""
    if not target.is_dir():
        draft.replace(target)
        return
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    target.rename(old)
    draft.rename(target)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
