"""Many symbols in one account."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.benchmarks.data import CASH, FEE, walk

Found = dict[str, object]
EQUAL = {"weight": "0.05", "rebalance": "month_start"}


def _bars():
    return walk(2_520, 20)


def _first_days(dates: np.ndarray) -> np.ndarray:
    months = dates.astype("datetime64[M]")
    return np.append(True, months[1:] != months[:-1])


def ours() -> Callable[[], Found]:
    from quant_tui.engine import BacktestConfig, parse_document, run_backtest
    from quant_tui.engine.warming import warm

    warm()
    bars, document = _bars(), parse_document(EQUAL)
    config = BacktestConfig(initial_capital=CASH, commission=FEE, fill="close")

    def run() -> Found:
        report = run_backtest(bars, document, {}, config)
        return {"total_return": report.performance["total_return"]}

    return run


def vectorbt() -> Callable[[], Found]:
    import pandas as pd
    import vectorbt as peer

    bars = _bars()
    close = pd.DataFrame(bars.close, pd.DatetimeIndex(bars.dates), list(bars.symbols))
    size = np.where(_first_days(bars.dates)[:, None], 0.05, np.nan) * np.ones(bars.close.shape)

    def run() -> Found:
        portfolio = peer.Portfolio.from_orders(
            close, size, size_type="targetpercent", fees=FEE, init_cash=CASH, freq="1D",
            group_by=True, cash_sharing=True, call_seq="auto",
        )  # fmt: skip
        portfolio.sharpe_ratio()
        portfolio.max_drawdown()
        return {"total_return": portfolio.total_return()}

    return run


def backtrader() -> Callable[[], Found]:
    import backtrader as peer
    import pandas as pd

    bars = _bars()
    names = ("open", "high", "low", "close", "volume")
    index = pd.DatetimeIndex(bars.dates.astype("datetime64[ns]"))
    frames = [
        pd.DataFrame({name: getattr(bars, name)[:, place] for name in names}, index)
        for place in range(len(bars.symbols))
    ]
    days = _first_days(bars.dates)

    class Equal(peer.Strategy):
        def next(self) -> None:
            if days[len(self) - 1]:
                for data in self.datas:
                    self.order_target_percent(data, 0.05)

    def run() -> Found:
        engine = peer.Cerebro(stdstats=False)
        for frame in frames:
            engine.adddata(peer.feeds.PandasData(dataname=frame))
        engine.addstrategy(Equal)
        engine.broker.setcash(CASH)
        engine.broker.setcommission(commission=FEE)
        engine.broker.set_coc(True)
        engine.addanalyzer(peer.analyzers.SharpeRatio)
        engine.run()
        return {}

    return run


def momentum() -> Callable[[], Found]:
    from quant_tui.engine import BacktestConfig, run_backtest
    from quant_tui.engine.warming import warm

    warm()  # as the app does after its first paint

    bars = walk(2_520, 500)
    config = BacktestConfig(initial_capital=CASH, commission=FEE)

    def run() -> Found:
        report = run_backtest(bars, "MOMENTUM", {"top_n": 20}, config)
        return {"total_return": report.performance["total_return"]}

    return run
