"""Statistics of samples and of panels: ranks, correlations, and how far samples differ.

All are pure functions of numpy arrays. NaN means not known and is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 3
"""Pairs that a correlation needs at least."""


def known(values: Floats) -> Floats:
    """Return the finite values, flat."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    return flat[np.isfinite(flat)]


def row_ranks(values: Floats) -> Floats:
    """Return the rank of each value in its row, from 1, ties sharing their mean rank.

    Parameters
    ----------
    values
        (T, N); NaN has no rank.

    Returns
    -------
    Floats
        (T, N), NaN where the value is.

    Notes
    -----
    Fractional ranks as in Kendall, *Rank Correlation Methods* (1948), ch. 3.
    """
    rows, width = values.shape
    if width == 0:
        return np.empty((rows, 0))
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    places = np.broadcast_to(np.arange(width), (rows, width))
    starts = np.ones((rows, width), dtype=np.bool_)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(starts, places, 0), axis=1)
    ends = np.ones((rows, width), dtype=np.bool_)
    ends[:, :-1] = starts[:, 1:]
    last = np.minimum.accumulate(np.where(ends, places, width)[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty((rows, width))
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, axis=1)
    ranks[np.isnan(values)] = np.nan
    return ranks


def row_correlations(first: Floats, second: Floats, *, fewest: int = FEWEST) -> Floats:
    """Return Pearson's correlation of the two in every row.

    Parameters
    ----------
    first, second
        (T, N); a pair counts where both are known.
    fewest
        Pairs that a row needs.

    Returns
    -------
    Floats
        (T,), from -1 to 1; NaN where there are too few pairs or one does not vary.

    Notes
    -----
    Pearson (1895): the covariance over the product of the standard deviations.
    """
    both = np.isfinite(first) & np.isfinite(second)
    count = both.sum(axis=1)
    enough = count >= max(2, fewest)
    size = np.where(enough, count, 1)[:, None]
    a = np.where(both, first, 0.0)
    b = np.where(both, second, 0.0)
    a = np.where(both, a - a.sum(axis=1, keepdims=True) / size, 0.0)
    b = np.where(both, b - b.sum(axis=1, keepdims=True) / size, 0.0)
    # scaled, so that squares of very large or very small figures stay numbers
    a /= np.maximum(np.abs(a).max(axis=1, keepdims=True, initial=0.0), 1e-300)
    b /= np.maximum(np.abs(b).max(axis=1, keepdims=True, initial=0.0), 1e-300)
    spread = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    varies = enough & (spread > 0.0) & _varies(first, both) & _varies(second, both)
    found = np.full(len(first), np.nan)
    np.divide((a * b).sum(axis=1), spread, out=found, where=varies)
    clipped: Floats = np.clip(found, -1.0, 1.0)
    return clipped


def row_rank_correlations(first: Floats, second: Floats, *, fewest: int = FEWEST) -> Floats:
    """Return Spearman's rank correlation of the two in every row, as :func:`row_correlations`.

    Notes
    -----
    Spearman (1904): Pearson's correlation of the ranks, among the pairs that are known.
    """
    both = np.isfinite(first) & np.isfinite(second)
    return row_correlations(
        row_ranks(np.where(both, first, np.nan)),
        row_ranks(np.where(both, second, np.nan)),
        fewest=fewest,
    )


def correlation(first: Floats, second: Floats, *, ranked: bool = False) -> float | None:
    """Return the correlation of two samples of pairs, (K,) each; None where undefined.

    Parameters
    ----------
    ranked
        Spearman's instead of Pearson's.
    """
    work = row_rank_correlations if ranked else row_correlations
    found = float(work(first.reshape(1, -1), second.reshape(1, -1))[0])
    return None if math.isnan(found) else found


def mean_t_statistic(values: Floats, lag: int) -> float | None:
    """Return the t-statistic of the mean of a series whose neighbours may be related.

    Parameters
    ----------
    values
        (K,), in order of time, without NaN.
    lag
        How many neighbours on: h - 1 for figures of overlapping windows of h bars.

    Returns
    -------
    float or None
        None of fewer than three values, or where they do not vary.

    Notes
    -----
    Newey and West (1987), "A Simple, Positive Semi-definite, Heteroskedasticity and
    Autocorrelation Consistent Covariance Matrix", with Bartlett's weights 1 - j / (lag + 1).
    """
    size = len(values)
    if size < 3:
        return None
    apart = values - values.mean()
    total = float(apart @ apart)
    for step in range(1, min(lag, size - 1) + 1):
        total += 2.0 * (1.0 - step / (lag + 1.0)) * float(apart[step:] @ apart[:-step])
    scale = float(np.abs(values).max())
    if total <= size * (1e-12 * scale) ** 2:
        return None
    return float(values.mean()) / (math.sqrt(total) / size)


@dataclass(frozen=True, slots=True)
class SampleDifference:
    """How far two samples are from one another.

    Attributes
    ----------
    psi
        Population stability index; None where a sample is too small.
    ks
        Largest distance of the two distribution functions, 0 to 1.
    p_value
        How often two samples of one distribution are as far apart, asymptotically, if
        their values are independent. Neighbouring bars are not: read it as a lower bound.
    first, second
        Sizes of the samples.
    """

    psi: float | None
    ks: float | None
    p_value: float | None
    first: int
    second: int


def sample_difference(first: Floats, second: Floats) -> SampleDifference:
    """Compare two samples; NaN in them is left out."""
    a, b = known(first), known(second)
    distance = kolmogorov_smirnov(a, b)
    return SampleDifference(
        psi=population_stability(a, b),
        ks=None if distance is None else distance[0],
        p_value=None if distance is None else distance[1],
        first=len(a),
        second=len(b),
    )


def population_stability(first: Floats, second: Floats, *, bins: int = 10) -> float | None:
    """Return the population stability index of a sample against an earlier one.

    Parameters
    ----------
    first, second
        (K,) and (L,), without NaN.
    bins
        Classes, by the quantiles of the first sample; equal ones count once.

    Returns
    -------
    float or None
        0 and more; below 0.1 little has changed, above 0.25 much. None of fewer than
        ``bins`` values in either.

    Notes
    -----
    Siddiqi, *Credit Risk Scorecards* (2006): the sum over classes of
    (q - p) ln(q / p). A class that one sample lacks counts half a value there, so that the
    logarithm exists.
    """
    if len(first) < bins or len(second) < bins:
        return None
    edges = np.unique(np.quantile(first, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, one, side="left"), minlength=len(edges) + 1)
        for one in (first, second)
    ]
    there = (counts[0] > 0) | (counts[1] > 0)
    p, q = (np.maximum(one[there], 0.5) / one.sum() for one in counts)
    return float(((q - p) * np.log(q / p)).sum())


