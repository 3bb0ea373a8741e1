"""The whole run: its report, its document, its fingerprint, progress and cancelling."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from quant_tui.domain.errors import Cancelled, InsufficientData, InvalidInput, StrategyError
from quant_tui.engine import (
    ENGINE_VERSION,
    TEMPLATES,
    BacktestConfig,
    Bars,
    parse_document,
    run_backtest,
)

CONTRACT = {
    "config", "performance", "risk_metrics", "trades", "round_trips", "portfolio_value",
    "benchmark", "fingerprint", "details",
}  # fmt: skip


@pytest.mark.parametrize("strategy", [name for name in TEMPLATES if name != "ML_SIGNAL"])
@pytest.mark.parametrize("gaps", [False, True])
def test_every_template_gives_the_contracts_document(random_bars, strategy, gaps):
    bars = random_bars(11, 400, 4, gaps=gaps)
    benchmark = np.where(np.arange(400) < 5, np.nan, bars.last_close[:, 2])
    config = BacktestConfig(commission=0.001, slippage=0.001)
    report = run_backtest(bars, strategy, config=config, benchmark=benchmark)
    document = report.to_document()
    assert set(document) == CONTRACT
    again = json.loads(json.dumps(document, allow_nan=False))
    assert again["performance"]["total_return"] == report.performance["total_return"]
    assert {"total_return", "cagr", "sharpe_ratio", "sortino_ratio", "calmar_ratio",
            "max_drawdown", "win_rate", "profit_factor", "total_trades", "exposure",
            } <= set(document["performance"])  # fmt: skip
    assert {
        "annual_volatility",
        "value_at_risk",
        "conditional_value_at_risk",
        "skew",
        "kurtosis",
        "max_drawdown",
        "max_drawdown_duration",
    } <= set(document["risk_metrics"])
    for trade in document["trades"]:
        assert {"date", "symbol", "action", "quantity", "price", "commission", "slippage"} <= set(
            trade
        )
        assert trade["action"] in ("BUY", "SELL")
        assert trade["quantity"] > 0
    for trip in document["round_trips"]:
        assert {"symbol", "entry_date", "entry_price", "exit_date", "exit_price", "quantity",
                "pnl", "return", "open"} <= set(trip)  # fmt: skip
        assert trip["mae"] <= 0 <= trip["mfe"]
    assert (
        len(document["portfolio_value"]["date"]) == len(document["portfolio_value"]["value"]) == 400
    )
    assert document["portfolio_value"]["date"][0] == "2024-01-01"
    assert document["benchmark"]["value"][0] is None
    assert set(document["fingerprint"]) == {"data", "strategy", "config", "seed", "engine_version"}
    assert document["fingerprint"]["engine_version"] == ENGINE_VERSION
    assert document["config"]["annualization"] == 365.0
    undefined = {name for figures in (document["performance"], document["risk_metrics"])
                 for name, value in figures.items() if value is None}  # fmt: skip
    assert undefined == set(document["details"]["undefined"])


def test_intraday_times_are_utc(bars_of):
    dates = np.datetime64("2024-01-02T14:30", "ns") + np.arange(3) * np.timedelta64(60, "s")
    report = run_backtest(bars_of([10, 11, 12.0], dates=dates), "BUY_AND_HOLD")
    document = report.to_document()
    assert document["portfolio_value"]["date"][1] == "2024-01-02T14:31:00Z"
    assert report.config.annualization == 3 * 252


def test_the_same_run_has_the_same_fingerprint(random_bars):
    bars = random_bars(5)
    first, second = (run_backtest(bars, "SMA_CROSSOVER", {"short_window": 5}) for _ in range(2))
    assert first.to_document() == second.to_document()
    other = run_backtest(bars, "SMA_CROSSOVER", {"short_window": 6})
    costs = run_backtest(
        bars, "SMA_CROSSOVER", {"short_window": 5}, BacktestConfig(commission=0.01)
    )
    assert other.fingerprint["strategy"] != first.fingerprint["strategy"]
    assert other.fingerprint["config"] == first.fingerprint["config"]
    assert costs.fingerprint["config"] != first.fingerprint["config"]
    explicit = run_backtest(bars, "SMA_CROSSOVER", {"short_window": 5, "long_window": 50})
    assert explicit.fingerprint == first.fingerprint


def test_buy_and_hold_earns_the_price(random_bars):
    bars = random_bars(8, 200, 1)
    report = run_backtest(bars, "BUY_AND_HOLD", config=BacktestConfig(initial_capital=500.0))
    expected = 500 / bars.open[1, 0] * bars.close[1:, 0]
    np.testing.assert_allclose(report.equity_curve.value[1:], expected)


def test_momentum_holds_the_strongest(random_bars):
    bars = random_bars(4, 200, 5)
    params = {"lookback": 20, "top_n": 2, "rebalance_on": "day_start"}
    report = run_backtest(bars, "MOMENTUM", params, BacktestConfig(fill="close"))
    rise = bars.close[20:] / bars.close[:-20]
    best = set(np.argsort(-rise[-1])[:2].tolist())
    held = {}
    for symbol, position in zip(report.fills.symbol, report.fills.position, strict=True):
        held[int(symbol)] = position
    assert {symbol for symbol, position in held.items() if position > 0} == best
    assert report.equity_curve.exposure[-1] == pytest.approx(1.0)


def test_progress_rises_to_one(random_bars):
    told = []
    run_backtest(random_bars(1), "SMA_CROSSOVER", progress=lambda *step: told.append(step))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(message for _, message in told)


@pytest.mark.parametrize("after", [0, 1, 2, 4, 6])
def test_cancelling_ends_the_run(random_bars, after):
    asked = []

    def cancel() -> bool:
        asked.append(True)
        return len(asked) > after

    with pytest.raises(Cancelled):
        run_backtest(random_bars(1), "SMA_CROSSOVER", cancel=cancel)
    assert len(asked) == after + 1


def test_what_cannot_run_is_told(random_bars):
    bars = random_bars(1, 40)
    with pytest.raises(InsufficientData, match="more than 50 bars"):
        run_backtest(bars, "SMA_CROSSOVER")
    with pytest.raises(InvalidInput, match="SMA_CROSOVER") as caught:
        run_backtest(bars, "SMA_CROSOVER")
    assert "SMA_CROSSOVER" in caught.value.hint
    with pytest.raises(InvalidInput, match="short_window must be less than long_window") as caught:
        run_backtest(bars, "SMA_CROSSOVER", {"short_window": 60})
    assert caught.value.field == "short_window"
    with pytest.raises(StrategyError):
        run_backtest(bars, "entry: clse > 1")
    with pytest.raises(InvalidInput, match="shape"):
        run_backtest(bars, "BUY_AND_HOLD", benchmark=np.ones(3))
    with pytest.raises(InvalidInput, match="above zero"):
        run_backtest(bars, "BUY_AND_HOLD", benchmark=np.zeros(40))
    with pytest.raises(InvalidInput, match="strategy must be a text") as caught:
        run_backtest(bars, {"entry": "close > 1"})
    assert caught.value.field == "strategy"
    with pytest.raises(InvalidInput, match="config must be a BacktestConfig, not dict") as caught:
        run_backtest(bars, "BUY_AND_HOLD", config={"commission": 0.001})
    assert caught.value.field == "config"


def test_parameters_of_numpy_are_the_same_run(random_bars):
    bars = random_bars(1, 90)
    ours = run_backtest(bars, "SMA_CROSSOVER", {"short_window": 5, "long_window": 20})
    windows = {"short_window": np.int64(5), "long_window": np.int32(20)}
    assert run_backtest(bars, "SMA_CROSSOVER", windows).fingerprint == ours.fingerprint


def test_one_bar_is_enough_for_a_report():
    one = [10.0]
    bars = Bars(["A"], np.array(["2024-01-01"], dtype="M8[D]"), one, one, one, one, one)
    document = run_backtest(bars, "BUY_AND_HOLD").to_document()
    assert document["performance"]["sharpe_ratio"] is None
    assert document["details"]["orders"]["unfilled"] == 1
    json.dumps(document, allow_nan=False)


def test_the_engine_needs_numpy_alone():
    code = (
        "import sys, quant_tui.engine\n"
        "heavy = {'pandas', 'pydantic', 'yaml', 'scipy', 'numba', 'textual', 'duckdb', 'pymongo'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rules_of_stops_and_shorts_are_traded_and_the_bracket_is_told(bars_of):
    document = parse_document(
        {"entry": "close > 100", "stop_loss": 0.05, "take_profit": "0.05", "name": "both"}
    )
    bars = bars_of(
        [101, 100, 100, 97.0], [100, 100, 100, 100.0],
        high=[101, 100, 100, 106], low=[100, 100, 100, 94.0],
    )  # fmt: skip
    config = BacktestConfig(initial_capital=1000.0)
    report = run_backtest(bars, document, config=config)
    assert report.assumptions == 1
    assert report.bracket() == {
        "pessimistic": {"final_equity": pytest.approx(950), "total_return": pytest.approx(-0.05)},
        "optimistic": {"final_equity": pytest.approx(1050), "total_return": pytest.approx(0.05)},
    }
    details = report.to_document()["details"]
    assert details["assumptions"] == 1
    assert details["bracket"] == report.bracket()
    fill = report.to_document()["trades"][1]
    assert (fill["reason"], fill["assumed"]) == ("stop loss", True)
    plain = run_backtest(bars, parse_document({"entry": "close > 100"}), config=config)
    assert plain.assumptions == 0
    assert plain.to_document()["details"]["bracket"] is None
    both = plain.bracket()
    assert both["pessimistic"] == both["optimistic"]


def test_a_strategy_that_sells_short_needs_leave(bars_of):
    document = parse_document({"entry": "false", "short_entry": "close < 100"})
    bars = bars_of([100, 99, 90, 80.0])
    with pytest.raises(InvalidInput, match="does not allow short") as caught:
        run_backtest(bars, document)
    assert caught.value.field == "allow_short"
    report = run_backtest(bars, document, config=BacktestConfig(allow_short=True, fill="close"))
    assert report.round_trips.short.tolist() == [True]
    trip = report.to_document()["round_trips"][0]
    assert trip["short"] is True
    assert trip["return"] == pytest.approx(1 - 80 / 99)
    assert report.performance["exposure"] == pytest.approx(3 / 4)


def test_a_benchmark_that_does_not_cover_the_period_is_named(bars_of):
    document = parse_document({"entry": "close > 0"})
    bars = bars_of(np.linspace(100, 120, 30))
    none = np.full(30, np.nan)
    late, ended = none.copy(), np.linspace(50, 60, 30)
    late[5:] = ended[5:]
    ended[15:] = ended[15]
    for levels, said in (
        (none, ["The benchmark has no value in this period"]),
        (late, [f"The benchmark begins on {bars.dates[5]}"]),
        (ended, [f"The benchmark has no new value after {bars.dates[15]}"]),
        (np.linspace(50, 60, 30), []),
    ):
        found = [
            one
            for one in run_backtest(bars, document, benchmark=levels).warnings
            if "benchmark" in one
        ]
        assert len(found) == len(said)
        assert all(one.startswith(text) for one, text in zip(found, said, strict=True))


def test_ruin_is_a_warning_and_every_figure_a_number_or_none(bars_of):
    document = parse_document({"entry": "false", "short_entry": "close < 101"})
    report = run_backtest(
        bars_of([100, 150, 300, 200, 100.0]), document, config=BacktestConfig(allow_short=True)
    )
    assert any("The equity was gone on 2024-01-03" in text for text in report.warnings)
    json.dumps(report.to_document(), allow_nan=False)
    assert report.performance["total_return"] == pytest.approx(-1)


def test_a_symbol_is_bought_only_within_the_universe(bars_of):
    close = np.array([[10, 10.0], [11, 9], [12, 9], [12, 9]])
    document = parse_document({"entry": "true", "universe": "close > 10"})
    report = run_backtest(bars_of(close), document)
    assert set(report.fills.symbol.tolist()) == {0}


def test_series_from_outside_reach_the_rules(bars_of):
    document = parse_document({"entry": 'macro("CPI") > 2', "exit": 'macro("CPI") < 2'})
    bars = bars_of([10, 11, 12, 13.0])
    report = run_backtest(
        bars, document, config=BacktestConfig(fill="close"),
        inputs={'macro("CPI")': [1.0, 3.0, 3.0, 1.0]},
    )  # fmt: skip
    assert report.fills.row.tolist() == [1, 3]
