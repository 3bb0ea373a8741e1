"""Bars with everything that goes wrong, and the comparison with single runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from quant_tui.domain.errors import QuantError
from quant_tui.engine import Bars, run_backtest, sweep

METRICS = (
    "final_value",
    "total_return",
    "cagr",
    "annual_volatility",
    "sharpe_ratio",
    "max_drawdown",
    "calmar_ratio",
    "downside_deviation",
    "sortino_ratio",
    "omega_ratio",
    "total_trades",
    "open_trades",
)


def make_bars(seed: int, rows: int, symbols: int = 1, *, gaps: bool = False, ties: bool = False):
    """Random walks; ``gaps``: halts, late listings and delistings; ``ties``: few prices."""
    random = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(random.normal(0.0002, 0.02, (rows, symbols)), axis=0))
    open_ = close * np.exp(random.normal(0, 0.01, close.shape))
    if ties:
        close, open_ = np.maximum(np.round(close / 2), 1.0), np.maximum(np.round(open_ / 2), 1.0)
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    volume = np.full(close.shape, 1e6)
    if gaps:
        holes = random.random(close.shape) < 0.05
        for column in range(symbols):
            if random.random() < 0.4:
                holes[: random.integers(1, rows // 3), column] = True
            if random.random() < 0.4:
                holes[-random.integers(1, rows // 3) :, column] = True
        for values in (open_, high, low, close, volume):
            values[holes] = np.nan
    names = [f"S{number}" for number in random.permutation(symbols)]
    dates = np.datetime64("2015-01-01") + np.arange(rows)
    return Bars(names, dates, open_, high, low, close, volume)


@pytest.fixture
def bars_of() -> Callable[..., Bars]:
    return make_bars


@pytest.fixture
def agrees() -> Callable[..., int]:
    """Compare a sweep with one run a combination; return how many combinations could run."""

    def compare(bars, strategy, grid, config=None, metrics=METRICS, **given) -> int:
        table = sweep(bars, strategy, grid, config, metrics, **given)
        ran = 0
        for number in range(len(table)):
            row = table.row(number)
            values = {name: row[name] for name in table.parameters}
            if number in table.invalid:
                with pytest.raises(QuantError) as refused:
                    run_backtest(bars, strategy, values, config, **given)
                assert table.invalid[number] == str(refused.value)
                assert [row[name] for name in table.metrics] == [None] * len(table.metrics)
                continue
            report = run_backtest(bars, strategy, values, config, **given)
            ran += 1
            single = {**report.risk_metrics, **report.performance}
            for name in metrics:
                expected, found = single[name], row[name]
                if expected is None:
                    assert found is None, (values, name, found)
                else:
                    assert found is not None, (values, name)
                    assert abs(found - expected) <= 1e-12 * max(1.0, abs(expected)), (
                        values, name, found, expected,
                    )  # fmt: skip
        return ran

    return compare