def kolmogorov_smirnov(first: Floats, second: Floats) -> tuple[float, float] | None:
    """Return the two-sample Kolmogorov-Smirnov distance and its asymptotic p-value.

    Parameters
    ----------
    first, second
        (K,) and (L,), without NaN.

    Returns
    -------
    tuple or None
        Distance, 0 to 1, and p-value, 0 to 1; None where a sample is empty.

    Notes
    -----
    Smirnov (1948): with n = K L / (K + L), sqrt(n) D has in the limit the distribution
    P(x) = 1 - 2 sum over j >= 1 of (-1)^(j - 1) exp(-2 j^2 x^2).
    """
    if not len(first) or not len(second):
        return None
    a, b = np.sort(first), np.sort(second)
    both = np.concatenate([a, b])
    apart = np.searchsorted(a, both, side="right") / len(a)
    apart = apart - np.searchsorted(b, both, side="right") / len(b)
    distance = float(np.abs(apart).max())
    scaled = math.sqrt(len(a) * len(b) / (len(a) + len(b))) * distance
    if scaled < 0.2:  # the series needs many terms there, and the value is 1 to 12 digits
        return distance, 1.0
    terms = [(-1.0) ** (j - 1) * math.exp(-2.0 * (j * scaled) ** 2) for j in range(1, 101)]
    return distance, min(1.0, max(0.0, 2.0 * math.fsum(terms)))


def _varies(values: Floats, where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether the values of each row that count differ at all."""
    highest = np.where(where, values, -np.inf).max(axis=1, initial=-np.inf)
    lowest = np.where(where, values, np.inf).min(axis=1, initial=np.inf)
    return np.asarray(highest > lowest)
