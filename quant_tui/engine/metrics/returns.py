"""Figures of a series of simple returns, with empyrical's definitions.

Source: empyrical-reloaded 0.7 (``empyrical.stats``), function by function as named
below; tests/agreement compares each with it. Skew and kurtosis are those of
``scipy.stats`` with its defaults, as pyfolio reports them.
"""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray

_ROUNDING = 4.0 * float(np.finfo(np.float64).eps)


def total_return(returns: FloatArray) -> float:
    """Product of (1 + r), less 1 (``cum_returns_final``)."""
    return float(np.prod(1.0 + returns) - 1.0)


def compound_annual_growth(final_ratio: float, periods: int, annualization: float) -> float:
    """CAGR by number of periods: ratio ** (annualization / periods) − 1 (``annual_return``)."""
    if final_ratio <= 0.0:
        return -1.0
    exponent = annualization / periods * float(np.log(final_ratio))
    return float(np.expm1(exponent)) if exponent < 700.0 else float("inf")


def annual_volatility(returns: FloatArray, annualization: float) -> float | None:
    """Sample standard deviation · √annualization (``annual_volatility``)."""
    if len(returns) < 2:
        return None
    return float(sample_deviation(returns) * np.sqrt(annualization))


def sharpe_ratio(returns: FloatArray, annualization: float, risk_free: float) -> float | None:
    """Mean excess / its sample standard deviation · √annualization (``sharpe_ratio``).

    Parameters
    ----------
    returns
        Simple returns (T,).
    annualization
        Periods a year.
    risk_free
        Return of one period.

    Returns
    -------
    float or None
        None with fewer than two returns, or when all are equal.
    """
    if len(returns) < 2:
        return None
    excess = returns - risk_free
    spread = sample_deviation(excess)
    return float(excess.mean() / spread * np.sqrt(annualization)) if spread > 0.0 else None


def downside_deviation(returns: FloatArray, annualization: float) -> float | None:
    """Root mean square of the returns below 0, over all periods (``downside_risk``)."""
    if len(returns) < 1:
        return None
    below = np.minimum(returns, 0.0)
    return float(np.sqrt((below * below).mean()) * np.sqrt(annualization))


def sortino_ratio(returns: FloatArray, annualization: float) -> float | None:
    """Mean · annualization / downside deviation, target 0 (``sortino_ratio``)."""
    downside = downside_deviation(returns, annualization)
    if len(returns) < 2 or not downside:
        return None
    return float(returns.mean() * annualization / downside)


def omega_ratio(returns: FloatArray) -> float | None:
    """Sum of gains / sum of losses, threshold 0 (``omega_ratio``)."""
    losses = float(-returns[returns < 0.0].sum())
    if len(returns) < 2 or losses <= 0.0:
        return None
    return float(returns[returns > 0.0].sum()) / losses


def value_at_risk(returns: FloatArray, cutoff: float = 0.05) -> float | None:
    """Empirical percentile of the returns, interpolated (``value_at_risk``)."""
    return float(np.percentile(returns, 100.0 * cutoff)) if len(returns) else None


def conditional_value_at_risk(returns: FloatArray, cutoff: float = 0.05) -> float | None:
    """Mean of the lowest int((n − 1) · cutoff) + 1 returns (``conditional_value_at_risk``)."""
    if not len(returns):
        return None
    index = int((len(returns) - 1) * cutoff)
    return float(np.partition(returns, index)[: index + 1].mean())


def tail_ratio(returns: FloatArray) -> float | None:
    """|95th percentile| / |5th percentile| (``tail_ratio``)."""
    if not len(returns):
        return None
    high, low = np.percentile(returns, [95.0, 5.0])
    return float(abs(high) / abs(low)) if low != 0.0 else None


def stability(returns: FloatArray) -> float | None:
    """R² of a line through the cumulative log returns (``stability_of_timeseries``)."""
    if len(returns) < 2 or (returns <= -1.0).any():
        return None
    level = np.log1p(returns).cumsum()
    if level.max() == level.min():
        return None
    time = np.arange(len(level), dtype=np.float64)
    time -= time.mean()
    centred = level - level.mean()
    correlation = (time @ centred) / np.sqrt((time @ time) * (centred @ centred))
    return float(min(correlation * correlation, 1.0))


def skew(returns: FloatArray) -> float | None:
    """Third standardised moment, population (``scipy.stats.skew``)."""
    moments = _moments(returns)
    return None if moments is None else float(moments[1] / moments[0] ** 1.5)


def kurtosis(returns: FloatArray) -> float | None:
    """Fourth standardised moment − 3, population (``scipy.stats.kurtosis``)."""
    moments = _moments(returns)
    return None if moments is None else float(moments[2] / moments[0] ** 2 - 3.0)


def _moments(returns: FloatArray) -> tuple[float, float, float] | None:
    if len(returns) < 2 or sample_deviation(returns) == 0.0:
        return None
    centred = returns - returns.mean()
    square = centred * centred
    return float(square.mean()), float((square * centred).mean()), float((square * square).mean())


def sample_deviation(values: FloatArray) -> float:
    """Sample standard deviation; exactly 0 where it is no more than rounding.

    Equal growth gives returns that differ in their last bits alone; dividing by that
    residue would turn an infinite ratio into an arbitrary number near 1e15.
    """
    spread = float(values.std(ddof=1))
    return spread if spread > _ROUNDING * (1.0 + float(np.abs(values).max())) else 0.0
