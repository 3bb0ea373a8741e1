"""What holds for any prices, any strategy and any costs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import InsufficientData
from quant_tui.engine import BacktestConfig, Bars, parse_document, run_backtest
from quant_tui.engine.simulation import kernel

RULES = [
    {"entry": "close > sma(close, 3)", "exit": "close < sma(close, 3)", "rank": "roc(close, 2)"},
    {"entry": "rsi(close, 3) < 40", "exit": "rsi(close, 3) > 60"},
    {"entry": "cross_above(sma(close, 2), sma(close, 5))", "exit": "close < lag(close, 2)"},
    {"entry": "true", "exit": "close < open", "sizing": "equal_weight"},
    {"weight": "equal_weight(rank(roc(close, 3)) <= 2)", "rebalance": "week_start"},
    {"weight": "0.3 if close > open else 0.1"},
]
DOCUMENTS = [parse_document(rules) for rules in RULES]


def with_rules(rules, **more):
    return parse_document({**rules, **more})


DOCUMENTS += [
    with_rules(RULES[0], stop_loss=0.02, take_profit=0.03),
    with_rules(RULES[1], trailing_stop=0.03),
    with_rules(RULES[3], stop_loss=0.01),
    with_rules(RULES[1], take_profit=0.02, universe="close > 18"),
]
"""Long only."""

BOTH_SIDES = [
    *DOCUMENTS,
    with_rules(RULES[0], short_entry="close < sma(close, 3)", short_exit="close > lag(close, 1)"),
    with_rules(
        RULES[2], short_entry="close < lag(close, 2)", short_exit="false",
        stop_loss=0.04, take_profit=0.05, trailing_stop=0.03,
    ),
    with_rules(RULES[3], short_entry="close > open", stop_loss=0.05),
    with_rules(RULES[4], weight="0.6 if close > open else -0.7"),
]  # fmt: skip

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
    intrabar=st.sampled_from(["pessimistic", "optimistic"]),
    slippage_model=st.sampled_from(["fraction", "spread"]),
    participation_cap=st.sampled_from([None, None, 0.1, 1.0]),
)
"""Where cash never falls below zero."""

ANY_CONFIGS = st.builds(
    lambda plain, more: {**plain, **more},
    CONFIGS,
    st.fixed_dictionaries(
        {
            "allow_short": st.just(True),
            "max_leverage": st.sampled_from([0.5, 1.0, 3.0]),
            "borrow_rate": st.sampled_from([0.0, 0.5]),
            "cash_rate": st.sampled_from([0.0, 0.3]),
            "commission_per_share": st.sampled_from([0.0, 0.05]),
            "commission_minimum": st.sampled_from([0.0, 25.0]),
        },
    ),
)
ANY_CONFIGS = st.one_of(
    ANY_CONFIGS,
    ANY_CONFIGS.map(
        lambda config: {**config, "slippage_model": "volume_share", "volume_impact": 0.1}
    ),
    ANY_CONFIGS.map(
        lambda config: {
            **config, "sizing": "volatility_target", "sizing_value": 0.4, "sizing_window": 3,
        }
    ),
)  # fmt: skip


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
    volume = np.round(random.lognormal(7.0, 2.0, close.shape))
    volume[random.random(close.shape) < 0.05] = np.nan
    return Bars(names, dates, open_, high, low, close, volume)


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
@given(random_bars(), st.sampled_from(BOTH_SIDES), ANY_CONFIGS)
def test_money_is_accounted_for_with_shorts_debt_and_interest(bars, document, config):
    report = attempt(bars, document, config)
    if report is None:
        return
    fills, curve, trips = report.fills, report.equity_curve, report.round_trips
    assert np.isfinite(curve.value).all()
    costs = fills.commission.sum() + report.borrowing_costs - report.interest
    flow = (fills.quantity * fills.price).sum()
    held = np.zeros(len(bars.symbols))
    np.add.at(held, fills.symbol, fills.quantity)
    worth = (held * np.nan_to_num(bars.last_close[-1])).sum()
    close = {"rel": 1e-9, "abs": 1e-4}
    assert curve.cash[-1] == pytest.approx(100_000.0 - flow - costs, **close)
    assert curve.value[-1] == pytest.approx(curve.cash[-1] + worth, **close)
    won = trips.pnl.sum() + report.interest
    assert won == pytest.approx(curve.value[-1] - 100_000.0, **close)
    assert (trips.mae <= 0).all()
    assert (trips.mfe >= 0).all()
    own = fills.kind < kernel.RUIN
    row, column = fills.row[own], fills.symbol[own]
    low, high = bars.low[row, column], bars.high[row, column]
    assert (low * (1 - 1e-12) <= fills.reference[own]).all()
    assert (fills.reference[own] <= high * (1 + 1e-12)).all()
    worse = np.sign(fills.quantity) * (fills.price - fills.reference)
    assert (worse >= 0).all()


@SOME
@given(random_bars(), st.sampled_from(BOTH_SIDES), ANY_CONFIGS)
def test_positions_are_opened_within_the_leverage(bars, document, config):
    report = attempt(bars, document, {**config, "participation_cap": None})
    if report is None:
        return
    fills = report.fills
    cash, held = 100_000.0, np.zeros(len(bars.symbols))
    if config["cash_rate"] or config["borrow_rate"]:
        return
    for place in range(len(fills)):
        row, symbol = fills.row[place], fills.symbol[place]
        before = abs(held[symbol])
        held[symbol] = fills.position[place]
        cash = fills.cash[place]
        at_open = config["fill"] == "next_open" and fills.kind[place] < kernel.STOP_LOSS
        marks = bars.last_close[row] if not at_open else np.where(
            bars.present[row], bars.open[row], bars.last_close[max(row - 1, 0)]
        )  # fmt: skip
        values = held * np.nan_to_num(marks)
        if abs(held[symbol]) > before:
            equity = cash + values.sum()
            assert np.abs(values).sum() <= equity * config["max_leverage"] + 1e-3


@MANY
@given(random_bars(), st.sampled_from(BOTH_SIDES), ANY_CONFIGS)
def test_documents_are_always_plain_json(bars, document, config):
    report = attempt(bars, document, config)
    if report is not None:
        text = json.dumps(report.to_document(), allow_nan=False)
        assert "NaN" not in text
        assert "Infinity" not in text


WITHOUT_PRICES = [one for one in BOTH_SIDES if "universe" not in one.rules]
"""Those whose rules name no price, which would have to be scaled too."""


@SOME
@given(
    random_bars(), st.sampled_from(WITHOUT_PRICES), ANY_CONFIGS, st.sampled_from([0.25, 2.0, 64.0])
)
def test_scaling_prices_and_capital_scales_money(bars, document, config, factor):
    """A power of two scales without rounding, so that even ties fall alike."""
    whole = {**config, "shares": "fractional"}
    fees = ("commission_minimum", "commission_per_share")
    scaled_fees = {name: whole[name] * factor for name in fees}
    first = attempt(bars, document, whole)
    if first is None:
        return
    scaled = Bars(bars.symbols, bars.dates, *(
        getattr(bars, name) * factor for name in ("open", "high", "low", "close")
    ), bars.volume)  # fmt: skip
    second = attempt(
        scaled, document, {**whole, **scaled_fees, "initial_capital": 100_000.0 * factor}
    )
    np.testing.assert_array_equal(first.fills.row, second.fills.row)
    np.testing.assert_allclose(first.fills.quantity, second.fills.quantity, rtol=1e-9)
    np.testing.assert_allclose(
        first.equity_curve.value * factor, second.equity_curve.value, rtol=1e-9
    )


@SOME
@given(random_bars(), st.sampled_from(BOTH_SIDES), ANY_CONFIGS, st.randoms(use_true_random=False))
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
@given(random_bars(), st.sampled_from(BOTH_SIDES), ANY_CONFIGS, st.data())
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
    if cut is None:  # one side may have acted before the other was warm, which a run asks for
        assert part.present.sum(axis=0).max() <= whole.warm_up
        return
    past = whole.fills.row < rows
    for name in ("row", "symbol", "quantity", "price", "cash"):
        np.testing.assert_array_equal(getattr(whole.fills, name)[past], getattr(cut.fills, name))
    np.testing.assert_array_equal(whole.equity_curve.value[:rows], cut.equity_curve.value)
    np.testing.assert_array_equal(whole.metrics.returns[:rows], cut.metrics.returns)


@SOME
@given(
    random_bars(gaps=False), st.floats(0.005, 0.2), st.floats(0.005, 0.2), st.booleans(), CONFIGS
)
def test_one_long_trade_is_never_better_under_the_pessimistic_assumption(
    bars, near, far, trailing, config
):
    key = "trailing_stop" if trailing else "stop_loss"
    document = with_rules({"entry": "bar_number == 1"}, **{key: near, "take_profit": far})
    one = Bars(bars.symbols[:1], bars.dates, *(
        getattr(bars, name)[:, :1] for name in ("open", "high", "low", "close", "volume")
    ))  # fmt: skip
    config = {**config, "participation_cap": None, "intrabar": "pessimistic"}
    report = attempt(one, document, config)
    if report is None:
        return
    better = attempt(one, document, {**config, "intrabar": "optimistic"})
    final, bracket = report.equity_curve.value[-1], report.bracket()
    assert final <= better.equity_curve.value[-1]
    assert bracket == better.bracket()
    assert bracket["pessimistic"]["final_equity"] == final
    assert bracket["optimistic"]["final_equity"] == better.equity_curve.value[-1]
    if report.assumptions == 0:
        assert final == better.equity_curve.value[-1]
