"""Trade for trade against backtesting.py: next open, whole shares, fee on both legs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

from quant_tui.engine import BacktestConfig, run_backtest
from quant_tui.engine.indicators.rolling import sma

PAIRS = [(5, 20), (10, 30), (20, 50), (50, 200), (7, 90), (3, 4)]

RULES = """
params: {short_window: {int: [1, 500], default: 20}, long_window: {int: [2, 500], default: 50}}
let: {fast: "sma(close, short_window)", slow: "sma(close, long_window)"}
entry: cross_above_strict(fast, slow)
exit: cross_below_strict(fast, slow)
"""


class Crossing(Strategy):
    short_window = 20
    long_window = 50

    def init(self):
        close = np.array(self.data.Close)
        self.fast = self.I(lambda: sma(close, self.short_window))
        self.slow = self.I(lambda: sma(close, self.long_window))

    def next(self):
        if crossover(self.fast, self.slow):
            self.buy()
        elif crossover(self.slow, self.fast):
            self.position.close()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("short_window", "long_window"), PAIRS)
def test_trades_are_the_same(bars, frame, short_window, long_window):
    test = Backtest(
        frame, Crossing, cash=1_000_000, commission=0.001, trade_on_close=False,
        exclusive_orders=False, finalize_trades=True,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stats = test.run(short_window=short_window, long_window=long_window)
    config = BacktestConfig(
        initial_capital=1_000_000, commission=0.001, fill="next_open", shares="whole",
        finalize="last_open",
    )  # fmt: skip
    params = {"short_window": short_window, "long_window": long_window}
    report = run_backtest(bars, RULES, params, config)
    theirs = stats["_trades"].sort_values("EntryBar")
    ours = report.round_trips
    assert len(ours) == len(theirs) > 3
    np.testing.assert_array_equal(ours.entry_row, theirs["EntryBar"])
    np.testing.assert_array_equal(ours.exit_row, theirs["ExitBar"])
    np.testing.assert_array_equal(ours.quantity, theirs["Size"])
    np.testing.assert_allclose(ours.entry_price, theirs["EntryPrice"], rtol=1e-12)
    np.testing.assert_allclose(ours.exit_price, theirs["ExitPrice"], rtol=1e-12)
    np.testing.assert_allclose(ours.pnl, theirs["PnL"], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(ours.return_, theirs["ReturnPct"], rtol=1e-9, atol=1e-12)
    if report.orders["unfilled"] == 0:
        # the peer fills an order decided on the last bar at that bar's own open; we report it
        assert report.performance["final_value"] == pytest.approx(
            stats["Equity Final [$]"], rel=1e-9
        )
    assert report.performance["win_rate"] == pytest.approx(stats["Win Rate [%]"] / 100)
    assert report.performance["sqn"] == pytest.approx(stats["SQN"], rel=1e-9)
    if (ours.pnl < 0).any():
        assert report.performance["kelly"] == pytest.approx(stats["Kelly Criterion"], rel=1e-9)
    else:
        assert report.undefined["kelly"] == "no winning or no losing round trip"
