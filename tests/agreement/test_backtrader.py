"""Fill for fill against backtrader: next open, 95 % of the cash at the decision's close."""

from __future__ import annotations

import backtrader
import numpy as np
import pytest

from quant_tui.engine import BacktestConfig, run_backtest

PAIRS = [(5, 20), (10, 30), (20, 50), (50, 200)]


class Crossing(backtrader.Strategy):
    params = (("fast", 20), ("slow", 50))

    def __init__(self):
        fast = backtrader.indicators.SMA(self.data.close, period=self.p.fast)
        slow = backtrader.indicators.SMA(self.data.close, period=self.p.slow)
        self.cross = backtrader.indicators.CrossOver(fast, slow)
        self.fills, self.rejected = [], 0

    def next(self):
        if self.cross[0] > 0 and not self.position:
            self.buy()
        elif self.cross[0] < 0 and self.position:
            self.close()

    def notify_order(self, order):
        if order.status == order.Completed:
            done = order.executed
            when = backtrader.num2date(done.dt).date()
            self.fills.append((when, done.size, done.price, done.comm))
        elif order.status == order.Margin:
            self.rejected += 1


@pytest.mark.parametrize(("fast", "slow"), PAIRS)
@pytest.mark.parametrize("percent", [95, 99.6, 100])
def test_fills_are_the_same(bars, frame, fast, slow, percent):
    engine = backtrader.Cerebro(stdstats=False)
    engine.adddata(backtrader.feeds.PandasData(dataname=frame))
    engine.addstrategy(Crossing, fast=fast, slow=slow)
    engine.addsizer(backtrader.sizers.AllInSizer, percents=percent)
    engine.broker.setcash(100_000.0)
    engine.broker.setcommission(commission=0.001)
    strategy = engine.run()[0]
    config = BacktestConfig(
        commission=0.001, sizing="fraction", sizing_value=percent / 100, size_at="decision",
        cash_short="reject",
    )  # fmt: skip
    report = run_backtest(
        bars, "SMA_CROSSOVER", {"short_window": fast, "long_window": slow}, config
    )
    ours, theirs = report.fills, strategy.fills
    assert len(ours) == len(theirs)
    assert len(ours) > 3 or percent > 99
    dates = bars.dates[ours.row].astype(object).tolist()
    assert dates == [fill[0] for fill in theirs]
    for column, values in ((1, ours.quantity), (2, ours.price), (3, ours.commission)):
        np.testing.assert_allclose(values, [fill[column] for fill in theirs], rtol=1e-9)
    assert report.orders["rejected"] == strategy.rejected
    assert report.performance["final_value"] == pytest.approx(engine.broker.getvalue(), rel=1e-9)
