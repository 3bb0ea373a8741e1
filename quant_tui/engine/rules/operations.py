"""What the functions of the rule language compute, over packed (T, N) arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray
from quant_tui.engine.calendars import period_number
from quant_tui.engine.indicators import rolling, smoothed
from quant_tui.engine.indicators.lift import by_run
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.kinds import Condition


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


def momentum(frame: Frame, x: FloatArray, window: int) -> FloatArray:
    """Difference to the value ``window`` bars ago."""
    return x - lag(frame, x, window)


def roc(frame: Frame, x: FloatArray, window: int) -> FloatArray:
    """Rate of change in percent: ((x / previous) − 1) · 100, TA-Lib's order of operations."""
    with np.errstate(all="ignore"):
        return finite((x / lag(frame, x, window) - 1.0) * 100.0)


def rocp(frame: Frame, x: FloatArray, window: int) -> FloatArray:
    """Rate of change as a fraction: (x − previous) / previous."""
    previous = lag(frame, x, window)
    with np.errstate(all="ignore"):
        return finite((x - previous) / previous)


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


def bollinger_upper(_frame: Frame, x: FloatArray, window: int, deviations: float) -> FloatArray:
    """Upper Bollinger band."""
    return by_run(
        lambda run: rolling.sma(run, window) + deviations * rolling.stddev(run, window), x
    )


def bollinger_lower(_frame: Frame, x: FloatArray, window: int, deviations: float) -> FloatArray:
    """Lower Bollinger band."""
    return by_run(
        lambda run: rolling.sma(run, window) - deviations * rolling.stddev(run, window), x
    )


def macd(_frame: Frame, x: FloatArray, fast: int, slow: int) -> FloatArray:
    """MACD line."""
    return by_run(partial(smoothed.macd_line, fast=fast, slow=slow), x)


def macd_signal(_frame: Frame, x: FloatArray, fast: int, slow: int, signal: int) -> FloatArray:
    """Signal line of the MACD."""
    return by_run(partial(smoothed.macd_signal, fast=fast, slow=slow, signal=signal), x)


def macd_histogram(frame: Frame, x: FloatArray, fast: int, slow: int, signal: int) -> FloatArray:
    """MACD line − signal line."""
    return macd(frame, x, fast, slow) - macd_signal(frame, x, fast, slow, signal)


def rolling_zscore(_frame: Frame, x: FloatArray, window: int) -> FloatArray:
    """Distance from the rolling mean in rolling standard deviations."""

    def score(run: FloatArray) -> FloatArray:
        spread = rolling.stddev(run, window)
        with np.errstate(all="ignore"):
            return np.where(spread > 0.0, (run - rolling.sma(run, window)) / spread, np.nan)

    return by_run(score, x)


def cross(
    frame: Frame, a: FloatArray | float, b: FloatArray | float, *, above: bool, strict: bool
) -> Condition:
    """Where ``a`` crosses ``b``.

    ``above``: a > b now, and a < b on the last bar on which both were defined and
    differed (``strict``: on the very bar before). Known from the second bar on which
    both are defined.
    """
    difference = np.broadcast_to(np.sign(np.subtract(a, b)), frame.shape)
    if not above:
        difference = -difference
    defined = np.isfinite(difference)
    before = np.zeros(frame.shape)
    if strict:
        before[1:] = np.where(defined[:-1], difference[:-1], 0.0)
    else:
        differs = defined & (difference != 0.0)
        rows = np.where(differs, np.arange(frame.shape[0])[:, None], -1)
        np.maximum.accumulate(rows, axis=0, out=rows)
        earlier = rows[:-1]
        state = np.take_along_axis(difference, np.maximum(earlier, 0), axis=0)
        before[1:] = np.where(earlier >= 0, state, 0.0)
    known = defined.copy()
    known[0] = False
    known[1:] &= np.logical_or.accumulate(defined, axis=0)[:-1]
    return Condition(defined & (difference > 0.0) & (before < 0.0) & known, known)


def rank(frame: Frame, x: FloatArray) -> FloatArray:
    """Place among the symbols of the date, 1 = highest; ties in the order of the names."""
    values = frame.spread(x)[:, frame.bars.by_name]
    order = np.argsort(-values, axis=1, kind="stable")
    places = np.empty(values.shape)
    np.put_along_axis(
        places, order, np.broadcast_to(np.arange(1.0, values.shape[1] + 1.0), values.shape), axis=1
    )
    places[np.isnan(values)] = np.nan
    out = np.empty(values.shape)
    out[:, frame.bars.by_name] = places
    return frame.pack(out)


def zscore(frame: Frame, x: FloatArray) -> FloatArray:
    """Distance from the mean of the date's symbols in their population standard deviations."""
    values = frame.spread(x)[:, frame.bars.by_name]
    there = np.isfinite(values)
    count = there.sum(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        mean = np.where(there, values, 0.0).sum(axis=1, keepdims=True) / count
        centred = np.where(there, values - mean, 0.0)
        spread = np.sqrt((centred * centred).sum(axis=1, keepdims=True) / count)
        highest = np.where(there, values, -np.inf).max(axis=1, keepdims=True)
        lowest = np.where(there, values, np.inf).min(axis=1, keepdims=True)
        scores = np.where(there & (highest > lowest), centred / spread, np.nan)
    out = np.empty(values.shape)
    out[:, frame.bars.by_name] = scores
    return frame.pack(out)


def equal_weight(frame: Frame, chosen: Condition) -> FloatArray:
    """Weight 1/k for the k chosen of the date; 0 for the rest, also for the undefined."""
    truth: BoolArray = frame.spread_truth(chosen.true)
    count = truth.sum(axis=1, keepdims=True)
    weights = np.where(truth, 1.0 / np.maximum(count, 1), 0.0)
    return frame.pack(weights)


def defined(frame: Frame, x: FloatArray) -> Condition:
    """Whether there is a value."""
    return Condition(np.isfinite(x), frame.valid)


def year(frame: Frame) -> FloatArray:
    """Calendar year of each date, (T,)."""
    return period_number(frame.bars.dates, "year").astype(np.float64)


def month(frame: Frame) -> FloatArray:
    """Month of each date, 1 to 12, (T,)."""
    return (period_number(frame.bars.dates, "month") % 12 + 1).astype(np.float64)


def weekday(frame: Frame) -> FloatArray:
    """Day of the week of each date, 1 = Monday, (T,)."""
    return ((period_number(frame.bars.dates, "day") + 3) % 7 + 1).astype(np.float64)


def month_day(frame: Frame) -> FloatArray:
    """Day of the month of each date, (T,)."""
    days = frame.bars.dates.astype("datetime64[D]")
    months = frame.bars.dates.astype("datetime64[M]").astype("datetime64[D]")
    numbers: FloatArray = (days - months).astype(np.int64) + 1.0
    return numbers


def bar_number(frame: Frame) -> FloatArray:
    """Count of the symbol's own bars, from 1."""
    numbers = np.broadcast_to(np.arange(1.0, frame.shape[0] + 1.0)[:, None], frame.shape)
    return np.where(frame.valid, numbers, np.nan)
