"""Real series that every comparison runs on, and the pairs of windows it runs.

SPX and IXIC are arch's daily indices, GOOG (daily, splits adjusted) and EURUSD (hourly)
are backtesting.py's. MINUTES is made of real sessions of the S&P 500: every minute of a
session lies on a seeded bridge from its open to its close within its real high and low.
"""

from __future__ import annotations

from functools import cache

import arch.data.nasdaq
import arch.data.sp500
import numpy as np
import pandas as pd

from quant_tui.engine import Bars

DAILY = ("SPX", "IXIC", "GOOG")
INTRADAY = ("EURUSD", "MINUTES")
SERIES = (*DAILY, *INTRADAY)

PAIRS = [
    (short, long)
    for short in (2, 3, 5, 8, 13, 20)
    for long in (4, 10, 21, 34, 50, 100, 200)
    if short < long
]
"""Thirty-six pairs of windows, from those that trade each week to those that trade each year."""

SESSION_MINUTES = 390
_SESSIONS = 15


def sessions(frame: pd.DataFrame, seed: int = 7) -> pd.DataFrame:
    """Spread daily bars over the minutes of New York's session, in UTC.

    Each session's minutes open at its open, end at its close, and touch its high and its
    low once. Volume is spread evenly. Prices are rounded to cents, as quotes are.
    """
    random = np.random.default_rng(seed)
    made, times = [], []
    steps = np.arange(SESSION_MINUTES + 1) / SESSION_MINUTES
    for day, bar in frame.iterrows():
        walk = np.concatenate(([0.0], random.normal(size=SESSION_MINUTES).cumsum()))
        bridge = walk - steps * walk[-1]
        line = bar["Open"] + steps * (bar["Close"] - bar["Open"])
        up, down = bridge > 0.0, bridge < 0.0
        bridge[up] *= ((bar["High"] - line[up]) / bridge[up]).min(initial=1e9)
        bridge[down] *= ((bar["Low"] - line[down]) / bridge[down]).min(initial=1e9)
        path = line + bridge
        path = np.clip(np.round(path, 2), bar["Low"], bar["High"])
        path[0], path[-1] = bar["Open"], bar["Close"]
        jitter = np.abs(random.normal(0.0, 0.02, (2, SESSION_MINUTES)))
        high = np.minimum(np.maximum(path[:-1], path[1:]) + jitter[0], bar["High"])
        low = np.maximum(np.minimum(path[:-1], path[1:]) - jitter[1], bar["Low"])
        volume = np.full(SESSION_MINUTES, bar["Volume"] / SESSION_MINUTES)
        made.append(np.column_stack((path[:-1], high, low, path[1:], volume)))
        opened = np.datetime64(day, "m") + np.timedelta64(14 * 60 + 30, "m")
        times.append(opened + np.arange(SESSION_MINUTES).astype("timedelta64[m]"))
    index = pd.DatetimeIndex(np.concatenate(times).astype("datetime64[ns]"))
    return pd.DataFrame(np.concatenate(made), index, ["Open", "High", "Low", "Close", "Volume"])


@cache
def frame(name: str) -> pd.DataFrame:
    """Return open, high, low, close and volume, index ascending; do not change it."""
    if name == "MINUTES":
        return sessions(frame("SPX").iloc[-_SESSIONS:])
    if name in ("GOOG", "EURUSD"):
        import backtesting.test

        found = getattr(backtesting.test, name).copy()
    else:
        module = {"SPX": arch.data.sp500, "IXIC": arch.data.nasdaq}[name]
        found = module.load().copy()
    prices = found[["Open", "High", "Low", "Close"]]
    found["High"], found["Low"] = prices.max(axis=1), prices.min(axis=1)
    return found[["Open", "High", "Low", "Close", "Volume"]].astype(float)


def bars_of(found: pd.DataFrame) -> Bars:
    """Make bars of one symbol of a frame."""
    return Bars(
        ["REAL"], found.index.to_numpy(), *(found[name].to_numpy() for name in found.columns)
    )


@cache
def bars(name: str) -> Bars:
    """Return the whole series as bars."""
    return bars_of(frame(name))
