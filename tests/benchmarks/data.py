"""Prices that the rows run on, seeded and made by numpy alone: a peer's memory is its own."""

from __future__ import annotations

import itertools

import numpy as np

from quant_tui.engine import Bars

FEE = 0.001
CASH = 100_000.0
YEAR = 252.0
START = np.datetime64("1990-01-01")


def walk(rows: int, count: int = 1, seed: int = 11, volatility: float = 0.012) -> Bars:
    """Daily bars of ``count`` seeded walks, on weekdays."""
    dates = np.busday_offset(START, np.arange(rows), roll="forward")
    return _bars(dates.astype("datetime64[D]"), rows, count, seed, volatility)


def minutes(rows: int, seed: int = 12) -> Bars:
    """Minute bars of one seeded walk, 390 a weekday from 14:30 UTC."""
    days = np.busday_offset(START, np.arange(rows // 390 + 1), roll="forward")
    offset = np.timedelta64(14 * 60 + 30, "m") + np.arange(390).astype("timedelta64[m]")
    times = (days.astype("datetime64[m]")[:, None] + offset).ravel()[:rows]
    return _bars(times.astype("datetime64[ns]"), rows, 1, seed, 0.0006)


def _bars(dates: np.ndarray, rows: int, count: int, seed: int, volatility: float) -> Bars:
    random = np.random.default_rng(seed)
    shape = (rows, count)
    close = 100.0 * np.exp(
        np.cumsum(random.normal(-(volatility**2) / 2, volatility, shape), axis=0)
    )
    open_ = np.vstack((close[:1], close[:-1])) * np.exp(random.normal(0, volatility / 5, shape))
    high = np.maximum(open_, close) * (1 + np.abs(random.normal(0, volatility / 3, shape)))
    low = np.minimum(open_, close) * (1 - np.abs(random.normal(0, volatility / 3, shape)))
    volume = random.integers(100_000, 1_000_000, shape).astype(float)
    names = [f"S{place:02d}" for place in range(count)]
    return Bars(names, dates, open_, high, low, close, volume)


def grid(count: int) -> dict[str, list[int]]:
    """Windows whose product is ``count`` pairs, every short one below every long one."""
    short = {10_000: 100, 2_500: 50, 1_000: 25, 500: 20, 400: 20, 100: 10}[count]
    steps = count // short
    return {
        "short_window": list(range(2, 2 + short)),
        "long_window": list(range(102, 102 + 2 * steps, 2)),
    }


def pairs(count: int) -> np.ndarray:
    """Pairs (K, 2) of :func:`grid`, the short window first."""
    windows = grid(count)
    return np.array(list(itertools.product(windows["short_window"], windows["long_window"])))


def averages(close: np.ndarray, windows: list[int]) -> np.ndarray:
    """Averages (T, W), summed as the engine does: peers get them ready made."""
    from quant_tui.engine.indicators.rolling import sma

    return np.column_stack([sma(close, window) for window in windows])


def crossings(fast: np.ndarray, slow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entries and exits (T,) or (T, K) of averages; a tie keeps the side before it."""
    side = np.sign(fast - slow)
    rows = np.arange(len(side)).reshape(-1, *[1] * (side.ndim - 1))
    last = np.maximum.accumulate(np.where((side != 0) & ~np.isnan(side), rows, -1), axis=0)
    known = np.take_along_axis(side, np.maximum(last, 0), axis=0)
    known[last < 0] = 0.0
    entry, exit_ = np.zeros_like(known, dtype=bool), np.zeros_like(known, dtype=bool)
    entry[1:] = (known[1:] > 0) & (known[:-1] < 0)
    exit_[1:] = (known[1:] < 0) & (known[:-1] > 0)
    return entry, exit_
