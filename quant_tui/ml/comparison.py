"""Whether one model's forecasts are better than another's by more than chance.

Sources
-------
- Diebold and Mariano (1995), "Comparing Predictive Accuracy", Journal of Business & Economic
  Statistics 13(3).
- Harvey, Leybourne and Newbold (1997), "Testing the equality of prediction mean squared
  errors", International Journal of Forecasting 13(2): the correction for small samples, and
  Student's t instead of the normal distribution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from quant_tui.ml.panel import Floats

FEWEST_DATES = 8
"""Dates that a comparison needs."""

_TINY = 1e-300
_PRECISION = 1e-15
_MOST_TERMS = 500


@dataclass(frozen=True, slots=True)
class ForecastComparison:
    """Losses of two forecasts of the same, compared.

    Attributes
    ----------
    difference
        Mean loss of the first less that of the second: negative when the first is better.
    statistic
        Diebold and Mariano's with the small-sample correction; None where the losses do not
        differ, or differ always by the same.
    p_value
        Two-sided, by Student's t with ``dates`` - 1 degrees of freedom.
    dates
        How many were compared.
    """

    difference: float
    statistic: float | None
    p_value: float | None
    dates: int


def diebold_mariano(first: Floats, second: Floats, horizon: int) -> ForecastComparison | None:
    """Compare the losses of two forecasts.

    Parameters
    ----------
    first, second
        Loss on each date, (T,); a date counts where both are known.
    horizon
        Bars ahead that were forecast, h: the losses of h - 1 neighbours overlap.

    Returns
    -------
    ForecastComparison or None
        None of fewer than eight dates, or of fewer than three horizons.

    Notes
    -----
    With d the difference of the losses, n dates and the autocovariances g(k) of d,
    DM = mean(d) / sqrt((g(0) + 2 Σ g(k)) / n), k from 1 to h - 1, and the correction multiplies
    by sqrt((n + 1 - 2h + h(h - 1)/n) / n). That sum may come out negative; then the weights
    1 - k/h of Bartlett are put to it, with which it cannot.
    """
    both = np.isfinite(first) & np.isfinite(second)
    apart = first[both] - second[both]
    count = len(apart)
    if count < max(FEWEST_DATES, 3 * horizon):
        return None
    mean = float(apart.mean())
    variance = _variance_of_mean(apart - mean, horizon)
    scale = float(np.abs(apart).max())
    if variance <= (1e-12 * scale) ** 2:
        return ForecastComparison(mean, None, None, count)
    correction = (count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count
    statistic = mean / math.sqrt(variance) * math.sqrt(correction)
    return ForecastComparison(mean, statistic, two_sided_t(statistic, count - 1), count)


def two_sided_t(statistic: float, degrees: int) -> float:
    """Return how often Student's t is as far from 0 as a statistic.

    Notes
    -----
    I(ν / (ν + t²); ν/2, 1/2), the regularised incomplete beta function (Abramowitz and Stegun,
    *Handbook of Mathematical Functions*, 1964, 26.7.1), by its continued fraction (26.5.8).
    """
    return _incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + statistic * statistic))


def _variance_of_mean(centred: Floats, horizon: int) -> float:
    count = len(centred)
    covariances = [
        float(centred[lag:] @ centred[: count - lag]) / count for lag in range(min(horizon, count))
    ]
    total = covariances[0] + 2.0 * math.fsum(covariances[1:])
    if total <= 0.0:
        weighted = [(1.0 - lag / horizon) * one for lag, one in enumerate(covariances)]
        total = weighted[0] + 2.0 * math.fsum(weighted[1:])
    return total / count


def _incomplete_beta(a: float, b: float, x: float) -> float:
    if x <= 0.0 or x >= 1.0:
        return min(1.0, max(0.0, x))
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    # the fraction converges fast on this side; the other one is its complement
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Evaluate the continued fraction, from its first term on (Lentz's method)."""
    c, d = 1.0, 1.0 / _apart_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _MOST_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _apart_from_zero(1.0 + term * d)
            c = _apart_from_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            break
    return value


def _apart_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
