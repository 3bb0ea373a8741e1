"""What the bit loops do not know takes the simulator, with the same figures."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine import TEMPLATES, BacktestConfig, Bars, parse_document
from quant_tui.engine.sweep.terms import are_known

RULES = """
params: {window: {int: [1, 100], default: 10}, level: {float: [0, 1], default: 0.1}}
let:
  average: sma(close, window)
entry: cross_above(close, average)
exit: cross_below(close, average)
"""
GRID = {"window": [2, 5, 20], "level": [0.02, 0.1]}


@pytest.mark.parametrize(
    "rules",
    ["stop_loss: level", "trailing_stop: level", "take_profit: level\nsizing: equal_weight",
     "rank: average - close", "universe: close > level * 400",
     "short_entry: cross_below(close, average)\nshort_exit: cross_above(close, average)"],
)  # fmt: skip
def test_stops_shorts_ranks_and_universes(bars_of, agrees, rules) -> None:
    config = BacktestConfig(commission=0.001, allow_short="short" in rules)
    assert agrees(bars_of(6, 200, 3, gaps=True), RULES + rules, GRID, config) == 6


@pytest.mark.parametrize(
    "given",
    [
        {"size_at": "decision"},
        {"sizing": "equal_weight"},
        {"sizing": "volatility_target", "sizing_value": 0.2},
        {"commission_minimum": 5.0},
        {"slippage_model": "spread", "slippage": 0.002},
        {"participation_cap": 0.001},
        {"cash_rate": 0.02},
    ],
    ids=lambda given: "-".join(map(str, given.values())),
)
def test_other_configurations(bars_of, agrees, given) -> None:
    config = BacktestConfig(**given)
    for symbols in (1, 3):
        assert agrees(bars_of(7, 200, symbols), RULES, GRID, config) == 6


def test_target_weights(bars_of, agrees) -> None:
    grid = {"lookback": [5, 40], "top_n": [1, 2], "rebalance_on": ["week_start", "month_start"]}
    assert agrees(bars_of(8, 260, 4, gaps=True), "MOMENTUM", grid) == 8


def test_any_metric_of_a_single_run(bars_of, agrees) -> None:
    names = ("win_rate", "profit_factor", "value_at_risk", "exposure", "alpha",
             "max_drawdown_duration", "total_trades")  # fmt: skip
    assert agrees(bars_of(9, 150), RULES, GRID, metrics=names) == 6


def test_even_growth_has_the_sharpe_ratio_of_a_single_run(bars_of, agrees) -> None:
    """Sums of squares cannot tell a spread that is far below the mean."""
    rows = 200
    wobble = 1e-9 * np.random.default_rng(1).normal(size=rows)
    rules = RULES.replace("cross_above(close, average)", "close >= average")
    for close in (1.01 ** np.arange(rows), np.exp(0.001 * np.arange(rows) + wobble), np.ones(rows)):
        bars = Bars(["A"], np.datetime64("2020-01-01") + np.arange(rows), *[close] * 4)
        assert agrees(bars, rules, GRID) == 6


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_infinite_figures_take_the_interpreter(bars_of, agrees) -> None:
    """Only a running sum can reach infinity: operators and functions make it undefined."""
    rules = RULES.replace("sma(close, window)", "rolling_sum(exp(close * 0 + 709.7), window)")
    assert agrees(bars_of(3, 100), rules.replace("cross_below", "cross_above"), GRID) == 6


def test_an_option_of_later_versions_is_not_taken_for_known() -> None:
    document = parse_document(RULES)
    resolved = BacktestConfig().resolve(symbols=1, annualization=252.0)
    assert are_known(resolved, document, 1)
    assert not are_known(
        BacktestConfig(cash_rate=0.01).resolve(symbols=1, annualization=252.0), document, 1
    )
    assert not are_known(resolved, parse_document(RULES + "stop_loss: 0.1"), 1)
    assert are_known(resolved, parse_document(RULES + "rank: close"), 1)
    assert not are_known(resolved, parse_document(RULES + "rank: close"), 2)


@pytest.mark.parametrize("strategy_type", TEMPLATES)
def test_every_template(bars_of, agrees, strategy_type) -> None:
    document = parse_document(TEMPLATES[strategy_type].document)
    grid = {
        name: [spec.default, spec.default + 1]
        for name, spec in document.parameters.items()
        if spec.kind == "int"
    }
    inputs = {'model("signal@prod")': np.sin(np.arange(300) / 9.0)}
    for symbols in (1, 3):
        bars = bars_of(14, 300, symbols, gaps=True)
        assert agrees(bars, document, grid, inputs=inputs) == 2 ** len(grid)


def test_without_an_exit_a_position_is_kept(bars_of, agrees) -> None:
    rules = "params: {window: {int: [1, 100], default: 10}}\nentry: close > sma(close, window)"
    assert agrees(bars_of(15, 120, gaps=True), rules, {"window": [3, 30]}) == 2
