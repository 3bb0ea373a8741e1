"""How much a feature says of the returns that follow: information coefficients.

Grinold and Kahn, *Active Portfolio Management* (2000), ch. 6: the information coefficient
is the correlation of forecasts with what came after, across the symbols on one date.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quant_tui.ml.statistics import mean_t_statistic, row_correlations, row_rank_correlations

Floats = NDArray[np.float64]

HORIZONS = (1, 2, 3, 5, 10, 21, 42, 63)
"""Bars ahead: from the next one to a quarter."""

FEWEST_SYMBOLS = 5
"""Symbols that a correlation across symbols needs on a date."""

FEWEST_BARS = 30
"""Bars that a symbol needs for a correlation over time."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """The coefficients of one horizon, taken together.

    Attributes
    ----------
    mean, std
        Over the dates, or over the symbols; None where there is none.
    ratio
        ``mean / std``, the information ratio of the coefficient (ICIR); not annualised.
    t_statistic
        Of the mean, for overlapping windows; None over symbols.
    positive
        Fraction above zero.
    count
        Dates, or symbols.
    """

    mean: float | None
    std: float | None
    ratio: float | None
    t_statistic: float | None
    positive: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Information:
    """How the coefficient decays as the horizon grows.

    Attributes
    ----------
    across
        Whether the correlations are across symbols, date by date; otherwise over time,
        symbol by symbol, because there are too few symbols.
    horizons
        Bars ahead, H of them.
    pearson, rank
        IC and rank-IC of every horizon.
    series
        (T,) rank-IC of the first horizon, date by date; empty when not across.
    """

    across: bool
    horizons: tuple[int, ...]
    pearson: tuple[Coefficient, ...]
    rank: tuple[Coefficient, ...]
    series: Floats


def forward_returns(close: Floats, bars: int) -> Floats:
    """Return the return over each symbol's own next bars.

    Parameters
    ----------
    close
        (T, N); NaN where the symbol has no bar.
    bars
        How many, at least 1.

    Returns
    -------
    Floats
        (T, N): ``close[t + bars] / close[t] - 1`` among the symbol's own bars; NaN where
        there is no bar or it is too early to know.
    """
    found = np.full(close.shape, np.nan)
    if np.isfinite(close).all():
        if bars < len(close):
            found[:-bars] = close[bars:] / close[:-bars] - 1.0
        return found
    for column in range(close.shape[1]):
        rows = np.flatnonzero(np.isfinite(close[:, column]))
        own = close[rows, column]
        if bars < len(own):
            found[rows[:-bars], column] = own[bars:] / own[:-bars] - 1.0
    return found


def information(
    values: Floats,
    close: Floats,
    horizons: Sequence[int] = HORIZONS,
    *,
    pause: Callable[[], None] = lambda: None,
) -> Information:
    """Return IC and rank-IC of a feature over several horizons.

    Parameters
    ----------
    values
        (T, N) of the feature, NaN where not known.
    close
        (T, N), NaN where the symbol has no bar.
    horizons
        Bars ahead.
    pause
        Called before each horizon; may raise to stop the work.
    """
    across = close.shape[1] >= FEWEST_SYMBOLS
    fewest = FEWEST_SYMBOLS if across else FEWEST_BARS
    pearson: list[Coefficient] = []
    rank: list[Coefficient] = []
    series = np.empty(0)
    for horizon in horizons:
        pause()
        ahead = forward_returns(close, horizon)
        pair = (values, ahead) if across else (values.T, ahead.T)
        ranked = row_rank_correlations(*pair, fewest=fewest)
        if across and not len(series):
            series = ranked
        pearson.append(_taken_together(row_correlations(*pair, fewest=fewest), horizon, across))
        rank.append(_taken_together(ranked, horizon, across))
    return Information(across, tuple(horizons), tuple(pearson), tuple(rank), series)


def _taken_together(found: Floats, horizon: int, across: bool) -> Coefficient:
    sample = found[np.isfinite(found)]
    if not len(sample):
        return Coefficient(None, None, None, None, None, 0)
    mean = float(sample.mean())
    std = float(sample.std(ddof=1)) if len(sample) > 1 else None
    ratio = mean / std if std is not None and std > 1e-12 and math.isfinite(mean / std) else None
    return Coefficient(
        mean=mean,
        std=std,
        ratio=ratio,
        t_statistic=mean_t_statistic(sample, horizon - 1) if across else None,
        positive=float((sample > 0.0).mean()),
        count=len(sample),
    )
