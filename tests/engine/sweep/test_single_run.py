"""Every figure of a sweep is that of a single run with the same values."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig

SMA = {"short_window": [1, 3, 8, 20], "long_window": [2, 8, 21, 55]}
CONFIGS = [
    {},
    {"fill": "close", "commission": 0.001},
    {"shares": "whole", "commission": 0.002, "slippage": 0.001},
    {"fill": "close", "shares": "whole", "initial_capital": 700.0},
    {"sizing": "fraction", "sizing_value": 0.6, "slippage": 0.002, "finalize": "close"},
    {"sizing": "fixed_cash", "sizing_value": 60_000.0, "finalize": "last_open"},
    {"sizing": "fixed_shares", "sizing_value": 900.0, "cash_short": "reject", "shares": "whole"},
    {"risk_free": 0.03, "annualization": 365.0, "slippage": 0.003, "finalize": "last_open"},
]


@pytest.mark.parametrize("given", CONFIGS, ids=lambda given: "-".join(map(str, given.values())))
@pytest.mark.parametrize(
    "kind", [{}, {"gaps": True}, {"ties": True}], ids=["plain", "gaps", "ties"]
)
def test_one_symbol(bars_of, agrees, given, kind) -> None:
    bars = bars_of(3, 320, **kind)
    assert agrees(bars, "SMA_CROSSOVER", SMA, BacktestConfig(**given)) > 8


@pytest.mark.parametrize("given", CONFIGS, ids=lambda given: "-".join(map(str, given.values())))
@pytest.mark.parametrize("kind", [{}, {"gaps": True}], ids=["plain", "gaps"])
def test_symbols_that_share_cash(bars_of, agrees, given, kind) -> None:
    bars = bars_of(5, 260, 4, **kind)
    assert agrees(bars, "SMA_CROSSOVER", SMA, BacktestConfig(**given)) > 8


@pytest.mark.parametrize("symbols", [1, 3])
@pytest.mark.parametrize("size_at", ["fill", "decision"])
def test_bars_that_only_warm_up(bars_of, agrees, symbols, size_at) -> None:
    bars = bars_of(12, 260, symbols, gaps=symbols > 1)
    for begin in (1, 70, 150):
        assert agrees(bars, "SMA_CROSSOVER", SMA, BacktestConfig(size_at=size_at), begin=begin) > 8


def test_series_from_outside(bars_of, agrees) -> None:
    rules = """
params: {window: {int: [1, 100], default: 10}}
entry: sma(macro("CPI"), window) > 0
exit: macro("CPI") < 0
"""
    bars = bars_of(1, 150, gaps=True)
    figures = np.sin(np.arange(150) / 7.0)
    figures[:9] = np.nan
    assert agrees(bars, rules, {"window": [1, 4, 9]}, inputs={'macro("CPI")': figures}) == 3
