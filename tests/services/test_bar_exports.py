"""What is exported comes back the same, of the same sources; and nothing half."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import DataImportError, FileExists, InvalidInput, NotFound, QuantError
from quant_tui.services.bar_exports import ExportReport, ExportRequest
from quant_tui.services.composition import Services
from quant_tui.services.market_data import ImportRequest
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.export import ExportSelection

ROWS = (
    "SELECT symbol, date, open_price, high_price, low_price, close_price, volume, data_source, "
    "batch_id FROM market_data ORDER BY symbol, date"
)
BATCHES = (
    "SELECT id, source, origin, adjustment, content_hash, synthetic, fetched_at "
    "FROM import_batches ORDER BY id"
)


def rows(store: DuckStore, query: str = ROWS) -> list[tuple[object, ...]]:
    with store.read() as connection:
        return connection.execute(query).fetchall()


async def export(services: Services, target: Path, **more: object) -> ExportReport:
    job = await services.bar_exports.start(ExportRequest(target, **more))  # type: ignore[arg-type]
    return await job.wait()


@pytest.mark.parametrize("partition", ["", "year"])
async def test_exported_bars_come_back_the_same_with_their_sources(
    stocked: Services, tmp_path: Path, partition: str
) -> None:
    before, batches = rows(stocked.stores.duck), rows(stocked.stores.duck, BATCHES)
    target = tmp_path / ("years" if partition else "bars.parquet")
    report = await export(stocked, target, partition=partition)
    assert report.rows == len(before)
    assert report.bytes > 100_000
    names = [one.symbol for one in await stocked.market_data.symbols()]
    stocked.stores.bars.delete(names)
    with stocked.stores.duck.write() as connection:
        connection.execute("DELETE FROM import_batches")
    done = await stocked.market_data.start_import(ImportRequest(target)).wait()
    assert (done.rows, done.inserted, sorted(done.symbols)) == (len(before), len(before), names)
    assert (done.first, done.last) == (date(1999, 1, 4), date(2018, 12, 31))
    assert rows(stocked.stores.duck) == before
    assert rows(stocked.stores.duck, BATCHES) == batches
    again = await stocked.market_data.start_import(ImportRequest(target)).wait()
    assert again.unchanged == len(before)


async def test_named_sources_make_an_export_a_plain_file(stocked: Services, tmp_path: Path) -> None:
    target = tmp_path / "bars.parquet"
    await export(stocked, target, selection=ExportSelection(["SPX"]))
    request = ImportRequest(target, source="mine")
    await stocked.market_data.start_import(request).wait()
    (one,) = stocked.stores.bars.summaries(["SPX"])
    assert one.source == "mine"


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"file_format": "xlsx"}, InvalidInput, "not a format"),
        ({"partition": "month"}, InvalidInput, "parted by year"),
        ({"selection": ExportSelection(["NOPE"])}, NotFound, "NOPE"),
        (
            {"selection": ExportSelection(start=date(2020, 1, 2), end=date(2020, 1, 1))},
            InvalidInput,
            "is after",
        ),
    ],
)
async def test_what_cannot_be_exported_leaves_nothing(
    stocked: Services, tmp_path: Path, wrong: dict[str, object], error: type[QuantError], says: str
) -> None:
    with pytest.raises(error, match=says):
        await export(stocked, tmp_path / "out", **wrong)
    assert not [name for name in os.listdir(tmp_path) if "out" in name]  # noqa: PTH208


async def test_what_is_there_is_refused_before_a_job_begins(
    stocked: Services, tmp_path: Path
) -> None:
    (tmp_path / "mine.parquet").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExists):
        await stocked.bar_exports.start(ExportRequest(tmp_path / "mine.parquet"))
    with pytest.raises(InvalidInput, match="not an export of this kind"):
        await stocked.bar_exports.start(ExportRequest(tmp_path, overwrite=True, partition="year"))
    assert not [job for job in stocked.jobs.jobs if job.kind == "export"]


async def test_a_damaged_part_is_named_and_nothing_is_stored(
    services: Services, sample_duckdb: Path, tmp_path: Path, settings: Settings
) -> None:
    held = DuckStore(sample_duckdb)
    BarRepository(held).export(tmp_path / "years", by_year=True)
    held.close()
    part = next((tmp_path / "years").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-50])
    with pytest.raises(DataImportError, match="cut off or damaged"):
        await services.market_data.start_import(ImportRequest(tmp_path / "years")).wait()
    assert await services.market_data.symbols() == []
