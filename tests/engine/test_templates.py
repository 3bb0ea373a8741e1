"""The built-in strategies: they mean what they did, trade, and never peek."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import StrategyError
from quant_tui.domain.vocabulary import StrategyType
from quant_tui.engine import TEMPLATES, parse_document, run_backtest

HASHES = {
    "SMA_CROSSOVER": "a5af6f2728483ceb",
    "RSI_MEAN_REVERSION": "0bff279f4f9a7da2",
    "MOMENTUM": "96f39b427f8a2762",
    "BUY_AND_HOLD": "19bd94bb2f1eac91",
}
"""Kept results name their strategy by these."""

RUNS = [name for name in TEMPLATES if name != "ML_SIGNAL"]


@pytest.mark.parametrize("name", HASHES)
def test_templates_of_kept_results_keep_their_hash(name):
    assert parse_document(TEMPLATES[name].document).hash.startswith(HASHES[name])


def test_every_type_but_custom_has_its_template():
    assert set(StrategyType) == {*TEMPLATES, "CUSTOM"}


@pytest.mark.parametrize("name", RUNS)
def test_templates_trade_and_do_not_know_the_future(random_bars, name):
    bars = random_bars(21, 400, 2)
    whole = run_backtest(bars, name)
    assert len(whole.fills)
    cut = run_backtest(bars.head(300), name)
    past = whole.fills.row < 300
    np.testing.assert_array_equal(whole.fills.row[past], cut.fills.row)
    np.testing.assert_allclose(whole.fills.quantity[past], cut.fills.quantity, rtol=1e-12)


def test_breakouts_are_of_the_bars_before(bars_of):
    """A high is never broken by the bar that makes it."""
    close = [10.0, 11, 10, 10, 11, 11.5, 11, 9, 9]
    bars = bars_of(close, high=[c + 0.2 for c in close], low=[c - 0.2 for c in close])
    report = run_backtest(bars, "DONCHIAN_BREAKOUT", {"entry_window": 3, "exit_window": 2})
    assert report.fills.row.tolist() == [6, 8]  # decided on 11.5 > 11.2 and 9 < 10.8
    report = run_backtest(bars.head(6), "DONCHIAN_BREAKOUT", {"entry_window": 3, "exit_window": 2})
    assert len(report.fills) == 0


def test_the_volatility_target_holds_less_of_what_moves_more(random_bars):
    report = run_backtest(random_bars(3, 200, 1), "VOLATILITY_TARGET", {"target": 0.1})
    shares = report.equity_curve.exposure[40:]
    assert 0.1 < shares.mean() < 0.6


def test_a_model_that_is_not_there_is_named_with_what_to_do(random_bars):
    with pytest.raises(StrategyError) as caught:
        run_backtest(random_bars(3, 50, 1), "ML_SIGNAL")
    assert str(caught.value) == (
        'There are no figures for model("signal@prod"). Train and promote a model of that name and'
        " alias, or give it to the run as one of its inputs."
    )
