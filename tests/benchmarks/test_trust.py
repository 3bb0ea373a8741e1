"""How often the trust card is right, over hundreds of studies, and what it takes."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from quant_tui.engine import BacktestConfig, run_backtest
from quant_tui.engine.robustness.assess import assess
from tests.engine.robustness.studies import daily, prices, study

STUDIES = 100


def verdicts(tries: int, effect: float) -> Counter[str]:
    return Counter(str(study(seed, tries, effect)[0].verdict) for seed in range(STUDIES))


@pytest.mark.slow_benchmark
@pytest.mark.parametrize("tries", [2, 5, 20, 60])
def test_the_best_of_random_tries_is_not_good_in_95_of_100(tries: int) -> None:
    assert verdicts(tries, 0.0)["good"] <= 5


@pytest.mark.slow_benchmark
def test_a_planted_effect_is_good_in_80_of_100() -> None:
    assert verdicts(20, 0.003)["good"] >= 80


@pytest.mark.slow_benchmark
@pytest.mark.parametrize("strategy", ["SMA_CROSSOVER", "RSI_MEAN_REVERSION", "BUY_AND_HOLD"])
def test_a_card_of_20_000_bars_takes_half_a_second(strategy: str) -> None:
    bars = daily(prices(1, 0.001, 20_000))
    report = run_backtest(bars, strategy, config=BacktestConfig(commission=0.001))
    taken = []
    for _ in range(5):
        start = time.process_time()
        assess(report)
        taken.append(time.process_time() - start)
    # Of processor time: the machine may be busy with something else.
    assert min(taken) < 0.5
