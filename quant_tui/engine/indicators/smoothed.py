"""Exponentially smoothed indicators of a clean 1-D run, seeded as TA-Lib seeds them."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.compiled import compiled
from quant_tui.engine.indicators.rolling import undefined_start


@compiled
def _exponential(values: FloatArray, window: int, factor: float, out: FloatArray) -> None:
    """How far each value is from its average needs the one before only to be multiplied.

    With k for the factor, value − average = (1 − k) · (the same before + the step of the
    value); so two bars go in one step, of which only the last waits for the step before, and
    where nothing moves the average stays what it is to the last digit.
    """
    total = 0.0
    for row in range(window):
        total += values[row]
    average = total / window
    out[window - 1] = average
    keep = 1.0 - factor
    keep_both = keep * keep
    last, found = values[window - 1 :], out[window:]
    far, size = last[0] - average, len(found)
    for half in range(size // 2):
        row = 2 * half
        between, value = last[row + 1], last[row + 2]
        first, second = (between - last[row]) * keep, (value - between) * keep
        found[row] = between - (far * keep + first)
        far = far * keep_both + (first * keep + second)
        found[row + 1] = value - far
    if size % 2 == 1:
        first = (last[size] - last[size - 1]) * keep
        found[size - 1] = last[size] - (far * keep + first)


@compiled
def _strength(values: FloatArray, window: int, out: FloatArray) -> None:
    """Multiplies by 1 / window as TA-Lib does; without branches, as changes are a toss."""
    gain, loss, keep, share = 0.0, 0.0, window - 1.0, 1.0 / window
    before = values[0]
    for row in range(1, window + 1):
        change = values[row] - before
        before = values[row]
        gain += max(change, 0.0)
        loss += max(-change, 0.0)
    gain *= share
    loss *= share
    total = gain + loss
    out[window] = 100.0 * (gain / total) if total > 0.0 else 0.0
    for row in range(window + 1, len(values)):
        change = values[row] - before
        before = values[row]
        gain = (gain * keep + max(change, 0.0)) * share
        loss = (loss * keep + max(-change, 0.0)) * share
        total = gain + loss
        out[row] = 100.0 * (gain / total) if total > 0.0 else 0.0


@compiled
def _true_ranges(high: FloatArray, low: FloatArray, close: FloatArray, out: FloatArray) -> None:
    for row in range(1, len(close)):
        before = close[row - 1]
        out[row] = max(high[row], before) - min(low[row], before)


@compiled
def _average_ranges(
    high: FloatArray, low: FloatArray, close: FloatArray, window: int, out: FloatArray
) -> None:
    """Two bars a step, as only the last average waits for the step before."""
    share = 1.0 / window
    keep = 1.0 - share
    keep_both = keep * keep
    total, before = 0.0, close[0]
    for row in range(1, window + 1):
        total += max(high[row], before) - min(low[row], before)
        before = close[row]
    average = total / window
    out[window] = average
    top, bottom, last = high[window + 1 :], low[window + 1 :], close[window:]
    found = out[window + 1 :]
    size = len(found)
    for half in range(size // 2):
        row = 2 * half
        before, between = last[row], last[row + 1]
        first = (max(top[row], before) - min(bottom[row], before)) * share
        second = (max(top[row + 1], between) - min(bottom[row + 1], between)) * share
        found[row] = average * keep + first
        average = average * keep_both + (first * keep + second)
        found[row + 1] = average
    if size % 2 == 1:
        before = last[size - 1]
        first = (max(top[size - 1], before) - min(bottom[size - 1], before)) * share
        found[size - 1] = average * keep + first


@compiled
def _differences(
    values: FloatArray, fast: int, slow: int, fast_factor: float, slow_factor: float,
    out: FloatArray,
) -> None:  # fmt: skip
    """MACD line: both averages have their first value on bar ``slow``.

    It goes by how far the values are from their averages, as :func:`_exponential` does.
    """
    quick, late = 0.0, 0.0
    for row in range(slow - fast):
        late += values[row]
    for row in range(slow - fast, slow):
        late += values[row]
        quick += values[row]
    before = values[slow - 1]
    quick, late = before - quick / fast, before - late / slow
    out[slow - 1] = late - quick
    quick_keep, late_keep = 1.0 - fast_factor, 1.0 - slow_factor
    for row in range(slow, len(values)):
        step = values[row] - before
        before = values[row]
        quick = quick * quick_keep + step * quick_keep
        late = late * late_keep + step * late_keep
        out[row] = late - quick


@compiled
def _signals(
    values: FloatArray, fast: int, slow: int, signal: int, factors: FloatArray, out: FloatArray
) -> None:
    """EMA of the MACD line; the three averages do not wait for one another."""
    quick_keep, late_keep, keep = 1.0 - factors[0], 1.0 - factors[1], 1.0 - factors[2]
    quick, late = 0.0, 0.0
    for row in range(slow - fast):
        late += values[row]
    for row in range(slow - fast, slow):
        late += values[row]
        quick += values[row]
    before = values[slow - 1]
    quick, late = before - quick / fast, before - late / slow
    line = late - quick
    total, first = line, slow + signal - 2
    for row in range(slow, first + 1):
        step = values[row] - before
        before = values[row]
        quick = quick * quick_keep + step * quick_keep
        late = late * late_keep + step * late_keep
        line = late - quick
        total += line
    out[first] = total / signal
    far = line - total / signal
    for row in range(first + 1, len(values)):
        step = values[row] - before
        before = values[row]
        quick = quick * quick_keep + step * quick_keep
        late = late * late_keep + step * late_keep
        now = late - quick
        far = far * keep + (now - line) * keep
        line = now
        out[row] = line - far


def ema(values: FloatArray, window: int) -> FloatArray:
    """Exponential moving average (TA-Lib EMA): k = 2 / (window + 1), seed = first mean."""
    out = undefined_start(window - 1, len(values))
    if len(values) >= window:
        _exponential.sized(len(values))(values, window, _factor(window), out)
    return out


def _factor(window: int) -> float:
    return 2.0 / (window + 1.0)


def rsi(values: FloatArray, window: int) -> FloatArray:
    """Relative strength index, 0 to 100 (Wilder 1978; TA-Lib RSI).

    100 · average gain / (average gain + average loss), Wilder-smoothed over the
    changes; 0 where nothing moved so far, as TA-Lib has it.
    """
    out = undefined_start(window, len(values))
    if len(values) > window:
        _strength.sized(len(values))(values, window, out)
    return out


def true_range(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Greatest of high − low, |high − previous close|, |low − previous close| (TA-Lib TRANGE)."""
    out = undefined_start(1, len(close))
    _true_ranges.sized(len(close))(high, low, close, out)
    return out


def atr(high: FloatArray, low: FloatArray, close: FloatArray, window: int) -> FloatArray:
    """Average true range, in price (Wilder 1978; TA-Lib ATR).

    The mean of the first ``window`` true ranges, then previous · (1 − 1 / window) + range
    / window.
    """
    out = undefined_start(window, len(close))
    if len(close) > window:
        _average_ranges.sized(len(close))(high, low, close, window, out)
    return out


def macd_line(values: FloatArray, fast: int, slow: int) -> FloatArray:
    """MACD line (Appel; TA-Lib MACD): fast EMA − slow EMA, both seeded on bar ``slow``."""
    out = undefined_start(slow - 1, len(values))
    if len(values) >= slow:
        factors = _factor(fast), _factor(slow)
        _differences.sized(2 * len(values))(values, fast, slow, *factors, out)
    return out


def macd_signal(values: FloatArray, fast: int, slow: int, signal: int) -> FloatArray:
    """Signal line of the MACD: EMA of the line over ``signal`` bars."""
    first = slow + signal - 2
    out = undefined_start(first, len(values))
    if len(values) > first:
        factors = np.array([_factor(fast), _factor(slow), _factor(signal)])
        _signals.sized(3 * len(values))(values, fast, slow, signal, factors, out)
    return out
