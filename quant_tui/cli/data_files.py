"""``quant-tui data export`` and ``data watch``: bars out as files, and in by themselves."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import finished, print_json
from quant_tui.cli.plain import plain
from quant_tui.cli.shared_options import ForceOption
from quant_tui.domain.base import Document
from quant_tui.domain.errors import DataImportError, InvalidInput
from quant_tui.services.bar_exports import ExportReport, ExportRequest
from quant_tui.services.composition import Services
from quant_tui.services.watched_folders import FolderRound, WatchedFile
from quant_tui.storage.duck.export import ExportSelection

EXPORT_EPILOG = (
    "Examples:  quant-tui data export bars.parquet  ·  "
    "quant-tui data export bars --partition year SPX GOOG --start 2015-01-01  ·  "
    "quant-tui data export bars.csv --format csv"
)
WATCH_EPILOG = (
    "Examples:  quant-tui data watch ~/prices  ·  quant-tui data watch ~/prices --once --json"
)


def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="File to make; a folder with --partition.")],
    symbols: Annotated[list[str] | None, typer.Argument(help="Which; all without.")] = None,
    file_format: Annotated[
        str, typer.Option("--format", help="parquet (ZSTD, with provenance) or csv.")
    ] = "parquet",
    partition: Annotated[str, typer.Option(help="year: one folder a year.")] = "",
    start: Annotated[str, typer.Option(help="First day, as 2015-01-01.")] = "",
    end: Annotated[str, typer.Option(help="Last day.")] = "",
    interval: Annotated[str, typer.Option(help="1d, or intraday bars as 5m.")] = "1d",
    force: ForceOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write bars to files that ``data import`` reads back the same: all of it, or nothing."""
    command: CommandContext = context.obj
    request = ExportRequest(
        target=out,
        selection=ExportSelection(
            symbols=list(dict.fromkeys(symbols)) if symbols else None,
            start=_day(start, "start"),
            end=_day(end, "end"),
            interval=interval,
        ),
        file_format=file_format,
        partition=partition,
        overwrite=force,
    )

    async def work(services: Services) -> ExportReport:
        job = await services.bar_exports.start(request)
        return await finished(services.jobs, job)

    report = command.run(work)
    if as_json:
        print_json(dataclasses.asdict(report))
    else:
        print(
            f"{report.rows:,} bars, {report.bytes / 1e6:,.1f} MB in {plain(report.path)} "
            f"({report.seconds:.1f} s)."
        )


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is not a day.", field=field, hint="Write it as 2015-01-31."
        ) from error


def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Its files are imported, not folders in it.")],
    once: Annotated[
        bool, typer.Option("--once", help="Look once, then end; 1 when a file failed.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --once: print one JSON document.")
    ] = False,
) -> None:
    """Import the files that come into a folder or change there, until ctrl+c.

    Each file whole or not at all, once it is no longer written to; one that cannot be
    imported is named, and tried again when it changes. How they are read can be put into
    the folder's .quant-tui.toml: symbol, source, timezone, date_format, encoding, adjustment,
    interval, delimiter, decimal, adjust, and a table mapping.
    """
    command: CommandContext = context.obj
    if as_json and not once:
        raise typer.BadParameter("--json goes with --once.")

    async def look(services: Services) -> FolderRound:
        return await services.watched_folders.look(folder)

    async def keep_watching(services: Services) -> None:
        services.watched_folders.subscribe(_say)
        print(f"Watching {plain(str(folder))}; ctrl+c ends it.", file=sys.stderr)
        await services.watched_folders.watch(folder)

    if not once:
        command.run(keep_watching)
        return
    report_round(command.run(look), as_json=as_json)


async def import_folder(services: Services, folder: Path) -> FolderRound:
    """Import every file of a folder, whether or not that was done before."""
    return await services.watched_folders.look(folder, remember=False)


async def is_plain_folder(path: Path) -> bool:
    """Whether a path is a folder of files, rather than a file or an export."""
    from quant_tui.providers.exported import read_export

    def look() -> bool:
        return path.is_dir() and read_export(path) is None

    return await asyncio.to_thread(look)


def report_round(found: FolderRound, *, as_json: bool) -> None:
    """Print what became of a folder's files.

    Raises
    ------
    DataImportError
        When one of them could not be imported.
    """
    failed = [one for one in found.files if one.problem]
    if as_json:
        print_json(
            {
                "folder": str(found.folder),
                "files": [_document(one) for one in found.files],
                "unsettled": [str(one) for one in found.unsettled],
                "known": found.known,
            }
        )
    else:
        for one in found.files:
            _say(one)
        for path in found.unsettled:
            print(f"{plain(path.name)}: still being written.", file=sys.stderr)
        if not found.files:
            print(f"Nothing new in {plain(str(found.folder))}.")
    if failed:
        raise DataImportError(
            f"{len(failed)} of {len(found.files)} files could not be imported: "
            f"{', '.join(one.path.name for one in failed[:5])}."
        )


def _document(one: WatchedFile) -> Document:
    report = one.report
    return {
        "path": str(one.path),
        "problem": one.problem or None,
        "symbols": list(report.symbols) if report else [],
        "rows": report.rows if report else 0,
        "inserted": report.inserted if report else 0,
        "updated": report.updated if report else 0,
    }


def _say(one: WatchedFile) -> None:
    if one.report is None:
        print(f"{plain(one.path.name)}: {plain(one.problem)}", file=sys.stderr)
        return
    report = one.report
    print(
        f"{plain(one.path.name)}: {plain(', '.join(report.symbols[:5]))}, {report.inserted:,} new, "
        f"{report.updated:,} changed, {report.unchanged:,} unchanged.",
        flush=True,
    )
