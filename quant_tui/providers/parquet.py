"""Reading a Parquet file of bars, batch by batch; rows are counted from 1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import DataImportError
from quant_tui.providers.columns import listed, missing, recognise
from quant_tui.providers.delimited import Rows
from quant_tui.providers.options import ReadOptions
from quant_tui.providers.problems import file_error
from quant_tui.providers.text import open_error, open_file

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

MAGIC = b"PAR1"
BATCH_ROWS = 131_072


def is_parquet(path: Path) -> bool:
    """Whether the file begins as Parquet files do.

    Raises
    ------
    DataImportError
        When it cannot be opened.
    """
    with open_file(path) as file:
        try:
            start = file.read(4)
        except OSError as error:
            raise open_error(path, error) from error
    return start == MAGIC or (path.suffix.lower() in (".parquet", ".pq") and start != b"")


def open_parquet(path: Path) -> ParquetFile:
    """Open a file.

    Raises
    ------
    DataImportError
        When it is cut off or damaged.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        with path.open("rb") as file:
            whole = file.read(4) == MAGIC
        if whole:
            raise _cut_off(path, error) from error
        raise file_error(path, "is not a Parquet file", "Give a CSV or a Parquet file.") from error


def find_columns(path: Path, file: ParquetFile, options: ReadOptions) -> dict[str, int]:
    """Find our columns among the file's; raises when needed ones are missing."""
    names = file.schema_arrow.names
    places = recognise(names, options.mapping)
    lacking = missing(places)
    if lacking:
        raise file_error(
            path,
            f"no column found for {', '.join(lacking)}",
            f"The columns are {listed(names)}; say which is which.",
        )
    import pyarrow as pa

    for name in (names[place] for place in places.values()):
        kind = file.schema_arrow.field(name).type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_boolean(kind):
            raise file_error(
                path,
                f"holds values of type {str(kind)[:60]}",
                "Write dates, numbers and texts as such.",
                column=name,
            )
    return places


def read_batches(
    path: Path, file: ParquetFile, places: dict[str, int], cancel: CancelCheck | None
) -> Iterator[Rows]:
    """Yield the rows with the columns at ``places``.

    Raises
    ------
    DataImportError
        When the file is damaged.
    Cancelled
        When ``cancel`` says so.
    """
    import pyarrow as pa

    names = file.schema_arrow.names
    wanted = sorted(set(places.values()))
    total = max(1, file.metadata.num_rows)
    done = 0
    try:
        for batch in file.iter_batches(BATCH_ROWS, columns=[names[place] for place in wanted]):
            raise_if_cancelled(cancel)
            columns = {place: _plain(batch.column(names[place])) for place in wanted}
            lines = np.arange(done + 1, done + len(batch) + 1, dtype=np.int64)
            done += len(batch)
            yield Rows(columns, lines, done / total)
    except (pa.ArrowException, OSError) as error:
        raise _cut_off(path, error) from error


@contextmanager
def plain_values(path: Path) -> Iterator[None]:
    """Name the file when its values cannot be taken as dates, numbers or texts.

    Raises
    ------
    DataImportError
        In place of what Arrow raises.
    """
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0].rstrip(". ")[:200]
        raise file_error(
            path,
            f"has values that cannot be read ({reason})",
            "Write dates, numbers and texts as such.",
        ) from error


def hash_file(path: Path, cancel: CancelCheck | None) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(8 << 20):
            raise_if_cancelled(cancel)
            digest.update(chunk)
    return digest.hexdigest()


def _plain(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _cut_off(path: Path, error: Exception) -> DataImportError:
    reason = str(error).splitlines()[0].rstrip(". ") if str(error) else "no reason given"
    return file_error(
        path, f"is cut off or damaged Parquet ({reason})", "Get the whole file again."
    )
