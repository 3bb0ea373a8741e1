"""Figures over a window that moves along the returns, and how the returns are spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import FloatArray

MOST_BINS = 60
_ROUNDING = 1e-13
"""Variance, as a part of the mean square, that is no more than rounding of the sums."""


def rolling_sharpe(
    returns: FloatArray, window: int, annualization: float, risk_free: float
) -> FloatArray:
    """Sharpe ratio of the last ``window`` returns at each position, annualised.

    Mean excess / sample standard deviation · √annualization, as
    :func:`~quant_tui.engine.metrics.returns.sharpe_ratio` (empyrical's
    ``roll_sharpe_ratio``), from running sums: time grows with the length alone.

    Parameters
    ----------
    returns
        Simple returns (T,), finite.
    window
        Returns in the window, at least 2.
    annualization
        Periods a year.
    risk_free
        Return of one period.

    Returns
    -------
    FloatArray
        (T,); NaN for the first ``window - 1`` and where the returns do not vary.

    Raises
    ------
    ValueError
        When ``window`` is less than 2.
    """
    if window < 2:
        raise ValueError(f"window is {window}; it needs at least 2 returns")
    out = np.full(len(returns), np.nan)
    if len(returns) < window:
        return out
    centre = float(returns.mean())  # sums of squares around the mean keep their digits
    sums = _moving_sum(returns - centre, window)
    squares = _moving_sum((returns - centre) ** 2, window)
    variance = (squares - sums * sums / window) / (window - 1)
    varies = variance > _ROUNDING * max(float(squares.max()), centre * centre)
    mean = centre + sums / window - risk_free
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = mean / np.sqrt(variance) * math.sqrt(annualization)
    out[window - 1 :] = np.where(varies, ratio, np.nan)
    return out


def _moving_sum(values: FloatArray, window: int) -> FloatArray:
    total = np.concatenate(([0.0], np.cumsum(values)))
    moving: FloatArray = total[window:] - total[:-window]
    return moving


@dataclass(frozen=True, slots=True)
class ReturnHistogram:
    """How many returns lie in each of B equal stretches, and how many a normal one would have.

    Attributes
    ----------
    low, step
        Where the first stretch begins, and the width of each; zero is a bound of stretches.
    counts, normal
        (B,) each; ``normal`` is the number expected of a normal distribution with the
        same mean and standard deviation, zeros when the returns do not vary.
    mean, deviation
        Of the returns; the deviation is the sample's.
    """

    low: float
    step: float
    counts: FloatArray
    normal: FloatArray
    mean: float
    deviation: float


def return_histogram(returns: FloatArray, most_bins: int = MOST_BINS) -> ReturnHistogram | None:
    """Count returns in round stretches; all of them are in, however far out.

    The width is that of Freedman and Diaconis (1981), 2 · IQR / ∛n, or wider so that there
    are at most ``most_bins``, rounded up to 1, 2, 2.5 or 5 times a power of ten.

    Parameters
    ----------
    returns
        Simple returns (T,), finite.

    Returns
    -------
    ReturnHistogram or None
        None without returns.
    """
    count = len(returns)
    if not count:
        return None
    low, high = float(returns.min()), float(returns.max())
    quarter, three = np.percentile(returns, (25.0, 75.0))
    wanted = 2.0 * float(three - quarter) / count ** (1.0 / 3.0)
    step = _round_up(max(wanted, (high - low) / (most_bins - 2), 1e-6))
    first = math.floor(low / step)
    bins = math.floor(high / step) - first + 1
    place = np.clip(np.floor(returns / step).astype(np.int64) - first, 0, bins - 1)
    counts = np.bincount(place, minlength=bins).astype(np.float64)
    mean = float(returns.mean())
    deviation = float(returns.std(ddof=1)) if count > 1 else 0.0
    normal = np.zeros(bins)
    if deviation > 0.0:
        edges = (np.arange(bins + 1) + first) * step
        below = np.array([math.erf((edge - mean) / deviation / math.sqrt(2.0)) for edge in edges])
        normal = np.diff(below) / 2.0 * count
    return ReturnHistogram(first * step, step, counts, normal, mean, deviation)


def _round_up(value: float) -> float:
    size = 10.0 ** math.floor(math.log10(value))
    return next(
        factor * size
        for factor in (1.0, 2.0, 2.5, 5.0, 10.0)
        if factor * size >= value * (1 - 1e-9)
    )
