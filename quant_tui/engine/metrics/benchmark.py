"""Figures of a strategy against a benchmark, with empyrical's definitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import DateArray, FloatArray
from quant_tui.engine.metrics.figures import Figures
from quant_tui.engine.metrics.returns import (
    compound_annual_growth,
    dot,
    parts,
    product,
    sample_deviation,
)

NAMES = (
    "benchmark_return",
    "benchmark_cagr",
    "alpha",
    "beta",
    "information_ratio",
    "information_ratio_annualized",
    "tracking_error",
    "up_capture",
    "down_capture",
    "up_down_capture",
)
"""What is computed when there is a benchmark, and undefined otherwise."""


def against_benchmark(
    figures: Figures,
    returns: FloatArray,
    benchmark: FloatArray | None,
    annualization: float,
    risk_free: float,
) -> None:
    """Put alpha, beta, information ratio and captures into ``figures``.

    Parameters
    ----------
    figures
        Takes the metrics.
    returns
        Simple returns of the strategy (T,), the first against the initial capital.
    benchmark
        Simple returns of the benchmark (T,), the first NaN for want of an earlier
        level; None without a benchmark. Periods in which it is NaN are left out.
    annualization
        Periods a year.
    risk_free
        Return of one period.
    """
    if benchmark is None:
        for name in NAMES:
            figures.put(name, None, "no benchmark was given")
        return
    there = np.isfinite(benchmark)
    first = int(there.argmax())
    rows = slice(first, None) if there[first:].all() else there
    ours, theirs = returns[rows], benchmark[rows]
    if len(theirs) < 2:
        for name in NAMES:
            figures.put(name, None, "the benchmark has fewer than three bars")
        return
    rising, falling, ratio = _growth(ours, theirs)
    figures.put("benchmark_return", ratio - 1.0)
    figures.put("benchmark_cagr", compound_annual_growth(ratio, len(theirs), annualization))
    beta = _beta(ours, theirs)
    still = "the benchmark did not move"
    figures.put("beta", beta, still)
    figures.put("alpha", _alpha(ours, theirs, beta, annualization, risk_free), still)
    active = ours - theirs
    spread = sample_deviation(active)
    information = float(active.mean()) / spread if spread > 0.0 else None
    same = "the strategy moved exactly as the benchmark"
    figures.put("information_ratio", information, same)
    scaled = None if information is None else information * float(np.sqrt(annualization))
    figures.put("information_ratio_annualized", scaled, same)
    figures.put("tracking_error", spread * float(np.sqrt(annualization)))
    up, down = rising.capture(annualization), falling.capture(annualization)
    figures.put("up_capture", up, "the benchmark never rose")
    figures.put("down_capture", down, "the benchmark never fell")
    both = up / down if up is not None and down else None
    figures.put("up_down_capture", both, "up or down capture does not exist or is zero")


def carried(levels: FloatArray) -> FloatArray:
    """Levels (T,) carried forward over those unknown; NaN before the first known one."""
    known = np.isfinite(levels)
    if known[int(known.argmax()) :].all():
        return levels
    rows = np.where(known, np.arange(len(levels)), 0)
    np.maximum.accumulate(rows, out=rows)
    found: FloatArray = levels[rows]
    return found


STILL = 10
"""Bars at the end without a new level from which a benchmark is said to have ended."""


def benchmark_warnings(dates: DateArray, levels: FloatArray) -> list[str]:
    """Say where a benchmark's levels (T,), carried forward, do not cover the dates (T,)."""
    known = np.isfinite(levels)
    if not known.any():
        return ["The benchmark has no value in this period: nothing is compared with it."]
    found = []
    first = int(known.argmax())
    if first:
        found.append(
            f"The benchmark begins on {dates[first]}: what is compared with it is of the time"
            " since, total return and CAGR are of the whole period."
        )
    changed = np.flatnonzero(levels[first + 1 :] != levels[first:-1])
    last = first + 1 + int(changed[-1]) if len(changed) else first
    if len(levels) - 1 - last >= STILL:
        found.append(
            f"The benchmark has no new value after {dates[last]}: it is taken as unchanged since."
        )
    return found


@dataclass(slots=True)
class _Growth:
    """What the strategy and the benchmark grew by over some of the periods.

    Attributes
    ----------
    count
        Number of the periods.
    ours, theirs
        Product of 1 + return over them.
    """

    count: int = 0
    ours: float = 1.0
    theirs: float = 1.0

    def capture(self, annualization: float) -> float | None:
        """Annual return of the strategy / of the benchmark (``capture``)."""
        if self.count == 0:
            return None
        mine = compound_annual_growth(self.ours, self.count, annualization)
        yours = compound_annual_growth(self.theirs, self.count, annualization)
        return mine / yours if yours != 0.0 and np.isfinite(mine) and np.isfinite(yours) else None


def _growth(ours: FloatArray, theirs: FloatArray) -> tuple[_Growth, _Growth, float]:
    """Growth over the periods in which the benchmark rose and fell, and its own over all."""
    rising, falling, ratio = _Growth(), _Growth(), 1.0
    with np.errstate(over="ignore", under="ignore"):
        for rows in parts(len(theirs)):
            mine, yours = 1.0 + ours[rows], 1.0 + theirs[rows]
            ratio *= product(yours)
            for side, moved in ((rising, theirs[rows] > 0.0), (falling, theirs[rows] < 0.0)):
                places = np.flatnonzero(moved)
                side.count += len(places)
                side.ours *= product(mine[places])
                side.theirs *= product(yours[places])
    return rising, falling, ratio


def _beta(ours: FloatArray, theirs: FloatArray) -> float | None:
    """Covariance / variance of the benchmark (``beta_aligned``).

    A constant risk-free rate moves neither.
    """
    mean, squares, products = float(theirs.mean()), 0.0, 0.0
    for rows in parts(len(theirs)):
        residual = theirs[rows] - mean
        squares += dot(residual, residual)
        products += dot(residual, ours[rows])
    return products / squares if squares >= len(theirs) * 1e-30 else None


def _alpha(
    ours: FloatArray,
    theirs: FloatArray,
    beta: float | None,
    annualization: float,
    risk_free: float,
) -> float | None:
    """(1 + mean(excess − beta · benchmark's excess)) ** annualization − 1 (``alpha_aligned``)."""
    if beta is None:
        return None
    mean = float(ours.mean()) - risk_free - beta * (float(theirs.mean()) - risk_free)
    return compound_annual_growth(1.0 + mean, 1, annualization)
