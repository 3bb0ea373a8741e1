"""Metrics against empyrical on equity curves of real runs."""

from __future__ import annotations

import empyrical
import numpy as np
import pytest
from scipy import stats

from quant_tui.engine import BacktestConfig, run_backtest


@pytest.fixture(
    params=[
        ("SMA_CROSSOVER", {"short_window": 20, "long_window": 50}),
        ("RSI_MEAN_REVERSION", {}),
        ("BUY_AND_HOLD", {}),
    ]
)
def report(request, bars):
    strategy, params = request.param
    config = BacktestConfig(commission=0.001, slippage=0.0005, fill="close")
    return run_backtest(bars, strategy, params, config, benchmark=bars.close[:, 0])


@pytest.fixture
def returns(report):
    value = np.concatenate(([report.config.initial_capital], report.equity_curve.value))
    return value[1:] / value[:-1] - 1.0


def test_figures_of_returns(report, returns):
    ours = {**report.performance, **report.risk_metrics}
    theirs = {
        "total_return": empyrical.cum_returns_final(returns),
        "cagr": empyrical.cagr(returns),
        "sharpe_ratio": empyrical.sharpe_ratio(returns),
        "sortino_ratio": empyrical.sortino_ratio(returns),
        "calmar_ratio": empyrical.calmar_ratio(returns),
        "omega_ratio": empyrical.omega_ratio(returns),
        "max_drawdown": empyrical.max_drawdown(returns),
        "annual_volatility": empyrical.annual_volatility(returns),
        "downside_deviation": empyrical.downside_risk(returns),
        "value_at_risk": empyrical.value_at_risk(returns),
        "conditional_value_at_risk": empyrical.conditional_value_at_risk(returns),
        "tail_ratio": empyrical.tail_ratio(returns),
        "stability": empyrical.stability_of_timeseries(returns),
        "skew": stats.skew(returns),
        "kurtosis": stats.kurtosis(returns),
    }
    for name, value in theirs.items():
        if np.isfinite(value):
            assert ours[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name
        else:
            assert ours[name] is None
            assert report.undefined[name]


def test_drawdown_series(report, returns):
    np.testing.assert_allclose(
        report.drawdown, empyrical.stats.drawdown_series(returns), atol=1e-12
    )


def test_figures_against_a_benchmark(report, returns, close):
    factor = close[1:] / close[:-1] - 1.0
    ours = report.performance
    theirs = {
        "alpha": empyrical.alpha(returns[1:], factor),
        "beta": empyrical.beta(returns[1:], factor),
        "information_ratio": empyrical.excess_sharpe(returns[1:], factor),
        "up_capture": empyrical.up_capture(returns[1:], factor),
        "down_capture": empyrical.down_capture(returns[1:], factor),
        "up_down_capture": empyrical.up_down_capture(returns[1:], factor),
    }
    for name, value in theirs.items():
        if name == "information_ratio" and np.std(returns[1:] - factor) < 1e-14:
            assert ours[name] is None  # holding the benchmark: the peer divides by rounding
        else:
            assert ours[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_risk_free_rate_is_annual(bars):
    config = BacktestConfig(risk_free=0.03)
    report = run_backtest(bars, "BUY_AND_HOLD", config=config, benchmark=bars.close[:, 0])
    returns = report.metrics.returns
    rate = 1.03 ** (1 / 252) - 1
    assert report.performance["sharpe_ratio"] == pytest.approx(
        empyrical.sharpe_ratio(returns, risk_free=rate), rel=1e-9
    )
    factor = bars.close[1:, 0] / bars.close[:-1, 0] - 1.0
    assert report.performance["alpha"] == pytest.approx(
        empyrical.alpha(returns[1:], factor, risk_free=rate), rel=1e-9
    )
