"""Whether the best of many trials is more than the best of as much luck."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InsufficientData
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.robustness.bootstrap import optimal_block_length, stationary_rows

DRAWS = 500
CHUNK_FIGURES = 2_000_000
"""Drawn rows held at once: 16 MB."""


def reality_check(
    returns: FloatArray,
    chosen: int,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    cancel: Callable[[], bool] | None = None,
) -> float:
    """Return how often luck shows at least the chosen trial's Sharpe ratio.

    The returns of all trials are resampled together, so that trials that are near copies
    of one another count as the few that they are, less each one's own mean, so that none
    has any skill left; the p-value is the share of the resamples in which the best Sharpe
    ratio reaches the chosen one's: (1 + number reached) / (1 + draws). Ratios in place of
    means keep trials of unlike volatility comparable, as Hansen's studentising does.

    Parameters
    ----------
    returns
        Simple returns (T, N), T ≥ 8; columns that are NaN are left out.
    chosen
        Column of the trial that was chosen.
    draws
        Resamples, by the stationary bootstrap with the chosen trial's block length.
    seed
        The same seed gives the same p-value.
    cancel
        Asked between chunks of draws.

    Raises
    ------
    InsufficientData
        Fewer than eight returns, or a chosen trial that never moved.

    References
    ----------
    White (2000), "A reality check for data snooping", Econometrica 68(5);
    Hansen (2005), "A test for superior predictive ability", Journal of Business &
    Economic Statistics 23(4).
    """
    count = len(returns)
    if count < 8 or not np.ptp(returns[:, chosen]) > 0.0:
        raise InsufficientData("The chosen trial never moved: there is no luck to measure.")
    length = optimal_block_length(np.ascontiguousarray(returns[:, chosen]))
    moved = np.isfinite(returns).all(axis=0) & (np.ptp(returns, axis=0) > 0.0)
    kept = np.ascontiguousarray(returns[:, moved])
    mean = kept.mean(axis=0)
    own = int(np.cumsum(moved)[chosen]) - 1
    shown = float(mean[own] / kept[:, own].std(ddof=1))
    centred = kept - mean
    squares = centred * centred
    random = np.random.default_rng(seed)
    step = max(1, CHUNK_FIGURES // count)
    reached = 0
    for start in range(0, draws, step):
        raise_if_cancelled(cancel)
        size = min(step, draws - start)
        rows = stationary_rows(random.random((size, count)), 1.0 / length)
        rows += np.arange(size)[:, None] * count
        drawn = np.bincount(rows.ravel(), minlength=size * count).reshape(size, count)
        weights = drawn.astype(np.float64)
        drifts = weights @ centred / count
        spread = weights @ squares / count - drifts * drifts
        with np.errstate(all="ignore"):
            ratios = np.where(spread > 0.0, drifts / np.sqrt(spread), 0.0)
        reached += int((ratios.max(axis=1) >= shown).sum())
    return (1 + reached) / (1 + draws)
