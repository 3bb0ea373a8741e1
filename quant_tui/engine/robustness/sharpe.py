"""How far a Sharpe ratio can be believed: its own uncertainty, and the luck of many tries.

Sharpe ratios here are those of one period (not annualised) unless a name says otherwise,
and kurtosis is Pearson's: 3 for a normal distribution.

Sources
-------
- Bailey & López de Prado (2012), "The Sharpe ratio efficient frontier", Journal of Risk
  15(2): PSR (eq. 11) and MinTRL (eq. 13).
- Bailey & López de Prado (2014), "The deflated Sharpe ratio", Journal of Portfolio
  Management 40(5): DSR and the expected maximum (eq. 1 and 2).
- Bailey, Borwein, López de Prado & Zhu (2014), "Pseudo-mathematics and financial
  charlatanism", Notices of the AMS 61(5): the minimum backtest length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.metrics.returns import moments as moments_of

EULER_MASCHERONI = 0.5772156649015329
CONFIDENCE = 0.95
"""Level at which the papers, and the card, call a Sharpe ratio significant."""

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class SharpeMoments:
    """What the uncertainty of a Sharpe ratio depends on.

    Attributes
    ----------
    sharpe
        Of one period.
    count
        Number of returns, at least 2.
    skew, kurtosis
        Of the returns; kurtosis 3 is normal.
    """

    sharpe: float
    count: int
    skew: float = 0.0
    kurtosis: float = 3.0

    @classmethod
    def of(cls, returns: FloatArray, risk_free: float = 0.0) -> SharpeMoments | None:
        """Measure returns (T,), less the risk-free return of a period.

        None where the Sharpe ratio does not exist: fewer than two returns, or all equal.
        """
        if not len(returns):
            return None
        found = moments_of(returns)
        sharpe = found.sharpe_ratio(1.0, risk_free)
        if sharpe is None or found.skew is None or found.kurtosis is None:
            return None
        return cls(sharpe, found.count, found.skew, found.kurtosis + 3.0)

    @property
    def spread(self) -> float:
        """Asymptotic variance of the estimate, times (count − 1).

        1 − γ₃·SR + (γ₄ − 1)/4·SR² (2012, eq. 10); never below 0 for the moments of a sample,
        as γ₄ ≥ 1 + γ₃².
        """
        return 1.0 - self.skew * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe**2


def normal_cdf(x: float) -> float:
    """Φ(x), through ``erfc`` so that both tails keep their digits."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def normal_quantile(probability: float) -> float:
    """Φ⁻¹(p) for 0 < p < 1 by the standard library: Wichura's AS 241 (1988), 16 digits."""
    return _NORMAL.inv_cdf(probability)


def probabilistic_sharpe(moments: SharpeMoments, benchmark: float = 0.0) -> float | None:
    """Return the probability that the true Sharpe ratio is above a benchmark (PSR).

    PSR = Φ((SR − SR*)·√(T − 1) / √(1 − γ₃·SR + (γ₄ − 1)/4·SR²)).

    Parameters
    ----------
    moments
        Of the returns found.
    benchmark
        SR*, of one period.

    Returns
    -------
    float or None
        0 to 1; None when the estimate has no spread (two-valued returns).
    """
    if moments.spread <= 0.0:
        return None
    distance = (moments.sharpe - benchmark) * math.sqrt(moments.count - 1)
    return normal_cdf(distance / math.sqrt(moments.spread))


def expected_maximum_of_normals(trials: int) -> float:
    """Return the expected best of N independent standard normal draws.

    (1 − γ)·Φ⁻¹(1 − 1/N) + γ·Φ⁻¹(1 − 1/(N·e)), γ of Euler and Mascheroni (2014, eq. 1);
    0 for one draw, whose expectation it is.

    Raises
    ------
    InvalidInput
        Fewer than one trial.
    """
    if trials < 1:
        raise InvalidInput("trials must be at least 1.", field="trials")
    if trials == 1:
        return 0.0
    # Φ⁻¹(1 − p) = −Φ⁻¹(p): a small p keeps its digits, 1 − p would not.
    first = -normal_quantile(1.0 / trials)
    second = -normal_quantile(1.0 / (trials * math.e))
    return (1.0 - EULER_MASCHERONI) * first + EULER_MASCHERONI * second


def expected_maximum_sharpe(trials: int, variance: float) -> float:
    """Return the best Sharpe ratio that N trials without any skill are expected to show.

    Parameters
    ----------
    trials
        N ≥ 1, counted as independent.
    variance
        Of the trials' Sharpe ratios, ≥ 0; the result has the period of its unit.

    Raises
    ------
    InvalidInput
        Fewer than one trial, or a negative variance.
    """
    if not variance >= 0.0 or math.isinf(variance):
        raise InvalidInput("variance must be zero or more.", field="variance")
    return math.sqrt(variance) * expected_maximum_of_normals(trials)


def deflated_sharpe(moments: SharpeMoments, trials: int, variance: float) -> float | None:
    """Return the probabilistic Sharpe ratio against the best that luck would show (DSR).

    DSR = PSR(SR₀), SR₀ the :func:`expected_maximum_sharpe` (2014, eq. 2).

    Parameters
    ----------
    moments
        Of the chosen trial's returns.
    trials, variance
        Number of trials, and the variance of their Sharpe ratios of one period.
    """
    return probabilistic_sharpe(moments, expected_maximum_sharpe(trials, variance))


def minimum_track_record(
    moments: SharpeMoments, benchmark: float = 0.0, confidence: float = CONFIDENCE
) -> float | None:
    """Return how many returns are needed before SR > SR* can be believed (MinTRL).

    MinTRL = 1 + (1 − γ₃·SR + (γ₄ − 1)/4·SR²)·(Φ⁻¹(confidence) / (SR − SR*))².

    Returns
    -------
    float or None
        Periods; None when SR ≤ SR*: no length would do.

    Raises
    ------
    InvalidInput
        The confidence is not between 0.5 and 1.
    """
    if not 0.5 < confidence < 1.0:
        raise InvalidInput("confidence must be between 0.5 and 1.", field="confidence")
    distance = moments.sharpe - benchmark
    if distance <= 0.0:
        return None
    periods = 1.0 + moments.spread * (normal_quantile(confidence) / distance) ** 2
    return periods if math.isfinite(periods) else None


def minimum_backtest_years(trials: int, sharpe: float = 1.0) -> float:
    """Return the years below which N tries without skill show an annual Sharpe by luck.

    MinBTL = (E[max of N] / SR)² (2014, Notices, theorem 1).

    Parameters
    ----------
    trials
        N ≥ 1.
    sharpe
        The annual Sharpe ratio, above 0.
    """
    if not sharpe > 0.0:
        raise InvalidInput("sharpe must be above 0.", field="sharpe")
    return (expected_maximum_of_normals(trials) / sharpe) ** 2
