"""Order for order against vectorbt 1.2, its numba and its rust engine: close fills, all in.

Settings of the peer: ``fees=0.001``, default size (all cash), ``year_freq`` of 252 days for
daily bars. It is given the very averages that we use, and finds their crossings itself:
a pair of averages that ties to the last bit decides trades, and summing in another order
breaks such ties otherwise.

Where definitions differ, and what is compared instead:

- its ``win_rate()``, ``expectancy()``, ``profit_factor()`` and ``sqn()`` count an open trade;
  ours count closed round trips, which equal those of its ``trades.closed``;
- its year has 365 days unless told;
- its drawdown records begin at the first close, ours at the initial capital; depth and
  ``max_drawdown`` are of the same curve, because the first return is counted by both;
- its ``sortino_ratio``, ``omega_ratio`` and others are infinite or NaN where there is no loss
  or no return; ours are None, with the reason.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from quant_tui.engine import BacktestConfig, Report, run_backtest
from quant_tui.engine.indicators.rolling import sma
from tests.agreement import series

pytestmark = pytest.mark.usefixtures("peer_alone")

CONFIG = BacktestConfig(commission=0.001, fill="close", shares="fractional")

OF_RETURNS = {
    "sharpe_ratio": "sharpe_ratio",
    "sortino_ratio": "sortino_ratio",
    "calmar_ratio": "calmar_ratio",
    "omega_ratio": "omega_ratio",
    "cagr": "annualized",
    "annual_volatility": "annualized_volatility",
    "downside_deviation": "downside_risk",
    "total_return": "total",
    "max_drawdown": "max_drawdown",
    "tail_ratio": "tail_ratio",
    "value_at_risk": "value_at_risk",
    "conditional_value_at_risk": "cond_value_at_risk",
}
"""Our name → the peer's, of figures that it computes from returns."""

OF_TRADES = {
    "win_rate": "win_rate",
    "profit_factor": "profit_factor",
    "expectancy": "expectancy",
    "sqn": "sqn",
    "total_trades": "count",
}


@cache
def ours(name: str, pair: tuple[int, int]) -> Report:
    params = dict(zip(("short_window", "long_window"), pair, strict=True))
    return run_backtest(series.bars(name), "SMA_CROSSOVER", params, CONFIG)


@cache
def theirs(name: str, engine: str) -> SimpleNamespace:
    """Run every pair of windows at once, a column each."""
    import vectorbt

    close = series.frame(name)["Close"]
    annualization = ours(name, series.PAIRS[0]).config.annualization

    def averages(place: int) -> pd.DataFrame:
        columns = [sma(close.to_numpy(), pair[place]) for pair in series.PAIRS]
        return pd.DataFrame(np.column_stack(columns), close.index)

    fast, slow = averages(0), averages(1)
    run = vectorbt.Portfolio.from_signals(
        close, fast.vbt.crossed_above(slow), fast.vbt.crossed_below(slow),
        fees=0.001, init_cash=100_000.0, freq="1D", engine=engine,
    )  # fmt: skip
    returns = run.returns(engine=engine).vbt.returns(
        freq="1D", year_freq=pd.Timedelta(days=annualization), engine=engine
    )
    closed = run.trades.closed
    figures = {key: getattr(returns, call)().to_numpy() for key, call in OF_RETURNS.items()}
    figures |= {key: getattr(closed, call)().to_numpy() for key, call in OF_TRADES.items()}
    figures["final_value"] = run.final_value().to_numpy()
    return SimpleNamespace(
        orders=run.orders.records, trades=closed.records, value=run.value().to_numpy(),
        figures=figures,
    )  # fmt: skip


@pytest.fixture(params=["numba", "rust"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "rust":
        pytest.importorskip("vectorbt_rust", reason="the peer's rust engine has no wheel here")
    return request.param


@pytest.mark.timeout(300)  # the peer compiles itself when its cache is empty
@pytest.mark.parametrize("place", range(len(series.PAIRS)), ids=lambda at: str(series.PAIRS[at]))
def test_orders_trades_and_figures_are_the_same(name, engine, place):
    report, peer = ours(name, series.PAIRS[place]), theirs(name, engine)
    fills, orders = report.fills, peer.orders[peer.orders["col"] == place]
    np.testing.assert_array_equal(fills.row, orders["idx"])
    signed = orders["size"] * np.where(orders["side"] == 0, 1.0, -1.0)
    np.testing.assert_allclose(fills.quantity, signed, rtol=1e-9)
    np.testing.assert_allclose(fills.price, orders["price"], rtol=1e-12)
    np.testing.assert_allclose(fills.commission, orders["fees"], rtol=1e-9)
    np.testing.assert_allclose(report.equity_curve.value, peer.value[:, place], rtol=1e-9)

    trips, trades = report.round_trips, peer.trades[peer.trades["col"] == place]
    closed = np.flatnonzero(~trips.open)
    closed = closed[np.argsort(trips.exit_row[closed])]
    np.testing.assert_array_equal(trips.entry_row[closed], trades["entry_idx"])
    np.testing.assert_array_equal(trips.exit_row[closed], trades["exit_idx"])
    worth = 1e-9 * CONFIG.initial_capital  # a profit near zero is the rest of a subtraction
    np.testing.assert_allclose(trips.pnl[closed], trades["pnl"], rtol=1e-9, atol=worth)
    np.testing.assert_allclose(trips.return_[closed], trades["return"], rtol=1e-9, atol=1e-9)

    figures = {**report.risk_metrics, **report.performance}
    for key, values in peer.figures.items():
        if np.isfinite(values[place]):
            assert figures[key] == pytest.approx(values[place], rel=1e-9, abs=1e-12), key
        else:
            assert report.undefined[key]
    assert len(fills) > 3
