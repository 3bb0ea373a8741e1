"""Every figure that empyrical and we both have, on equity curves of real runs.

Where definitions differ, and what is compared instead:

- empyrical's first return is that of the first period given; ours begins with the first
  bar against the initial capital, so that this return is given to it too;
- figures against a benchmark leave the first bar out, on which it has no return;
- its ``excess_sharpe`` is a period's: our ``information_ratio``, while
  ``information_ratio_annualized`` is that by √annualization;
- ``sharpe_ratio``, ``sortino_ratio`` and others are NaN or infinite where there is no
  return or no loss; ours are None, with the reason;
- ``aggregate_returns`` by week, and ``gpd_risk_estimates``, ``beta_fragility_heuristic``,
  ``up_alpha_beta`` and ``down_alpha_beta`` have no counterpart of ours.

Skew and kurtosis are scipy's, as pyfolio reports them.
"""

from __future__ import annotations

import empyrical
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from quant_tui.engine import BacktestConfig, parse_document, run_backtest

BREAKOUT = {
    "entry": "close >= rolling_max(close, 20)",
    "exit": "close <= rolling_min(close, 10)",
}
RUNS = {
    "crossing": ("SMA_CROSSOVER", {"short_window": 20, "long_window": 50}),
    "slow-crossing": ("SMA_CROSSOVER", {"short_window": 3, "long_window": 200}),
    "reversion": ("RSI_MEAN_REVERSION", {}),
    "breakout": (parse_document(BREAKOUT), {}),
    "holding": ("BUY_AND_HOLD", {}),
}


@pytest.fixture(params=RUNS)
def report(request, bars):
    strategy, params = RUNS[request.param]
    config = BacktestConfig(commission=0.001, slippage=0.0005, fill="close")
    return run_backtest(bars, strategy, params, config, benchmark=bars.close[:, 0])


@pytest.fixture
def returns(report):
    value = np.concatenate(([report.config.initial_capital], report.equity_curve.value))
    return value[1:] / value[:-1] - 1.0


def test_figures_of_returns(report, returns):
    ours = {**report.performance, **report.risk_metrics}
    year = {"annualization": report.config.annualization}
    theirs = {
        "total_return": empyrical.cum_returns_final(returns),
        "cagr": empyrical.cagr(returns, **year),
        "sharpe_ratio": empyrical.sharpe_ratio(returns, **year),
        "sortino_ratio": empyrical.sortino_ratio(returns, **year),
        "calmar_ratio": empyrical.calmar_ratio(returns, **year),
        "omega_ratio": empyrical.omega_ratio(returns),
        "max_drawdown": empyrical.max_drawdown(returns),
        "annual_volatility": empyrical.annual_volatility(returns, **year),
        "downside_deviation": empyrical.downside_risk(returns, **year),
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


def test_series(report, returns):
    np.testing.assert_allclose(report.metrics.returns, returns, rtol=1e-9, atol=1e-15)
    drawdown = empyrical.stats.drawdown_series(returns)
    np.testing.assert_allclose(report.drawdown, drawdown, atol=1e-12)
    growth = report.equity_curve.value / report.config.initial_capital - 1.0
    np.testing.assert_allclose(growth, empyrical.cum_returns(returns), atol=1e-12)


def test_returns_of_months_and_years(report, returns, frame):
    series = pd.Series(returns, frame.index)
    monthly = empyrical.aggregate_returns(series, "monthly")
    yearly = empyrical.aggregate_returns(series, "yearly")
    found = {
        (year, month): value
        for year, months in report.monthly_table.items()
        for month, value in months.items()
    }
    assert found == pytest.approx(monthly.to_dict(), rel=1e-9, abs=1e-12)
    figures = report.performance
    for period, values in (("month", monthly), ("year", yearly)):
        assert figures[f"best_{period}"] == pytest.approx(values.max(), rel=1e-9, abs=1e-12)
        assert figures[f"worst_{period}"] == pytest.approx(values.min(), rel=1e-9, abs=1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_figures_against_a_benchmark(report, returns, close):
    factor = close[1:] / close[:-1] - 1.0
    ours, year = report.performance, {"annualization": report.config.annualization}
    excess = empyrical.excess_sharpe(returns[1:], factor)
    theirs = {
        "alpha": empyrical.alpha(returns[1:], factor, **year),
        "beta": empyrical.beta(returns[1:], factor),
        "information_ratio": excess,
        "information_ratio_annualized": excess * np.sqrt(report.config.annualization),
        "tracking_error": empyrical.annual_volatility(returns[1:] - factor, **year),
        "benchmark_return": empyrical.cum_returns_final(factor),
        "benchmark_cagr": empyrical.cagr(factor, **year),
    }
    if report.config.annualization == 252:  # the peer's captures take no other
        theirs |= {
            "up_capture": empyrical.up_capture(returns[1:], factor),
            "down_capture": empyrical.down_capture(returns[1:], factor),
            "up_down_capture": empyrical.up_down_capture(returns[1:], factor),
        }
    same = np.std(returns[1:] - factor) < 1e-14  # there the peer divides by rounding
    for name, value in theirs.items():
        if same and name.startswith("information_ratio"):
            assert ours[name] is None
        elif np.isfinite(value):
            assert ours[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name
        else:
            assert report.undefined[name], name


def test_risk_free_rate_is_annual(bars):
    config = BacktestConfig(risk_free=0.03)
    report = run_backtest(bars, "BUY_AND_HOLD", config=config, benchmark=bars.close[:, 0])
    returns, periods = report.metrics.returns, report.config.annualization
    year = {"risk_free": 1.03 ** (1 / periods) - 1, "annualization": periods}
    assert report.performance["sharpe_ratio"] == pytest.approx(
        empyrical.sharpe_ratio(returns, **year), rel=1e-9
    )
    factor = bars.close[1:, 0] / bars.close[:-1, 0] - 1.0
    assert report.performance["alpha"] == pytest.approx(
        empyrical.alpha(returns[1:], factor, **year), rel=1e-9, abs=1e-12
    )
