"""Rolling sums, averages and extremes of a clean 1-D run, each in one pass.

A window ends at, and includes, its bar.
"""

from __future__ import annotations

import math

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


@_sums.plainly
def _added(values: FloatArray, window: int, divisor: float, out: FloatArray) -> None:
    """The same additions and subtractions in turn, as one running sum."""
    whole = len(values) - window + 1
    turns = np.empty(window - 1 + 2 * whole)
    turns[: window - 1] = values[: window - 1]
    turns[window - 1 :: 2] = values[window - 1 :]
    np.negative(values[:whole], out=turns[window::2])
    np.cumsum(turns, out=turns)
    np.divide(turns[window - 1 :: 2], divisor, out=out[window - 1 :])


@compiled
def _changes(values: FloatArray, apart: int, out: FloatArray) -> None:
    """Difference to the value so many places before, undefined where it is not finite."""
    now, before, found = values[apart:], values[: len(values) - apart], out[apart:]
    for place in range(len(found)):
        change = now[place] - before[place]
        found[place] = change if abs(change) < math.inf else math.nan


@_changes.plainly
def _subtracted(values: FloatArray, apart: int, out: FloatArray) -> None:
    found = out[apart:]
    with np.errstate(all="ignore"):
        np.subtract(values[apart:], values[: len(values) - apart], out=found)
    found[np.isinf(found)] = np.nan


@compiled
def _weighted(values: FloatArray, window: int, out: FloatArray) -> None:
    """Weighted mean, its sums fresh every ``window`` bars so that rounding does not add up.

    The next fresh sums grow while the last ones slide: neither waits for the other.
    """
    weights, next_plain, next_weighted = window * (window + 1) / 2.0, 0.0, 0.0
    for place in range(window - 1):
        next_plain += values[place]
        next_weighted += values[place] * (place + 1.0)
    for first in range(window - 1, len(values), window):
        plain = next_plain + values[first]
        weighted = next_weighted + values[first] * window
        out[first] = weighted / weights
        last = min(first + window, len(values))
        added, gone = values[first + 1 : last], values[first + 1 - window : last - window]
        found, next_plain, next_weighted = out[first + 1 : last], 0.0, 0.0
        for place in range(len(added)):
            value = added[place]
            next_plain += value
            next_weighted += value * (place + 1.0)
            weighted += window * value - plain
            plain += value - gone[place]
            found[place] = weighted / weights


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


def momentum(values: FloatArray, window: int) -> FloatArray:
    """Difference to the value ``window`` bars ago (TA-Lib MOM), in each column (T, N).

    Undefined values make undefined differences.
    """
    apart = min(window * values.shape[1], values.size)
    out = undefined_start(apart, values.size)
    _changes.sized(values.size)(np.ascontiguousarray(values).reshape(-1), apart, out)
    return out.reshape(values.shape)


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
