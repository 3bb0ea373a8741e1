"""The kernel against the naive account, over every option of fills, on generated bars."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_tui.engine import BacktestConfig, Bars
from quant_tui.engine.simulation.orders import Stops, from_signals
from quant_tui.engine.simulation.simulator import simulate
from tests.engine.naive import Naive, Signals

EXAMPLES = int(os.environ.get("QUANT_FUZZ_EXAMPLES", "0"))
CHECK = settings(
    max_examples=EXAMPLES or 300, deadline=None, derandomize=not EXAMPLES, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip

CONFIGS = st.tuples(
    st.fixed_dictionaries(
        {},
        optional={
            "commission": st.sampled_from([0.001, 0.02]),
            "commission_per_share": st.sampled_from([0.01, 0.5]),
            "commission_minimum": st.sampled_from([1.0, 500.0]),
            "slippage": st.sampled_from([0.001, 0.03]),
            "participation_cap": st.sampled_from([0.01, 0.5]),
            "borrow_rate": st.sampled_from([0.05, 1.0]),
            "cash_rate": st.sampled_from([0.03, 1.0]),
            "allow_short": st.just(True),
            "max_leverage": st.sampled_from([0.5, 2.0, 5.0]),
            "shares": st.just("whole"),
            "size_at": st.just("decision"),
            "cash_short": st.just("reject"),
            "intrabar": st.just("optimistic"),
            "finalize": st.just("close"),
            "delist_after": st.sampled_from([5, 1000]),
        },
    ),
    st.sampled_from(["next_open", "close"]),
    st.sampled_from([
        {}, {}, {"slippage_model": "spread"},
        {"slippage_model": "volume_share", "volume_impact": 0.2},
    ]),
    st.sampled_from([
        {"sizing": "all_in"}, {"sizing": "fraction", "sizing_value": 0.4},
        {"sizing": "fixed_cash", "sizing_value": 45_000.0},
        {"sizing": "fixed_shares", "sizing_value": 900.0},
    ]),
).map(lambda parts: {**parts[0], "fill": parts[1], **parts[2], **parts[3]})  # fmt: skip


@st.composite
def markets(draw) -> tuple[Bars, Signals]:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, count = draw(st.integers(2, 80)), draw(st.integers(1, 3))
    shape, swing = (rows, count), draw(st.sampled_from([0.005, 0.02, 0.1, 0.4]))
    close = 50.0 * np.exp(np.cumsum(random.normal(0, swing, shape), axis=0))
    open_ = np.vstack((close[:1], close[:-1])) * np.exp(random.normal(0, swing / 3, shape))
    high = np.maximum(open_, close) * (1 + random.uniform(0, swing, shape))
    low = np.minimum(open_, close) / (1 + random.uniform(0, swing, shape))
    volume = random.integers(0, draw(st.sampled_from([3_000, 1_000_000])), shape).astype(float)
    if draw(st.booleans()):
        volume[random.random(shape) < 0.1] = np.nan
    if draw(st.booleans()):
        holes = random.random(shape) < draw(st.sampled_from([0.1, 0.4]))
        holes[random.integers(rows), :] = False
        for values in (open_, high, low, close, volume):
            values[holes] = np.nan
    dates = np.datetime64("2024-01-29") + random.integers(1, 5, rows).cumsum()
    bars = Bars(["B", "A", "C"][:count], dates, open_, high, low, close, volume)
    often = draw(st.sampled_from([0.05, 0.3]))
    conditions = [(random.random(shape) < often) & bars.present for _ in range(4)]
    distances = []
    for _ in range(3):
        one = random.uniform(0.2, 3.0, shape) * swing
        one[random.random(shape) < 0.2] = draw(st.sampled_from([0.0, -1.0, np.nan]))
        distances.append(one if draw(st.booleans()) else np.full(shape, np.nan))
    rank = np.round(random.normal(size=shape), 1)
    return bars, Signals(*conditions, *distances, rank)


@CHECK
@given(markets(), CONFIGS)
def test_kernel_trades_as_the_naive_account_does(market, given_config):
    bars, signals = market
    config = BacktestConfig(**given_config)
    if not config.allow_short:
        never = np.zeros_like(signals.entry)
        signals.short_entry = signals.short_exit = never
    theirs = Naive(bars, config, signals)
    theirs.walk()
    orders = from_signals(
        bars, config, signals.entry, signals.exit, signals.rank,
        short_entry=signals.short_entry, short_exit=signals.short_exit,
        stops=Stops(signals.stop_loss, signals.take_profit, signals.trailing_stop),
    )  # fmt: skip
    ours = simulate(bars, config, orders, lambda _: None)
    fills = ours.fills
    found = list(zip(fills.row.tolist(), fills.symbol.tolist(), strict=True))
    assert found == [fill[:2] for fill in theirs.fills]
    scale = max(1.0, max((abs(fill[2]) for fill in theirs.fills), default=1.0))
    quantity = [fill[2] for fill in theirs.fills]
    np.testing.assert_allclose(fills.quantity, quantity, rtol=1e-9, atol=1e-12 * scale)
    np.testing.assert_allclose(fills.price, [fill[3] for fill in theirs.fills], rtol=1e-9)
    fees = [fill[4] for fill in theirs.fills]
    np.testing.assert_allclose(fills.commission, fees, rtol=1e-9, atol=1e-9)
    money = max(map(abs, [*theirs.equity, config.initial_capital]))
    np.testing.assert_allclose(ours.equity, theirs.equity, rtol=1e-9, atol=1e-9 * money)


def test_the_naive_account_is_checked_by_hand():
    """Short at 100 on half of the equity, stopped at 110 inside the second bar after."""
    close = np.array([100.0, 100.0, 104.0, 108.0])[:, None]
    high = np.array([101.0, 101.0, 105.0, 112.0])[:, None]
    bars = Bars(["A"], np.arange("2024-01-01", "2024-01-05", dtype="datetime64[D]"),
                close - 1, high, close - 2, close, np.full((4, 1), 1e6))  # fmt: skip
    never, none = np.zeros((4, 1), dtype=bool), np.full((4, 1), np.nan)
    short = np.array([[True], [False], [False], [False]])
    signals = Signals(never, never, short, never, none + 0.1, none, none, np.zeros((4, 1)))
    signals.stop_loss = np.full((4, 1), 0.1)
    config = BacktestConfig(
        allow_short=True, fill="close", sizing="fraction", sizing_value=0.5, commission=0.0
    )
    account = Naive(bars, config, signals)
    account.walk()
    assert account.fills == [(0, 0, -500.0, 100.0, 0.0), (3, 0, 500.0, pytest.approx(110.0), 0.0)]
    assert account.equity == pytest.approx([100_000.0, 100_000.0, 98_000.0, 95_000.0])
    assert not math.isnan(account.cash)
