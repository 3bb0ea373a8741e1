"""Bars out of the store as files, and back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.market_data import ImportReport
from quant_tui.services.stores import Stores
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.export import FORMATS, PARTITIONS, ExportSelection, refuse_existing
from quant_tui.storage.duck.records import ImportBatch

if TYPE_CHECKING:
    from quant_tui.providers.exported import Export


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Bars to write.

    Attributes
    ----------
    target
        File to make; a folder with ``partition``.
    selection
        Which bars.
    file_format
        ``parquet`` or ``csv``.
    partition
        ``year`` for one folder a year, empty for one file.
    overwrite
        Whether an export that is there gives way.
    """

    target: Path
    selection: ExportSelection = field(default_factory=ExportSelection)
    file_format: str = "parquet"
    partition: str = ""
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written: bars, and bytes on the disk."""

    path: str
    rows: int
    bytes: int
    seconds: float


class BarExportService:
    """Exports bars; they are shared by all users of a store."""

    def __init__(self, stores: Stores, jobs: JobManager) -> None:
        self._bars = stores.bars
        self._jobs = jobs

    async def start(self, request: ExportRequest) -> Job[ExportReport]:
        """Export bars as a job.

        Raises
        ------
        FileExists
            The target is there, and it may not be overwritten.
        InvalidInput
            It is nothing that an export could take the place of.
        """
        await asyncio.to_thread(
            refuse_existing,
            request.target.expanduser(),
            overwrite=request.overwrite,
            by_year=request.partition == "year",
        )

        async def work(context: JobContext) -> ExportReport:
            return await self.export(request, context)

        return self._jobs.start("export", f"Export to {request.target.name}", work)

    async def export(self, request: ExportRequest, context: JobContext) -> ExportReport:
        """Export bars: the whole target, or nothing of it.

        Raises
        ------
        InvalidInput
            When format, partition or dates cannot be meant, the target exists, or it cannot
            be written.
        NotFound
            When a symbol has no bars.
        """
        _check(request)
        if request.selection.symbols is not None:
            found = await asyncio.to_thread(self._bars.summaries, request.selection.symbols)
            known = {one.symbol for one in found}
            absent = [one for one in request.selection.symbols if one not in known]
            if absent:
                raise NotFound(
                    f"No bars are stored of {', '.join(absent)}.", hint="See: quant-tui data list"
                )
        return await context.run_in_thread(self._write, request, context)

    def _write(self, request: ExportRequest, context: JobContext) -> ExportReport:
        began = time.monotonic()
        context.progress(0.05, "writing the bars")
        target = request.target.expanduser()
        rows = self._bars.export(
            target,
            request.selection,
            file_format=request.file_format,
            by_year=request.partition == "year",
            overwrite=request.overwrite,
            cancel=context.cancel,
        )
        files = [one for one in target.rglob("*") if one.is_file()] if target.is_dir() else [target]
        size = sum(one.stat().st_size for one in files)
        return ExportReport(str(target), rows, size, time.monotonic() - began)


def _check(request: ExportRequest) -> None:
    if request.file_format not in FORMATS:
        raise InvalidInput(
            f"{request.file_format!r} is not a format to export.",
            field="format",
            hint=f"Choose one of {', '.join(FORMATS)}.",
        )
    if request.partition not in PARTITIONS:
        raise InvalidInput(
            f"Bars are parted by year or not at all, not by {request.partition!r}.",
            field="partition",
        )
    first, last = request.selection.start, request.selection.end
    if first is not None and last is not None and first > last:
        raise InvalidInput(f"{first} is after {last}.", field="start")


def import_export(bars: BarRepository, export: Export, context: JobContext) -> ImportReport:
    """Bring an export back: the same bars, of the same sources; each batch whole or not at all.

    Raises
    ------
    DataImportError
        When a file is damaged.
    """
    began = time.monotonic()
    symbols: dict[str, None] = {}
    days: list[date] = []
    inserted = updated = unchanged = 0
    for place, held in enumerate(export.batches):
        raise_if_cancelled(context.cancel)
        start, share = place / len(export.batches), 1 / len(export.batches)
        context.progress(start, f"reading the bars of {held.source}")
        table = export.bars(held)
        if not table.num_rows:
            continue
        symbols |= dict.fromkeys(table.column("symbol").unique().to_pylist())
        days += export.span(table)
        batch = ImportBatch(
            source=held.source,
            origin=held.origin,
            adjustment=held.adjustment,
            content_hash=held.content_hash,
            interval=held.interval,
            synthetic=held.synthetic,
            fetched_at=held.fetched_at,
            id=held.id,
        )
        report = partial(_part, context, start, share)
        counts = bars.upsert(table, batch, progress=report, cancel=context.cancel)
        inserted += counts.inserted
        updated += counts.updated
        unchanged += counts.unchanged
    return ImportReport(
        path=str(export.path),
        symbols=tuple(symbols),
        interval=export.batches[0].interval if export.batches else "1d",
        rows=inserted + updated + unchanged,
        inserted=inserted,
        updated=updated,
        unchanged=unchanged,
        first=min(days, default=None),
        last=max(days, default=None),
        problems=(),
        seconds=time.monotonic() - began,
    )


def _part(context: JobContext, start: float, share: float, done: float, what: str) -> None:
    """Report the progress of one part of the whole."""
    context.progress(start + share * done, what)
