"""The configuration refuses what it cannot mean, and travels as a document."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine import BacktestConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("initial_capital", 0), ("initial_capital", -1), ("initial_capital", float("nan")),
        ("initial_capital", "1e5"), ("initial_capital", True), ("commission", -0.1),
        ("commission", 0.6), ("slippage", float("inf")), ("fill", "next"), ("shares", "half"),
        ("sizing", "kelly"), ("finalize", "sell"), ("size_at", "x"), ("cash_short", "x"),
        ("annualization", 0), ("risk_free", 2.0), ("seed", -1), ("seed", 1.5), ("seed", 2**63),
        ("delist_after", 0), ("sizing_value", 0.5), ("commission_per_share", -1),
        ("commission_minimum", float("nan")), ("slippage_model", "ticks"), ("volume_impact", 0.1),
        ("participation_cap", 0), ("participation_cap", 1.1), ("borrow_rate", -0.1),
        ("cash_rate", 2), ("allow_short", 1), ("max_leverage", 0), ("max_leverage", 1e3),
        ("sizing_window", 1), ("intrabar", "realistic"),
    ],
)  # fmt: skip
def test_bad_values_are_refused_by_name(field, value):
    with pytest.raises(InvalidInput) as caught:
        BacktestConfig(**{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("sizing", "value"),
    [
        ("fraction", None),
        ("fraction", 1.5),
        ("fraction", 0),
        ("fixed_cash", None),
        ("fixed_shares", -3),
    ],
)
def test_sizings_that_need_a_number_check_it(sizing, value):
    with pytest.raises(InvalidInput) as caught:
        BacktestConfig(sizing=sizing, sizing_value=value)
    assert caught.value.field == "sizing_value"


def test_numbers_of_numpy_are_numbers():
    given = BacktestConfig(
        initial_capital=np.int64(5000), commission=np.float32(0.25), seed=np.int64(3)
    )
    assert given == BacktestConfig(initial_capital=5000.0, commission=0.25, seed=3)
    assert json.loads(json.dumps(given.to_document())) == given.to_document()


def test_a_document_returns_the_same_config():
    config = BacktestConfig(commission=0.001, sizing="fraction", sizing_value=0.5, seed=3)
    document = json.loads(json.dumps(config.to_document()))
    assert BacktestConfig.from_document(document) == config
    assert BacktestConfig.from_document({}) == BacktestConfig()
    with pytest.raises(InvalidInput, match="comission"):
        BacktestConfig.from_document({"comission": 0.1})


def test_auto_sizing_is_told_as_what_it_became():
    auto = BacktestConfig()
    assert auto.resolve(symbols=1, annualization=252).sizing == "all_in"
    many = auto.resolve(symbols=4, annualization=252)
    assert (many.sizing, many.sizing_value) == ("fraction", 0.25)
    own = auto.resolve(symbols=4, annualization=252, sizing=("equal_weight", None))
    assert own.sizing == "equal_weight"
    assert many.annualization == 252
    assert (
        BacktestConfig(annualization=10.0).resolve(symbols=1, annualization=252).annualization == 10
    )
