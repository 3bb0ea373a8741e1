"""How much of a run's figures is the order and choice of its days: the stationary bootstrap.

Sources
-------
- Politis & Romano (1994), "The stationary bootstrap", JASA 89(428): blocks of geometric
  length from a series closed into a circle, so that what depends on the last days is kept.
- Politis & White (2004), "Automatic block-length selection for the dependent bootstrap",
  Econometric Reviews 23(1), with the correction of Patton, Politis & White (2009), 28(4).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.domain.tasks import RunTasks, run_in_turn
from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.metrics.returns import dot

CHUNK_FIGURES = 40_000
"""Returns resampled at once: what they need stays in the processor's cache (three times as
fast as in chunks ten times larger). A compiled loop is four times faster still, but a
one-shot command would wait two seconds for the compiler to load to save a few hundredths."""


PART_FIGURES = 8_000_000
"""Returns resampled in one part of the work, some tenths of a second: fewer are not cut."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies in most resamples.

    Attributes
    ----------
    low, high
        Both ends, fractions of the draws left out on either side being equal.
    middle
        Median of the draws.
    """

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class BootstrapIntervals:
    """Figures of the resampled runs.

    Attributes
    ----------
    sharpe, cagr, max_drawdown
        Annual Sharpe ratio, compound annual growth, deepest fall (≤ 0).
    positive
        Share of the resamples whose Sharpe ratio is above 0.
    draws, block_length
        How many resamples, and the mean length of their blocks.
    confidence
        Share of the draws inside each interval.
    """

    sharpe: Interval
    cagr: Interval
    max_drawdown: Interval
    positive: float
    draws: int
    block_length: float
    confidence: float


def optimal_block_length(values: FloatArray) -> float:
    """Return the mean block length for the stationary bootstrap of a series.

    b = (2·G² / D)^(1/3)·T^(1/3), D = 2·g(0)² after the correction of 2009, G = Σ λ(k/M)·|k|·R(k)
    and g(0) = Σ λ(k/M)·R(k) with the flat-top window λ; M is twice the first lag from which
    five correlations in a row are within ±2·√(log₁₀ T / T). At least 1, and at most
    min(3·√T, T/3), as the authors' own code has it.

    Parameters
    ----------
    values
        (T,), T ≥ 8.

    Raises
    ------
    InsufficientData
        Fewer than eight values.
    """
    count = len(values)
    if count < 8:
        raise InsufficientData("A block length needs at least eight returns.")
    centred = values - values.mean()
    run = max(5, int(math.log10(count)))
    lags = min(math.ceil(math.sqrt(count)) + run, count - 1)
    longest = float(math.ceil(min(3.0 * math.sqrt(count), count / 3.0)))
    products = np.array([dot(centred[lag:], centred[: count - lag]) for lag in range(lags + 1)])
    if products[0] <= 0.0:
        return 1.0
    bandwidth = min(2 * _first_calm(products, centred, run), lags)
    steps = np.arange(bandwidth + 1)
    taper = np.minimum(1.0, 2.0 * (1.0 - steps / bandwidth))
    weighted = 2.0 * taper * products[: bandwidth + 1] / count
    curvature = float(steps @ weighted)
    density = float(weighted[1:].sum() + products[0] / count)
    if density == 0.0:
        return 1.0
    length = (curvature / density) ** 2.0 * count
    return min(max(math.cbrt(length), 1.0), longest)


def _first_calm(products: FloatArray, centred: FloatArray, run: int) -> int:
    """Return the first lag from which ``run`` correlations in a row are within noise.

    When there is none, the largest lag. The correlation is Pearson's, of the two parts
    that overlap at the lag.
    """
    count = len(centred)
    lags = np.arange(1, len(products))
    energy = np.concatenate(([0.0], np.cumsum(centred * centred)))
    scale = np.sqrt(energy[count - lags] * (energy[count] - energy[lags]))
    loud = np.abs(products[1:]) >= 2.0 * math.sqrt(math.log10(count) / count) * scale
    for place in range(len(loud) - run + 1):
        if not loud[place : place + run].any():
            return place + 1
    return len(loud)


def stationary_rows(uniform: FloatArray, restart: float) -> IntArray:
    """Return the rows (D, T) of D resamples of a series of T values.

    Each row follows the one before it, the first after the last, but with probability
    ``restart`` a new block starts anywhere.

    Parameters
    ----------
    uniform
        (D, T) numbers from 0 to below 1, one a step: below ``restart`` a block starts, and
        how far below says where, for that is uniform again.
    restart
        One over the mean length of a block.
    """
    count = uniform.shape[1]
    starts = uniform < restart
    starts[:, 0] = True
    places = np.flatnonzero(starts)
    drawn = uniform.ravel()[places]
    where = np.where(places % count == 0, drawn, drawn / restart)
    shift = (where * count).astype(np.int64) - places
    rows: IntArray = np.repeat(shift, np.diff(places, append=uniform.size))
    rows += np.arange(uniform.size)
    rows %= count
    return rows.reshape(uniform.shape)


def bootstrap_intervals(
    returns: FloatArray,
    annualization: float,
    *,
    risk_free: float = 0.0,
    draws: int = 500,
    confidence: float = 0.95,
    block_length: float | None = None,
    seed: int = 0,
    cancel: Callable[[], bool] | None = None,
    run: RunTasks = run_in_turn,
) -> BootstrapIntervals:
    """Return percentile intervals of Sharpe, CAGR and maximum drawdown.

    Parameters
    ----------
    returns
        Simple returns (T,), T ≥ 8, each at least −1.
    annualization
        Periods a year.
    risk_free
        Return of one period.
    draws
        Resamples, at least 20.
    confidence
        Share of the draws inside, 0.5 to 1.
    block_length
        Mean length of a block; :func:`optimal_block_length` when left out.
    seed
        The same seed gives the same numbers.
    cancel
        Asked between chunks of draws.
    run
        Runs the parts of many draws; where that is does not change the figures.

    Raises
    ------
    InsufficientData
        Fewer than eight returns, or returns that never differ.
    InvalidInput
        A number is out of its range.
    """
    count = len(returns)
    if draws < 20:
        raise InvalidInput("draws must be at least 20.", field="draws")
    if not 0.5 <= confidence < 1.0:
        raise InvalidInput("confidence must be from 0.5 to below 1.", field="confidence")
    length = optimal_block_length(returns) if block_length is None else block_length
    if not 1.0 <= length <= count:
        raise InvalidInput(
            f"block_length must be from 1 to the {count} returns there are.", field="block_length"
        )
    if returns.max() - returns.min() <= 0.0:
        raise InsufficientData("The returns never differ: there is nothing to resample.")
    size = max(PART_FIGURES // count, 1)
    ranges = [(start, min(start + size, draws)) for start in range(0, draws, size)]
    resampled = _Resampled(returns, annualization, risk_free, length, seed)
    if len(ranges) < 2:
        run = run_in_turn
    found = np.concatenate(run(_draws, resampled, ranges, cancel=cancel), axis=1)
    outside = (1.0 - confidence) / 2.0
    low, middle, high = np.quantile(found, [outside, 0.5, 1.0 - outside], axis=1)
    intervals = [
        Interval(float(low[place]), float(middle[place]), float(high[place])) for place in range(3)
    ]
    return BootstrapIntervals(
        sharpe=intervals[0],
        cagr=intervals[1],
        max_drawdown=intervals[2],
        positive=float((found[0] > 0.0).mean()),
        draws=draws,
        block_length=float(length),
        confidence=confidence,
    )


@dataclass(frozen=True, slots=True)
class _Resampled:
    """What every draw needs: ``length`` is the mean length of a block."""

    returns: FloatArray
    annualization: float
    risk_free: float
    length: float
    seed: int


def _draws(data: _Resampled, part: tuple[int, int], cancel: CancelCheck) -> FloatArray:
    """Return the figures (3, D) of the draws from one number to before another.

    The generator is moved on to where it would be after the draws before them, one step a
    number: every draw is the same however they are cut.
    """
    first, stop = part
    count = len(data.returns)
    generator = np.random.PCG64(data.seed)
    generator.advance(first * count)
    random = np.random.Generator(generator)
    step = max(1, CHUNK_FIGURES // count)
    found = np.empty((3, stop - first))
    for start in range(0, stop - first, step):
        raise_if_cancelled(cancel)
        size = min(step, stop - first - start)
        rows = stationary_rows(random.random((size, count)), 1.0 / data.length)
        drawn = data.returns[rows]
        found[:, start : start + size] = _figures(drawn, data.annualization, data.risk_free)
    return found


def _figures(drawn: FloatArray, annualization: float, risk_free: float) -> FloatArray:
    """Sharpe, CAGR and maximum drawdown (3, D) of resampled returns (D, T), used up by it."""
    count = drawn.shape[1]
    total = drawn.sum(axis=1)
    squares = np.einsum("ij,ij->i", drawn, drawn)
    mean = total / count
    # One pass does: the mean of a period's returns is small beside their spread.
    variance = (squares - total * mean) / (count - 1)
    moved = variance > 1e-14 * squares / count
    sharpe = np.where(moved, (mean - risk_free) / np.sqrt(np.where(moved, variance, 1.0)), 0.0)
    drawn += 1.0
    level = np.cumprod(drawn, axis=1, out=drawn)
    with np.errstate(divide="ignore"):
        growth = np.log(np.maximum(level[:, -1], 0.0)) * (annualization / count)
    cagr = np.expm1(np.minimum(growth, 700.0))
    peak = np.maximum.accumulate(level, axis=1)
    np.maximum(peak, 1.0, out=peak)
    level /= peak
    deepest = np.minimum(level.min(axis=1) - 1.0, 0.0)
    figures: FloatArray = np.stack((sharpe * math.sqrt(annualization), cagr, deepest))
    return figures
