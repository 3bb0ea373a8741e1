"""Reading the rows of a text file, block by block, each row with its line number.

Arrow parses whole blocks. A block in which rows and lines do not agree is looked at line
by line, to name the lines that are wrong.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.providers.layout import Layout, cells_of
from quant_tui.providers.problems import ProblemLog
from quant_tui.providers.text import Block, TextFile

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one block: the needed columns by place, and the line of each row."""

    columns: dict[int, pa.Array]
    lines: NDArray[np.int64]
    fraction: float


def read_rows(
    blocks: Iterator[Block], layout: Layout, log: ProblemLog, *, places: set[int] | None = None
) -> Iterator[Rows]:
    """Yield the rows of blocks; lines with another number of columns go to ``log``.

    Parameters
    ----------
    blocks
        As :meth:`TextFile.blocks` gives them.
    layout
        Of the file.
    log
        Told of malformed lines.
    places
        Columns to read; None for all that the layout names.
    """
    wanted = places or {place for group in layout.groups for place in group.places.values()}
    above = b""
    for block in blocks:
        trimmed = _below_header(block, layout.last_header_line)
        if trimmed.data.strip():
            rows = _parse(trimmed, layout, sorted(wanted), log)
            if trimmed.last and not trimmed.data.endswith(b"\n") and len(rows.lines):
                _check_last(trimmed, above, layout, log)
            yield rows
            log.raise_if_fatal(at_once=True)
            above = trimmed.data.rstrip().rpartition(b"\n")[2]


def date_cells(path: Path, encoding: str, layout: Layout) -> Iterator[list[str]]:
    """Yield the distinct dates of a file, block by block."""
    place = layout.groups[0].places["date"]
    quiet = ProblemLog(path, 1)
    with TextFile(path, encoding) as file:
        for rows in read_rows(file.blocks(), layout, quiet, places={place}):
            yield rows.columns[place].unique().to_pylist()


def _below_header(block: Block, last_header_line: int) -> Block:
    data, line = block.data, block.first_line
    while line <= last_header_line and data:
        cut = data.find(b"\n") + 1
        data = data[cut:] if cut else b""
        line += 1
    return Block(data, line, block.fraction, block.last)


def _parse(block: Block, layout: Layout, wanted: list[int], log: ProblemLog) -> Rows:
    import pyarrow as pa
    from pyarrow import csv

    width = len(layout.columns)
    malformed = 0

    def skip(_row: csv.InvalidRow) -> str:
        nonlocal malformed
        malformed += 1
        return "skip"

    names = [f"c{place}" for place in range(width)]
    try:
        table = csv.read_csv(
            io.BytesIO(block.data),
            read_options=csv.ReadOptions(
                column_names=names, block_size=len(block.data) + 16, use_threads=True
            ),
            parse_options=csv.ParseOptions(
                delimiter=layout.delimiter, invalid_row_handler=skip, newlines_in_values=False
            ),
            convert_options=csv.ConvertOptions(
                check_utf8=False,
                include_columns=[names[place] for place in wanted],
                column_types={names[place]: pa.string() for place in wanted},
                strings_can_be_null=False,
            ),
        ).combine_chunks()
    except pa.ArrowInvalid:
        table = None
    count = 0 if table is None else len(table)
    lines = block.data.count(b"\n") + (not block.data.endswith(b"\n"))
    if table is not None and not malformed and count == lines:
        numbers = np.arange(block.first_line, block.first_line + count, dtype=np.int64)
    else:
        numbers = _examine(block, layout, log)
        if len(numbers) != count:
            # Only after a problem has been named: what Arrow made of the block is of no use.
            if not log.fatal_count:
                log.fatal(block.first_line, "", "and the lines below it cannot be told apart")
            numbers, table = np.empty(0, dtype=np.int64), None
    if table is None:
        return Rows({place: pa.array([], pa.string()) for place in wanted}, numbers[:0], 0.0)
    columns = {place: _flat(table.column(names[place])) for place in wanted}
    return Rows(columns, numbers, block.fraction)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _examine(block: Block, layout: Layout, log: ProblemLog) -> NDArray[np.int64]:
    """Name the malformed lines of a block; return the numbers of the good ones."""
    width = len(layout.columns)
    mark = layout.delimiter.encode()
    good: list[int] = []
    lines = block.data.split(b"\n")
    for place, line in enumerate(lines):
        bare = line.rstrip(b"\r")
        if not bare.strip():
            continue
        number = block.first_line + place
        if bare.count(b'"') % 2:
            log.fatal(number, "", "has a quote that is not closed")
            continue
        found = (
            len(cells_of(bare.decode(), layout.delimiter)) if b'"' in bare else bare.count(mark) + 1
        )
        if found == width:
            good.append(number)
        elif block.last and place == len(lines) - 1 and found < width:
            log.fatal(
                number,
                "",
                f"is cut off after {found} of {width} columns: the file ends in the middle",
            )
        else:
            log.fatal(number, "", f"has {found} columns, the header has {width}")
    return np.array(good, dtype=np.int64)


def _check_last(block: Block, above: bytes, layout: Layout, log: ProblemLog) -> None:
    """Look at a last line without a line end, as a cut file has it.

    ``above`` is the line before the block.
    """
    before, _, last = block.data.rpartition(b"\n")
    number = block.first_line + block.data.count(b"\n")
    upper = before.rstrip().rpartition(b"\n")[2] or above
    cells = cells_of(last.decode(), layout.delimiter)
    neighbours = cells_of(upper.decode(), layout.delimiter)
    if len(cells) != len(layout.columns):
        return
    if not cells[-1].strip() and neighbours and neighbours[-1].strip():
        log.fatal(
            number,
            layout.columns[-1],
            "is empty in the last line, which has no line end: the file ends in the middle",
        )
    else:
        log.note(
            number,
            "",
            "is the last and has no line end; if the file was cut there, its last value is short",
        )
