"""Fill for fill against backtrader: next open, a share of the cash at the decision's close.

The peer is given the very averages that we use, as lines of its data: its own sums are
exact (``fsum``), and so break ties of two averages of prices in cents otherwise.
Its orders are rejected (``Margin``) when their cost passes the cash; ours with
``cash_short="reject"``. Its fees sit in the fill (``comm``), as ours.
"""

from __future__ import annotations

import backtrader
import numpy as np
import pytest

from quant_tui.engine import BacktestConfig, run_backtest
from quant_tui.engine.indicators.rolling import sma
from tests.agreement.series import PAIRS, bars_of
from tests.agreement.series import frame as frame_of

PERCENTS = (95, 99.6, 100)
CASES = [(pair, PERCENTS[place % 3]) for place, pair in enumerate(PAIRS)]


class Averaged(backtrader.feeds.PandasData):
    lines = ("fast", "slow")
    params = (("fast", "fast"), ("slow", "slow"))


class Crossing(backtrader.Strategy):
    def __init__(self):
        self.cross = backtrader.indicators.CrossOver(self.data.fast, self.data.slow)
        self.fills, self.rejected = [], 0

    def next(self):
        if self.cross[0] > 0 and not self.position:
            self.buy()
        elif self.cross[0] < 0 and self.position:
            self.close()

    def notify_order(self, order):
        if order.status == order.Completed:
            done = order.executed
            self.fills.append((len(self) - 1, done.size, done.price, done.comm))
        elif order.status == order.Margin:
            self.rejected += 1


@pytest.mark.parametrize(("pair", "percent"), CASES, ids=str)
def test_fills_are_the_same(name, pair, percent):
    frame, (fast, slow) = frame_of(name).iloc[:600], pair
    bars = bars_of(frame)
    engine = backtrader.Cerebro(stdstats=False)
    close = frame["Close"].to_numpy()
    engine.adddata(Averaged(dataname=frame.assign(fast=sma(close, fast), slow=sma(close, slow))))
    engine.addstrategy(Crossing)
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
    assert len(ours) > 1 or percent > 99
    np.testing.assert_array_equal(ours.row, [fill[0] for fill in theirs])
    for column, values in ((1, ours.quantity), (2, ours.price), (3, ours.commission)):
        np.testing.assert_allclose(values, [fill[column] for fill in theirs], rtol=1e-9)
    assert report.orders["rejected"] == strategy.rejected
    assert report.performance["final_value"] == pytest.approx(engine.broker.getvalue(), rel=1e-9)
