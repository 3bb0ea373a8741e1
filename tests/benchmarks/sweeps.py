"""Many pairs of averages over one or many symbols: four figures for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from quant_tui.engine import Bars
from tests.benchmarks import c_loops
from tests.benchmarks.data import CASH, FEE, YEAR, averages, crossings, grid, pairs, walk

FIGURES = ("total_return", "sharpe_ratio", "max_drawdown", "total_trades")
Found = dict[str, object]
_CHUNK = 500


def _bars(symbols: int, rows: int = 5_000) -> list[Bars]:
    return [walk(rows, seed=seed) for seed in range(symbols)]


def _closes(symbols: int) -> list[np.ndarray]:
    return [np.ascontiguousarray(bars.close[:, 0]) for bars in _bars(symbols)]


def _named(columns: list[np.ndarray]) -> Found:
    """Figures of the first and last hundred: enough to compare, little to print."""
    table = np.concatenate(columns)
    ends = np.concatenate((table[:100], table[-100:]))
    return {name: np.nan_to_num(ends[:, place]) for place, name in enumerate(FIGURES)}


def ours(count: int, *, symbols: int = 1, rows: int = 5_000, threads: int) -> Callable[[], Found]:
    from quant_tui.engine import BacktestConfig, sweep_each

    every, windows = _bars(symbols, rows), grid(count)
    config = BacktestConfig(commission=FEE, fill="close", annualization=YEAR)

    def run() -> Found:
        tables = sweep_each(
            every, "SMA_CROSSOVER", windows, config=config, metrics=FIGURES, threads=threads
        )
        return _named([np.column_stack([one[name] for name in FIGURES]) for one in tables])

    return run


def c_loop(loop: str, count: int, *, symbols: int = 1, threads: int) -> Callable[[], Found]:
    closes, both = _closes(symbols), pairs(count)
    c_loops.library()

    def run() -> Found:
        return _named(
            [c_loops.sweep(loop, c, both, fee=FEE, year=YEAR, threads=threads) for c in closes]
        )

    return run


def _signals(close: np.ndarray, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Entries and exits (T, K) of a part of the pairs at a time."""
    windows, both = grid(count), pairs(count)
    fast = averages(close, windows["short_window"])
    slow = averages(close, windows["long_window"])
    places = [
        np.searchsorted(windows[name], both[:, place])
        for place, name in enumerate(("short_window", "long_window"))
    ]
    for start in range(0, count, _CHUNK):
        part = slice(start, start + _CHUNK)
        yield crossings(fast[:, places[0][part]], slow[:, places[1][part]])


def raptorbt(count: int, *, symbols: int = 1) -> Callable[[], Found]:
    """Its batch runner, which uses every core; the signals are made by numpy."""
    import raptorbt as peer

    every = _bars(symbols)
    config = peer.BacktestConfig(
        initial_capital=CASH, fees=FEE, fill_timing="same_bar_close", periods_per_year=YEAR
    )

    def run() -> Found:
        found = []
        for bars in every:
            times = bars.dates.astype("datetime64[ns]").astype(np.int64)
            columns = [np.ascontiguousarray(getattr(bars, name)[:, 0])
                       for name in ("open", "high", "low", "close", "volume")]  # fmt: skip
            rows = []
            for entry, exit_ in _signals(columns[3], count):
                items = [
                    peer.BatchSingleItem("", np.ascontiguousarray(a), np.ascontiguousarray(b))
                    for a, b in zip(entry.T, exit_.T, strict=True)
                ]
                for _, result in peer.batch_single_backtest(times, *columns, items, config):
                    of = result.metrics
                    rows.append((
                        of.total_return_pct / 100, of.sharpe_ratio,
                        -of.max_drawdown_pct / 100, of.total_closed_trades,
                    ))  # fmt: skip
            found.append(np.array(rows))
        return _named(found)

    return run


def vectorbt(count: int, *, symbols: int = 1, engine: str) -> Callable[[], Found]:
    """Its own interface, some hundred pairs at a time: all at once it needs many gigabytes."""
    import pandas as pd
    import vectorbt as peer

    def figures(close: np.ndarray, count: int) -> list[np.ndarray]:
        found = []
        for entry, exit_ in _signals(close, count):
            portfolio = peer.Portfolio.from_signals(
                pd.Series(close), entry, exit_, fees=FEE, init_cash=CASH, freq="1D", engine=engine
            )
            returns = portfolio.returns().vbt.returns(freq="1D", year_freq="252 days")
            columns = (
                portfolio.total_return(), returns.sharpe_ratio(), portfolio.max_drawdown(),
                portfolio.trades.closed.count(),
            )  # fmt: skip
            found.append(np.column_stack([column.to_numpy() for column in columns]))
        return found

    closes = _closes(symbols)
    figures(closes[0][:1_000], 100)  # compiles

    def run() -> Found:
        return _named([part for close in closes for part in figures(close, count)])

    return run


def vectorbt_kernels(count: int, *, symbols: int = 1, threads: int) -> Callable[[], Found]:
    """Its bare kernels in one compiled function without the lock."""
    from tests.benchmarks.vectorbt_kernels import four_figures

    closes, windows, both = _closes(symbols), grid(count), pairs(count)
    first = np.searchsorted(windows["short_window"], both[:, 0])
    second = np.searchsorted(windows["long_window"], both[:, 1])
    chunk = 50
    small = averages(closes[0], [2, 4])
    four_figures(closes[0], small, small, first[:1], first[:1], CASH, FEE, YEAR)  # compiles

    def run() -> Found:
        jobs = []
        for close in closes:
            fast = averages(close, windows["short_window"])
            slow = averages(close, windows["long_window"])
            jobs += [
                (close, fast, slow, first[start : start + chunk], second[start : start + chunk])
                for start in range(0, count, chunk)
            ]
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(lambda job: four_figures(*job, CASH, FEE, YEAR), jobs))
        return _named(found)

    return run
