"""What the import screen shows of a file before it is imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import DataImportError, InvalidInput
from quant_tui.providers import parquet
from quant_tui.providers.builder import BarBuilder, Reading
from quant_tui.providers.columns import missing, recognise
from quant_tui.providers.delimited import Rows, read_rows
from quant_tui.providers.files import SAMPLE_ROWS, FileInspection, feed
from quant_tui.providers.layout import Group, Layout, cells_of, find_layout
from quant_tui.providers.options import ReadOptions
from quant_tui.providers.problems import ProblemLog
from quant_tui.providers.text import EMPTY, TextFile
from quant_tui.providers.understanding import understand

if TYPE_CHECKING:
    import pyarrow as pa


class _Nowhere:
    """Where the rows of an inspection go."""

    def write(self, table: pa.Table) -> None:
        """Drop them."""


def inspect(path: Path, options: ReadOptions) -> FileInspection:
    """Look at the beginning of a file; see :func:`quant_tui.providers.files.inspect_file`."""
    if parquet.is_parquet(path):
        return _inspect_parquet(path, options)
    return _inspect_text(path, options)


def _inspect_text(path: Path, options: ReadOptions) -> FileInspection:
    with TextFile(path, options.encoding) as file:
        first = next(file.blocks(), EMPTY)
        layout = find_layout(path, first.data.decode(), options, strict=False)
        whole = first.last
        lines = first.data.decode().splitlines()
        body = [line for line in lines[layout.last_header_line :] if line.strip()]
        log = ProblemLog(path, options.problem_limit)
        reading: Reading | None = None
        builder: BarBuilder | None = None
        gaps = missing(layout.groups[0].places)
        if not gaps and body:
            for rows in read_rows(iter([first]), layout, log):
                reading, builder = _try(path, layout, rows, file.encoding, options, log)
        per_line = max(1.0, len(first.data) / max(1, len(lines)))
        total = len(body) if whole else int(file.text_size / per_line)
        return FileInspection(
            path=path,
            format="csv",
            compression="gzip" if file.compressed else "",
            encoding=file.encoding,
            delimiter=layout.delimiter,
            decimal=reading.mark if reading else "",
            date_style=reading.style.pattern or reading.style.name if reading else "",
            columns=layout.columns,
            mapping=layout.names,
            missing=gaps,
            sample=tuple(tuple(cells_of(line, layout.delimiter)) for line in body[:SAMPLE_ROWS]),
            symbols=_symbols(builder),
            rows=total * len(layout.groups),
            exact=whole,
            problems=log.problems(),
        )


def _inspect_parquet(path: Path, options: ReadOptions) -> FileInspection:
    with parquet.open_parquet(path) as file:
        columns = tuple(file.schema_arrow.names)
        try:
            places = recognise(columns, options.mapping)
        except InvalidInput:
            if options.mapping:
                raise
            places = {}
        layout = Layout(",", columns, 0, (Group(places),))
        gaps = missing(places)
        log = ProblemLog(path, options.problem_limit)
        builder: BarBuilder | None = None
        sample: tuple[tuple[str, ...], ...] = ()
        everything = {name: place for place, name in enumerate(columns)}
        for rows in parquet.read_batches(path, file, everything, None):
            sample = tuple(
                tuple(str(rows.columns[place][row].as_py()) for place in range(len(columns)))
                for row in range(min(SAMPLE_ROWS, len(rows.lines)))
            )
            if not gaps:
                _, builder = _try(path, layout, rows, "", options, log)
            break
        return FileInspection(
            path=path,
            format="parquet",
            compression="",
            encoding="",
            delimiter="",
            decimal="",
            date_style="",
            columns=columns,
            mapping=layout.names,
            missing=gaps,
            sample=sample,
            symbols=_symbols(builder),
            rows=file.metadata.num_rows,
            exact=True,
            problems=log.problems(),
        )


def _try(
    path: Path, layout: Layout, rows: Rows, encoding: str, options: ReadOptions, log: ProblemLog
) -> tuple[Reading | None, BarBuilder | None]:
    """Check rows as an import would; what cannot be told is a problem, not an error."""
    try:
        # A missing symbol is for the screen to ask.
        reading = understand(path, layout, rows, encoding, options, need_symbol=False)
    except DataImportError as error:
        for problem in error.problems:
            log.fatal(problem.row, problem.column, f"{problem.message}. {error.hint}")
        return None, None
    builder = BarBuilder(reading, log, _Nowhere())
    feed(builder, rows, layout.groups)
    return reading, builder


def _symbols(builder: BarBuilder | None) -> tuple[str, ...]:
    return tuple(name for name in builder.symbols if name) if builder else ()
