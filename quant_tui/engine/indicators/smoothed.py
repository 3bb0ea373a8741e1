"""Exponentially smoothed indicators of a clean 1-D run, seeded as TA-Lib seeds them."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.compiled import compiled
from quant_tui.engine.indicators.rolling import undefined_start


@compiled
def _exponential(values: FloatArray, window: int, factor: float, out: FloatArray) -> None:
    total = 0.0
    for row in range(window):
        total += values[row]
    smoothed = total / window
    out[window - 1] = smoothed
    for row in range(window, len(values)):
        smoothed = (values[row] - smoothed) * factor + smoothed
        out[row] = smoothed


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
    size = len(close)
    for row in range(window + 1, size - 1, 2):
        between = close[row]
        first = (max(high[row], before) - min(low[row], before)) * share
        second = (max(high[row + 1], between) - min(low[row + 1], between)) * share
        before = close[row + 1]
        out[row] = average * keep + first
        average = average * keep_both + (first * keep + second)
        out[row + 1] = average
    if (size - window) % 2 == 0:
        last = max(high[size - 1], before) - min(low[size - 1], before)
        out[size - 1] = average * keep + last * share


@compiled
def _differences(
    values: FloatArray, fast: int, slow: int, fast_factor: float, slow_factor: float,
    out: FloatArray,
) -> None:  # fmt: skip
    """MACD line: both averages have their first value on bar ``slow``."""
    quick, late = 0.0, 0.0
    for row in range(slow - fast):
        late += values[row]
    for row in range(slow - fast, slow):
        late += values[row]
        quick += values[row]
    quick /= fast
    late /= slow
    out[slow - 1] = quick - late
    for row in range(slow, len(values)):
        quick = (values[row] - quick) * fast_factor + quick
        late = (values[row] - late) * slow_factor + late
        out[row] = quick - late


@compiled
def _signals(
    values: FloatArray, fast: int, slow: int, signal: int, factors: FloatArray, out: FloatArray
) -> None:
    """EMA of the MACD line; the three averages do not wait for one another."""
    fast_factor, slow_factor, factor = factors[0], factors[1], factors[2]
    quick, late = 0.0, 0.0
    for row in range(slow - fast):
        late += values[row]
    for row in range(slow - fast, slow):
        late += values[row]
        quick += values[row]
    quick /= fast
    late /= slow
    total, first = quick - late, slow + signal - 2
    for row in range(slow, first + 1):
        quick = (values[row] - quick) * fast_factor + quick
        late = (values[row] - late) * slow_factor + late
        total += quick - late
    smoothed = total / signal
    out[first] = smoothed
    for row in range(first + 1, len(values)):
        quick = (values[row] - quick) * fast_factor + quick
        late = (values[row] - late) * slow_factor + late
        smoothed = (quick - late - smoothed) * factor + smoothed
        out[row] = smoothed


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
