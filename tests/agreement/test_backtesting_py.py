"""Trade for trade against backtesting.py: next open, whole shares, fee on both legs.

Where definitions differ, and what is compared instead:

- an order decided on the last bar: the peer fills it at that bar's own open, we report it
  as unfilled. The final equity is compared where no such order is left;
- its profit factor and expectancy are of returns, ours of money (as empyrical's users and
  vectorbt have them): not compared;
- its Sharpe, Sortino, Calmar and volatility use a geometric mean, its CAGR calendar days:
  not compared, test_empyrical.py has ours;
- its equity counts the fee of an open trade's exit only once that is paid, as ours, but its
  drawdown begins at the first close, not at the initial capital. Nothing is held there.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

from quant_tui.engine import BacktestConfig, run_backtest
from quant_tui.engine.indicators.rolling import sma
from tests.agreement.series import PAIRS

RULES = """
params: {short_window: {int: [1, 500], default: 20}, long_window: {int: [2, 500], default: 50}}
let: {fast: "sma(close, short_window)", slow: "sma(close, long_window)"}
entry: cross_above_strict(fast, slow)
exit: cross_below_strict(fast, slow)
"""
CASH = 1_000_000


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
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_trades_and_their_figures_are_the_same(bars, frame, pair):
    params = dict(zip(("short_window", "long_window"), pair, strict=True))
    test = Backtest(
        frame, Crossing, cash=CASH, commission=0.001, trade_on_close=False,
        exclusive_orders=False, finalize_trades=True,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stats = test.run(**params)
    config = BacktestConfig(
        initial_capital=CASH, commission=0.001, fill="next_open", shares="whole",
        finalize="last_open",
    )  # fmt: skip
    report = run_backtest(bars, RULES, params, config)
    theirs = stats["_trades"].sort_values("EntryBar")
    ours = report.round_trips
    assert len(ours) == len(theirs) > 1
    np.testing.assert_array_equal(ours.entry_row, theirs["EntryBar"])
    np.testing.assert_array_equal(ours.exit_row, theirs["ExitBar"])
    np.testing.assert_array_equal(ours.quantity, theirs["Size"])
    np.testing.assert_allclose(ours.entry_price, theirs["EntryPrice"], rtol=1e-12)
    np.testing.assert_allclose(ours.exit_price, theirs["ExitPrice"], rtol=1e-12)
    np.testing.assert_allclose(ours.pnl, theirs["PnL"], rtol=1e-9, atol=1e-9 * CASH)
    np.testing.assert_allclose(ours.return_, theirs["ReturnPct"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.commission, theirs["Commission"], rtol=1e-9)

    figures = {**report.risk_metrics, **report.performance}
    expected = {
        "total_trades": stats["# Trades"],
        "win_rate": stats["Win Rate [%]"] / 100,
        "best_trade": stats["Best Trade [%]"] / 100,
        "worst_trade": stats["Worst Trade [%]"] / 100,
        "average_trade_return": stats["Expectancy [%]"] / 100,
        "sqn": stats["SQN"],
        "kelly": stats["Kelly Criterion"],
        "fees_paid": stats["Commissions [$]"],
    }
    if report.orders["unfilled"] == 0:
        curve = stats["_equity_curve"]["Equity"].to_numpy()
        np.testing.assert_allclose(report.equity_curve.value, curve, rtol=1e-9)
        expected |= {
            "final_value": stats["Equity Final [$]"],
            "total_return": stats["Return [%]"] / 100,
            "max_drawdown": stats["Max. Drawdown [%]"] / 100,
            "average_drawdown": stats["Avg. Drawdown [%]"] / 100,
        }
    for key, value in expected.items():
        if np.isfinite(value):
            assert figures[key] == pytest.approx(value, rel=1e-9, abs=1e-12), key
        else:
            assert report.undefined[key], key
