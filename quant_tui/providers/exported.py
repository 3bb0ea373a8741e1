"""Bars that this program exported as Parquet, with where each of them came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import DataImportError
from quant_tui.providers.parquet import open_parquet
from quant_tui.providers.problems import file_error

if TYPE_CHECKING:
    import pyarrow as pa

METADATA_KEY = b"quant_tui.batches"
"""Key of a Parquet file's metadata under which an export says where its bars came from."""

STAGED = ["symbol", "date", "open", "high", "low", "close", "volume"]


@dataclass(frozen=True, slots=True)
class ExportedBatch:
    """Where a part of the bars came from; fields as import batches have them."""

    id: str
    source: str
    origin: str
    adjustment: str
    content_hash: str
    interval: str
    synthetic: bool
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Export:
    """An export: one file, or a folder with one part a year.

    Attributes
    ----------
    path
        The file or folder.
    files
        Its Parquet files.
    batches
        Where its bars came from.
    rows
        Bars in all files.
    """

    path: Path
    files: tuple[Path, ...]
    batches: tuple[ExportedBatch, ...]
    rows: int

    def bars(self, batch: ExportedBatch) -> pa.Table:
        """Return the bars of one batch, with the columns of a stage.

        Raises
        ------
        DataImportError
            When a file is damaged.
        """
        import pyarrow as pa
        from pyarrow import compute, dataset

        try:
            held = dataset.dataset([str(one) for one in self.files], format="parquet")
            wanted = compute.field("batch") == batch.id
            return held.to_table(columns=STAGED, filter=wanted)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0].rstrip(". ")[:200]
            raise file_error(
                self.path, f"is damaged ({reason})", "Export the bars again."
            ) from error

    def span(self, table: pa.Table) -> tuple[date, date]:
        """Return the first and the last date of some of its bars."""
        from pyarrow import compute

        found = compute.min_max(table.column("date")).as_py()
        return _day(found["min"]), _day(found["max"])


def read_export(path: Path) -> Export | None:
    """Return the export at a path; None when there is something else.

    Parameters
    ----------
    path
        A Parquet file, or a folder of them.

    Raises
    ------
    DataImportError
        When one of its files is cut off, or its metadata are damaged.
    """
    files = tuple(sorted(_parquet_files(path)))
    if not files:
        return None
    batches: dict[str, ExportedBatch] = {}
    rows = 0
    for file in files:
        opened = open_parquet(file)
        with opened:
            metadata = opened.schema_arrow.metadata or {}
            if METADATA_KEY not in metadata or "batch" not in opened.schema_arrow.names:
                return None
            rows += opened.metadata.num_rows
            for batch in _batches(file, metadata[METADATA_KEY]):
                batches[batch.id] = batch
    return Export(path, files, tuple(batches.values()), rows)


def _parquet_files(path: Path) -> Iterator[Path]:
    if path.is_file():
        if path.suffix.lower() == ".parquet":
            yield path
    elif path.is_dir():
        yield from (one for one in path.rglob("*.parquet") if not one.name.startswith("."))


def _batches(file: Path, text: bytes) -> list[ExportedBatch]:
    try:
        held: list[Document] = json.loads(text)
        return [
            ExportedBatch(**{**one, "fetched_at": datetime.fromisoformat(one["fetched_at"])})
            for one in held
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise DataImportError(
            f"{file} does not say where its bars came from as an export does ({error}).",
            hint="Export the bars again, or name --source to import it as a plain file.",
        ) from error


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
