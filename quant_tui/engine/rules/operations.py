"""What the functions of the rule language compute, over packed (T, N) arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.indicators import crossings, moments, ordered, rolling, smoothed, talib_calls
from quant_tui.engine.indicators.lift import by_run
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.kinds import Condition

_TILE = 32_768
"""Values that stay near the processor while several passes go over them."""


def finite(values: FloatArray) -> FloatArray:
    """Return the values with infinities made undefined (NaN)."""
    wrong = np.isinf(values)
    if wrong.any():
        values = values.copy()
        values[wrong] = np.nan
    return values


def elementwise(function: Callable[..., FloatArray]) -> Callable[..., FloatArray | float]:
    """Make a function of figures from a numpy one; what is not finite becomes undefined."""

    def evaluate(_frame: Frame, *arguments: FloatArray | float) -> FloatArray | float:
        with np.errstate(all="ignore"):
            found = function(*arguments)
        if all(isinstance(argument, float) for argument in arguments):
            return float(found)
        return finite(found)

    return evaluate


def lag(_frame: Frame, x: FloatArray, bars: int) -> FloatArray:
    """Shift by ``bars`` of the symbol's own bars."""
    if bars == 0:
        return x
    out = np.full(x.shape, np.nan)
    out[bars:] = x[:-bars]
    return out


def _changes(x: FloatArray, window: int, change: Callable[..., object]) -> FloatArray:
    """Write what ``change`` makes of the values and those a window ago, some rows at a time.

    Few enough rows to stay near the processor while several operations pass over them.
    """
    out = np.empty(x.shape)
    out[:window] = np.nan
    step = max(_TILE // x.shape[1], 1)
    with np.errstate(all="ignore"):
        for first in range(window, len(x), step):
            last = min(first + step, len(x))
            part = out[first:last]
            change(x[first:last], x[first - window : last - window], part)
            wrong = np.isinf(part)
            if wrong.any():
                part[wrong] = np.nan
    return out


def momentum(_frame: Frame, x: FloatArray, window: int) -> FloatArray:
    """Difference to the value ``window`` bars ago."""
    return rolling.momentum(x, window)


def roc(_frame: Frame, x: FloatArray, window: int) -> FloatArray:
    """Rate of change in percent: ((x / previous) − 1) · 100, TA-Lib's order of operations."""

    def change(now: FloatArray, before: FloatArray, out: FloatArray) -> None:
        np.divide(now, before, out)
        out -= 1.0
        out *= 100.0

    return _changes(x, window, change)


def rocp(_frame: Frame, x: FloatArray, window: int) -> FloatArray:
    """Rate of change as a fraction: (x − previous) / previous."""

    def change(now: FloatArray, before: FloatArray, out: FloatArray) -> None:
        np.subtract(now, before, out)
        out /= before

    return _changes(x, window, change)


def atr(frame: Frame, window: int) -> FloatArray:
    """Average true range of each symbol's bars."""
    return by_run(
        partial(smoothed.atr, window=window),
        frame.field("high"),
        frame.field("low"),
        frame.field("close"),
    )


def true_range(frame: Frame) -> FloatArray:
    """True range of each bar."""
    return by_run(
        smoothed.true_range, frame.field("high"), frame.field("low"), frame.field("close")
    )


def bollinger(
    _frame: Frame, x: FloatArray, window: int, deviations: float, average: str, *, band: int
) -> FloatArray:
    """Bollinger band: 0 upper, 1 middle, 2 lower; about an SMA unless told otherwise."""
    if average != "sma" and window > 1:  # of one bar, every average is the bar
        return talib_calls.call("BBANDS", band, [x], (window, deviations, deviations, average))
    if band == 1:
        return by_run(lambda run: rolling.sma(run, window), x)
    far = deviations if band == 0 else -deviations
    return by_run(lambda run: rolling.sma(run, window) + far * moments.stddev(run, window), x)


def rolling_quantile(_frame: Frame, x: FloatArray, window: int, share: float) -> FloatArray:
    """Quantile of the last bars."""
    return by_run(partial(ordered.quantile, window=window, share=share), x)


def rolling_correlation(_frame: Frame, a: FloatArray, b: FloatArray, window: int) -> FloatArray:
    """Correlation over the last bars."""
    return by_run(partial(moments.correlation, window=window), a, b)


def macd(_frame: Frame, x: FloatArray, fast: int, slow: int) -> FloatArray:
    """MACD line."""
    return by_run(partial(smoothed.macd_line, fast=fast, slow=slow), x)


def macd_signal(_frame: Frame, x: FloatArray, fast: int, slow: int, signal: int) -> FloatArray:
    """Signal line of the MACD."""
    return by_run(partial(smoothed.macd_signal, fast=fast, slow=slow, signal=signal), x)


def macd_histogram(frame: Frame, x: FloatArray, fast: int, slow: int, signal: int) -> FloatArray:
    """MACD line − signal line."""
    return macd(frame, x, fast, slow) - macd_signal(frame, x, fast, slow, signal)


def cross(
    frame: Frame, a: FloatArray | float, b: FloatArray | float, *, above: bool, strict: bool
) -> Condition:
    """Where ``a`` crosses ``b``.

    ``above``: a > b now, and a < b on the last bar on which both were defined and
    differed (``strict``: on the very bar before). Known from the second bar on which
    both are defined.
    """
    with np.errstate(over="ignore"):
        difference = np.broadcast_to(np.subtract(a, b), frame.shape)
    return Condition(*crossings.cross(difference, above=above, strict=strict))


def defined(frame: Frame, x: FloatArray) -> Condition:
    """Whether there is a value."""
    return Condition(np.isfinite(x), frame.valid)


def count_true(_frame: Frame, condition: Condition, window: int) -> FloatArray:
    """How many of the last ``window`` bars hold; undefined where one is not known."""
    figures = np.where(condition.known, condition.true.astype(np.float64), np.nan)
    return by_run(partial(rolling.rolling_sum, window=window), figures)


def bars_since(frame: Frame, condition: Condition) -> FloatArray:
    """Bars since the condition last held, 0 = now; undefined before, and where not known."""
    rows = np.arange(frame.shape[0])[:, None]
    last = np.maximum.accumulate(np.where(condition.true, rows, -1), axis=0)
    return np.where((last >= 0) & condition.known, (rows - last).astype(np.float64), np.nan)


def bar_number(frame: Frame) -> FloatArray:
    """Count of the symbol's own bars, from 1."""
    numbers = np.broadcast_to(np.arange(1.0, frame.shape[0] + 1.0)[:, None], frame.shape)
    return np.where(frame.valid, numbers, np.nan)
