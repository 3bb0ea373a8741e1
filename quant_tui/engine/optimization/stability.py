"""How evenly what a search found holds: over time, and from one sample to the next."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.metrics.returns import sharpe_ratio

STRETCHES = 6
LEAST_IN_STRETCH = 20
"""Returns below which the Sharpe ratio of a stretch says nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows ``first`` to before ``stop``, and the Sharpe ratio in them; None where flat."""

    first: int
    stop: int
    sharpe: float | None


def stretches(returns: FloatArray, annualization: float, parts: int = STRETCHES) -> list[Part]:
    """Return the Sharpe ratio in equal parts of the returns (T,); fewer parts of short ones."""
    parts = max(1, min(parts, len(returns) // LEAST_IN_STRETCH))
    edges = np.linspace(0, len(returns), parts + 1).round().astype(int).tolist()
    return [
        Part(first, stop, sharpe_ratio(returns[first:stop], annualization, 0.0))
        for first, stop in pairwise(edges)
    ]


def rank_correlation(first: FloatArray, second: FloatArray) -> float | None:
    """Return Spearman's rank correlation, ties at their mean rank; None where it has none.

    Pairs with a NaN are left out; fewer than five say nothing.
    """
    known = ~(np.isnan(first) | np.isnan(second))
    if known.sum() < 5:
        return None
    ranks = [_ranks(values[known]) for values in (first, second)]
    if any(np.ptp(one) == 0.0 for one in ranks):
        return None
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: FloatArray) -> FloatArray:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: FloatArray = last - (counts - 1) / 2.0
    return middle[inverse]
