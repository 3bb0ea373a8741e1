"""Rolling sums, averages and extremes of a clean 1-D run, each in one pass.

A window ends at, and includes, its bar.
"""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.compiled import compiled


def undefined_start(values: FloatArray, count: int, size: int) -> FloatArray:
    """Return ``values`` behind ``count`` undefined places, ``size`` in all."""
    out = np.full(size, np.nan)
    if count < size:
        out[count:] = values
    return out


@compiled
def _sums(values: FloatArray, window: int, out: FloatArray) -> None:
    total = 0.0
    for row in range(window - 1):
        total += values[row]
    for row in range(window - 1, len(values)):
        total += values[row]
        out[row] = total
        total -= values[row - window + 1]


@compiled
def _weighted(values: FloatArray, window: int, out: FloatArray) -> None:
    """TA-Lib's order: the weighted total falls by the plain one at each step."""
    divider = window * (window + 1) / 2.0
    plain, weighted, oldest = 0.0, 0.0, 0.0
    for row in range(window - 1):
        plain += values[row]
        weighted += values[row] * (row + 1)
    for row in range(window - 1, len(values)):
        plain += values[row]
        plain -= oldest
        weighted += values[row] * window
        oldest = values[row - window + 1]
        out[row] = weighted / divider
        weighted -= plain


@compiled
def _extremes(values: FloatArray, window: int, sign: float, queue: IntArray, out: IntArray) -> None:
    """Place of the highest sign · value of each window, the latest of equals.

    The queue holds the places that may yet be highest, their values falling.
    """
    first, end = 0, 0
    for row in range(len(values)):
        value = sign * values[row]
        while end > first and sign * values[queue[end - 1]] <= value:
            end -= 1
        queue[end] = row
        end += 1
        if queue[first] <= row - window:
            first += 1
        out[row] = queue[first]


def rolling_sum(values: FloatArray, window: int) -> FloatArray:
    """Sum over ``window`` bars, by adding the new value, then subtracting the oldest.

    The same order of additions as TA-Lib's SMA, so that ties between two averages
    fall alike.
    """
    out = np.full(len(values), np.nan)
    if len(values) >= window:
        _sums.sized(len(values))(values, window, out)
    return out


def sma(values: FloatArray, window: int) -> FloatArray:
    """Simple moving average (TA-Lib SMA): rolling sum / window."""
    return rolling_sum(values, window) / window


def wma(values: FloatArray, window: int) -> FloatArray:
    """Linearly weighted moving average (TA-Lib WMA): weights 1 … window, newest heaviest."""
    out = np.full(len(values), np.nan)
    if len(values) >= window:
        _weighted.sized(len(values))(values, window, out)
    return out


def _places(values: FloatArray, window: int, sign: float) -> IntArray:
    queue = np.empty(len(values), dtype=np.int64)
    out = np.empty(len(values), dtype=np.int64)
    _extremes.sized(len(values))(values, window, sign, queue, out)
    return out[window - 1 :]


def rolling_max(values: FloatArray, window: int) -> FloatArray:
    """Highest value of ``window`` bars (TA-Lib MAX)."""
    return undefined_start(values[_places(values, window, 1.0)], window - 1, len(values))


def rolling_min(values: FloatArray, window: int) -> FloatArray:
    """Lowest value of ``window`` bars (TA-Lib MIN)."""
    return undefined_start(values[_places(values, window, -1.0)], window - 1, len(values))


def bars_since_max(values: FloatArray, window: int) -> FloatArray:
    """Bars since the highest value of ``window`` bars, 0 = now; the latest of equals."""
    return _since(values, window, 1.0)


def bars_since_min(values: FloatArray, window: int) -> FloatArray:
    """Bars since the lowest value of ``window`` bars, 0 = now; the latest of equals."""
    return _since(values, window, -1.0)


def _since(values: FloatArray, window: int, sign: float) -> FloatArray:
    places = _places(values, window, sign)
    rows = np.arange(window - 1, len(values), dtype=np.float64)
    return undefined_start(rows - places, window - 1, len(values))
