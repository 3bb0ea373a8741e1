"""Bars before the first one that is traded: they feed the rules and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine import BacktestConfig, Bars, run_backtest
from quant_tui.engine.report import Report
from quant_tui.engine.robustness.reruns import Reruns

RULES = "entry: close > sma(close, 50)\nexit: close < sma(close, 50)"
BEGIN = 60


def bars(rows: int = 300, symbols: int = 2) -> Bars:
    draw = np.random.default_rng(4)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.001, 0.01, (rows, symbols)), axis=0))
    days = np.busday_offset("2020-01-06", np.arange(rows))
    names = [f"S{at}" for at in range(symbols)]
    return Bars(names, days, close, close * 1.01, close * 0.99, close, close * 0 + 1e6)


def run(of: Bars, begin: int = 0, rules: str = RULES, **config: object) -> Report:
    made = BacktestConfig(fill="close", **config)  # type: ignore[arg-type]
    return run_backtest(of, rules, config=made, benchmark=of.close[:, 0], begin=begin)


def test_the_first_bar_can_trade_and_the_account_opens_there() -> None:
    whole, late = bars(), run(bars(), BEGIN)
    day = str(whole.dates[BEGIN])
    document = late.to_document()
    assert document["portfolio_value"]["date"][0] == day
    assert len(document["portfolio_value"]["value"]) == len(whole) - BEGIN
    assert document["trades"][0]["date"] == day
    assert document["benchmark"]["value"][0] == 100_000.0
    assert document["details"]["strategy"]["warm_up_bars"] == BEGIN
    cold = run(whole.tail(BEGIN))
    assert cold.to_document()["trades"][0]["date"] > day


def test_signals_are_those_of_all_bars_and_figures_those_of_the_traded_ones() -> None:
    """The rules' own history, given as an input, must give the same account."""
    whole = bars()
    above = np.sign(whole.close - _sma(whole.close, 50))
    late = run(whole, BEGIN)
    told = run_backtest(
        whole.tail(BEGIN), 'entry: macro("X") > 0\nexit: macro("X") < 0',
        config=BacktestConfig(fill="close"), benchmark=whole.close[BEGIN:, 0],
        inputs={'macro("X")': above[BEGIN:]},
    )  # fmt: skip
    assert late.to_document()["trades"] == told.to_document()["trades"]
    assert late.performance == told.performance
    assert late.risk_metrics == told.risk_metrics


def _sma(close: np.ndarray, window: int) -> np.ndarray:
    found = np.full_like(close, np.nan)
    views = np.lib.stride_tricks.sliding_window_view(close, window, axis=0)
    found[window - 1 :] = views.mean(axis=-1)
    return found


def test_weights_are_set_on_the_first_bar() -> None:
    late = run(bars(), BEGIN, "weight: equal_weight(close > sma(close, 50))")
    assert late.fills.row[0] == 0


def test_without_such_bars_nothing_changes() -> None:
    plain = run_backtest(bars(), RULES, config=BacktestConfig(fill="close"))
    assert plain.warm_up_bars == 0
    again = run(bars(), 0)
    assert plain.fingerprint == again.fingerprint
    assert plain.to_document()["trades"] == again.to_document()["trades"]


def test_the_fingerprint_covers_all_bars_and_where_trading_begins() -> None:
    late, later = run(bars(), BEGIN), run(bars(), BEGIN + 1)
    assert late.fingerprint["data"] == bars().content_hash == later.fingerprint["data"]
    assert late.fingerprint["config"] != later.fingerprint["config"]


@pytest.mark.parametrize("begin", [-1, 300, 1.5, True])
def test_a_row_that_is_not_there_is_refused(begin: int) -> None:
    with pytest.raises(InvalidInput, match="0 to 299") as refused:
        run(bars(), begin)
    assert refused.value.field == "begin"


def test_the_trust_card_runs_again_with_the_same_warm_up() -> None:
    late = run(bars(), BEGIN)
    again = Reruns(late).run(config=late.config)
    assert again is not None
    assert again.performance["total_return"] == late.performance["total_return"]
    assert again.performance["total_trades"] == late.performance["total_trades"]
