"""Rolling sums, averages and extremes of a clean 1-D run, each in one pass.

A window ends at, and includes, its bar.
"""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.compiled import compiled


def undefined_start(count: int, size: int) -> FloatArray:
    """Return an array of which the first ``count`` places are undefined, the rest unwritten."""
    out = np.empty(size)
    out[:count] = np.nan
    return out


@compiled
def _sums(values: FloatArray, window: int, divisor: float, out: FloatArray) -> None:
    """Sum / divisor of each window; the division waits for nothing, so it costs nothing."""
    total = 0.0
    for row in range(window - 1):
        total += values[row]
    for row in range(window - 1, len(values)):
        total += values[row]
        out[row] = total / divisor
        total -= values[row - window + 1]


@compiled
def _weighted(values: FloatArray, window: int, out: FloatArray) -> None:
    """Weighted mean, its sums fresh every ``window`` bars so that rounding does not add up."""
    weights = window * (window + 1) / 2.0
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
        out[row] = weighted / weights


@compiled
def _highest(
    values: FloatArray,
    window: int,
    sign: float,
    before: FloatArray,
    after: FloatArray,
    out: FloatArray,
) -> None:
    """Highest sign · value of each window, times sign (van Herk 1992).

    A window is the end of one block of ``window`` bars and the start of the next. While one
    pass keeps the highest since a block's start, another comes from its end and keeps in
    ``after`` what the next block needs: neither waits for the other. ``before`` and
    ``after`` hold ``window`` + 1 places, lowest of all at first.
    """
    for first in range(0, len(values), window):
        block = values[first : first + window]
        found = out[first : first + window]
        size = len(block)
        highest, ahead = sign * block[0], sign * block[size - 1]
        for place in range(size):
            value = sign * block[place]
            highest = highest if highest > value else value
            earlier = before[place + 1]
            found[place] = sign * (highest if highest > earlier else earlier)
            value = sign * block[size - 1 - place]
            ahead = ahead if ahead > value else value
            after[size - 1 - place] = ahead
        before, after = after, before


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
    return _sum(values, window, 1.0)


def sma(values: FloatArray, window: int) -> FloatArray:
    """Simple moving average (TA-Lib SMA): rolling sum / window."""
    return _sum(values, window, float(window))


def _sum(values: FloatArray, window: int, divisor: float) -> FloatArray:
    out = undefined_start(window - 1, len(values))
    if len(values) >= window:
        _sums.sized(len(values))(values, window, divisor, out)
    return out


def wma(values: FloatArray, window: int) -> FloatArray:
    """Linearly weighted moving average (TA-Lib WMA): weights 1 … window, newest heaviest."""
    out = undefined_start(window - 1, len(values))
    if len(values) >= window:
        _weighted.sized(len(values))(values, window, out)
    return out


def rolling_max(values: FloatArray, window: int) -> FloatArray:
    """Highest value of ``window`` bars (TA-Lib MAX)."""
    return _extreme(values, window, 1.0)


def rolling_min(values: FloatArray, window: int) -> FloatArray:
    """Lowest value of ``window`` bars (TA-Lib MIN)."""
    return _extreme(values, window, -1.0)


def _extreme(values: FloatArray, window: int, sign: float) -> FloatArray:
    size = len(values)
    out = np.empty(size)
    if size >= window:
        before, after = np.full((2, window + 1), -np.inf)
        _highest.sized(2 * size)(values, window, sign, before, after, out)
    out[: window - 1] = np.nan
    return out


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
