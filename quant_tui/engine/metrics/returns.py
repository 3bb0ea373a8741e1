"""Figures of a series of simple returns, with empyrical's definitions.

Source: empyrical-reloaded 0.7 (``empyrical.stats``), function by function as named
below; tests/agreement compares each with it. Skew and kurtosis are those of
``scipy.stats`` with its defaults, as pyfolio reports them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import FloatArray

_PART = 32_768
"""Rows worked on at a time: 256 kB a series."""

_ROUNDING = 4.0 * float(np.finfo(np.float64).eps)


def dot(first: FloatArray, second: FloatArray) -> float:
    """Sum of the products of two (T,), on one thread, so that every machine adds alike."""
    return float(np.einsum("i,i->", first, second))


def product(values: FloatArray) -> float:
    """Product of values (T,), eight chains of it at a time: none waits for the others."""
    whole = len(values) - len(values) % 8
    chains = np.multiply.reduce(values[:whole].reshape(8, -1), axis=0)
    return float(np.prod(chains) * np.prod(values[whole:]))


def parts(count: int) -> Iterator[slice]:
    """Ranges that cover ``count`` rows, each small enough for what is made of it to stay near.

    Sums over the parts of a long series take a third of the time of sums over whole
    arrays, which are written to memory and read again.
    """
    return (slice(start, start + _PART) for start in range(0, count, _PART))


def compound_annual_growth(final_ratio: float, periods: int, annualization: float) -> float:
    """CAGR by number of periods: ratio ** (annualization / periods) − 1 (``annual_return``)."""
    if final_ratio <= 0.0:
        return -1.0
    exponent = annualization / periods * float(np.log(final_ratio))
    return float(np.expm1(exponent)) if exponent < 700.0 else float("inf")


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean, spread and shape of simple returns.

    Attributes
    ----------
    count
        Number of returns.
    mean
        Arithmetic mean.
    deviation
        Sample standard deviation (ddof = 1); exactly 0 where it is no more than rounding.
    skew
        Third standardised moment, population (``scipy.stats.skew``); None without spread.
    kurtosis
        Fourth standardised moment − 3, population (``scipy.stats.kurtosis``).
    """

    count: int
    mean: float
    deviation: float
    skew: float | None
    kurtosis: float | None

    def annual_volatility(self, annualization: float) -> float | None:
        """Sample standard deviation · √annualization (``annual_volatility``)."""
        if self.count < 2:
            return None
        return self.deviation * float(np.sqrt(annualization))

    def sharpe_ratio(self, annualization: float, risk_free: float) -> float | None:
        """Mean excess / its sample standard deviation · √annualization (``sharpe_ratio``).

        Parameters
        ----------
        annualization
            Periods a year.
        risk_free
            Return of one period.

        Returns
        -------
        float or None
            None with fewer than two returns, or when all are equal.
        """
        if self.count < 2 or self.deviation == 0.0:
            return None
        return (self.mean - risk_free) / self.deviation * float(np.sqrt(annualization))


def moments(returns: FloatArray) -> Moments:
    """Compute the moments of returns (T,), T ≥ 1, in one go."""
    count = len(returns)
    mean = float(returns.mean())
    if count < 2:
        return Moments(count, mean, 0.0, None, None)
    variance = third = fourth = 0.0
    for rows in parts(count):
        centred = returns[rows] - mean
        square = centred * centred
        variance += dot(centred, centred)
        third += dot(square, centred)
        fourth += dot(square, square)
    variance /= count
    largest = max(float(returns.max()), -float(returns.min()))
    deviation = without_rounding(float(np.sqrt(variance * (count / (count - 1)))), largest)
    if deviation == 0.0:
        return Moments(count, mean, 0.0, None, None)
    skew = third / count / variance**1.5
    return Moments(count, mean, deviation, skew, fourth / count / (variance * variance) - 3.0)


def sharpe_ratio(returns: FloatArray, annualization: float, risk_free: float) -> float | None:
    """Return :meth:`Moments.sharpe_ratio` of returns (T,); None without any."""
    return moments(returns).sharpe_ratio(annualization, risk_free) if len(returns) else None


