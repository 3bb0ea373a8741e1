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
    """Sum of weight · value, fresh every ``window`` bars so that rounding does not add up."""
    age, plain, weighted = window, 0.0, 0.0
    for row in range(window - 1, len(values)):
        if age < window:
            weighted += window * values[row] - plain
            plain += values[row] - values[row - window]
            age += 1
        else:
            age, plain, weighted = 1, 0.0, 0.0
            for place in range(window):
                value = values[row - window + 1 + place]
                plain += value
                weighted += value * (place + 1.0)
        out[row] = weighted


@compiled
def _highest(values: FloatArray, window: int, later: FloatArray, out: FloatArray) -> None:
    """Highest value of each window, from running ones of blocks (van Herk 1992).

    ``later`` (window,) holds the highest from each place of the last block to its end.
    """
    size = len(values)
    for first in range(0, size, window):
        last = min(first + window, size)
        best = values[first]
        for row in range(first, last):
            best = best if best > values[row] else values[row]
            place = row - first + 1
            if row >= window - 1:
                before = later[place] if place < window else best
                out[row] = best if best > before else before
        if last - first == window:
            best = values[last - 1]
            for place in range(window - 1, -1, -1):
                value = values[first + place]
                best = best if best > value else value
                later[place] = best


@compiled
def _places(values: FloatArray, window: int, sign: float, queue: IntArray, out: IntArray) -> None:
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
    out = rolling_sum(values, window)
    out /= window
    return out


def wma(values: FloatArray, window: int) -> FloatArray:
    """Linearly weighted moving average (TA-Lib WMA): weights 1 … window, newest heaviest."""
    out = np.full(len(values), np.nan)
    if len(values) >= window:
        _weighted.sized(len(values))(values, window, out)
        out /= window * (window + 1) / 2.0
    return out


def rolling_max(values: FloatArray, window: int) -> FloatArray:
    """Highest value of ``window`` bars (TA-Lib MAX)."""
    out = np.full(len(values), np.nan)
    if len(values) >= window:
        _highest.sized(2 * len(values))(values, window, np.empty(window), out)
    return out


def rolling_min(values: FloatArray, window: int) -> FloatArray:
    """Lowest value of ``window`` bars (TA-Lib MIN)."""
    return -rolling_max(-values, window)


def bars_since_max(values: FloatArray, window: int) -> FloatArray:
    """Bars since the highest value of ``window`` bars, 0 = now; the latest of equals."""
    return _since(values, window, 1.0)


def bars_since_min(values: FloatArray, window: int) -> FloatArray:
    """Bars since the lowest value of ``window`` bars, 0 = now; the latest of equals."""
    return _since(values, window, -1.0)


def _since(values: FloatArray, window: int, sign: float) -> FloatArray:
    size = len(values)
    queue, places = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    _places.sized(2 * size)(values, window, sign, queue, places)
    since = np.arange(size, dtype=np.float64) - places
    since[: window - 1] = np.nan
    return since
