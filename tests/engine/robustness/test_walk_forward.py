"""Walk-forward against the same steps written out with single runs."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import Cancelled, InsufficientData, InvalidInput
from quant_tui.engine import BacktestConfig, run_backtest
from quant_tui.engine.robustness.reruns import window
from quant_tui.engine.robustness.walk_forward import Window, walk_forward, walk_forward_windows
from tests.engine.robustness.studies import RULES, daily, prices

GRID = {"short": [5, 10, 200], "long": [20, 40]}
CONFIG = BacktestConfig(commission=0.001)


def test_windows_test_every_later_bar_once() -> None:
    rolling = walk_forward_windows(1000, 400, 250)
    assert rolling == [Window(0, 400, 650), Window(250, 650, 900), Window(500, 900, 1000)]
    anchored = walk_forward_windows(1000, 400, 250, anchored=True)
    assert [one.train for one in anchored] == [0, 0, 0]
    assert [(one.test, one.stop) for one in anchored] == [(one.test, one.stop) for one in rolling]


@pytest.mark.parametrize("anchored", [False, True])
def test_each_step_is_the_best_before_it_traded_after(anchored: bool) -> None:
    bars = daily(prices(2, 0.002, 900))
    windows = walk_forward_windows(900, 300, 200, anchored=anchored)
    found = walk_forward(bars, RULES, GRID, windows, CONFIG)
    assert len(found.returns) == 600
    config = CONFIG.resolve(symbols=1, annualization=252.0)
    for step in found.steps:
        inside, _ = window(bars, step.window.train, step.window.test, {})
        sharpes = {}
        for short in GRID["short"]:
            for long in GRID["long"]:
                if short < long:
                    report = run_backtest(inside, RULES, {"short": short, "long": long}, config)
                    sharpes[short, long] = report.performance["sharpe_ratio"] or -np.inf
        best = max(sharpes, key=lambda one: sharpes[one])
        assert step.params == {"short": best[0], "long": best[1]}
        assert step.in_sample == pytest.approx(sharpes[best], rel=1e-9)
        lead = step.window.test - RULES.warm_up(step.params)
        outside, _ = window(bars, lead, step.window.stop, {})
        returns = run_backtest(outside, RULES, step.params, config).metrics.returns
        assert (returns[: step.window.test - lead] == 0.0).all(), "nothing is held before the test"
        start = step.window.test - 300
        part = found.returns[start : start + step.window.stop - step.window.test]
        assert part == pytest.approx(returns[step.window.test - lead :])


def test_efficiency_tells_an_effect_from_noise() -> None:
    windows = walk_forward_windows(2520, 504, 252)
    grid = {"short": [3, 5, 10, 20], "long": [25, 40, 60]}

    def mean(effect: float) -> float:
        found = [
            walk_forward(daily(prices(seed, effect)), RULES, grid, windows, CONFIG).efficiency
            for seed in range(6)
        ]
        return float(np.mean([one for one in found if one is not None]))

    assert mean(0.003) > 0.5
    assert mean(0.0) < 0.3


def test_bad_input_is_named() -> None:
    bars = daily(prices(2, 0.0, 100))
    with pytest.raises(InvalidInput, match="train"):
        walk_forward_windows(100, 0, 10)
    with pytest.raises(InsufficientData, match="leaves nothing"):
        walk_forward_windows(100, 100, 10)
    with pytest.raises(InvalidInput, match="one window"):
        walk_forward(bars, RULES, GRID, [])
    with pytest.raises(InsufficientData, match="No combination"):
        walk_forward(bars, RULES, {"long": [60]}, walk_forward_windows(100, 40, 20), CONFIG)
    with pytest.raises(Cancelled):
        walk_forward(
            bars, RULES, {"short": [2], "long": [5]}, walk_forward_windows(100, 40, 20),
            cancel=lambda: True,
        )  # fmt: skip