@dataclass(frozen=True, slots=True)
class Downside:
    """Gains and losses of simple returns around 0.

    Attributes
    ----------
    deviation
        Root mean square of the returns below 0, over all periods, annual
        (``downside_risk``).
    sortino_ratio
        Mean · annualization / ``deviation``, target 0 (``sortino_ratio``).
    omega_ratio
        Sum of gains / sum of losses, threshold 0 (``omega_ratio``).
    """

    deviation: float
    sortino_ratio: float | None
    omega_ratio: float | None


def downside(returns: FloatArray, annualization: float) -> Downside:
    """Compute the figures of losses of returns (T,), T ≥ 1."""
    losses = squares = 0.0
    for rows in parts(len(returns)):
        below = np.minimum(returns[rows], 0.0)
        losses -= float(below.sum())
        squares += dot(below, below)
    deviation = float(np.sqrt(squares / len(returns)) * np.sqrt(annualization))
    if len(returns) < 2 or losses <= 0.0:
        return Downside(deviation, None, None)
    total = float(returns.sum())
    sortino = total / len(returns) * annualization / deviation if deviation > 0.0 else None
    return Downside(deviation, sortino, max(total + losses, 0.0) / losses)


@dataclass(frozen=True, slots=True)
class Tails:
    """Quantiles of simple returns.

    Attributes
    ----------
    value_at_risk
        Empirical 5th percentile, interpolated (``value_at_risk``).
    conditional_value_at_risk
        Mean of the lowest int((n − 1) · 0.05) + 1 returns (``conditional_value_at_risk``).
    tail_ratio
        |95th percentile| / |5th percentile| (``tail_ratio``).
    """

    value_at_risk: float
    conditional_value_at_risk: float
    tail_ratio: float | None


def tails(returns: FloatArray, cutoff: float = 0.05) -> Tails:
    """Compute the tail figures of returns (T,), T ≥ 1.

    They are sorted whole: quicker than a partition at four places, and the mean of the
    lowest then adds in one order on every machine.
    """
    last = len(returns) - 1
    low, high = cutoff * last, (1.0 - cutoff) * last
    ranked = np.sort(returns)
    worst, best = _interpolated(ranked, low), _interpolated(ranked, high)
    return Tails(
        worst,
        float(ranked[: int(low) + 1].mean()),
        abs(best) / abs(worst) if worst != 0.0 else None,
    )


def _interpolated(ranked: FloatArray, place: float) -> float:
    """Value at a fractional place of the sorted returns (numpy's ``linear`` percentile)."""
    below = int(place)
    first, second = float(ranked[below]), float(ranked[min(below + 1, len(ranked) - 1)])
    return first + (second - first) * (place - below)


def stability(equity: FloatArray) -> float | None:
    """R² of a line through the log of the equity (``stability_of_timeseries``).

    Parameters
    ----------
    equity
        Value at each close (T,), zero or more; its scale does not matter.
    """
    if len(equity) < 2 or float(equity.min()) <= 0.0:
        return None
    level: FloatArray = np.log(equity)
    mean, middle = float(level.mean()), (len(level) - 1.0) / 2.0
    spread = covariance = 0.0
    for rows in parts(len(level)):
        centred = level[rows] - mean
        time = np.arange(rows.start, rows.start + len(centred)) - middle
        spread += dot(centred, centred)
        covariance += dot(time, centred)
    if spread <= len(level) * _ROUNDING**2:
        return None
    count = float(len(level))
    squares = count * (count * count - 1.0) / 12.0
    return min(covariance * covariance / (squares * spread), 1.0)


def sample_deviation(values: FloatArray) -> float:
    """Sample standard deviation of values (T,); exactly 0 where it is no more than rounding."""
    mean, squares = float(values.mean()), 0.0
    for rows in parts(len(values)):
        centred = values[rows] - mean
        squares += dot(centred, centred)
    largest = max(float(values.max()), -float(values.min()))
    return without_rounding(float(np.sqrt(squares / (len(values) - 1))), largest)


def without_rounding(spread: float, largest: float) -> float:
    """Return a spread, or exactly 0 where values up to ``largest`` give it by rounding alone.

    Equal growth gives returns that differ in their last bits alone; dividing by that
    residue would turn an infinite ratio into an arbitrary number near 1e15.
    """
    return spread if spread > _ROUNDING * (1.0 + largest) else 0.0
