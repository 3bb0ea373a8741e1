"""What an import replaces is kept, with whom it came from and who replaced it."""

from __future__ import annotations

import pyarrow.compute as pc
import pytest

from quant_tui.storage.duck import upsert
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.records import ImportBatch
from tests.storage.duck.conftest import MakeBars


def _revisions(store: DuckStore) -> list[tuple[object, ...]]:
    with store.read() as connection:
        return connection.execute(
            'SELECT symbol, "interval", date::VARCHAR, close_price, data_source, batch_id, '
            "replaced_by FROM bar_revisions ORDER BY symbol, date"
        ).fetchall()


@pytest.mark.parametrize("rewrite", [False, True])
def test_only_bars_that_change_are_kept(
    store: DuckStore,
    bars: BarRepository,
    bars_of: MakeBars,
    monkeypatch: pytest.MonkeyPatch,
    rewrite: bool,
) -> None:
    if rewrite:
        monkeypatch.setattr(upsert, "REWRITE_AT_LEAST", 1)
    stage = bars_of(["A", "B"], 3)
    first = ImportBatch("one")
    bars.upsert(stage, first)
    assert _revisions(store) == []

    second = ImportBatch("one")
    closes = stage.column("close").to_pylist()
    place = stage.schema.get_field_index("close")
    changed = [*closes[:4], closes[4] + 0.5, closes[5]]
    bars.upsert(stage.set_column(place, "close", [changed]), second)
    assert _revisions(store) == [
        ("B", "1d", "2020-01-02 00:00:00", closes[4], "one", first.id, second.id)
    ]


def test_a_bar_of_another_source_is_kept_though_its_values_are_the_same(
    store: DuckStore, bars: BarRepository, bars_of: MakeBars
) -> None:
    bars.upsert(bars_of(["A"], 2), ImportBatch("one"))
    bars.upsert(bars_of(["A"], 2), ImportBatch("two"))
    assert [row[4] for row in _revisions(store)] == ["one", "one"]


def test_intraday_bars_are_kept_by_their_time_and_interval(
    store: DuckStore, bars: BarRepository, bars_of: MakeBars
) -> None:
    stage = bars_of(["A"], 2, step="m")
    bars.upsert(stage, ImportBatch("one", interval="1m"))
    place = stage.schema.get_field_index("volume")
    bars.upsert(
        stage.set_column(place, "volume", pc.add(stage.column("volume"), 1)),
        ImportBatch("one", interval="1m"),
    )
    assert [row[1:3] for row in _revisions(store)] == [
        ("1m", "2020-01-01 00:00:00"),
        ("1m", "2020-01-01 00:01:00"),
    ]


def test_an_import_that_fails_keeps_nothing(
    store: DuckStore, bars: BarRepository, bars_of: MakeBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars.upsert(bars_of(["A"], 2), ImportBatch("one"))

    def broken(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(upsert, "_record_batch", broken)
    with pytest.raises(RuntimeError, match="the disk is gone"):
        bars.upsert(bars_of(["A"], 2, seed=1), ImportBatch("one"))
    assert _revisions(store) == []


def test_deleting_a_symbol_takes_its_revisions(
    store: DuckStore, bars: BarRepository, bars_of: MakeBars
) -> None:
    bars.upsert(bars_of(["A", "B"], 2), ImportBatch("one"))
    bars.upsert(bars_of(["A", "B"], 2, seed=1), ImportBatch("one"))
    bars.delete(["A"])
    assert {row[0] for row in _revisions(store)} == {"B"}
