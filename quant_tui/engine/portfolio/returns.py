"""Returns of a portfolio into and out of which money flows."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import DateArray, FloatArray
from quant_tui.engine.portfolio.valuation import Valuation

DAYS_A_YEAR = 365.0
LOWEST_RATE, HIGHEST_RATE = -0.999999, 1e6


def daily_returns(valuation: Valuation) -> FloatArray:
    """Return of each day (T,), whatever flowed; NaN where no money was in the portfolio.

    Before the first deposit none was: gains on shares that nothing paid for are no return.

    Notes
    -----
    (value + withdrawals) / (value before + deposits) − 1: money comes in before the day's
    trading and leaves after it. Chained, this is the true time-weighted return of the
    Global Investment Performance Standards, valued daily.
    """
    before = np.concatenate(([0.0], valuation.value[:-1])) + valuation.deposits
    after = valuation.value + valuation.withdrawals
    found: FloatArray = np.full(len(before), np.nan)
    # What is left of float sums is no capital.
    scale = 1e-12 * max(1.0, float(np.abs(valuation.value).max(initial=0.0)))
    invested = (before > scale) & (np.cumsum(valuation.deposits) > 0.0)
    found[invested] = after[invested] / before[invested] - 1.0
    return found


def growth_index(returns: FloatArray) -> FloatArray:
    """Chain returns to what one unit has become (T,); NaN counts as no return, ruin as zero."""
    return np.cumprod(np.maximum(1.0 + np.nan_to_num(returns), 0.0)).astype(np.float64)


def money_weighted_return(days: DateArray, flows: FloatArray) -> float | None:
    """Return the annual rate at which all flows are worth nothing today (XIRR).

    Parameters
    ----------
    days
        Days of the flows (K,).
    flows
        As the owner sees them: deposits below zero, withdrawals and the final value above.

    Returns
    -------
    float or None
        The rate r with Σ flow · (1 + r) ^ −(days / 365) = 0, as spreadsheets define XIRR;
        of several the one nearest to zero. None when there is none: the flows all have one
        sign, or fall on one day.
    """
    used = flows != 0.0
    days, flows = days[used], flows[used]
    if len(flows) < 2 or not (flows.min() < 0.0 < flows.max()):
        return None
    years = (days - days.min()).astype(np.float64) / DAYS_A_YEAR
    if years.max() == 0.0:
        return None

    def worth(logs: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            found: FloatArray = np.exp(-np.outer(logs, years)) @ flows
        return found

    grid = np.unique(
        np.concatenate((np.linspace(np.log1p(LOWEST_RATE), np.log1p(HIGHEST_RATE), 801), [0.0]))
    )
    values = worth(grid)
    good = np.isfinite(values)
    grid, values = grid[good], values[good]
    crossings = np.flatnonzero(np.signbit(values[1:]) != np.signbit(values[:-1]))
    if not len(crossings):
        return None
    nearest = crossings[np.argmin(np.abs(grid[crossings] + grid[crossings + 1]))]
    low, high = float(grid[nearest]), float(grid[nearest + 1])
    falling = values[nearest] > 0.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if (float(worth(np.array([middle]))[0]) > 0.0) == falling:
            low = middle
        else:
            high = middle
    return float(np.expm1(0.5 * (low + high)))


def valuation_flows(valuation: Valuation) -> tuple[DateArray, FloatArray]:
    """Return days and flows of a portfolio as :func:`money_weighted_return` wants them."""
    flows: FloatArray = -valuation.flows
    flows[-1] += valuation.value[-1]
    used = np.flatnonzero(flows)
    return valuation.dates[used], flows[used]
