"""Exponentially smoothed indicators of a clean 1-D run, seeded as TA-Lib seeds them."""

from __future__ import annotations

from itertools import accumulate, chain

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.indicators.rolling import undefined_start

_ZERO = 1e-14
"""What TA-Lib takes for zero."""


def ema(values: FloatArray, window: int) -> FloatArray:
    """Exponential moving average (TA-Lib EMA): k = 2 / (window + 1), seed = first mean."""
    size = len(values)
    if size < window:
        return np.full(size, np.nan)
    factor = 2.0 / (window + 1.0)
    seed = _sequential_sum(values[:window]) / window
    smoothed = accumulate(
        chain((seed,), values[window:].tolist()),
        lambda previous, value: (value - previous) * factor + previous,
    )
    found = np.fromiter(smoothed, dtype=np.float64, count=size - window + 1)
    return undefined_start(found, window - 1, size)


def wilder(values: FloatArray, window: int) -> FloatArray:
    """Wilder's smoothing: seed = first mean, then (previous · (window − 1) + value) / window."""
    size = len(values)
    if size < window:
        return np.full(size, np.nan)
    seed = _sequential_sum(values[:window]) / window
    keep = float(window - 1)
    smoothed = accumulate(
        chain((seed,), values[window:].tolist()),
        lambda previous, value: (previous * keep + value) / window,
    )
    found = np.fromiter(smoothed, dtype=np.float64, count=size - window + 1)
    return undefined_start(found, window - 1, size)


def _sequential_sum(values: FloatArray) -> float:
    return float(np.cumsum(values)[-1])


def rsi(values: FloatArray, window: int) -> FloatArray:
    """Relative strength index, 0 to 100 (Wilder 1978; TA-Lib RSI).

    100 · average gain / (average gain + average loss), Wilder-smoothed over the
    changes; 0 where nothing moved in the window, as TA-Lib has it.
    """
    size = len(values)
    if size <= window:
        return np.full(size, np.nan)
    changes = np.diff(values)
    gain = wilder(np.maximum(changes, 0.0), window)[window - 1 :]
    loss = wilder(np.maximum(-changes, 0.0), window)[window - 1 :]
    total = gain + loss
    moved = total > _ZERO
    strength = np.zeros(len(total))
    np.divide(100.0 * gain, total, out=strength, where=moved)
    return undefined_start(strength, window, size)


def true_range(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Greatest of high − low, |high − previous close|, |low − previous close| (TA-Lib TRANGE)."""
    previous = close[:-1]
    span = np.maximum(high[1:], previous) - np.minimum(low[1:], previous)
    return undefined_start(span, 1, len(close))


def atr(high: FloatArray, low: FloatArray, close: FloatArray, window: int) -> FloatArray:
    """Average true range, in price (Wilder 1978; TA-Lib ATR): Wilder-smoothed true range."""
    size = len(close)
    if size <= window:
        return np.full(size, np.nan)
    spans = true_range(high, low, close)[1:]
    return undefined_start(wilder(spans, window)[window - 1 :], window, size)


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
