"""The hash of a result: the same for the same figures, another for any other."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from quant_tui.services.result_hash import result_hash

RESULT: dict[str, Any] = {
    "performance": {"total_return": 0.25, "cagr": None, "total_trades": 3},
    "risk_metrics": {"skew": -0.0},
    "trades": [{"symbol": "삼성", "price": 10.5, "open": False}],
    "round_trips": [],
    "portfolio_value": {"date": ["2020-01-01"], "value": [100000.0, 1 / 3]},
}


def test_it_is_the_sha_256_of_the_documented_text() -> None:
    text = (
        '{"performance":{"cagr":null,"total_return":0.25,"total_trades":3},'
        '"portfolio_value":{"date":["2020-01-01"],"value":[100000,0.3333333333]},'
        '"risk_metrics":{"skew":0},"round_trips":[],'
        '"trades":[{"open":false,"price":10.5,"symbol":"\\uc0bc\\uc131"}]}'
    )
    json.loads(text)
    assert result_hash(RESULT) == hashlib.sha256(text.encode()).hexdigest()


def test_order_of_keys_last_bits_and_other_keys_do_not_enter() -> None:
    other = copy.deepcopy(RESULT)
    other["performance"] = dict(reversed(other["performance"].items()))
    other["performance"]["total_trades"] = 3.0
    other["portfolio_value"]["value"][1] += 1e-16
    other["details"] = {"warnings": []}
    assert result_hash(other) == result_hash(RESULT)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["performance"].update(cagr=0.0),
        lambda one: one["portfolio_value"]["value"].__setitem__(0, 100000.01),
        lambda one: one["portfolio_value"]["value"].append(None),
        lambda one: one["trades"].clear(),
        lambda one: one["trades"][0].update(open=True),
        lambda one: one["risk_metrics"].update(extra=None),
    ],
)
def test_any_other_figure_gives_another_hash(change: Callable[[dict[str, Any]], None]) -> None:
    other = copy.deepcopy(RESULT)
    change(other)
    assert result_hash(other) != result_hash(RESULT)
