"""Order for order against vectorbt 1.2: close fills, all in, fees of 0.001.

The figures are kept in vectorbt_reference.json; make_vectorbt_reference.py writes it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig, run_backtest

REFERENCE = json.loads(Path(__file__).with_name("vectorbt_reference.json").read_text())


@pytest.mark.parametrize(
    "theirs",
    REFERENCE,
    ids=lambda one: f"{one['series']}-{one['short_window']}-{one['long_window']}",
)
def test_orders_and_figures_are_the_same(real_bars, theirs):
    config = BacktestConfig(commission=0.001, fill="close", shares="fractional")
    params = {name: theirs[name] for name in ("short_window", "long_window")}
    report = run_backtest(real_bars(theirs["series"]), "SMA_CROSSOVER", params, config)
    fills, orders = report.fills, theirs["orders"]
    np.testing.assert_array_equal(fills.row, orders["row"])
    for name in ("quantity", "price", "commission"):
        np.testing.assert_allclose(getattr(fills, name), orders[name], rtol=1e-9)
    closed = ~report.round_trips.open
    order = np.argsort(report.round_trips.exit_row[closed])
    np.testing.assert_allclose(
        report.round_trips.pnl[closed][order], theirs["trades"]["pnl"], rtol=1e-8, atol=1e-6
    )
    np.testing.assert_allclose(
        report.round_trips.return_[closed][order], theirs["trades"]["return"], rtol=1e-8, atol=1e-12
    )
    figures = {**report.risk_metrics, **report.performance}
    for name in (
        "final_value", "total_return", "max_drawdown", "sharpe_ratio", "sortino_ratio",
        "calmar_ratio", "omega_ratio", "cagr", "annual_volatility",
    ):  # fmt: skip
        assert figures[name] == pytest.approx(theirs[name], rel=1e-9), name
