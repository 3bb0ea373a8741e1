"""A fix changes what it says, and taking it back leaves the rows as they were."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.fixes import BarFixRepository, NewFix, split_text
from quant_tui.storage.duck.records import ImportBatch
from tests.storage.duck.conftest import MakeBars

FIRST = date(2020, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def rows(store: DuckStore, table: str = "market_data") -> list[tuple[object, ...]]:
    with store.read() as connection:
        return sorted(connection.execute(f"SELECT * FROM {table}").fetchall())


def fix(kind: str, *days: int, symbol: str = "A", ratio: float = 0.0) -> NewFix:
    return NewFix(symbol, "spike", kind, tuple(map(day, days)), "kim", "why not", ratio)


@pytest.fixture
def fixes(store: DuckStore, bars: BarRepository, bars_of: MakeBars) -> BarFixRepository:
    """Two symbols of ten days; the middle of A came from two sources."""
    bars.upsert(bars_of(["A", "B"], 10), ImportBatch("one", adjustment="none"))
    bars.upsert(bars_of(["A"], 4, start="2020-01-04", seed=9), ImportBatch("two"))
    return BarFixRepository(store)


def closes(bars: BarRepository, symbol: str = "A") -> dict[date, float]:
    table = bars.load([symbol])
    return dict(zip(table.dates.tolist(), table.close[:, 0].tolist(), strict=True))


def test_adjusting_for_a_split_scales_what_came_before(
    fixes: BarFixRepository, bars: BarRepository
) -> None:
    before = bars.load(["A"])
    made = fixes.make(fix("adjust_split", 6, ratio=4.0))
    after = bars.load(["A"])
    assert after.close[:6].tolist() == (before.close[:6] / 4).tolist()
    assert after.volume[:6].tolist() == (before.volume[:6] * 4).tolist()
    assert after.close[6:].tolist() == before.close[6:].tolist()
    assert (made.kind, made.bars, made.detail) == ("adjust_split", 6, "split 4:1")
    assert (made.made_by, made.reason, made.undone_at) == ("kim", "why not", None)
    assert "splits" in bars.summaries(["A"])[0].adjustment


def test_dropping_filling_and_another_sources_values(
    fixes: BarFixRepository, bars: BarRepository, bars_of: MakeBars
) -> None:
    first = bars_of(["A", "B"], 10).column("close").to_pylist()
    fixes.make(fix("drop", 8))
    assert day(8) not in closes(bars)
    filled = fixes.make(fix("fill", 8, 9))
    assert filled.bars == 1  # the ninth has a bar, which no filling overwrites
    assert closes(bars)[day(8)] == closes(bars)[day(7)]
    assert closes(bars)[day(4)] != first[4]
    taken = fixes.make(fix("take_other", 4))
    assert closes(bars)[day(4)] == first[4]
    assert taken.detail == "values of one"
    assert bars.summaries(["A"])[0].source == "filled, one, two"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (fix("drop", 40), "dates"),
        (fix("adjust_split", 5), "ratio"),
        (fix("adjust_split", 5, ratio=-2.0), "ratio"),
        (fix("adjust_split", 0, ratio=2.0), "dates"),
        (fix("take_other", 9), "dates"),
        (fix("fill", 3), "dates"),
        (fix("paint", 3), "kind"),
        (fix("ignore"), "dates"),
    ],
)
def test_what_cannot_be_fixed_changes_nothing(
    fixes: BarFixRepository, store: DuckStore, wrong: NewFix, field: str
) -> None:
    before = rows(store)
    with pytest.raises(InvalidInput) as caught:
        fixes.make(wrong)
    assert caught.value.field == field
    assert rows(store) == before
    assert fixes.list_fixes() == []
    assert rows(store, "data_fix_bars") == []


def test_a_fix_is_undone_once_and_the_later_one_first(
    fixes: BarFixRepository, store: DuckStore
) -> None:
    before = rows(store)
    first = fixes.make(fix("adjust_split", 6, ratio=2.0))
    second = fixes.make(fix("drop", 2))
    with pytest.raises(Conflict, match=second.id[:8]):
        fixes.undo(first.id, "kim")
    fixes.undo(second.id[:12], "lee")
    undone = fixes.undo(first.id, "lee")
    assert (undone.restored, undone.kept) == (6, 0)
    assert rows(store) == before
    with pytest.raises(Conflict, match="already"):
        fixes.undo(first.id, "kim")
    with pytest.raises(NotFound):
        fixes.undo("nothing", "kim")
    assert [one.undone_by for one in fixes.list_fixes(["A"])] == ["lee", "lee"]
    assert fixes.list_fixes(["B"]) == []


def test_bars_imported_since_stay_as_the_import_has_them(
    fixes: BarFixRepository, bars: BarRepository, bars_of: MakeBars
) -> None:
    made = fixes.make(fix("adjust_split", 5, ratio=2.0))
    bars.upsert(bars_of(["A"], 2, seed=5), ImportBatch("two"))
    newest = closes(bars)
    undone = fixes.undo(made.id, "kim")
    assert (undone.restored, undone.kept) == (3, 2)
    assert closes(bars)[day(0)] == newest[day(0)]
    assert closes(bars)[day(2)] == 2 * newest[day(2)]


def test_the_same_bars_come_again_and_fixes_stay(
    fixes: BarFixRepository, store: DuckStore, bars: BarRepository, bars_of: MakeBars
) -> None:
    before = rows(store)
    again = bars_of(["B"], 10, seed=3)
    bars.upsert(again, ImportBatch("one", adjustment="none"))
    original = rows(store)
    split = fixes.make(fix("adjust_split", 6, symbol="B", ratio=4.0))
    drop = fixes.make(fix("drop", 3, 8, symbol="B"))
    fill = fixes.make(fix("fill", 8, symbol="B"))
    fixed = rows(store)
    counts = bars.upsert(again, ImportBatch("one", adjustment="none"))
    assert (counts.inserted, counts.updated, counts.unchanged) == (0, 0, 10)
    assert rows(store) == fixed != before
    for one in (fill, drop, split):
        assert fixes.undo(one.id, "kim").kept == 0
    assert rows(store) == original
    fixes.make(fix("drop", 3, symbol="B"))
    assert bars.upsert(bars_of(["B"], 10, seed=7), ImportBatch("one")).inserted == 1  # news


def test_a_symbol_dropped_as_a_whole_stays_away(
    fixes: BarFixRepository, bars: BarRepository, bars_of: MakeBars
) -> None:
    again, batch = bars_of(["C"], 3), ImportBatch("one")
    bars.upsert(again, batch)
    made = fixes.make(fix("drop", 0, 1, 2, symbol="C"))
    assert bars.upsert(again, ImportBatch("one")).unchanged == 3
    fixes.undo(made.id, "kim")
    assert len(closes(bars, "C")) == 3


def test_ratios_are_written_as_people_write_them() -> None:
    assert [split_text(one) for one in (4.0, 0.1, 1.5, 1 / 3)] == ["4:1", "1:10", "3:2", "1:3"]


_FIXES = st.one_of(
    st.builds(lambda d, r: fix("adjust_split", d, ratio=r), st.integers(1, 11),
              st.sampled_from([2.0, 3.0, 0.1, 1.5, 7.0])),
    *(
        st.builds(lambda days, kind=kind: fix(kind, *sorted(days)),
                  st.sets(st.integers(0, 12), min_size=1, max_size=5))
        for kind in ("drop", "fill", "take_other", "closure", "ignore")
    ),
)  # fmt: skip


@given(st.lists(_FIXES, min_size=1, max_size=5))
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_undoing_every_fix_gives_the_same_rows(
    fixes: BarFixRepository, store: DuckStore, wanted: list[NewFix]
) -> None:
    tables = ("market_data", "import_batches", "symbol_summaries", "data_fix_dates")
    before = {table: rows(store, table) for table in tables}
    made = []
    for one in wanted:
        again = NewFix(one.symbol, one.check, one.kind, one.dates, "kim", "", one.split_ratio)
        try:
            made.append(fixes.make(again).id)
        except InvalidInput:
            continue
    for one in reversed(made):
        fixes.undo(one, "kim")
    assert {table: rows(store, table) for table in tables} == before
