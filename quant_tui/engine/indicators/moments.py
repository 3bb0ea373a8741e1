"""Rolling moments of a clean 1-D run, about the window's own mean.

The sums of deviations slide from bar to bar and are computed anew from the window itself
every few windows, and whenever what left the window was so much greater than what
remains that the sliding sums would hold its rounding instead: linear in the length, and
exact to rounding however long the series and whatever its level. Where nothing moves in a
window the deviation is exactly zero.
"""

from __future__ import annotations

import math

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.compiled import compiled
from quant_tui.engine.indicators.rolling import sma, undefined_start

_LOST = 1e-4
"""Share of the greatest sum since the last fresh one below which rounding may dominate."""

_FRESH = 8
"""Windows that sums slide before they are computed anew."""


@compiled
def _second(values: FloatArray, window: int, root: bool, out: FloatArray) -> None:
    """Mean of squared deviations of each window, or its root."""
    share, oldest = 1.0 / window, _FRESH * window
    age, equal, pivot, mean, squares, greatest = oldest, 0, 0.0, 0.0, 0.0, 0.0
    for row in range(1, window - 1):
        equal = equal + 1 if values[row] == values[row - 1] else 0
    for row in range(window - 1, len(values)):
        equal = equal + 1 if row > 0 and values[row] == values[row - 1] else 0
        if equal >= window - 1:
            age, pivot, mean, squares, greatest = 0, values[row], 0.0, 0.0, 0.0
        else:
            if age < oldest:
                old, new, before = values[row - window] - pivot, values[row] - pivot, mean
                mean += (new - old) * share
                squares += (new - old) * ((new - mean) + (old - before))
                age += 1
            if age >= oldest or squares < _LOST * greatest:
                total = 0.0
                for at in range(row - window + 1, row + 1):
                    total += values[at]
                age, pivot, mean, squares, greatest = 0, total / window, 0.0, 0.0, 0.0
                for at in range(row - window + 1, row + 1):
                    far = values[at] - pivot
                    mean += far
                    squares += far * far
                mean *= share  # what the pivot was rounded by
            greatest = squares if squares > greatest else greatest
        out[row] = math.sqrt(squares * share) if root else squares * share


@compiled
def _third(values: FloatArray, window: int, out: FloatArray) -> None:
    """Standardised third moment of each window; NaN where nothing moves."""
    age, equal, pivot, greatest = window, 0, 0.0, 0.0
    one, two, three = 0.0, 0.0, 0.0
    for row in range(len(values)):
        equal = equal + 1 if row > 0 and values[row] == values[row - 1] else 1
        if row < window - 1:
            continue
        if equal >= window:
            age, pivot, one, two, three, greatest = 0, values[row], 0.0, 0.0, 0.0, 0.0
            continue
        spread = 0.0
        if age < window:
            old, new = values[row - window] - pivot, values[row] - pivot
            one += new - old
            two += new * new - old * old
            three += new * new * new - old * old * old
            spread = two - one * one / window
            age += 1
        if age >= window or spread < _LOST * greatest:
            total = 0.0
            for at in range(row - window + 1, row + 1):
                total += values[at]
            age, pivot, one, two, three, greatest = 0, total / window, 0.0, 0.0, 0.0, 0.0
            for at in range(row - window + 1, row + 1):
                far = values[at] - pivot
                one += far
                two += far * far
                three += far * far * far
            spread = two - one * one / window
        greatest = max(greatest, two)
        if spread > 0.0:
            mean = one / window
            third = three / window - 3.0 * mean * two / window + 2.0 * mean * mean * mean
            second = spread / window
            out[row] = third / (second * math.sqrt(second))


@compiled
def _pairs(a: FloatArray, b: FloatArray, window: int, out: FloatArray) -> None:
    """Correlation of each window; NaN where either does not move."""
    age, equal_a, equal_b = window, 0, 0
    mean_a, mean_b, aa, bb, ab, greatest_a, greatest_b = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for row in range(len(a)):
        equal_a = equal_a + 1 if row > 0 and a[row] == a[row - 1] else 1
        equal_b = equal_b + 1 if row > 0 and b[row] == b[row - 1] else 1
        if row < window - 1:
            continue
        if equal_a >= window or equal_b >= window:
            age = window
            continue
        if age < window:
            new_a, old_a, new_b, old_b = a[row], a[row - window], b[row], b[row - window]
            before_a, before_b = mean_a, mean_b
            mean_a += (new_a - old_a) / window
            mean_b += (new_b - old_b) / window
            aa += (new_a - old_a) * ((new_a - mean_a) + (old_a - before_a))
            bb += (new_b - old_b) * ((new_b - mean_b) + (old_b - before_b))
            ab += (new_a - mean_a) * (new_b - before_b) - (old_a - mean_a) * (old_b - before_b)
            age += 1
        if age >= window or aa < _LOST * greatest_a or bb < _LOST * greatest_b:
            total_a, total_b = 0.0, 0.0
            for at in range(row - window + 1, row + 1):
                total_a += a[at]
                total_b += b[at]
            age, mean_a, mean_b = 0, total_a / window, total_b / window
            aa, bb, ab, greatest_a, greatest_b = 0.0, 0.0, 0.0, 0.0, 0.0
            for at in range(row - window + 1, row + 1):
                far_a, far_b = a[at] - mean_a, b[at] - mean_b
                aa += far_a * far_a
                bb += far_b * far_b
                ab += far_a * far_b
        greatest_a, greatest_b = max(greatest_a, aa), max(greatest_b, bb)
        if aa > 0.0 and bb > 0.0:
            out[row] = min(1.0, max(-1.0, ab / math.sqrt(aa * bb)))


def variance(values: FloatArray, window: int) -> FloatArray:
    """Population variance (ddof = 0) of ``window`` bars (TA-Lib VAR)."""
    return _spread(values, window, root=False)


def stddev(values: FloatArray, window: int) -> FloatArray:
    """Population standard deviation (ddof = 0) of ``window`` bars (TA-Lib STDDEV, 1 deviation)."""
    return _spread(values, window, root=True)


def _spread(values: FloatArray, window: int, *, root: bool) -> FloatArray:
    out = undefined_start(window - 1, len(values))
    if len(values) >= window:
        _second.sized(len(values))(values, window, root, out)
    return out


def zscore(values: FloatArray, window: int) -> FloatArray:
    """Distance from the window's mean in its population standard deviations."""
    spread = stddev(values, window)
    with np.errstate(all="ignore"):
        return np.where(spread > 0.0, (values - sma(values, window)) / spread, np.nan)


def skew(values: FloatArray, window: int) -> FloatArray:
    """Population skewness m3 / m2^1.5 of ``window`` bars; undefined where nothing moves."""
    out = np.full(len(values), np.nan)
    if len(values) >= window:
        _third.sized(len(values))(values, window, out)
    return out


def correlation(a: FloatArray, b: FloatArray, window: int) -> FloatArray:
    """Pearson's r of ``window`` bars (TA-Lib CORREL); undefined where either does not move."""
    out = np.full(len(a), np.nan)
    if len(a) >= window:
        _pairs.sized(len(a))(a, b, window, out)
    return out
