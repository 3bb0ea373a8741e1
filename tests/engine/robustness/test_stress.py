"""Changed runs are the runs they say they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_tui.domain.errors import InsufficientData
from quant_tui.engine import BacktestConfig, Bars, parse_document, run_backtest
from quant_tui.engine.robustness.assess import assess
from quant_tui.engine.robustness.reruns import COSTS, Reruns, window, with_costs
from quant_tui.engine.robustness.stress import (
    cost_stress,
    neighbours,
    parameter_neighbours,
    plateau_score,
    start_dates,
)
from tests.engine.robustness.studies import WITHOUT_INPUTS

Make = Callable[..., Bars]
PARAMS = {"short_window": 5, "long_window": 20}
CONFIG = BacktestConfig(commission=0.001, slippage=0.0005, commission_minimum=1.0)


@pytest.fixture
def reruns(random_bars: Make) -> Reruns:
    return Reruns(run_backtest(random_bars(5, 400, 2), "SMA_CROSSOVER", PARAMS, CONFIG))


def test_costs_are_multiplied_each(reruns: Reruns) -> None:
    bars = reruns.report.bars
    found = cost_stress(reruns)
    assert [one.changed for one in found] == ["x0", "x1", "x2", "x4"]
    for one, factor in zip(found, (0, 1, 2, 4), strict=True):
        config = BacktestConfig(
            commission=0.001 * factor, slippage=0.0005 * factor, commission_minimum=1.0 * factor
        )
        wanted = run_backtest(bars, "SMA_CROSSOVER", PARAMS, config)
        assert one.sharpe == wanted.performance["sharpe_ratio"]
        assert one.total_return == wanted.performance["total_return"]
    returns = [one.total_return or 0.0 for one in found]
    assert returns == sorted(returns, reverse=True)


def test_every_cost_can_be_multiplied_within_its_bounds() -> None:
    dearest = BacktestConfig(slippage_model="volume_share", **dict(COSTS))
    assert with_costs(dearest, 4.0) == dearest
    free = with_costs(dearest, 0.0)
    assert all(getattr(free, name) == 0.0 for name in COSTS)


def test_a_later_start_is_a_run_of_the_later_bars(reruns: Reruns) -> None:
    bars = reruns.report.bars
    found = start_dates(reruns, 5)
    assert [one.changed for one in found] == [
        str(bars.dates[row]) for row in (0, 50, 100, 150, 200)
    ]
    later, _ = window(bars, 100, 400, {})
    wanted = run_backtest(later, "SMA_CROSSOVER", PARAMS, reruns.report.config)
    assert found[2].sharpe == wanted.performance["sharpe_ratio"]
    assert found[0].sharpe == reruns.report.performance["sharpe_ratio"]


def test_a_run_that_is_silent_for_long_is_started_where_it_wakes_up(random_bars: Make) -> None:
    bars = random_bars(5, 400, 1)
    rules = "name: x\nentry: 'macro(\"CPI\") > 0'\nexit: 'macro(\"CPI\") < 0'\n"
    values = np.where(np.arange(400) < 200, -1.0, np.sin(np.arange(400.0) / 3))
    inputs = {'macro("CPI")': values}
    report = run_backtest(bars, rules, config=CONFIG, inputs=inputs)
    first = int(report.fills.decided_row.min())
    found = start_dates(Reruns(report, inputs), 3)
    rows = (first, first + (400 - first) // 4, first + (400 - first) // 2)
    assert [one.changed for one in found] == [str(bars.dates[row]) for row in rows]
    assert len({one.trades for one in found}) == 3


def test_a_later_start_of_a_run_with_warm_up_bars_has_its_own_rows_of_outside_series(
    random_bars: Make,
) -> None:
    bars = random_bars(5, 300, 2)
    rules = "name: x\nentry: 'macro(\"CPI\") > 0'\nexit: 'macro(\"CPI\") < 0'\n"
    values = np.sin(np.arange(300.0) / 7)
    inputs = {'macro("CPI")': values}
    report = run_backtest(bars, rules, config=CONFIG, inputs=inputs, begin=60)
    found = start_dates(Reruns(report, inputs), 3)
    later, cut = window(bars, 120, 300, inputs)
    wanted = run_backtest(later, rules, config=report.config, inputs=cut)
    assert found[1].changed == str(bars.dates[120])
    assert found[1].sharpe == wanted.performance["sharpe_ratio"]
    assert assess(report, inputs=inputs).line("look_ahead").verdict == "good"


def test_a_window_leaves_out_symbols_without_bars_and_cuts_outside_series(
    bars_of: Make,
) -> None:
    close = np.array([[1.0, np.nan], [2.0, np.nan], [3.0, 5.0]])
    bars = bars_of(close)
    part, inputs = window(bars, 0, 2, {"a": np.arange(3.0), "b": np.arange(6.0).reshape(3, 2)})
    assert part.symbols == ("A",)
    assert np.asarray(inputs["a"]).tolist() == [0.0, 1.0]
    assert np.asarray(inputs["b"]).tolist() == [[0.0], [2.0]]
    gone = bars_of(np.array([[1.0], [np.nan], [3.0]]))
    with pytest.raises(InsufficientData, match="rows 1 to 1"):
        window(gone, 1, 2, {})


def test_neighbours_are_a_step_or_a_tenth_away_and_within_bounds() -> None:
    document = parse_document(
        "name: x\n"
        "params: {a: {int: [2, 400], default: 200, step: 1}, b: {int: [2, 50], default: 2},"
        " c: {float: [0, 1], default: 0.5}, d: {float: [0, 4], default: 0},"
        " e: {bool: true, default: true}, f: {int: [0, 90], default: 30, step: 10}}\n"
        'entry: "close > a + b + c + d + f and e"\n'
    )
    found = neighbours(document.parameters, document.default_parameters())
    assert found == [
        ("a", 180), ("a", 220), ("b", 3), ("c", 0.45), ("c", 0.55), ("d", 0.2), ("f", 20),
        ("f", 40),
    ]  # fmt: skip


def test_neighbours_that_cannot_be_run_are_left_out(random_bars: Make) -> None:
    params = {"short_window": 5, "long_window": 6}
    reruns = Reruns(run_backtest(random_bars(5, 200, 1), "SMA_CROSSOVER", params, CONFIG))
    changed = {one.changed for one in parameter_neighbours(reruns)}
    # 6 and 6, 5 and 5 break the constraint.
    assert changed == {"short_window = 4", "long_window = 7"}


def test_every_template_has_its_neighbours_run(random_bars: Make) -> None:
    bars = random_bars(5, 700, 2)
    for strategy in WITHOUT_INPUTS:
        report = run_backtest(bars, strategy, config=CONFIG)
        found = parameter_neighbours(Reruns(report))
        assert bool(found) == bool(neighbours(report.strategy.parameters, report.params))


@given(st.floats(-10, 10), st.lists(st.floats(-10, 10), max_size=9))
def test_a_plateau_is_at_most_one(best: float, others: list[float]) -> None:
    score = plateau_score(best, others)
    assert (score is None) == (best <= 0 or not others)
    assert score is None or score <= 1.0


def test_a_peak_and_a_plateau() -> None:
    assert plateau_score(2.0, [1.9, 2.1, 1.8, 2.4]) == 1.0
    assert plateau_score(2.0, [0.1, 1.9, 0.2, -0.1]) == pytest.approx(0.075)
