"""Bars from CSV and Parquet files.

The store takes what is read here without either knowing the other::

    with read_bars(path, ReadOptions(symbol="AAPL")) as staged:
        bars.upsert(staged.path, ImportBatch("yahoo", origin=staged.origin,
                    interval=staged.interval, content_hash=staged.content_hash))

Nothing reaches the store before the whole file was read and found right, so a failed
import leaves the store as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import DataProblem
from quant_tui.providers.builder import BarBuilder
from quant_tui.providers.delimited import Rows, read_rows
from quant_tui.providers.layout import Group, Layout, find_layout
from quant_tui.providers.options import ReadOptions
from quant_tui.providers.problems import ProblemLog, file_error
from quant_tui.providers.staging import RawStage, StagedBars
from quant_tui.providers.text import EMPTY, Block, TextFile
from quant_tui.providers.understanding import understand

__all__ = [
    "FileInspection",
    "FileProvider",
    "ReadOptions",
    "StagedBars",
    "inspect_file",
    "read_bars",
]

Report = Callable[[float, str], None]
READING_SHARE = 0.7
SAMPLE_ROWS = 10


class FileProvider:
    """Files of the user."""

    name = "file"
    title = "CSV and Parquet files"
    capabilities = frozenset({"files"})
    secret = ""


@dataclass(frozen=True, slots=True)
class FileInspection:
    """What a file looks like, before it is imported.

    Attributes
    ----------
    path
        The file.
    format
        ``csv`` or ``parquet``.
    compression
        ``gzip`` or empty.
    encoding, delimiter, decimal, date_style
        As recognised; empty where there is none or it cannot be told.
    columns
        Names as the file has them.
    mapping
        Our column name to the file's.
    missing
        Our columns that are needed and were not found.
    sample
        First rows, cells as text, in the order of ``columns``.
    symbols
        Those in the first part of the file.
    rows
        Bars in the file; an estimate unless ``exact``.
    exact
        Whether ``rows`` is counted.
    problems
        Found in the first part of the file, notes included.
    """

    path: Path
    format: str
    compression: str
    encoding: str
    delimiter: str
    decimal: str
    date_style: str
    columns: tuple[str, ...]
    mapping: dict[str, str]
    missing: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    symbols: tuple[str, ...]
    rows: int
    exact: bool
    problems: tuple[DataProblem, ...]


def read_bars(
    path: Path,
    options: ReadOptions | None = None,
    *,
    progress: Report | None = None,
    cancel: CancelCheck | None = None,
) -> StagedBars:
    """Read, check and sort the bars of a file.

    What is an error and what is mended is said in :mod:`quant_tui.providers.builder`.
    Rows are numbered from 1, the header of a text file being one of them.

    Parameters
    ----------
    path
        CSV (also gzip) or Parquet.
    options
        What the file does not say by itself.
    progress
        Told the fraction done (0 to 1) and what is being done.
    cancel
        Asked several times a second.

    Returns
    -------
    StagedBars
        A context manager that removes its private folder.

    Raises
    ------
    DataImportError
        When the file is not right; ``problems`` names rows and columns.
    InvalidInput
        When an option or the mapping cannot be meant.
    Cancelled
        When ``cancel`` says so.
    """
    chosen = options or ReadOptions()
    chosen.check()
    stage = RawStage()
    try:
        return _read(Path(path), chosen, stage, progress or _say_nothing, cancel)
    except BaseException:
        stage.discard()
        raise


def inspect_file(path: Path, options: ReadOptions | None = None) -> FileInspection:
    """Look at the beginning of a file, at most one megabyte of it, without importing it.

    Columns that are missing and rows that are wrong are in the answer, not raised.

    Raises
    ------
    DataImportError
        When the file cannot be read at all, or has no header.
    InvalidInput
        When an option cannot be meant.
    """
    from quant_tui.providers.inspection import inspect

    chosen = options or ReadOptions()
    chosen.check()
    return inspect(Path(path), chosen)


def _read(
    path: Path, options: ReadOptions, stage: RawStage, progress: Report, cancel: CancelCheck | None
) -> StagedBars:
    from quant_tui.providers import parquet

    log = ProblemLog(path, options.problem_limit)
    progress(0.0, f"reading {path.name}")
    if parquet.is_parquet(path):
        builder, names = _fill_from_parquet(path, options, stage, log, progress, cancel)
        content_hash = parquet.hash_file(path, cancel)
    else:
        builder, names, content_hash = _fill_from_text(path, options, stage, log, progress, cancel)
    _check_symbols(options, builder, log, names)
    log.raise_if_fatal()
    if not builder.rows:
        raise file_error(path, "has a header but no bars", "Export the data again.")
    progress(READING_SHARE, f"sorting {builder.rows:,} bars")
    done = stage.sort(
        log,
        options,
        date_column=names.get("date", "date"),
        naive_times=builder.naive_times,
        in_order=builder.order.kept,
        cancel=cancel,
    )
    progress(1.0, f"read {done.rows:,} bars")
    return StagedBars(
        path=done.path,
        interval=done.interval,
        symbols=done.symbols,
        rows=done.rows,
        first=done.first,
        last=done.last,
        problems=log.problems(),
        origin=path.name,
        content_hash=content_hash,
        mapping=names,
    )


def _fill_from_text(
    path: Path,
    options: ReadOptions,
    stage: RawStage,
    log: ProblemLog,
    progress: Report,
    cancel: CancelCheck | None,
) -> tuple[BarBuilder, dict[str, str], str]:
    with TextFile(path, options.encoding) as file:
        blocks = file.blocks()
        first = next(blocks, EMPTY)
        layout = find_layout(path, first.data.decode(), options)
        builder: BarBuilder | None = None
        for rows in read_rows(_chain(first, blocks), layout, log):
            raise_if_cancelled(cancel)
            if builder is None:
                reading = understand(path, layout, rows, file.encoding, options)
                builder = BarBuilder(reading, log, stage)
            feed(builder, rows, layout.groups)
            log.raise_if_fatal(at_once=True)
            progress(READING_SHARE * rows.fraction, f"read {builder.rows:,} bars")
        if builder is None:
            raise file_error(path, "has a header but no bars", "Export the data again.")
        return builder, layout.names, file.content_hash


def _fill_from_parquet(
    path: Path,
    options: ReadOptions,
    stage: RawStage,
    log: ProblemLog,
    progress: Report,
    cancel: CancelCheck | None,
) -> tuple[BarBuilder, dict[str, str]]:
    from quant_tui.providers import parquet

    file = parquet.open_parquet(path)
    with file:
        columns = tuple(file.schema_arrow.names)
        places = parquet.find_columns(path, file, options)
        layout = Layout(",", columns, 0, (Group(places),))
        builder: BarBuilder | None = None
        for rows in parquet.read_batches(path, file, places, cancel):
            if builder is None:
                reading = understand(path, layout, rows, "", options)
                builder = BarBuilder(reading, log, stage)
            with parquet.plain_values(path):
                feed(builder, rows, layout.groups)
            log.raise_if_fatal(at_once=True)
            progress(READING_SHARE * rows.fraction, f"read {builder.rows:,} bars")
    if builder is None:
        raise file_error(path, "has no rows", "Export the data again.")
    return builder, layout.names


def feed(builder: BarBuilder, rows: Rows, groups: tuple[Group, ...]) -> None:
    """Give the rows of one block to a builder, a group of columns at a time."""
    for group in groups:
        cells = {ours: rows.columns[place] for ours, place in group.places.items()}
        if "time" in cells:
            cells["date"] = _join(cells["date"], cells.pop("time"))
        builder.add(cells, rows.lines, group.symbol)


def _check_symbols(
    options: ReadOptions, builder: BarBuilder, log: ProblemLog, names: Mapping[str, str]
) -> None:
    if options.symbol and len(builder.symbols) > 1:
        listed = ", ".join(list(builder.symbols)[:5])
        log.fatal(
            0,
            names.get("symbol", ""),
            f"has {len(builder.symbols):,} symbols ({listed} …), so it cannot be {options.symbol}",
        )


def _join(day: object, time: object) -> object:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(
        pc.utf8_trim_whitespace(pc.cast(day, pa.string())),
        pc.utf8_trim_whitespace(pc.cast(time, pa.string())),
        " ",
    )


def _chain(first: Block, rest: Iterator[Block]) -> Iterator[Block]:
    yield first
    yield from rest


def _say_nothing(_fraction: float, _what: str) -> None:
    """Report to nobody."""
