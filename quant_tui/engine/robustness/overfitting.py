"""Probability of backtest overfitting, by combinatorially symmetric cross-validation.

Source: Bailey, Borwein, López de Prado & Zhu (2015), "The probability of backtest
overfitting", Journal of Computational Finance 20(4), section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.engine.arrays import FloatArray

CHUNK_FIGURES = 2_000_000
"""Sharpe ratios held at once: 16 MB a matrix."""


@dataclass(frozen=True, slots=True)
class Overfitting:
    """What choosing the best in one half of the data was worth in the other.

    Attributes
    ----------
    probability
        PBO: share of the splits in which the best in sample came out at or below the
        median out of sample. About 0.5 for choosing among noise.
    logits
        ln(ω / (1 − ω)) of each split (C,), ω the chosen one's relative rank out of sample.
    in_sample, out_of_sample
        Sharpe ratio of the chosen one in each split (C,), of one period.
    probability_of_loss
        Share of the splits in which the chosen one lost out of sample.
    slope
        Of a line through ``out_of_sample`` over ``in_sample``: below 0, what looked better
        did worse. None when all in-sample figures are equal.
    """

    probability: float
    logits: FloatArray
    in_sample: FloatArray
    out_of_sample: FloatArray
    probability_of_loss: float
    slope: float | None


def backtest_overfitting(
    returns: FloatArray, blocks: int = 16, cancel: Callable[[], bool] | None = None
) -> Overfitting:
    """Return how likely it is that the best of N trials is best by luck.

    The T returns are cut into S blocks; in each of the S-choose-S/2 ways half of them are
    the sample in which the trial of the highest Sharpe ratio is chosen, and the rest says
    what it was worth.

    Parameters
    ----------
    returns
        (T, N) simple returns of each trial on the same dates. A trial that does not move
        in a half has a Sharpe ratio of 0 there.
    blocks
        S, even, 2 to 20.
    cancel
        Asked between chunks of splits.

    Raises
    ------
    InvalidInput
        ``blocks`` is odd or out of range, or a return is not finite.
    InsufficientData
        Fewer than two trials, all trials the same, or fewer than two returns a block.
    """
    if blocks % 2 or not 2 <= blocks <= 20:
        raise InvalidInput("blocks must be an even number from 2 to 20.", field="blocks")
    if returns.ndim != 2 or returns.shape[1] < 2:
        raise InsufficientData("Overfitting needs the returns of at least two trials.")
    if len(returns) < 2 * blocks:
        raise InsufficientData(
            f"{blocks} blocks need at least {2 * blocks} returns; there are {len(returns)}."
        )
    if not np.isfinite(returns).all():
        raise InvalidInput("returns must be finite.", field="returns")
    if (returns == returns[:, :1]).all():
        raise InsufficientData("All trials did the same: none could be chosen by luck.")
    edges = np.linspace(0, len(returns), blocks + 1).round().astype(np.int64)
    counts = np.diff(edges).astype(np.float64)
    sums = np.add.reduceat(returns, edges[:-1], axis=0)
    squares = np.add.reduceat(returns * returns, edges[:-1], axis=0)
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    halves = np.zeros((len(chosen), blocks))
    np.put_along_axis(halves, chosen, 1.0, axis=1)
    step = max(1, CHUNK_FIGURES // returns.shape[1])
    parts = []
    for start in range(0, len(halves), step):
        raise_if_cancelled(cancel)
        half = halves[start : start + step]
        inside = _sharpe(half @ counts, half @ sums, half @ squares)
        other = 1.0 - half
        outside = _sharpe(other @ counts, other @ sums, other @ squares)
        parts.append(_split(inside, outside))
    found = [np.concatenate(column) for column in zip(*parts, strict=True)]
    ranks, in_sample, out_of_sample = found
    relative = ranks / (returns.shape[1] + 1.0)
    logits: FloatArray = np.log(relative / (1.0 - relative))
    return Overfitting(
        probability=float((logits <= 0.0).mean()),
        logits=logits,
        in_sample=in_sample,
        out_of_sample=out_of_sample,
        probability_of_loss=float((out_of_sample < 0.0).mean()),
        slope=_slope(in_sample, out_of_sample),
    )


def _sharpe(counts: FloatArray, sums: FloatArray, squares: FloatArray) -> FloatArray:
    """Sharpe ratios (C, N) from the number, sum and sum of squares of the returns."""
    number = counts[:, None]
    mean = sums / number
    variance = (squares - sums * mean) / (number - 1.0)
    moved = variance > 1e-14 * squares / number
    ratio: FloatArray = np.where(moved, mean / np.sqrt(np.where(moved, variance, 1.0)), 0.0)
    return ratio


def _split(inside: FloatArray, outside: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rank out of sample (1 the worst, ties in the middle) and both Sharpe ratios."""
    best = inside.argmax(axis=1)
    rows = np.arange(len(best))
    value = outside[rows, best]
    below = (outside < value[:, None]).sum(axis=1)
    equal = (outside == value[:, None]).sum(axis=1)
    return below + (equal + 1.0) / 2.0, inside[rows, best], value


def _slope(x: FloatArray, y: FloatArray) -> float | None:
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (y - y.mean())) / spread if spread > 0.0 else math.nan
    return slope if math.isfinite(slope) else None
