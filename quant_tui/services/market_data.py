"""Bars: what there is, loading for the engine, importing files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import DataProblem
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.providers.files import FileInspection
from quant_tui.services.stores import Stores
from quant_tui.storage.duck.bars import SymbolSummary

if TYPE_CHECKING:
    from quant_tui.engine import Bars


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """A file to import.

    Attributes
    ----------
    mapping
        Our column name to the file's; empty to recognise them.
    symbol
        For a file of one symbol without a symbol column.
    source
        Where the figures are from, for their provenance.
    date_format, encoding, timezone
        Empty to recognise them.
    """

    path: Path
    mapping: Mapping[str, str] = field(default_factory=dict)
    symbol: str = ""
    source: str = "file"
    adjustment: str = ""
    date_format: str = ""
    encoding: str = ""
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    path: str
    symbols: tuple[str, ...]
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

    def __init__(self, stores: Stores, jobs: JobManager) -> None:
        self._stores = stores
        self._jobs = jobs

    async def symbols(self, search: str = "") -> list[SymbolSummary]:
        """Return the symbols that have bars, by name."""
        raise NotImplementedError

    async def load_bars(
        self, symbols: Sequence[str], start: date | None = None, end: date | None = None
    ) -> Bars:
        """Return bars of symbols on their common calendar.

        Raises
        ------
        NotFound
            When a symbol has no bars, with the nearest names.
        InsufficientData
            When there are none between the dates.
        """
        raise NotImplementedError

    async def last_session(self) -> date | None:
        """Return the last date with bars, None when there are none."""
        raise NotImplementedError

    async def inspect(self, request: ImportRequest) -> FileInspection:
        """Look at a file without importing it: columns, mapping, first rows, problems."""
        raise NotImplementedError

    async def import_file(self, request: ImportRequest, context: JobContext) -> ImportReport:
        """Import a file; on any failure the store is as it was.

        Raises
        ------
        DataImportError
            With the rows that are wrong.
        """
        raise NotImplementedError

    def start_import(self, request: ImportRequest) -> Job[ImportReport]:
        """Import a file as a job."""
        raise NotImplementedError

    async def export(self, out: Path, *, format: str, partition: str = "") -> int:  # noqa: A002
        """Write all bars to a file or folder and return their number."""
        raise NotImplementedError
