"""Rolling Sharpe equals the plain one window by window; histograms lose nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_tui.engine.metrics.returns import sharpe_ratio
from quant_tui.engine.metrics.rolling import MOST_BINS, return_histogram, rolling_sharpe

RETURNS = st.lists(st.floats(-0.9, 2.0, allow_nan=False), min_size=1, max_size=200)


@pytest.mark.parametrize("window", [2, 21, 252])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_each_window_has_the_sharpe_ratio_of_its_returns(window: int, level: float) -> None:
    returns = np.random.default_rng(3).normal(level, 0.01, 600)
    rolling = rolling_sharpe(returns, window, 252.0, 1e-4)
    assert np.isnan(rolling[: window - 1]).all()
    for end in range(window, len(returns) + 1):
        expected = sharpe_ratio(returns[end - window : end], 252.0, 1e-4)
        assert rolling[end - 1] == pytest.approx(expected, rel=1e-6)


def test_returns_that_do_not_vary_have_none() -> None:
    returns = np.concatenate([np.full(50, 0.001), np.random.default_rng(1).normal(0, 0.01, 50)])
    rolling = rolling_sharpe(returns, 20, 252.0, 0.0)
    assert np.isnan(rolling[:50]).all()
    assert np.isfinite(rolling[70:]).all()
    assert np.isnan(rolling_sharpe(np.zeros(30), 20, 252.0, 0.0)).all()


def test_fewer_returns_than_the_window_give_nothing() -> None:
    assert np.isnan(rolling_sharpe(np.array([0.1, 0.2]), 3, 252.0, 0.0)).all()
    with pytest.raises(ValueError, match="window is 1"):
        rolling_sharpe(np.array([0.1, 0.2]), 1, 252.0, 0.0)


@given(RETURNS)
def test_every_return_is_counted_once_in_its_own_stretch(values: list[float]) -> None:
    returns = np.array(values)
    found = return_histogram(returns)
    assert found is not None
    assert found.counts.sum() == len(returns)
    assert len(found.counts) <= MOST_BINS
    assert found.low <= returns.min() + 1e-12
    assert found.low + len(found.counts) * found.step >= returns.max() - 1e-12
    # zero is a bound, so that no stretch holds gains and losses
    assert math.isclose(found.low / found.step, round(found.low / found.step), abs_tol=1e-9)
    assert np.isfinite(found.normal).all()
    assert found.normal.sum() <= len(returns) * (1 + 1e-9)


def test_the_normal_curve_is_that_of_mean_and_deviation() -> None:
    returns = np.random.default_rng(5).normal(0.0005, 0.01, 20_000)
    found = return_histogram(returns)
    assert found is not None
    assert np.abs(found.counts - found.normal).max() < 0.1 * found.normal.max()
    assert return_histogram(np.empty(0)) is None
    alone = return_histogram(np.array([0.01]))
    assert alone is not None
    assert alone.counts.tolist() == [1.0]
    assert alone.normal.tolist() == [0.0]
