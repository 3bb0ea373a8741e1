"""The stationary bootstrap beside that of the arch package."""

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap
from arch.bootstrap import optimal_block_length as of_arch
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import Cancelled, InsufficientData, InvalidInput
from quant_tui.engine.metrics.drawdowns import drawdown_series
from quant_tui.engine.metrics.returns import compound_annual_growth, sharpe_ratio
from quant_tui.engine.robustness.bootstrap import (
    bootstrap_intervals,
    optimal_block_length,
    stationary_rows,
)


def series(seed: int, count: int, memory: float = 0.0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0.0005, 0.01, count)
    for row in range(1, count):
        values[row] += memory * values[row - 1]
    return values


@pytest.mark.parametrize("memory", [-0.4, 0.0, 0.3, 0.8])
@pytest.mark.parametrize("count", [40, 500, 2500])
def test_the_block_length_is_that_of_arch(count: int, memory: float) -> None:
    for seed in range(5):
        values = series(seed, count, memory)
        wanted = max(1.0, float(of_arch(values)["stationary"].iloc[0]))
        assert optimal_block_length(values) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("memory", "length"), [(0.0, 1.0), (0.3, 12.0), (0.3, 60.0)])
def test_the_intervals_are_those_of_arch(memory: float, length: float) -> None:
    returns = series(7, 600, memory)

    def figures(drawn: np.ndarray) -> np.ndarray:
        level = np.cumprod(1.0 + drawn)
        return np.array(
            [
                sharpe_ratio(drawn, 252.0, 0.0),
                compound_annual_growth(float(level[-1]), len(drawn), 252.0),
                drawdown_series(level, 1.0).min(),
            ]
        )

    peer = StationaryBootstrap(length, returns, seed=1).apply(figures, 3000)
    ours = bootstrap_intervals(returns, 252.0, draws=3000, block_length=length, seed=2)
    wanted = np.quantile(peer, [0.025, 0.5, 0.975], axis=0)
    spread = peer.std(axis=0)
    for place, interval in enumerate((ours.sharpe, ours.cagr, ours.max_drawdown)):
        found = np.array([interval.low, interval.middle, interval.high])
        # Two samples of 3,000 draws: the quantiles differ by a tenth of the spread or so.
        assert np.abs(found - wanted[:, place]).max() < 0.2 * spread[place]


def test_rows_are_those_that_the_numbers_say() -> None:
    # Begins at row 2, goes on, passes the end, and starts anew at row 1 (0.1 / 0.25 · 4);
    # the second begins at row 0 whatever came before.
    uniform = np.array([[0.6, 0.9, 0.9, 0.1], [0.0, 0.9, 0.2499999, 0.9]])
    assert stationary_rows(uniform, 0.25).tolist() == [[2, 3, 0, 1], [0, 1, 3, 0]]


def test_blocks_have_their_mean_length_and_every_row_its_share() -> None:
    rows = stationary_rows(np.random.default_rng(1).random((400, 250)), 1 / 12)
    new = (np.diff(rows, axis=1) % 250) != 1
    assert 1 / new.mean() == pytest.approx(12, rel=0.05)
    shares = np.bincount(rows.ravel(), minlength=250) / rows.size
    assert shares == pytest.approx(1 / 250, rel=0.25)


def test_the_same_seed_gives_the_same_numbers_however_they_are_chunked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    returns = series(1, 300)
    first = bootstrap_intervals(returns, 252.0, draws=100, seed=5)
    monkeypatch.setattr("quant_tui.engine.robustness.bootstrap.CHUNK_FIGURES", 900)
    assert bootstrap_intervals(returns, 252.0, draws=100, seed=5) == first
    assert bootstrap_intervals(returns, 252.0, draws=100, seed=6) != first


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(8, 60), st.sampled_from([1e-12, 0.01, 0.3]))
def test_figures_are_ordered_and_in_their_ranges(seed: int, count: int, scale: float) -> None:
    returns = np.maximum(np.random.default_rng(seed).normal(0, scale, count), -1.0)
    found = bootstrap_intervals(returns, 252.0, draws=20, seed=seed)
    for interval in (found.sharpe, found.cagr, found.max_drawdown):
        assert np.isfinite([interval.low, interval.middle, interval.high]).all()
        assert interval.low <= interval.middle <= interval.high
    assert found.max_drawdown.low >= -1.0
    assert found.max_drawdown.high <= 0.0
    assert found.cagr.low >= -1.0
    assert 0.0 <= found.positive <= 1.0


def test_bad_input_is_named() -> None:
    returns = series(1, 50)
    with pytest.raises(InsufficientData, match="eight"):
        bootstrap_intervals(returns[:7], 252.0)
    with pytest.raises(InsufficientData, match="never differ"):
        bootstrap_intervals(np.zeros(50), 252.0)
    for name, value in (("draws", 5), ("confidence", 1.0), ("block_length", 51.0)):
        with pytest.raises(InvalidInput) as caught:
            bootstrap_intervals(returns, 252.0, **{name: value})
        assert caught.value.field == name
    with pytest.raises(Cancelled):
        bootstrap_intervals(returns, 252.0, cancel=lambda: True)
