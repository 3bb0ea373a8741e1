"""How a portfolio is spread, and where its risk comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import FloatArray

LEAST_RETURNS = 20
"""Fewest common returns of which a covariance says anything."""


def concentration(weights: FloatArray) -> float:
    """Sum of the squared shares of the gross value (Herfindahl-Hirschman index).

    1 for a single position, 1/n for n equal ones, 0 for none.
    """
    gross = float(np.abs(weights).sum())
    return float(np.square(weights / gross).sum()) if gross > 0.0 else 0.0


def largest_share(weights: FloatArray, count: int) -> float:
    """Share of the gross value that the largest ``count`` positions have."""
    sizes = np.sort(np.abs(weights))[::-1]
    gross = float(sizes.sum())
    return float(sizes[:count].sum()) / gross if gross > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class RiskShares:
    """Where the volatility of n positions comes from.

    Attributes
    ----------
    volatility
        Annual, of the positions as they are now, a fraction of the portfolio's value.
    own
        Annual volatility of each symbol (n,).
    contribution
        Part of ``volatility`` that each brings (n,); they add up to it.
    correlation
        Of the symbols' returns (n, n), NaN where one did not move.
    returns
        Number of returns that it rests on.
    """

    volatility: float
    own: FloatArray
    contribution: FloatArray
    correlation: FloatArray
    returns: int


def risk_shares(
    weights: FloatArray, returns: FloatArray, annualization: float
) -> RiskShares | None:
    """Split the volatility of the present weights among the positions.

    Parameters
    ----------
    weights
        Value of each position / value of the portfolio (n,), signed.
    returns
        Daily returns of the symbols (W, n); days on which one is unknown are left out.
    annualization
        Days a year.

    Returns
    -------
    RiskShares or None
        None with fewer than :data:`LEAST_RETURNS` common returns.

    Notes
    -----
    Component volatility w_i (Σw)_i / σ with σ² = wᵀΣw (Euler's theorem; Litterman 1996,
    "Hot Spots and Hedges"); sample covariance (ddof=1).
    """
    common = returns[np.isfinite(returns).all(axis=1)]
    if len(common) < LEAST_RETURNS or not len(weights):
        return None
    covariance = np.atleast_2d(np.cov(common, rowvar=False, ddof=1)) * annualization
    marginal = covariance @ weights
    volatility = float(np.sqrt(max(0.0, float(weights @ marginal))))
    own = np.sqrt(np.diag(covariance))
    contribution = weights * marginal / volatility if volatility > 0.0 else np.zeros(len(weights))
    with np.errstate(all="ignore"):
        correlation = covariance / np.outer(own, own)
    still = own <= 1e-12
    correlation[still, :] = np.nan
    correlation[:, still] = np.nan
    return RiskShares(volatility, own, contribution, np.clip(correlation, -1, 1), len(common))
