"""A portfolio's figures against the engine's own simulation, empyrical and pandas."""

from __future__ import annotations

import empyrical
import numpy as np
import pandas as pd
import pytest

from quant_tui.engine import BacktestConfig, Bars, run_backtest
from quant_tui.engine.metrics import compute_metrics
from quant_tui.engine.portfolio.lots import keep_book
from quant_tui.engine.portfolio.returns import daily_returns, growth_index
from quant_tui.engine.portfolio.transactions import Kind, Transactions
from quant_tui.engine.portfolio.valuation import value_by_day


def random_bars(seed: int, rows: int = 500, count: int = 4) -> Bars:
    random = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(random.normal(0, 0.02, (rows, count)), axis=0))
    open_ = close * np.exp(random.normal(0, 0.01, close.shape))
    holes = random.random(close.shape) < 0.05
    holes[:50, 0] = True
    for values in (open_, close):
        values[holes] = np.nan
    dates = np.busday_offset("2020-01-01", np.arange(rows), roll="forward")
    high, low = np.fmax(open_, close), np.fmin(open_, close)
    return Bars(["A", "B", "C", "D"], dates, open_, high, low, close)


def replayed(bars: Bars, report, capital: float) -> Transactions:
    """Return a run's fills as transactions, after one deposit."""
    fills = report.to_document()["trades"]
    count = len(fills)
    made = Transactions(
        day=np.array([bars.dates[0], *(f["date"][:10] for f in fills)], dtype="datetime64[D]"),
        kind=np.array(
            [Kind.DEPOSIT, *(Kind.BUY if f["action"] == "BUY" else Kind.SELL for f in fills)],
            dtype=np.int64,
        ),
        symbol=np.array([-1, *(bars.symbols.index(f["symbol"]) for f in fills)], dtype=np.int64),
        quantity=np.array([0.0, *(f["quantity"] for f in fills)]),
        price=np.array([0.0, *(f["price"] for f in fills)]),
        commission=np.array([0.0, *(f["commission"] for f in fills)]),
        amount=np.array([capital, *([0.0] * count)]),
    )
    return made.take(made.order())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("method", ["fifo", "average"])
@pytest.mark.parametrize(
    "config",
    [
        BacktestConfig(commission=0.001, slippage=0.0005),
        BacktestConfig(commission_minimum=1.0, shares="whole", fill="close"),
        BacktestConfig(sizing="equal_weight", commission_per_share=0.005),
    ],
    ids=["fraction", "whole", "equal-weight"],
)
def test_fills_replayed_give_the_same_equity(seed: int, method: str, config) -> None:
    bars = random_bars(seed)
    params = {"short_window": 5, "long_window": 20}
    report = run_backtest(bars, strategy="SMA_CROSSOVER", params=params, config=config)
    made = replayed(bars, report, config.initial_capital)
    assert len(made) > 20
    book = keep_book(made, method=method)
    valuation = value_by_day(made, book, bars.dates.astype("datetime64[D]"), bars.close)
    np.testing.assert_allclose(valuation.value, report.equity_curve.value, rtol=1e-9)
    index = growth_index(daily_returns(valuation)) * config.initial_capital
    np.testing.assert_allclose(index, report.equity_curve.value, rtol=1e-9)
    # closed lots sum to the closed part of the engine's round trips
    if method == "average":
        won = sum(t["pnl"] for t in report.to_document()["round_trips"])
        lots = book.lots
        unrealised = lots.quantity * (valuation.price[-1][lots.symbol] - lots.cost)
        assert book.realised.sum() + unrealised.sum() == pytest.approx(won, rel=1e-7, abs=1e-6)


def test_short_fills_replayed_give_the_same_equity() -> None:
    bars = random_bars(9)
    rules = {
        "entry": "close > sma(close, 9)", "exit": "close < sma(close, 9)",
        "short_entry": "close < sma(close, 9)", "short_exit": "close > sma(close, 9)",
    }  # fmt: skip
    from quant_tui.engine import parse_document

    config = BacktestConfig(allow_short=True, commission=0.001)
    report = run_backtest(bars, strategy=parse_document(rules), config=config)
    made = replayed(bars, report, config.initial_capital)
    book = keep_book(made, allow_short=True)
    valuation = value_by_day(made, book, bars.dates.astype("datetime64[D]"), bars.close)
    assert (valuation.quantity < 0).any()
    np.testing.assert_allclose(valuation.value, report.equity_curve.value, rtol=1e-9)


def test_figures_are_empyricals_and_pandas() -> None:
    bars = random_bars(5)
    random = np.random.default_rng(5)
    days = np.sort(random.choice(bars.dates[:400].astype("datetime64[D]"), 60))
    count = len(days)
    made = Transactions(
        day=np.concatenate((bars.dates[:1].astype("datetime64[D]"), days, days)),
        kind=np.concatenate(([Kind.DEPOSIT], [Kind.BUY] * count, [Kind.DEPOSIT] * count)),
        symbol=np.concatenate(([-1], random.integers(1, 4, count), [-1] * count)),
        quantity=np.concatenate(([0.0], random.uniform(1, 30, count), [0.0] * count)),
        price=np.concatenate(([0.0], np.full(count, 50.0), [0.0] * count)),
        commission=np.concatenate(([0.0], np.ones(count), [0.0] * count)),
        amount=np.concatenate(([50_000.0], [0.0] * count, random.uniform(0, 5e3, count))),
    )
    made = made.take(made.order())
    valuation = value_by_day(made, keep_book(made), bars.dates.astype("datetime64[D]"), bars.close)
    returns = daily_returns(valuation)
    # the same by pandas: value after the day's withdrawals, less what came in before
    frame = pd.DataFrame({"value": valuation.value, "came": valuation.deposits})
    wanted = frame["value"] / (frame["value"].shift(fill_value=0.0) + frame["came"]) - 1.0
    np.testing.assert_allclose(returns, wanted)
    benchmark = pd.Series(valuation.price[:, 3]).bfill().to_numpy()
    metrics = compute_metrics(
        valuation.dates,
        growth_index(returns),
        initial_capital=1.0,
        annualization=252,
        benchmark=benchmark,
    )
    series = pd.Series(returns)
    other = pd.Series(benchmark).pct_change()
    figures = {**metrics.performance, **metrics.risk}
    assert figures["sharpe_ratio"] == pytest.approx(empyrical.sharpe_ratio(series))
    assert figures["annual_volatility"] == pytest.approx(empyrical.annual_volatility(series))
    assert figures["max_drawdown"] == pytest.approx(empyrical.max_drawdown(series))
    assert figures["value_at_risk"] == pytest.approx(empyrical.value_at_risk(series))
    assert figures["beta"] == pytest.approx(empyrical.beta(series[1:], other[1:]))
    assert figures["alpha"] == pytest.approx(empyrical.alpha(series[1:], other[1:]))
    spread = (series - other)[1:].std(ddof=1) * np.sqrt(252)
    assert figures["tracking_error"] == pytest.approx(spread)
