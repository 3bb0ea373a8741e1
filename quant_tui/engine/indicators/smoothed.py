"""Exponentially smoothed indicators of a clean 1-D run, seeded as TA-Lib seeds them."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.compiled import compiled
from quant_tui.engine.indicators.rolling import undefined_start

_ZERO = 1e-14
"""What TA-Lib takes for zero."""


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
def _wilder(values: FloatArray, window: int, out: FloatArray) -> None:
    total = 0.0
    for row in range(window):
        total += values[row]
    smoothed, keep = total / window, window - 1.0
    out[window - 1] = smoothed
    for row in range(window, len(values)):
        smoothed = (smoothed * keep + values[row]) / window
        out[row] = smoothed


@compiled
def _strength(values: FloatArray, window: int, out: FloatArray) -> None:
    gain, loss, keep = 0.0, 0.0, window - 1.0
    for row in range(1, window + 1):
        change = values[row] - values[row - 1]
        gain += change if change > 0.0 else 0.0
        loss += -change if change < 0.0 else 0.0
    gain /= window
    loss /= window
    for row in range(window, len(values)):
        if row > window:
            change = values[row] - values[row - 1]
            gain = (gain * keep + (change if change > 0.0 else 0.0)) / window
            loss = (loss * keep + (-change if change < 0.0 else 0.0)) / window
        total = gain + loss
        out[row] = 100.0 * gain / total if total > _ZERO else 0.0


@compiled
def _true_ranges(high: FloatArray, low: FloatArray, close: FloatArray, out: FloatArray) -> None:
    for row in range(1, len(close)):
        before = close[row - 1]
        top = high[row] if high[row] > before else before
        out[row] = top - (low[row] if low[row] < before else before)


def ema(values: FloatArray, window: int) -> FloatArray:
    """Exponential moving average (TA-Lib EMA): k = 2 / (window + 1), seed = first mean."""
    out = np.full(len(values), np.nan)
    if len(values) >= window:
        _exponential.sized(len(values))(values, window, 2.0 / (window + 1.0), out)
    return out


def wilder(values: FloatArray, window: int) -> FloatArray:
    """Wilder's smoothing: seed = first mean, then (previous · (window − 1) + value) / window."""
    out = np.full(len(values), np.nan)
    if len(values) >= window:
        _wilder.sized(len(values))(values, window, out)
    return out


def rsi(values: FloatArray, window: int) -> FloatArray:
    """Relative strength index, 0 to 100 (Wilder 1978; TA-Lib RSI).

    100 · average gain / (average gain + average loss), Wilder-smoothed over the
    changes; 0 where nothing moved in the window, as TA-Lib has it.
    """
    out = np.full(len(values), np.nan)
    if len(values) > window:
        _strength.sized(len(values))(values, window, out)
    return out


def true_range(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Greatest of high − low, |high − previous close|, |low − previous close| (TA-Lib TRANGE)."""
    out = np.full(len(close), np.nan)
    _true_ranges.sized(len(close))(high, low, close, out)
    return out


def atr(high: FloatArray, low: FloatArray, close: FloatArray, window: int) -> FloatArray:
    """Average true range, in price (Wilder 1978; TA-Lib ATR): Wilder-smoothed true range."""
    out = true_range(high, low, close)
    out[1:] = wilder(out[1:], window)
    return out


def macd_line(values: FloatArray, fast: int, slow: int) -> FloatArray:
    """MACD line (Appel; TA-Lib MACD): fast EMA − slow EMA, both seeded on bar ``slow``."""
    size = len(values)
    if size < slow:
        return np.full(size, np.nan)
    quick = ema(values[slow - fast :], fast)[fast - 1 :]
    return undefined_start(quick - ema(values, slow)[slow - 1 :], slow - 1, size)


def macd_signal(values: FloatArray, fast: int, slow: int, signal: int) -> FloatArray:
    """Signal line of the MACD: EMA of the line over ``signal`` bars."""
    line = macd_line(values, fast, slow)
    first = slow - 1
    if len(values) < first + signal:
        return np.full(len(values), np.nan)
    return undefined_start(ema(line[first:], signal), first, len(values))
