"""Objectives: rules over metrics, and how trials are judged by them."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.optimization.evaluate import TrialFigures
from quant_tui.engine.optimization.objective import Objective
from quant_tui.engine.optimization.scoring import Scoring, merits, pareto_front

METRICS = {
    "sharpe_ratio": np.array([1.0, np.nan, 2.0]),
    "max_drawdown": np.array([-0.2, -0.1, -0.4]),
    "total_trades": np.array([5.0, 0.0, 40.0]),
}


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("sharpe_ratio", [1.0, np.nan, 2.0]),
        ("sharpe_ratio - 2 * abs(max_drawdown)", [0.6, np.nan, 1.2]),
        ("max_drawdown * (total_trades > 10)", [0.0, 0.0, -0.4]),
        ("max(max_drawdown, -0.15)", [-0.15, -0.1, -0.15]),
        ("sqrt(max_drawdown)", [np.nan] * 3),
        ("max_drawdown / total_trades", [-0.04, np.nan, -0.01]),
        ("-max_drawdown ** 2", [-0.04, -0.01, -0.16]),
    ],
)
def test_a_rule_over_metrics(rule: str, values: list[float]) -> None:
    np.testing.assert_allclose(Objective(rule).values(METRICS), values)
    np.testing.assert_allclose(-Objective(rule, "minimize").merits(METRICS), values)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("sharp_ratio", "no metric 'sharp_ratio'"),
        ("sharpe_ratio +", "cannot be read"),
        ("", "empty"),
        ("sma(sharpe_ratio, 3)", "cannot have"),
        ("min(sharpe_ratio)", "cannot have"),
        ("__import__('os')", "."),
        ("sharpe_ratio and cagr", "cannot have"),
    ],
)
def test_a_rule_that_cannot_be_used(rule: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as raised:
        Objective(rule)
    assert raised.value.field == "objective"


def test_few_trades_forbid_a_trial_or_cost_it() -> None:
    figures = TrialFigures(METRICS, None, {})
    strict = Scoring(min_trades=10).score(figures)
    assert [one.feasible for one in strict] == [False, False, True]
    assert strict[0].violation == pytest.approx(0.5)
    assert strict[0].reason == "5 closed trades, fewer than 10."
    assert strict[1].values is None
    assert "it never traded" in strict[1].reason
    soft = Scoring(min_trades=10, penalty=3.0).score(figures)
    assert [one.feasible for one in soft] == [True, False, True]
    assert soft[0].values == pytest.approx((-0.5,))
    less = Scoring((Objective("max_drawdown", "minimize"),), 10, 1.0).score(figures)
    assert less[0].values == pytest.approx((0.3,))
    broken = Scoring().score(TrialFigures(METRICS, None, {2: "short < long is broken"}))
    assert broken[2].reason == "short < long is broken"
    assert broken[2].violation == 1.0


def test_the_front_has_what_nothing_beats() -> None:
    both = (Objective("sharpe_ratio"), Objective("annual_volatility", "minimize"))
    values = {0: (1.0, 0.2), 3: (2.0, 0.3), 4: (1.0, 0.3), 7: (0.5, 0.1), 9: (2.0, 0.3)}
    assert pareto_front(both, values) == (0, 3, 7, 9)
    assert pareto_front(both, {}) == ()


def test_the_front_is_that_of_comparing_all_pairs() -> None:
    random = np.random.default_rng(0)
    both = (Objective("sharpe_ratio"), Objective("max_drawdown"), Objective("cagr", "minimize"))
    values = {n: tuple(random.integers(0, 6, 3).astype(float)) for n in range(200)}
    signs = np.array([one.sign for one in both])

    def beaten(own: tuple[float, ...]) -> bool:
        ahead = [(np.array(one) - own) * signs for one in values.values()]
        return any((one >= 0).all() and (one > 0).any() for one in ahead)

    assert pareto_front(both, values) == tuple(n for n, v in values.items() if not beaten(v))


def test_merits_of_several_objectives_are_mean_ranks() -> None:
    both = (Objective("sharpe_ratio"), Objective("annual_volatility", "minimize"))
    found = merits(both, [(1.0, 0.2), None, (2.0, 0.3)])
    np.testing.assert_allclose(found, [0.75, np.nan, 0.75])
