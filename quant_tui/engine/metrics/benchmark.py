"""Figures of a strategy against a benchmark, with empyrical's definitions."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray
from quant_tui.engine.metrics.figures import Figures
from quant_tui.engine.metrics.returns import compound_annual_growth, sample_deviation

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
    ours, theirs = returns[there], benchmark[there]
    if len(theirs) < 2:
        for name in NAMES:
            figures.put(name, None, "the benchmark has fewer than three bars")
        return
    ratio = float(np.prod(1.0 + theirs))
    figures.put("benchmark_return", ratio - 1.0)
    figures.put("benchmark_cagr", compound_annual_growth(ratio, len(theirs), annualization))
    beta = _beta(ours, theirs, risk_free)
    still = "the benchmark did not move"
    figures.put("beta", beta, still)
    figures.put("alpha", _alpha(ours, theirs, beta, annualization, risk_free), still)
    active = ours - theirs
    spread = sample_deviation(active)
    ratio_ = float(active.mean()) / spread if spread > 0.0 else None
    same = "the strategy moved exactly as the benchmark"
    figures.put("information_ratio", ratio_, same)
    scaled = None if ratio_ is None else ratio_ * float(np.sqrt(annualization))
    figures.put("information_ratio_annualized", scaled, same)
    figures.put("tracking_error", spread * float(np.sqrt(annualization)))
    up = _capture(ours, theirs, theirs > 0.0, annualization)
    down = _capture(ours, theirs, theirs < 0.0, annualization)
    figures.put("up_capture", up, "the benchmark never rose")
    figures.put("down_capture", down, "the benchmark never fell")
    both = up / down if up is not None and down else None
    figures.put("up_down_capture", both, "up or down capture does not exist or is zero")


def _beta(ours: FloatArray, theirs: FloatArray, risk_free: float) -> float | None:
    """Covariance / variance of the benchmark (``beta_aligned``)."""
    del risk_free  # a constant rate moves neither covariance nor variance
    residual = theirs - theirs.mean()
    variance = float((residual * residual).mean())
    if variance < 1e-30:
        return None
    return float((residual * ours).mean()) / variance


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
    mean = float(((ours - risk_free) - beta * (theirs - risk_free)).mean())
    return compound_annual_growth(1.0 + mean, 1, annualization)


def _capture(
    ours: FloatArray, theirs: FloatArray, when: BoolArray, annualization: float
) -> float | None:
    """Annual return of the strategy / of the benchmark in some periods (``capture``)."""
    count = int(when.sum())
    if count == 0:
        return None
    ratios = [float(np.prod(1.0 + series[when])) for series in (ours, theirs)]
    mine, yours = (compound_annual_growth(ratio, count, annualization) for ratio in ratios)
    return mine / yours if yours != 0.0 and np.isfinite(mine) and np.isfinite(yours) else None
