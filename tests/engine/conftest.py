"""Small bars made by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig, Bars
from quant_tui.engine.simulation.orders import Stops, from_signals
from quant_tui.engine.simulation.round_trips import round_trips
from quant_tui.engine.simulation.simulator import simulate


def make_bars(close, open_=None, *, high=None, low=None, symbols=None, dates=None, volume=None):
    """Bars of given closes (T,) or (T, N); other prices default to fit around them."""
    close = np.asarray(close, dtype=float)
    if close.ndim == 1:
        close = close[:, None]
    open_ = close if open_ is None else np.asarray(open_, dtype=float).reshape(close.shape)
    high = (
        np.maximum(open_, close) if high is None else np.asarray(high, float).reshape(close.shape)
    )
    low = np.minimum(open_, close) if low is None else np.asarray(low, float).reshape(close.shape)
    if dates is None:
        dates = np.datetime64("2024-01-01") + np.arange(len(close))
    if symbols is None:
        symbols = ["A", "B", "C", "D", "E", "F", "G", "H"][: close.shape[1]]
    if volume is None:
        volume = np.where(np.isnan(close), np.nan, 100.0)
    return Bars(symbols, dates, open_, high, low, close, volume)


@pytest.fixture
def bars_of() -> Callable[..., Bars]:
    return make_bars


@pytest.fixture
def random_bars() -> Callable[..., Bars]:
    def make(seed: int, rows: int = 300, count: int = 3, *, gaps: bool = False) -> Bars:
        random = np.random.default_rng(seed)
        close = 50.0 * np.exp(np.cumsum(random.normal(0, 0.02, (rows, count)), axis=0))
        open_ = close * np.exp(random.normal(0, 0.01, close.shape))
        high = np.maximum(open_, close) * (1 + random.uniform(0, 0.01, close.shape))
        low = np.minimum(open_, close) * (1 - random.uniform(0, 0.01, close.shape))
        if gaps:
            holes = random.random(close.shape) < 0.05
            holes[: rows // 4, 0] = True
            if count > 1:
                holes[rows - rows // 5 :, 1] = True
            holes[rows // 2, -1] = False
            for values in (open_, high, low, close):
                values[holes] = np.nan
        return make_bars(close, open_, high=high, low=low)

    return make


@pytest.fixture
def simulated():
    """Simulate signals given as the rows on which they hold, for the first symbol."""

    def run(bars, entry=(), exit_=(), *, short_entry=None, short_exit=None, stops=None, **config):
        def signal(rows):
            found = np.zeros(bars.close.shape, dtype=bool)
            found[list(rows), 0] = True
            return found

        def optional(rows):
            return None if rows is None else signal(rows)

        made = BacktestConfig(**{"initial_capital": 1000.0, **config}).resolve(
            symbols=len(bars.symbols), annualization=252
        )
        distances = {
            key: np.broadcast_to(value, bars.close.shape) for key, value in (stops or {}).items()
        }
        orders = from_signals(
            bars, made, signal(entry), signal(exit_),
            short_entry=optional(short_entry), short_exit=optional(short_exit),
            stops=Stops(**distances),
        )  # fmt: skip
        found = simulate(bars, made, orders)
        return found, round_trips(bars, made, found)

    return run
