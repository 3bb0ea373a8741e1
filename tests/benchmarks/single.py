"""One backtest of one pair of averages, with every figure that a contender has."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from quant_tui.engine import Bars
from tests.benchmarks.data import CASH, FEE, YEAR, averages, crossings, walk
from tests.benchmarks.data import minutes as minute_walk

SHORT, LONG = 20, 50
Found = dict[str, object]


def daily() -> Bars:
    """Nine thousand daily bars."""
    return walk(9_000)


def minutes() -> Bars:
    """A million minute bars."""
    return minute_walk(1_000_000)


def _signals(bars: Bars) -> tuple[np.ndarray, np.ndarray]:
    both = averages(bars.close[:, 0], [SHORT, LONG])
    return crossings(both[:, 0], both[:, 1])


def frame_of(bars: Bars):
    """Return a data frame as the peers want it."""
    import pandas as pd

    names = ("open", "high", "low", "close", "volume")
    columns = {name.title(): getattr(bars, name)[:, 0] for name in names}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(bars.dates.astype("datetime64[ns]")))


def ours(bars: Bars) -> Callable[[], Found]:
    from quant_tui.engine import BacktestConfig, run_backtest
    from quant_tui.engine.warming import warm

    warm()  # as the app does after its first paint

    config = BacktestConfig(initial_capital=CASH, commission=FEE, fill="close")
    params = {"short_window": SHORT, "long_window": LONG}

    def run() -> Found:
        report = run_backtest(bars, "SMA_CROSSOVER", params, config, benchmark=bars.close[:, 0])
        return {"total_return": report.performance["total_return"]}

    return run


def kernel(bars: Bars) -> Callable[[], Found]:
    """The simulation alone: orders of ready signals to fills and the curve."""
    from quant_tui.engine import BacktestConfig
    from quant_tui.engine.simulation.orders import from_signals
    from quant_tui.engine.simulation.simulator import simulate
    from quant_tui.engine.warming import warm

    warm()
    entry, exit_ = (signal[:, None] for signal in _signals(bars))
    config = BacktestConfig(
        initial_capital=CASH, commission=FEE, fill="close", sizing="all_in", annualization=YEAR
    )

    def run() -> Found:
        orders = from_signals(bars, config, entry, exit_, None)
        equity = simulate(bars, config, orders, lambda _: None).equity
        return {"total_return": equity[-1] / CASH - 1.0}

    return run


def raptorbt(bars: Bars) -> Callable[[], Found]:
    import raptorbt as peer

    config = peer.BacktestConfig(
        initial_capital=CASH, fees=FEE, fill_timing="same_bar_close", periods_per_year=YEAR
    )
    times = bars.dates.astype("datetime64[ns]").astype(np.int64)
    columns = [np.ascontiguousarray(getattr(bars, name)[:, 0])
               for name in ("open", "high", "low", "close", "volume")]  # fmt: skip

    def run() -> Found:
        result = peer.run_single_backtest(times, *columns, *_signals(bars), config=config)
        return {"total_return": result.metrics.total_return_pct / 100}

    return run


def vectorbt(bars: Bars, *, stats: bool = True) -> Callable[[], Found]:
    import vectorbt as peer

    frame = frame_of(bars)

    def run() -> Found:
        portfolio = peer.Portfolio.from_signals(
            frame["Close"], *_signals(bars), fees=FEE, init_cash=CASH, freq="1D", engine="rust"
        )
        if stats:
            portfolio.stats()
        return {"total_return": portfolio.total_return()}

    return run


def backtesting(bars: Bars) -> Callable[[], Found]:
    from backtesting import Backtest, Strategy
    from backtesting.lib import crossover

    both = averages(bars.close[:, 0], [SHORT, LONG])

    class Crossing(Strategy):
        def init(self) -> None:
            self.fast = self.I(lambda: both[:, 0])
            self.slow = self.I(lambda: both[:, 1])

        def next(self) -> None:
            if crossover(self.fast, self.slow):
                self.buy()
            elif crossover(self.slow, self.fast):
                self.position.close()

    test = Backtest(
        frame_of(bars), Crossing, cash=1_000_000, commission=FEE, trade_on_close=True,
        finalize_trades=True,
    )  # fmt: skip

    def run() -> Found:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {"total_return": test.run()["Return [%]"] / 100}

    return run


def backtrader(bars: Bars) -> Callable[[], Found]:
    import backtrader as peer

    frame = frame_of(bars)

    class Crossing(peer.Strategy):
        def __init__(self) -> None:
            fast = peer.indicators.SMA(self.data.close, period=SHORT)
            slow = peer.indicators.SMA(self.data.close, period=LONG)
            self.cross = peer.indicators.CrossOver(fast, slow)

        def next(self) -> None:
            if self.cross[0] > 0 and not self.position:
                self.buy()
            elif self.cross[0] < 0 and self.position:
                self.close()

    def run() -> Found:
        engine = peer.Cerebro(stdstats=False)
        engine.adddata(peer.feeds.PandasData(dataname=frame))
        engine.addstrategy(Crossing)
        engine.addsizer(peer.sizers.AllInSizer, percents=95)
        engine.broker.setcash(CASH)
        engine.broker.setcommission(commission=FEE)
        engine.addanalyzer(peer.analyzers.SharpeRatio)
        engine.addanalyzer(peer.analyzers.DrawDown)
        engine.addanalyzer(peer.analyzers.TradeAnalyzer)
        engine.run()
        return {"total_return": engine.broker.getvalue() / CASH - 1.0}

    return run
