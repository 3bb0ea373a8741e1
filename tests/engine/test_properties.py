"""What holds for any prices, any strategy and any costs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import InsufficientData
from quant_tui.engine import BacktestConfig, Bars, parse_document, run_backtest

RULES = [
    {"entry": "close > sma(close, 3)", "exit": "close < sma(close, 3)", "rank": "roc(close, 2)"},
    {"entry": "rsi(close, 3) < 40", "exit": "rsi(close, 3) > 60"},
    {"entry": "cross_above(sma(close, 2), sma(close, 5))", "exit": "close < lag(close, 2)"},
    {"entry": "true", "exit": "close < open", "sizing": "equal_weight"},
    {"weight": "equal_weight(rank(roc(close, 3)) <= 2)", "rebalance": "week_start"},
    {"weight": "0.3 if close > open else 0.1"},
]
DOCUMENTS = [parse_document(rules) for rules in RULES]

CONFIGS = st.builds(
    dict,
    commission=st.sampled_from([0.0, 0.001, 0.05]),
    slippage=st.sampled_from([0.0, 0.01]),
    fill=st.sampled_from(["next_open", "close"]),
    shares=st.sampled_from(["fractional", "whole"]),
    finalize=st.sampled_from(["mark", "close", "last_open"]),
    size_at=st.sampled_from(["fill", "decision"]),
    cash_short=st.sampled_from(["cut", "reject"]),
    sizing=st.sampled_from(["auto", "all_in", "equal_weight"]),
)


@st.composite
def random_bars(draw, gaps: bool = True) -> Bars:
    seed = draw(st.integers(0, 2**32 - 1))
    rows = draw(st.integers(1, 60))
    count = draw(st.integers(1, 4))
    volatility = draw(st.sampled_from([0.0, 0.001, 0.03, 0.5]))
    random = np.random.default_rng(seed)
    close = 20.0 * np.exp(np.cumsum(random.normal(0, volatility, (rows, count)), axis=0))
    open_ = close * np.exp(random.normal(0, volatility / 2, close.shape))
    high = np.maximum(open_, close) * (1 + random.uniform(0, volatility, close.shape))
    low = np.minimum(open_, close) / (1 + random.uniform(0, volatility, close.shape))
    if gaps and draw(st.booleans()):
        holes = random.random(close.shape) < draw(st.sampled_from([0.05, 0.5]))
        starts, stops = random.integers(0, rows, count), random.integers(1, rows + 1, count)
        where = np.arange(rows)[:, None]
        holes |= (where < np.minimum(starts, stops - 1)) | (where >= np.maximum(starts + 1, stops))
        holes[random.integers(0, rows, count), np.arange(count)] = False
        for values in (open_, high, low, close):
            values[holes] = np.nan
    dates = np.datetime64("2024-01-29") + np.arange(rows)
    names = [f"S{column}" for column in range(count)]
    return Bars(names, dates, open_, high, low, close, np.full(close.shape, 10.0))


def attempt(bars, document, config):
    try:
        return run_backtest(bars, document, config=BacktestConfig(**config))
    except InsufficientData:
        return None


MANY = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
SOME = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@MANY
@given(random_bars(), st.sampled_from(DOCUMENTS), CONFIGS)
def test_cash_is_conserved_and_fills_lie_in_their_bars(bars, document, config):
    report = attempt(bars, document, config)
    if report is None:
        return
    fills, curve = report.fills, report.equity_curve
    cash, held = 100_000.0, np.zeros(len(bars.symbols))
    for place in range(len(fills)):
        symbol, quantity = fills.symbol[place], fills.quantity[place]
        cash -= quantity * fills.price[place] + fills.commission[place]
        held[symbol] += quantity
        assert held[symbol] >= -1e-9
        assert cash >= -1e-4
        assert fills.cash[place] == pytest.approx(cash, abs=1e-4)
        assert fills.position[place] == pytest.approx(held[symbol], abs=1e-6)
        row = fills.row[place]
        low, high = bars.low[row, symbol], bars.high[row, symbol]
        assert low * (1 - 1e-12) <= fills.reference[place] <= high * (1 + 1e-12)
        if config["shares"] == "whole":
            assert quantity == round(quantity)
    value = cash + (held * np.nan_to_num(bars.last_close[-1])).sum()
    assert curve.value[-1] == pytest.approx(value, rel=1e-9)
    assert (np.diff(fills.row) >= 0).all()
    assert (curve.cash >= 0).all()
    assert (curve.exposure <= 1 + 1e-9).all()
    assert report.round_trips.pnl.sum() == pytest.approx(value - 100_000.0, abs=1e-4)
    assert (report.drawdown <= 0).all()


@MANY
@given(random_bars(), st.sampled_from(DOCUMENTS), CONFIGS)
def test_documents_are_always_plain_json(bars, document, config):
    report = attempt(bars, document, config)
    if report is not None:
        text = json.dumps(report.to_document(), allow_nan=False)
        assert "NaN" not in text
        assert "Infinity" not in text


@SOME
@given(random_bars(), st.sampled_from(DOCUMENTS), CONFIGS, st.sampled_from([0.25, 2.0, 64.0]))
def test_scaling_prices_and_capital_scales_money(bars, document, config, factor):
    """A power of two scales without rounding, so that even ties fall alike."""
    whole = {**config, "shares": "fractional"}
    first = attempt(bars, document, whole)
    if first is None:
        return
    scaled = Bars(bars.symbols, bars.dates, *(
        getattr(bars, name) * factor for name in ("open", "high", "low", "close")
    ), bars.volume)  # fmt: skip
    second = attempt(scaled, document, {**whole, "initial_capital": 100_000.0 * factor})
    np.testing.assert_array_equal(first.fills.row, second.fills.row)
    np.testing.assert_allclose(first.fills.quantity, second.fills.quantity, rtol=1e-9)
    np.testing.assert_allclose(
        first.equity_curve.value * factor, second.equity_curve.value, rtol=1e-9
    )


@SOME
@given(random_bars(), st.sampled_from(DOCUMENTS), CONFIGS, st.randoms(use_true_random=False))
def test_permuting_symbols_changes_nothing(bars, document, config, random):
    first = attempt(bars, document, config)
    if first is None:
        return
    order = list(range(len(bars.symbols)))
    random.shuffle(order)
    turned = Bars([bars.symbols[column] for column in order], bars.dates, *(
        getattr(bars, name)[:, order] for name in ("open", "high", "low", "close", "volume")
    ))  # fmt: skip
    assert attempt(turned, document, config).to_document() == first.to_document()


@SOME
@given(random_bars(), st.sampled_from(DOCUMENTS), CONFIGS, st.data())
def test_truncation_never_changes_the_past(bars, document, config, data):
    """Forced sales at the end or of what stopped trading are no decisions."""
    config = {**config, "finalize": "mark"}
    whole = attempt(bars, document, {**config, "delist_after": 1_000})
    if whole is None:
        return
    rows = data.draw(st.integers(1, len(bars)))
    if bars.first_row.max() >= rows:
        return
    part = bars.head(rows)
    cut = attempt(part, document, {**config, "delist_after": 1_000})
    if cut is None:
        assert not (whole.fills.decided_row < rows).any()
        return
    past = whole.fills.row < rows
    for name in ("row", "symbol", "quantity", "price", "cash"):
        np.testing.assert_array_equal(getattr(whole.fills, name)[past], getattr(cut.fills, name))
    np.testing.assert_array_equal(whole.equity_curve.value[:rows], cut.equity_curve.value)
    np.testing.assert_array_equal(whole.metrics.returns[:rows], cut.metrics.returns)
