"""Bars: what there is, loading for the engine, importing files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import DataProblem, InsufficientData, InvalidInput
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.providers.options import ReadOptions
from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.services.names import checked_name
from quant_tui.services.stores import Stores
from quant_tui.storage.duck.records import BarTable, ImportBatch, SymbolSummary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quant_tui.engine import Bars
    from quant_tui.providers.files import FileInspection

SYNTHETIC_SOURCE = "synthetic"
"""Source of invented figures; they are marked wherever they are shown."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """A file to import.

    Attributes
    ----------
    options
        How to read it; what is left empty is recognised from the file.
    source
        Where the figures are from, for their provenance.
    adjustment
        What prices are adjusted for: ``none``, ``splits``, ``splits_dividends``; empty
        when that is not known.
    """

    path: Path
    options: ReadOptions = field(default_factory=ReadOptions)
    source: str = "file"
    adjustment: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    path: str
    symbols: tuple[str, ...]
    interval: str
    rows: int
    inserted: int
    updated: int
    unchanged: int
    first: date | None
    last: date | None
    problems: tuple[DataProblem, ...]
    seconds: float


class MarketDataService:
    """Bars of all symbols; market data are shared by all users of a store."""

    def __init__(self, stores: Stores, jobs: JobManager, arrivals: Arrivals) -> None:
        self._bars = stores.bars
        self._jobs = jobs
        self._arrivals = arrivals

    async def symbols(self, search: str = "") -> list[SymbolSummary]:
        """Return the symbols that have bars, by name; ``search`` is part of a name."""
        found = await asyncio.to_thread(self._bars.summaries)
        wanted = search.casefold()
        return [one for one in found if wanted in one.symbol.casefold()]

    async def require(self, symbols: Sequence[str], *, field: str) -> None:
        """Make sure that symbols have bars.

        Raises
        ------
        InvalidInput
            Naming ``field``, the symbols that have none, and the nearest names.
        """
        known = {one.symbol for one in await self.symbols()}
        missing = [symbol for symbol in symbols if symbol not in known]
        if not missing:
            return
        if not known:
            raise InvalidInput(
                "There are no bars yet.", field=field, hint="Import a file or load the sample data."
            )
        near = {
            match
            for symbol in missing
            for match in get_close_matches(symbol.upper(), known, n=2, cutoff=0.5)
        }
        hint = f"Did you mean {', '.join(sorted(near))}?" if near else "See: quant-tui data list"
        raise InvalidInput(f"No bars for {', '.join(missing)}.", field=field, hint=hint)

    async def load_bars(
        self, symbols: Sequence[str], start: date | None = None, end: date | None = None
    ) -> Bars:
        """Return bars of symbols on the union of their calendars.

        Raises
        ------
        NotFound
            When a symbol has no bars.
        InsufficientData
            When there are none between the dates.
        """
        bars, _ = await self.load_with_benchmark(symbols, "", start, end)
        return bars

    async def load_with_benchmark(
        self,
        symbols: Sequence[str],
        benchmark: str,
        start: date | None,
        end: date | None,
        *,
        before: int = 0,
    ) -> tuple[Bars, NDArray[np.float64] | None]:
        """Return bars of symbols and, on the same dates, the closes of a benchmark.

        Dates on which only the benchmark has a bar are left out. Where it has none, its
        last close before stands; before its first, NaN.

        Parameters
        ----------
        before
            Bars of every symbol to load from before ``start`` too, as far as it has them.

        Raises
        ------
        NotFound, InsufficientData
            As :meth:`load_bars`.
        """
        first = start
        if before and start is not None:
            first = await self._earlier(symbols, start, before)
        table = await asyncio.to_thread(self._bars.load, tuple(symbols), first, end)
        if not len(table.dates) or (start is not None and _day(table.dates[-1]) < start):
            summaries = await asyncio.to_thread(self._bars.summaries, tuple(symbols))
            has = "; ".join(f"{one.symbol} has {one.first} to {one.last}" for one in summaries)
            raise InsufficientData(
                f"No bars of {', '.join(symbols)} from {start or 'the first'} to "
                f"{end or 'the last'}.",
                hint=f"{has}.",
            )
        closes = None
        if benchmark:
            other = await asyncio.to_thread(
                self._bars.load, (benchmark,), None, end, interval=table.interval
            )
            closes = _as_of(other.dates, other.close[:, 0], table.dates)
        return await asyncio.to_thread(to_bars, table), closes

    async def stamp(self, symbols: Sequence[str], end: date | None = None) -> str:
        """Return a mark of the bars of symbols up to a day: equal marks, equal bars.

        Worked out in the store, without loading them; different marks may be of equal bars.

        Raises
        ------
        InvalidInput, NotFound
            As :meth:`load_bars`.
        """
        return await asyncio.to_thread(self._bars.stamp, tuple(symbols), end)

    async def _earlier(self, symbols: Sequence[str], start: date, bars: int) -> date:
        """Return the day from which every symbol has so many bars before ``start``."""
        eve = start - timedelta(days=1)
        table = await asyncio.to_thread(self._bars.load, tuple(symbols), None, eve)
        return _day_with(table, bars, start)

    async def provenance(self, symbols: Sequence[str]) -> list[Document]:
        """Return where the bars of symbols are from, and whether they are synthetic."""
        found = await asyncio.to_thread(self._bars.summaries, tuple(symbols))
        return [
            {
                "symbol": one.symbol,
                "source": one.source,
                "adjustment": one.adjustment,
                "interval": one.interval,
                "synthetic": one.synthetic,
            }
            for one in found
        ]

    async def last_session(self) -> date | None:
        """Return the last date with bars, None when there are none."""
        return await asyncio.to_thread(self._bars.last_session)

    async def inspect(self, request: ImportRequest) -> FileInspection:
        """Look at a file without importing it: columns, mapping, first rows, problems.

        Raises
        ------
        DataImportError
            When it cannot be read at all.
        """

        def look() -> FileInspection:
            from quant_tui.providers.files import inspect_file

            return inspect_file(request.path, request.options)

        return await asyncio.to_thread(look)

    async def import_file(self, request: ImportRequest, context: JobContext) -> ImportReport:
        """Import a file; on any failure the store is as it was.

        Bars that were exported, one file or a folder, come back with their own sources
        unless another source is named.

        Raises
        ------
        DataImportError
            With the rows that are wrong.
        """
        report = await context.run_in_thread(self._import, request, context)
        if report.inserted or report.updated:
            self._arrivals.publish(BarsArrived(report.symbols, report.interval))
        return report

    def start_import(self, request: ImportRequest) -> Job[ImportReport]:
        """Import a file as a job."""

        async def work(context: JobContext) -> ImportReport:
            return await self.import_file(request, context)

        return self._jobs.start("import", request.path.name, work)

    def _import(self, request: ImportRequest, context: JobContext) -> ImportReport:
        from quant_tui.providers.files import read_bars

        if request == ImportRequest(request.path):
            from quant_tui.providers.exported import read_export
            from quant_tui.services.bar_exports import import_export

            if (export := read_export(request.path)) is not None:
                return import_export(self._bars, export, context)
        began = time.monotonic()
        source = checked_name(request.source, title="source") or "file"
        adjustment = checked_name(request.adjustment, title="adjustment") or "unknown"

        def reading(fraction: float, message: str) -> None:
            context.progress(0.6 * fraction, message)

        def storing(fraction: float, message: str) -> None:
            context.progress(0.6 + 0.4 * fraction, message)

        with read_bars(
            request.path, request.options, progress=reading, cancel=context.cancel
        ) as staged:
            batch = ImportBatch(
                source=source,
                origin=staged.origin,
                adjustment=adjustment,
                content_hash=staged.content_hash,
                interval=staged.interval,
                synthetic=source == SYNTHETIC_SOURCE,
            )
            counts = self._bars.upsert(staged.path, batch, progress=storing, cancel=context.cancel)
            return ImportReport(
                path=str(request.path),
                symbols=tuple(staged.symbols),
                interval=staged.interval,
                rows=counts.total,
                inserted=counts.inserted,
                updated=counts.updated,
                unchanged=counts.unchanged,
                first=staged.first,
                last=staged.last,
                problems=tuple(staged.problems),
                seconds=time.monotonic() - began,
            )


def to_bars(table: BarTable) -> Bars:
    """Return stored bars as the engine takes them.

    Raises
    ------
    InvalidInput, InsufficientData
        A price cannot be used, or a symbol has no bar.
    """
    from quant_tui.engine import Bars

    return Bars(
        symbols=table.symbols,
        dates=table.dates,
        open=table.open,
        high=table.high,
        low=table.low,
        close=table.close,
        volume=table.volume,
    )


def _day_with(table: BarTable, bars: int, start: date) -> date:
    """Return the first day from which every symbol has ``bars`` bars, or all of its own."""
    import numpy as np

    earliest = len(table.dates)
    for column in range(len(table.symbols)):
        rows = np.flatnonzero(np.isfinite(table.close[:, column]))[-bars:]
        if len(rows):
            earliest = min(earliest, int(rows[0]))
    if earliest == len(table.dates):
        return start
    return _day(table.dates[earliest])


def _day(moment: np.datetime64) -> date:
    day: date = moment.astype("datetime64[D]").item()
    return day


def _as_of(
    dates: NDArray[np.datetime64], values: NDArray[np.float64], wanted: NDArray[np.datetime64]
) -> NDArray[np.float64]:
    """Return the last value at or before each wanted date, NaN where there is none."""
    import numpy as np

    at = np.searchsorted(dates, wanted, side="right") - 1
    found = np.full(len(wanted), np.nan)
    found[at >= 0] = values[at[at >= 0]]
    return found
