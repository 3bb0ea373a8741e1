"""Rolling statistics of a clean 1-D run. Each window ends at, and includes, its bar."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray

_SLIDING_LIMIT = 256
_CHUNK_VALUES = 1 << 20


def undefined_start(values: FloatArray, count: int, size: int) -> FloatArray:
    """Return ``values`` behind ``count`` undefined places, ``size`` in all."""
    out = np.full(size, np.nan)
    if count < size:
        out[count:] = values
    return out


def rolling_sum(values: FloatArray, window: int) -> FloatArray:
    """Sum over ``window`` bars, by adding the new value, then subtracting the oldest.

    The same order of additions as TA-Lib's SMA, so that ties between two averages
    fall alike: the running total is one cumulative sum over x[0..w-1], -x[0], x[w],
    -x[1], x[w+1], …
    """
    size = len(values)
    if size < window:
        return np.full(size, np.nan)
    steps = np.empty(window + 2 * (size - window))
    steps[:window] = values[:window]
    steps[window::2] = -values[: size - window]
    steps[window + 1 :: 2] = values[window:]
    totals = np.cumsum(steps)
    return undefined_start(totals[window - 1 :: 2], window - 1, size)


def sma(values: FloatArray, window: int) -> FloatArray:
    """Simple moving average (TA-Lib SMA): rolling sum / window."""
    return rolling_sum(values, window) / window


def wma(values: FloatArray, window: int) -> FloatArray:
    """Linearly weighted moving average (TA-Lib WMA): weights 1 … window, newest heaviest."""
    size = len(values)
    if size < window:
        return np.full(size, np.nan)
    weights = np.arange(1.0, window + 1.0)
    weighted = np.zeros(size - window + 1)
    for place in range(window):
        weighted += weights[place] * values[place : size - window + 1 + place]
    return undefined_start(weighted / weights.sum(), window - 1, size)


def _extreme(values: FloatArray, window: int, *, highest: bool) -> FloatArray:
    """Rolling extreme by block prefixes and suffixes (van Herk 1992): linear in the length."""
    size = len(values)
    if size < window:
        return np.full(size, np.nan)
    pick = np.maximum if highest else np.minimum
    blocks = -(-size // window)
    padded = np.full(blocks * window, -np.inf if highest else np.inf)
    padded[:size] = values
    table = padded.reshape(blocks, window)
    prefix = pick.accumulate(table, axis=1).ravel()
    suffix = pick.accumulate(table[:, ::-1], axis=1)[:, ::-1].ravel()
    found = pick(suffix[: size - window + 1], prefix[window - 1 : size])
    return undefined_start(found, window - 1, size)


def rolling_max(values: FloatArray, window: int) -> FloatArray:
    """Highest value of ``window`` bars (TA-Lib MAX)."""
    return _extreme(values, window, highest=True)


def rolling_min(values: FloatArray, window: int) -> FloatArray:
    """Lowest value of ``window`` bars (TA-Lib MIN)."""
    return _extreme(values, window, highest=False)


def _windows(values: FloatArray, window: int, *, median: bool) -> FloatArray:
    view = np.lib.stride_tricks.sliding_window_view(values, window)
    found = np.empty(len(view))
    chunk = max(1, _CHUNK_VALUES // window)
    for start in range(0, len(view), chunk):
        part = view[start : start + chunk]
        found[start : start + chunk] = np.median(part, axis=1) if median else part.std(axis=1)
    return undefined_start(found, window - 1, len(values))


def rolling_median(values: FloatArray, window: int) -> FloatArray:
    """Median of ``window`` bars."""
    if len(values) < window:
        return np.full(len(values), np.nan)
    return _windows(values, window, median=True)


def stddev(values: FloatArray, window: int) -> FloatArray:
    """Population standard deviation (ddof = 0) of ``window`` bars (TA-Lib STDDEV, 1 deviation).

    Short windows are computed one by one, centred on their own mean; long ones from
    running sums about the mean of all values, with exact zeros where nothing moves.
    """
    size = len(values)
    if size < window:
        return np.full(size, np.nan)
    if window <= _SLIDING_LIMIT:
        return _windows(values, window, median=False)
    centred = values - values.mean()
    mean = rolling_sum(centred, window) / window
    square = rolling_sum(centred * centred, window) / window
    spread = np.sqrt(np.maximum(square - mean * mean, 0.0))
    flat = rolling_max(values, window) == rolling_min(values, window)
    spread[flat] = 0.0
    return spread
