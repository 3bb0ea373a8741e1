"""Files through the readers into the store and out again."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from quant_tui.domain.errors import Cancelled, DataImportError
from quant_tui.providers.files import ReadOptions, read_bars
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.export import ExportSelection
from quant_tui.storage.duck.records import ImportBatch, UpsertCounts


def import_file(bars: BarRepository, path: Path, source: str = "csv") -> UpsertCounts:
    with read_bars(path) as staged:
        batch = ImportBatch(
            source,
            origin=staged.origin,
            interval=staged.interval,
            content_hash=staged.content_hash,
        )
        return bars.upsert(staged.path, batch)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_an_export_imports_as_unchanged(
    bars: BarRepository, bars_of, tmp_path: Path, file_format: str
) -> None:
    bars.upsert(bars_of(["A", "B"], 300), ImportBatch("csv"))
    target = tmp_path / f"out.{file_format}"
    bars.export(target, file_format=file_format)
    assert import_file(bars, target) == UpsertCounts(0, 0, 600)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_intraday_too(bars: BarRepository, bars_of, tmp_path: Path, file_format: str) -> None:
    minutes = bars_of(["A"], 600, "2020-01-01T22:00", step="m")
    bars.upsert(minutes, ImportBatch("csv", interval="1m"))
    target = tmp_path / f"out.{file_format}"
    bars.export(target, ExportSelection(interval="1m"), file_format=file_format)
    assert import_file(bars, target) == UpsertCounts(0, 0, 600)


def test_a_failed_import_leaves_the_store_as_it_was(
    bars: BarRepository, bars_of, tmp_path: Path
) -> None:
    bars.upsert(bars_of(["A"], 300), ImportBatch("csv"))
    before = bars.stamp(["A"]), bars.summaries(), bars.batches()
    path = tmp_path / "A.csv"
    path.write_text("date,close\n2020-01-01,5\n2020-01-02,-5\n")
    with pytest.raises(DataImportError):
        import_file(bars, path)
    assert (bars.stamp(["A"]), bars.summaries(), bars.batches()) == before


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One million daily bars of 400 symbols, 50 MB of text, interleaved by date."""
    random = np.random.default_rng(1)
    days, names = 2500, 400
    close = np.round(100 + random.random(days * names), 4)
    table = pa.table(
        {
            "date": np.repeat(np.datetime64("2010-01-01") + np.arange(days), names),
            "symbol": pa.array(np.tile([f"S{n:03}" for n in range(names)], days)),
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "volume": random.integers(0, 10**7, days * names),
        }
    )
    path = tmp_path_factory.mktemp("million") / "million.csv"
    pyarrow.csv.write_csv(table, path)
    return path


def test_a_million_rows(bars: BarRepository, million: Path) -> None:
    """Generous bounds, of processor time, which nobody else on the machine lengthens."""
    started = time.process_time()
    counts = import_file(bars, million)
    assert counts == UpsertCounts(1_000_000, 0, 0)
    assert time.process_time() - started < 30
    assert import_file(bars, million) == UpsertCounts(0, 0, 1_000_000)
    started = time.process_time()
    table = bars.load([f"S{n:03}" for n in range(400)])
    assert time.process_time() - started < 3
    assert table.close.shape == (2500, 400)
    assert not np.isnan(table.close).any()
    started = time.process_time()
    assert len(bars.summaries()) == 400
    assert time.process_time() - started < 1


@pytest.mark.parametrize("when", [0.0, 0.3, 0.7])
def test_a_cancel_is_obeyed_within_a_second(million: Path, when: float) -> None:
    cancelled_at: list[float] = []
    cancelled = threading.Event()

    def progress(fraction: float, _what: str) -> None:
        if fraction >= when and not cancelled_at:
            cancelled_at.append(time.process_time())
            cancelled.set()

    with pytest.raises(Cancelled):
        read_bars(million, ReadOptions(), progress=progress, cancel=cancelled.is_set)
    assert time.process_time() - cancelled_at[0] < 2


def test_one_symbol_of_a_million_minutes_loads_fast(bars: BarRepository, tmp_path: Path) -> None:
    count = 1_000_000
    prices = 100 + np.random.default_rng(1).random(count)
    times = (np.datetime64("2010-01-01", "m") + np.arange(count)).astype("datetime64[us]")
    path = tmp_path / "stage.parquet"
    columns = {"open": prices, "high": prices, "low": prices, "close": prices, "volume": prices}
    pq.write_table(pa.table({"symbol": pa.repeat("M", count), "date": times, **columns}), path)
    bars.upsert(path, ImportBatch("csv", interval="1m"))
    started = time.process_time()
    table = bars.load(["M"])
    assert time.process_time() - started < 2
    np.testing.assert_array_equal(table.close[:, 0], prices)
    np.testing.assert_array_equal(table.dates, times)
