"""Figures by hand on short curves, and what is undefined with its reason."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine import compute_metrics
from quant_tui.engine.metrics.drawdowns import drawdown_series, drawdowns


def days(count: int, start: str = "2024-01-01"):
    return np.datetime64(start) + np.arange(count)


def metrics(values, **more):
    given = {"initial_capital": 100.0, "annualization": 252.0} | more
    return compute_metrics(days(len(values)), np.asarray(values, dtype=float), **given)


def test_returns_count_from_the_initial_capital():
    found = metrics([110.0, 99.0, 99.0, 121.0])
    np.testing.assert_allclose(found.returns, [0.1, -0.1, 0.0, 22 / 99])
    figures = found.performance
    assert figures["total_return"] == pytest.approx(0.21)
    assert figures["cagr"] == pytest.approx(1.21 ** (252 / 4) - 1)
    assert figures["max_drawdown"] == pytest.approx(-0.1)
    assert figures["calmar_ratio"] == pytest.approx(figures["cagr"] / 0.1)
    spread = np.std(found.returns, ddof=1)
    assert figures["sharpe_ratio"] == pytest.approx(found.returns.mean() / spread * np.sqrt(252))
    downside = np.sqrt(0.01 / 4)
    assert figures["sortino_ratio"] == pytest.approx(
        found.returns.mean() * 252 / (downside * np.sqrt(252))
    )
    assert figures["omega_ratio"] == pytest.approx((0.1 + 22 / 99) / 0.1)
    assert found.risk["downside_deviation"] == pytest.approx(downside * np.sqrt(252))


def test_the_peak_includes_the_initial_capital():
    found = metrics([90.0, 95.0, 80.0])
    np.testing.assert_allclose(found.drawdown, [-0.1, -0.05, -0.2])
    only = found.top_drawdowns[0]
    assert (only.peak_row, only.valley_row, only.recovery_row, only.bars) == (-1, 2, None, 3)


def test_value_at_risk_and_its_tail():
    """41 returns: the 5th percentile lies on the third lowest, the tail holds three."""
    returns = np.linspace(-0.04, 0.04, 41)
    values = 100.0 * np.cumprod(1 + returns)
    found = metrics(values)
    assert found.risk["value_at_risk"] == pytest.approx(-0.036)
    assert found.risk["conditional_value_at_risk"] == pytest.approx((-0.04 - 0.038 - 0.036) / 3)
    assert found.risk["tail_ratio"] == pytest.approx(1.0)
    assert found.risk["skew"] == pytest.approx(0.0, abs=1e-9)


def test_value_at_risk_is_never_above_zero():
    found = metrics(100.0 * np.cumprod(np.linspace(1.01, 1.02, 30)))
    assert found.risk["value_at_risk"] == 0.0
    assert found.risk["conditional_value_at_risk"] == 0.0


def test_drawdowns_with_their_dates():
    series = drawdown_series(np.array([100.0, 120, 90, 120, 108, 96, 119, 130, 129]), 100.0)
    every = drawdowns(series, days(9))
    found = every.deepest(series, 5)
    assert [(d.peak_row, d.valley_row, d.recovery_row, d.bars, d.days) for d in found] == [
        (1, 2, 3, 2, 2), (3, 5, 7, 4, 4), (7, 8, None, 1, 1),
    ]  # fmt: skip
    assert every.depth == pytest.approx([-0.25, -0.2, 129 / 130 - 1])
    assert [d.depth for d in found] == sorted(every.depth)
    risk = metrics([100.0, 120, 90, 120, 108, 96, 119, 130, 129]).risk
    assert risk["drawdown_count"] == 3
    assert risk["max_drawdown_duration"] == 4
    assert risk["average_drawdown"] == pytest.approx((-0.25 - 0.2 - 1 / 130) / 3)
    assert risk["average_drawdown_duration"] == pytest.approx(7 / 3)
    assert risk["ulcer_index"] == pytest.approx(np.sqrt((series**2).mean()))


def test_trades_by_hand():
    found = metrics(
        [100.0, 101.0],
        trade_pnl=np.array([10.0, 20.0, -5.0, -10.0, 0.0, 99.0]),
        trade_returns=np.array([0.1, 0.2, -0.05, -0.1, 0.0, 0.99]),
        trade_bars=np.array([1, 2, 3, 4, 5, 6]),
        trade_open=np.array([False, False, False, False, False, True]),
    ).performance
    assert found["total_trades"] == 5
    assert found["open_trades"] == 1
    assert (found["winning_trades"], found["losing_trades"]) == (2, 2)
    assert found["win_rate"] == pytest.approx(0.4)
    assert found["profit_factor"] == pytest.approx(2.0)
    assert found["payoff_ratio"] == pytest.approx(2.0)
    assert found["expectancy"] == pytest.approx(3.0)
    assert found["average_trade_return"] == pytest.approx(0.03)
    assert (found["best_trade"], found["worst_trade"]) == (0.2, -0.1)
    assert found["kelly"] == pytest.approx(0.4 - 0.6 / 2)
    pnl = np.array([10.0, 20.0, -5.0, -10.0, 0.0])
    assert found["sqn"] == pytest.approx(np.sqrt(5) * 3 / pnl.std(ddof=1))
    assert (found["longest_winning_streak"], found["longest_losing_streak"]) == (2, 2)
    assert (found["average_trade_bars"], found["longest_trade_bars"]) == (3.0, 5)


def test_calendar_periods():
    dates = np.array(["2023-12-29", "2024-01-02", "2024-01-31", "2024-02-01"], dtype="M8[D]")
    found = compute_metrics(
        dates, np.array([110.0, 99.0, 121.0, 133.1]), initial_capital=100.0, annualization=252
    )
    assert found.monthly_table[2023] == {12: pytest.approx(0.1)}
    assert found.monthly_table[2024] == {1: pytest.approx(0.1), 2: pytest.approx(0.1)}
    assert found.performance["worst_day"] == pytest.approx(-0.1)
    assert found.performance["best_year"] == pytest.approx(0.21)


def test_the_days_of_intraday_bars_are_whole_sessions():
    dates = np.array(["2024-01-02T15", "2024-01-02T16", "2024-01-03T15"], dtype="M8[ns]")
    found = compute_metrics(
        dates, np.array([90.0, 110.0, 99.0]), initial_capital=100.0, annualization=500
    )
    assert found.performance["best_day"] == pytest.approx(0.1)
    assert found.performance["worst_day"] == pytest.approx(-0.1)


def test_activity():
    found = metrics(
        [100.0, 100.0, 100.0, 100.0], exposure=np.array([0.0, 0.5, 1.0, 0.0]), traded_value=200.0
    ).performance
    assert found["exposure"] == 0.5
    assert found["average_exposure"] == pytest.approx(0.375)
    assert found["turnover"] == pytest.approx(1.0 / (4 / 252))


def test_a_benchmark_with_holes_is_carried_forward():
    levels = np.array([np.nan, 10.0, np.nan, 11.0, 9.9])
    found = metrics([100.0, 101.0, 102.0, 101.0, 103.0], benchmark=levels).performance
    assert found["benchmark_return"] == pytest.approx(-0.01)
    ours = np.array([1 / 101, -1 / 102, 2 / 101])
    theirs = np.array([0.0, 0.1, -0.1])
    beta = np.cov(ours, theirs, ddof=0)[0, 1] / theirs.var()
    assert found["beta"] == pytest.approx(beta)
    assert found["alpha"] == pytest.approx((1 + (ours - beta * theirs).mean()) ** 252 - 1)


@pytest.mark.parametrize(
    ("values", "metric", "reason"),
    [
        ([100.0], "sharpe_ratio", "fewer than two bars"),
        ([100.0], "annual_volatility", "fewer than two bars"),
        ([100.0, 100.0], "sharpe_ratio", "did not move"),
        ([101.0, 102.0], "sortino_ratio", "no losing period"),
        ([101.0, 102.0], "calmar_ratio", "no drawdown"),
        ([101.0, 102.0], "average_drawdown", "no drawdown"),
        ([101.0, 102.0], "omega_ratio", "no losing period"),
        ([101.0, 102.0], "win_rate", "no closed round trip"),
        ([101.0, 102.0], "alpha", "no benchmark"),
        ([101.0, 102.0], "exposure", "not known"),
        ([1e9], "cagr", "too few bars"),
        ([1e9], "calmar_ratio", "no CAGR"),
        ([100.0, 100.0, 100.0], "stability", "did not move"),
        ([100.0, 100.0, 100.0], "tail_ratio", "percentile"),
    ],
)
def test_the_undefined_is_none_with_its_reason(values, metric, reason):
    found = metrics(values, annualization=252.0)
    assert {**found.performance, **found.risk}[metric] is None
    assert reason in found.undefined[metric]


def test_a_constant_return_has_no_sharpe():
    """The deviation of equal returns is zero, not the residue of its rounding."""
    assert metrics([110.0, 121.0, 133.1]).performance["sharpe_ratio"] is None
    assert metrics([110.0, 121.0, 133.2]).performance["sharpe_ratio"] > 100
    assert metrics([200.0, 400.0, 800.0]).performance["sharpe_ratio"] is None


def test_a_benchmark_that_stands_still():
    known = metrics([100.0, 101.0, 99.0], benchmark=np.array([np.nan, 5.0, 6.0])).performance
    assert known["beta"] is None
    found = metrics([100.0, 101.0, 99.0], benchmark=np.full(3, 5.0))
    assert found.performance["beta"] is None
    assert found.performance["up_capture"] is None
    assert found.undefined["beta"] == "the benchmark did not move"


def test_ruin():
    found = metrics([50.0, 0.0, 0.0])
    assert found.performance["total_return"] == -1.0
    assert found.performance["cagr"] == -1.0
    assert found.performance["max_drawdown"] == -1.0
    assert all(value is None or np.isfinite(value) for value in found.performance.values())
