"""A rule that no template foresees, swept; and indicators through the rule language."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from tests.benchmarks.data import CASH, FEE, YEAR, minutes, walk

Found = dict[str, object]

DOCUMENT = {
    "params": {
        "period": {"int": [2, 100], "default": 14},
        "trend": {"int": [10, 400], "default": 100},
        "oversold": {"float": [1, 99], "default": 30.0},
        "overbought": {"float": [1, 99], "default": 70.0},
    },
    "let": {"strength": "rsi(close, period)"},
    "entry": "strength < oversold and close > sma(close, trend)",
    "exit": "strength > overbought",
}
GRID = {
    "period": list(range(5, 25, 2)),
    "trend": list(range(50, 250, 20)),
    "oversold": [35.0, 45.0],
    "overbought": [55.0, 60.0, 65.0, 70.0, 75.0],
}
FIGURES = ("total_return", "sharpe_ratio", "max_drawdown", "total_trades")
CASES = list(itertools.product(*GRID.values()))


def _ends(columns: dict[str, np.ndarray]) -> Found:
    return {
        name: np.nan_to_num(np.concatenate((values[:100], values[-100:])))
        for name, values in columns.items()
    }


def ours() -> Callable[[], Found]:
    from quant_tui.engine import BacktestConfig, parse_document, sweep

    bars, document = walk(5_000), parse_document(DOCUMENT)
    config = BacktestConfig(initial_capital=CASH, commission=FEE, fill="close", annualization=YEAR)

    def run() -> Found:
        table = sweep(bars, document, GRID, config=config, metrics=FIGURES, threads=2)
        return _ends({name: np.asarray(table[name]) for name in FIGURES})

    return run


def _signals(close: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entries and exits (T, K) of every combination, each indicator computed once."""
    import talib

    strength = {period: talib.RSI(close, period) for period in GRID["period"]}
    rising = {trend: close > talib.SMA(close, trend) for trend in GRID["trend"]}
    entry = np.column_stack([(strength[p] < low) & rising[t] for p, t, low, _ in CASES])
    exit_ = np.column_stack([strength[p] > high for p, _, _, high in CASES])
    both = entry & exit_
    return entry & ~both, exit_ & ~both


def raptorbt() -> Callable[[], Found]:
    import raptorbt as peer

    bars = walk(5_000)
    config = peer.BacktestConfig(
        initial_capital=CASH, fees=FEE, fill_timing="same_bar_close", periods_per_year=YEAR
    )
    times = bars.dates.astype("datetime64[ns]").astype(np.int64)
    columns = [np.ascontiguousarray(getattr(bars, name)[:, 0])
               for name in ("open", "high", "low", "close", "volume")]  # fmt: skip

    def run() -> Found:
        entry, exit_ = _signals(columns[3])
        items = [
            peer.BatchSingleItem("", np.ascontiguousarray(a), np.ascontiguousarray(b))
            for a, b in zip(entry.T, exit_.T, strict=True)
        ]
        found = [
            (one.metrics.total_return_pct / 100, one.metrics.total_closed_trades)
            for _, one in peer.batch_single_backtest(times, *columns, items, config)
        ]
        returns, trades = np.array(found).T
        return _ends({"total_return": returns, "total_trades": trades})

    return run


def vectorbt() -> Callable[[], Found]:
    import pandas as pd
    import vectorbt as peer

    close = pd.Series(np.ascontiguousarray(walk(5_000).close[:, 0]))

    def run() -> Found:
        entry, exit_ = _signals(close.to_numpy())
        portfolio = peer.Portfolio.from_signals(
            close, entry, exit_, fees=FEE, init_cash=CASH, freq="1D", engine="rust"
        )
        portfolio.returns().vbt.returns(freq="1D", year_freq="252 days").sharpe_ratio()
        portfolio.max_drawdown()
        return _ends({
            "total_return": portfolio.total_return().to_numpy(),
            "total_trades": portfolio.trades.closed.count().to_numpy(),
        })  # fmt: skip

    return run


INDICATORS = (
    "sma(close, 50)", "ema(close, 20)", "rsi(close, 14)", "atr(14)",
    "bollinger_upper(close, 20, 2)", "macd_signal(close, 12, 26, 9)",
)  # fmt: skip


def our_indicators() -> Callable[[], Found]:
    from quant_tui.engine.rules import parse_document
    from quant_tui.engine.rules.frame import Frame
    from quant_tui.engine.rules.interpreter import Interpreter

    bars = minutes(1_000_000)
    document = parse_document({
        "let": {f"value_{place}": text for place, text in enumerate(INDICATORS)},
        "entry": "value_0 > 0",
    })  # fmt: skip

    def run() -> Found:
        frame = Frame(bars)
        interpreter = Interpreter(frame, document.lets, {})
        found = [interpreter.series(tree)[-1, 0] for tree in document.lets.values()]
        return {"last": np.array(found)}

    return run


def talib_indicators() -> Callable[[], Found]:
    import talib

    bars = minutes(1_000_000)
    high, low, close = (np.ascontiguousarray(getattr(bars, name)[:, 0])
                        for name in ("high", "low", "close"))  # fmt: skip

    def run() -> Found:
        found = (
            talib.SMA(close, 50), talib.EMA(close, 20), talib.RSI(close, 14),
            talib.ATR(high, low, close, 14), talib.BBANDS(close, 20, 2, 2)[0],
            talib.MACD(close, 12, 26, 9)[1],
        )  # fmt: skip
        return {"last": np.array([values[-1] for values in found])}

    return run
