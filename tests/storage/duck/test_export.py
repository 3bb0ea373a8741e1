"""Exports: which bars, whose they were, and what is never overwritten."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from quant_tui.domain.errors import FileExists, InvalidInput
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.export import PROVENANCE_KEY, ExportSelection
from quant_tui.storage.duck.records import ImportBatch

from .conftest import MakeBars


@pytest.fixture
def held(bars: BarRepository, bars_of: MakeBars) -> BarRepository:
    bars.upsert(bars_of(["A", "B"], 500), ImportBatch("it's one", adjustment="none"))
    bars.upsert(bars_of(["B"], 20, seed=3), ImportBatch("거래소", adjustment="splits"))
    return bars


def test_bounds_and_symbols(held: BarRepository, tmp_path: Path) -> None:
    selection = ExportSelection(["B"], date(2020, 12, 31), date(2021, 1, 3))
    assert held.export(tmp_path / "b.parquet", selection) == 4
    table = pq.read_table(tmp_path / "b.parquet").to_pydict()
    assert table["date"][0] == date(2020, 12, 31)
    assert table["date"][-1] == date(2021, 1, 3)
    assert set(table["symbol"]) == {"B"}
    with pytest.raises(InvalidInput, match="no such bars"):
        held.export(tmp_path / "none.parquet", ExportSelection(["C"]))
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["b.parquet"]


def test_the_metadata_say_where_bars_are_from(held: BarRepository, tmp_path: Path) -> None:
    held.export(tmp_path / "years", by_year=True)
    for part in (tmp_path / "years").rglob("*.parquet"):
        batches = json.loads(pq.read_schema(part).metadata[PROVENANCE_KEY.encode()])
        assert [(one["source"], one["adjustment"]) for one in batches] == [
            ("it's one", "none"),
            ("거래소", "splits"),
        ]
        assert pq.ParquetFile(part).metadata.row_group(0).column(0).compression == "ZSTD"


def test_only_an_export_of_the_same_kind_is_overwritten(
    held: BarRepository, tmp_path: Path
) -> None:
    years, one = tmp_path / "years", tmp_path / "one.parquet"
    held.export(years, by_year=True)
    held.export(one)
    with pytest.raises(FileExists, match="is there already"):
        held.export(one)
    assert held.export(years, ExportSelection(["A"]), by_year=True, overwrite=True) == 500
    assert held.export(one, ExportSelection(["A"]), overwrite=True) == 500
    (years / "notes.txt").write_text("mine")
    for target, by_year in ((years, True), (years, False), (one, True)):
        with pytest.raises(InvalidInput, match="not overwritten"):
            held.export(target, by_year=by_year, overwrite=True)
    assert (years / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [*("home", "one.parquet", "years")]


def test_an_export_that_fails_leaves_the_old_one(held: BarRepository, tmp_path: Path) -> None:
    one = tmp_path / "one.parquet"
    held.export(one)
    before = one.read_bytes()
    with pytest.raises(InvalidInput, match="no such bars"):
        held.export(one, ExportSelection(["C"]), overwrite=True)
    assert one.read_bytes() == before
