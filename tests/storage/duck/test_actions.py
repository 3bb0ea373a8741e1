from __future__ import annotations

from datetime import date

from quant_tui.storage.duck.actions import CorporateActionRepository
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.records import CorporateAction


def test_actions_are_kept_by_symbol_and_date(store: DuckStore, bars: BarRepository) -> None:
    actions = CorporateActionRepository(store)
    split = CorporateAction("A", date(2020, 8, 31), split_ratio=4.0, source="csv")
    dividend = CorporateAction("B", date(2020, 2, 7), dividend=0.77, source="csv")
    assert actions.upsert([split, dividend]) == 2
    assert actions.upsert([]) == 0
    assert actions.list_actions() == [split, dividend]
    corrected = CorporateAction("A", date(2020, 8, 31), split_ratio=5.0, source="csv")
    actions.upsert([split, corrected])
    assert actions.list_actions(["A"]) == [corrected]
    bars.delete(["A"])
    assert actions.list_actions() == [dividend]
