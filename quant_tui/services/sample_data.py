"""Loading the sample data that ship with the program."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.config.locations import packaged
from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import NotFound
from quant_tui.domain.market_data import Company, EconomicIndicator
from quant_tui.jobs.manager import JobContext
from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.services.market_data import SYNTHETIC_SOURCE
from quant_tui.services.stores import Stores
from quant_tui.storage.duck.records import CorporateAction, ImportBatch

if TYPE_CHECKING:
    import pyarrow as pa

FILE_TO_STAGE = {
    "symbol": "symbol",
    "date": "date",
    "open_price": "open",
    "high_price": "high",
    "low_price": "low",
    "close_price": "close",
    "volume": "volume",
}
"""Column of ``bars.parquet`` to column of a stage."""

CHUNK = 400
"""Values stored at once: the event loop is busy for about 10 ms with so many."""

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What was loaded, or was there already."""

    symbols: int
    bars: int
    companies: int
    economic_values: int
    seconds: float


class SampleDataService:
    """The figures in ``sample_data/``; see PROVENANCE.md there."""

    def __init__(self, stores: Stores, arrivals: Arrivals) -> None:
        self._stores = stores
        self._arrivals = arrivals

    async def load(self, context: JobContext | None = None) -> SampleReport:
        """Load all sample data; what is there already stays as it is.

        Raises
        ------
        NotFound
            When the files did not come with the program.
        """
        began = time.monotonic()
        symbols, bars, companies = await self.load_bars(context)
        values = await self.load_economic(context)
        return SampleReport(symbols, bars, companies, values, time.monotonic() - began)

    async def load_bars(self, context: JobContext | None = None) -> tuple[int, int, int]:
        """Load bars, corporate actions and companies: all that a backtest needs.

        Returns
        -------
        tuple[int, int, int]
            Symbols, bars and companies.

        Raises
        ------
        NotFound
            When the files did not come with the program.
        """
        folder = _folder()
        report = context.progress if context else _say_nothing
        cancel = context.cancel if context else None
        companies = await asyncio.to_thread(_read_companies, folder)
        await self._stores.repositories.companies.upsert_many(companies, ["symbol"])
        symbols, bars = await asyncio.to_thread(self._load_bars, folder, report, cancel)
        self._arrivals.publish(BarsArrived(symbols, "1d"))
        return len(symbols), bars, len(companies)

    async def load_economic(self, context: JobContext | None = None) -> int:
        """Load the economic series; return the number of values.

        Raises
        ------
        NotFound
            When the files did not come with the program.
        Cancelled
            When the job was; what was loaded stays.
        """
        values = await asyncio.to_thread(_read_economic, _folder())
        for begin in range(0, len(values), CHUNK):
            if context is not None:
                context.cancel.raise_if_cancelled()
                context.progress(0.5 + 0.5 * begin / len(values), "loading economic series")
            await self._stores.repositories.economic_indicators.upsert_many(
                values[begin : begin + CHUNK], ["indicator_type", "date", "source"]
            )
        return len(values)

    def _load_bars(
        self, folder: Path, report: Progress, cancel: Callable[[], bool] | None
    ) -> tuple[tuple[str, ...], int]:
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        table = pq.read_table(folder / "bars.parquet")
        groups = table.group_by(["source", "adjustment"]).aggregate([]).to_pylist()
        for place, group in enumerate(groups):
            report(0.5 * place / len(groups), f"loading bars of {group['source']}")
            chosen = table.filter(
                pc.and_(
                    pc.equal(table["source"], group["source"]),
                    pc.equal(table["adjustment"], group["adjustment"]),
                )
            )
            batch = ImportBatch(
                source=group["source"],
                origin="sample_data/bars.parquet",
                adjustment=group["adjustment"],
                synthetic=group["source"] == SYNTHETIC_SOURCE,
            )
            self._stores.bars.upsert(_to_stage(chosen), batch, cancel=cancel)
        actions = pq.read_table(folder / "corporate_actions.parquet").to_pylist()
        self._stores.corporate_actions.upsert(CorporateAction(**one) for one in actions)
        return tuple(pc.unique(table["symbol"]).to_pylist()), table.num_rows


def _say_nothing(_fraction: float, _message: str) -> None:
    """Report to nobody."""


def _to_stage(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    chosen = table.select(list(FILE_TO_STAGE)).rename_columns(list(FILE_TO_STAGE.values()))
    place = chosen.column_names.index("volume")
    return chosen.set_column(place, "volume", chosen["volume"].cast(pa.float64()))


def _folder() -> Path:
    folder = packaged("sample_data")
    if not (folder / "bars.parquet").is_file():
        raise NotFound(f"The sample data are not in {folder}.", hint="Install the program again.")
    return folder


def _read_economic(folder: Path) -> list[EconomicIndicator]:
    import pyarrow.parquet as pq

    now = utc_now()
    return [
        EconomicIndicator(
            indicator_type=one["indicator_type"],
            date=datetime(one["date"].year, one["date"].month, one["date"].day, tzinfo=UTC),
            value=one["value"],
            unit=one["unit"],
            source=one["source"],
            created_at=now,
        )
        for one in pq.read_table(folder / "economic.parquet").to_pylist()
    ]


def _read_companies(folder: Path) -> list[Company]:
    facts: list[Document] = json.loads((folder / "companies.json").read_text(encoding="utf-8"))
    return [
        Company(
            symbol=one["symbol"],
            name=one["name"],
            sector=one["sector"],
            industry=one["industry"],
            financials=one["financials"],
        )
        for one in facts
    ]
