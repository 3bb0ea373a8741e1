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
    """Mean of squared deviations of each window, or its root.

    Outside the inner loop sums are made anew; inside they slide until that is due again.
    """
    share, size, equal, row = 1.0 / window, len(values), 0, window - 1
    for at in range(1, row):
        equal = equal + 1 if values[at] == values[at - 1] else 0
    while row < size:
        equal = equal + 1 if row > 0 and values[row] == values[row - 1] else 0
        pivot, mean, squares = values[row], 0.0, 0.0
        if equal < window - 1:
            total = 0.0
            for at in range(row - window + 1, row + 1):
                total += values[at]
            pivot = total / window
            for at in range(row - window + 1, row + 1):
                far = values[at] - pivot
                mean += far
                squares += far * far
            mean *= share  # what the pivot was rounded by
        greatest = squares
        out[row] = math.sqrt(squares * share) if root else squares * share
        row += 1
        last = min(row + _FRESH * window - 1, size)
        added, gone = values[row:last], values[row - window : last - window]
        found, slid = out[row:last], 0
        for place in range(len(added)):
            still = equal + 1 if added[place] == values[row + place - 1] else 0
            old, new, before = gone[place] - pivot, added[place] - pivot, mean
            mean += (new - old) * share
            squares += (new - old) * ((new - mean) + (old - before))
            if still >= window - 1 or squares < _LOST * greatest:
                break
            equal = still
            greatest = squares if squares > greatest else greatest
            found[place] = math.sqrt(squares * share) if root else squares * share
            slid += 1
        row += slid


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
    """Correlation of each window; NaN where either does not move. In turns as :func:`_second`."""
    share, size, row, still_a, still_b = 1.0 / window, len(a), window - 1, 0, 0
    for at in range(1, row):
        still_a = still_a + 1 if a[at] == a[at - 1] else 0
        still_b = still_b + 1 if b[at] == b[at - 1] else 0
    while row < size:
        still_a = still_a + 1 if row > 0 and a[row] == a[row - 1] else 0
        still_b = still_b + 1 if row > 0 and b[row] == b[row - 1] else 0
        out[row] = math.nan
        row += 1
        if still_a >= window - 1 or still_b >= window - 1:
            continue
        mean_a, mean_b, aa, bb, ab = 0.0, 0.0, 0.0, 0.0, 0.0
        for at in range(row - window, row):
            mean_a += a[at]
            mean_b += b[at]
        mean_a, mean_b = mean_a / window, mean_b / window
        for at in range(row - window, row):
            far_a, far_b = a[at] - mean_a, b[at] - mean_b
            aa += far_a * far_a
            bb += far_b * far_b
            ab += far_a * far_b
        greatest_a, greatest_b = aa, bb
        if aa > 0.0 and bb > 0.0:
            out[row - 1] = min(1.0, max(-1.0, ab / math.sqrt(aa * bb)))
        last = min(row + window - 1, size)
        added_a, gone_a = a[row:last], a[row - window : last - window]
        added_b, gone_b = b[row:last], b[row - window : last - window]
        found, slid = out[row:last], 0
        for place in range(len(found)):
            new_a, old_a, before_a = added_a[place], gone_a[place], mean_a
            new_b, old_b, before_b = added_b[place], gone_b[place], mean_b
            now_a = still_a + 1 if new_a == a[row + place - 1] else 0
            now_b = still_b + 1 if new_b == b[row + place - 1] else 0
            mean_a += (new_a - old_a) * share
            mean_b += (new_b - old_b) * share
            aa += (new_a - old_a) * ((new_a - mean_a) + (old_a - before_a))
            bb += (new_b - old_b) * ((new_b - mean_b) + (old_b - before_b))
            ab += (new_a - mean_a) * (new_b - before_b) - (old_a - mean_a) * (old_b - before_b)
            lost = aa < _LOST * greatest_a or bb < _LOST * greatest_b
            if lost or now_a >= window - 1 or now_b >= window - 1:
                break
            still_a, still_b = now_a, now_b
            greatest_a, greatest_b = max(greatest_a, aa), max(greatest_b, bb)
            found[place] = math.nan
            if aa > 0.0 and bb > 0.0:
                found[place] = min(1.0, max(-1.0, ab / math.sqrt(aa * bb)))
            slid += 1
        row += slid


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
    out = undefined_start(window - 1, len(a))
    if len(a) >= window:
        _pairs.sized(len(a))(a, b, window, out)
    return out
