"""PBO against the paper's steps written out, and against what it must say of known cases."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from quant_tui.domain.errors import Cancelled, InsufficientData, InvalidInput
from quant_tui.engine.robustness import overfitting
from quant_tui.engine.robustness.overfitting import backtest_overfitting


def literal(returns: np.ndarray, blocks: int) -> list[float]:
    """The logits, step by step as section 3 of the paper has them."""
    parts = np.split(returns, blocks)
    logits = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.vstack([parts[one] for one in chosen])
        outside = np.vstack([parts[one] for one in range(blocks) if one not in chosen])
        best = int((inside.mean(axis=0) / inside.std(axis=0, ddof=1)).argmax())
        ranks = stats.rankdata(outside.mean(axis=0) / outside.std(axis=0, ddof=1))
        relative = ranks[best] / (returns.shape[1] + 1)
        logits.append(math.log(relative / (1 - relative)))
    return logits


def noise(seed: int, rows: int = 240, trials: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.01, (rows, trials))


@pytest.mark.parametrize("blocks", [2, 6, 8])
def test_every_split_is_that_of_the_paper(blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overfitting, "CHUNK_FIGURES", 100)
    returns = noise(3)
    wanted = literal(returns, blocks)
    found = backtest_overfitting(returns, blocks)
    assert found.logits == pytest.approx(wanted)
    assert found.probability == pytest.approx(np.mean(np.array(wanted) <= 0))


def test_choosing_among_noise_is_overfitting_and_choosing_skill_is_not() -> None:
    of_noise = [backtest_overfitting(noise(seed), 10).probability for seed in range(20)]
    assert 0.35 < np.mean(of_noise) < 0.75
    skilled = noise(1)
    skilled[:, 4] += 0.004
    found = backtest_overfitting(skilled, 10)
    assert found.probability < 0.02
    assert found.probability_of_loss < 0.1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.sampled_from([2, 4, 6]), st.booleans())
def test_no_figure_is_undefined(seed: int, trials: int, blocks: int, idle: bool) -> None:
    returns = noise(seed, 40, trials)
    if idle:
        returns[:, 0] = 0.0
        returns[:20] = 0.0
    found = backtest_overfitting(returns, blocks)
    for values in (found.logits, found.in_sample, found.out_of_sample):
        assert np.isfinite(values).all()
        assert len(values) == math.comb(blocks, blocks // 2)
    assert 0.0 <= found.probability <= 1.0
    assert found.slope is None or math.isfinite(found.slope)


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidInput, match="even"):
        backtest_overfitting(noise(1), 7)
    with pytest.raises(InsufficientData, match="two trials"):
        backtest_overfitting(noise(1)[:, :1])
    with pytest.raises(InsufficientData, match="32 returns"):
        backtest_overfitting(noise(1)[:20])
    spoilt = noise(1)
    spoilt[3, 3] = np.nan
    with pytest.raises(InvalidInput, match="finite"):
        backtest_overfitting(spoilt)
    with pytest.raises(Cancelled):
        backtest_overfitting(noise(1), cancel=lambda: True)


def test_trials_that_all_did_the_same_leave_nothing_to_choose() -> None:
    one = np.random.default_rng(3).normal(0.0, 0.01, (200, 1))
    with pytest.raises(InsufficientData, match="did the same"):
        backtest_overfitting(np.repeat(one, 5, axis=1))
    apart = np.hstack([one, one, one + 1e-6])
    assert backtest_overfitting(apart).probability == 0.0
