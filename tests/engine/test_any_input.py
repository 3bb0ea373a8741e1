"""Whatever is given, a run ends in plain figures that add up, or in one error for people.

By default a few hundred examples run. ``QUANT_FUZZ_EXAMPLES=20000`` with ``--timeout 0``
runs as many, from another seed each time.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import QuantError
from quant_tui.engine import TEMPLATES, BacktestConfig, Bars, parse_document, run_backtest, sweep

EXAMPLES = int(os.environ.get("QUANT_FUZZ_EXAMPLES", "0"))
FUZZ = settings(
    max_examples=EXAMPLES or 250, deadline=None, derandomize=not EXAMPLES, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip

JUNK = st.sampled_from([
    None, True, False, 0, -1, 1, 2**70, 0.5, -0.0, 1e-320, 1e308, math.nan, math.inf, -math.inf,
    "", "0.1", "auto", "close", "__class__", [], [0.1], {}, {"a": 1}, b"x", 1j,
    np.float64(0.3), np.int64(3), np.nan,
])  # fmt: skip

FIGURES = st.sampled_from([
    "close", "open", "high", "low", "volume", "sma(close, n)", "rsi(close, n)", "lag(close, n)",
    "roc(close, n)", "stddev(close, n)", "close / lag(close, 1) - 1", "1 / (close - open)",
    "close ** 3", "0 - close", "x", "rank(close)", "atr(n)", "volume * 0", "0 / volume", "n",
    "0.05", "0", "1e300 * close", "bar_number", "y",
])  # fmt: skip
CONDITIONS = st.one_of(
    st.sampled_from([
        "true", "false", "close > open", "bar_number == 1", "month_start",
        "cross_above(close, sma(close, n))", "cross_below_strict(x, y)",
    ]),
    st.tuples(FIGURES, st.sampled_from(["<", ">", "<=", ">=", "==", "!="]), FIGURES).map(" ".join),
    st.tuples(FIGURES, FIGURES).map(lambda two: f"not ({two[0]} > {two[1]}) and close > x"),
)  # fmt: skip
STOPS = st.sampled_from([0.01, 0.05, 0.5, 2.0, 0.0, "0.02", "atr(n) / close", "0.1 * y", "close"])


def usually(good, bad=JUNK, *, junk: int = 12):
    """Good values, now and then a bad one."""
    return st.sampled_from([good] * junk + [bad]).flatmap(lambda chosen: chosen)


DOCUMENTS = st.one_of(
    st.sampled_from(sorted(TEMPLATES)),
    st.fixed_dictionaries(
        {
            "entry": usually(CONDITIONS, junk=30),
            "params": st.just({
                "n": {"int": [1, 9], "default": 3}, "k": {"float": [0.0, 2.0], "default": 0.5},
            }),
            "let": st.just({"x": "sma(close, n) * k", "y": "close - lag(close, n)"}),
        },
        optional={
            "exit": usually(CONDITIONS, junk=30),
            "short_entry": usually(CONDITIONS, junk=30),
            "short_exit": usually(CONDITIONS, junk=30),
            "stop_loss": usually(STOPS, junk=30),
            "take_profit": usually(STOPS, junk=30),
            "trailing_stop": usually(STOPS, junk=30),
            "universe": usually(CONDITIONS, junk=30),
            "rank": usually(FIGURES, junk=30),
            "sizing": usually(st.sampled_from(["equal_weight", "all_in", {"fraction": 0.3}])),
        },
    ),
    st.fixed_dictionaries(
        {
            "weight": usually(FIGURES, junk=30),
            "params": st.just({"n": {"int": [1, 9], "default": 3}}),
            "let": st.just({"x": "sma(close, n)", "y": "close - x"}),
        },
        optional={
            "rebalance": usually(CONDITIONS | st.sampled_from(["week_start"]), junk=30),
            "universe": usually(CONDITIONS, junk=30),
            "stop_loss": usually(STOPS, junk=30),
        },
    ),
    usually(
        st.just({"entry": "close > open", "exit": "close < open", "rank": "volume"}),
        st.text(max_size=60)
        | st.dictionaries(st.sampled_from(["entry", "exit", "let", "params", "name", "x"]), JUNK),
        junk=2,
    ),
)  # fmt: skip

_ANY_PARAMS = st.dictionaries(
    st.sampled_from(["n", "k", "short_window", "long_window", "lookback", "nothing"]),
    st.sampled_from([1, 2, 5, 9, 0.5]) | JUNK, max_size=2,
)  # fmt: skip


def params_for(document):
    """Params that fit, now and then any at all."""
    fit = isinstance(document, dict) and "n" in str(document.get("params"))
    return usually(st.sampled_from([{}, {"n": 1}, {"n": 9}] if fit else [{}]), _ANY_PARAMS)


_VALUES = {
    "initial_capital": st.sampled_from([0.01, 1.0, 1e5, 1e15]),
    "commission": st.sampled_from([0.0, 0.001, 0.5]),
    "commission_per_share": st.sampled_from([0.0, 0.01, 100.0]),
    "commission_minimum": st.sampled_from([0.0, 1.0, 1e6]),
    "slippage_model": st.sampled_from(["fraction", "spread", "volume_share"]),
    "slippage": st.sampled_from([0.0, 0.001, 0.5]),
    "volume_impact": st.sampled_from([0.0, 0.1, 5.0]),
    "participation_cap": st.sampled_from([None, 0.001, 0.1, 1.0]),
    "borrow_rate": st.sampled_from([0.0, 0.05, 1.0]),
    "cash_rate": st.sampled_from([0.0, 0.03, 1.0]),
    "allow_short": st.booleans(),
    "max_leverage": st.sampled_from([1.0, 2.0, 10.0, 0.5]),
    "fill": st.sampled_from(["next_open", "close"]),
    "shares": st.sampled_from(["fractional", "whole"]),
    "sizing": st.sampled_from(["auto", "all_in", "equal_weight"]),
    "sizing_window": st.sampled_from([2, 20]),
    "size_at": st.sampled_from(["fill", "decision"]),
    "cash_short": st.sampled_from(["cut", "reject"]),
    "intrabar": st.sampled_from(["pessimistic", "optimistic"]),
    "finalize": st.sampled_from(["mark", "close", "last_open"]),
    "delist_after": st.sampled_from([1, 3, 1000]),
    "annualization": st.sampled_from([None, 252.0, 1e-3, 1e8]),
    "risk_free": st.sampled_from([0.0, 0.03, -0.99, 1.0]),
    "seed": st.sampled_from([0, 7]),
}
_SIZED = st.sampled_from([
    {"sizing": "fraction", "sizing_value": 0.4}, {"sizing": "fixed_cash", "sizing_value": 5e4},
    {"sizing": "fixed_shares", "sizing_value": 30.0},
    {"sizing": "volatility_target", "sizing_value": 0.2}, {},
])  # fmt: skip
CONFIGS = st.tuples(
    st.fixed_dictionaries(
        {},
        optional={
            field.name: usually(_VALUES[field.name], junk=60)
            for field in dataclasses.fields(BacktestConfig)
            if field.name in _VALUES
        },
    ),
    usually(_SIZED, st.just({"sizing_value": 0.4})),
).map(lambda two: {**two[0], **two[1]})


@st.composite
def messy_bars(draw) -> Bars:
    """Raise QuantError for what cannot be bars; otherwise jumpy, holed, flat or tiny ones."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, count = draw(st.integers(1, 60)), draw(st.integers(1, 3))
    jump = draw(st.sampled_from([0.0, 0.01, 0.3, 3.0]))
    level = draw(st.sampled_from([1e-6, 0.01, 20.0, 1e9]))
    close = level * np.exp(np.cumsum(random.normal(0, jump, (rows, count)), axis=0))
    if draw(st.booleans()):
        close = np.maximum(np.round(close, 2), 0.01)
    open_ = close * np.exp(random.normal(0, jump / 2, close.shape))
    high = np.maximum(open_, close) * (1 + random.uniform(0, jump, close.shape))
    low = np.minimum(open_, close) / (1 + random.uniform(0, jump, close.shape))
    volume = random.integers(0, 1000, close.shape).astype(float)
    prices = [open_, high, low, close]
    if draw(st.booleans()):
        holes = random.random(close.shape) < draw(st.sampled_from([0.1, 0.6]))
        for values in prices:
            values[holes] = np.nan
    if draw(st.sampled_from([False] * 15 + [True])):
        spot = (random.integers(rows), random.integers(count))
        bad = draw(st.sampled_from([0.0, -1.0, np.nan, np.inf, 1e308, 1e-308]))
        draw(st.sampled_from([*prices, volume]))[spot] = bad
    unit = draw(st.sampled_from(["D", "m", "s"]))
    steps = random.integers(draw(st.sampled_from([1] * 15 + [0])), 5, rows).cumsum()
    dates = np.datetime64("2024-01-29", unit) + steps
    name = draw(st.sampled_from(["A", "Z", "é", "a b"] * 5 + [""]))
    names = [name * (place + 1) for place in range(count)]
    return Bars(names, dates, *prices, draw(st.sampled_from([None, volume])))


@FUZZ
@given(st.data(), DOCUMENTS, CONFIGS)
def test_any_input_ends_in_an_error_for_people_or_in_figures_that_add_up(data, document, config):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            bars = data.draw(messy_bars())
            params = data.draw(params_for(document))
            if not (isinstance(document, str) and document in TEMPLATES):
                document = parse_document(document)
            levels = data.draw(st.sampled_from([None, bars.close[:, 0]]))
            report = run_backtest(
                bars, document, params, BacktestConfig.from_document(config), benchmark=levels
            )
        except QuantError:
            return
        check(report)


_GRIDS = st.fixed_dictionaries(
    {"n": usually(st.sampled_from([[1, 3], [2], [9, 5, 1]]), JUNK | st.lists(JUNK, max_size=2))},
    optional={"k": usually(st.sampled_from([[0.5], [0.0, 2.0]]), JUNK)},
)
_PRICES = ("open", "high", "low", "close")  # messy bars may open below their low
_METRICS = ("total_return", "sharpe_ratio", "max_drawdown", "total_trades", "final_value")


@settings(FUZZ, max_examples=EXAMPLES or 60)
@given(st.data(), DOCUMENTS, CONFIGS, _GRIDS)
def test_any_sweep_ends_in_an_error_for_people_or_in_the_figures_of_single_runs(
    data, document, config, grid
):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            bars = data.draw(messy_bars())
            if not (isinstance(document, str) and document in TEMPLATES):
                document = parse_document(document)
            terms = BacktestConfig.from_document(config)
            table = sweep(bars, document, grid, config=terms, metrics=_METRICS)
        except QuantError:
            return
        for row in range(len(table)):
            params = {name: table[name][row].item() for name in grid}
            try:
                report = run_backtest(bars, document, params, terms)
            except QuantError:
                assert all(np.isnan(table[name][row]) for name in _METRICS)
                continue
            for name in _METRICS:
                single = {**report.risk_metrics, **report.performance}[name]
                if single is None:
                    assert np.isnan(table[name][row]), name
                else:
                    assert table[name][row] == pytest.approx(single, rel=1e-9, abs=1e-9), name


def check(report) -> None:
    """Refuse what is no JSON, and figures that contradict one another."""
    json.dumps(report.to_document(), allow_nan=False)
    figures = {**report.performance, **report.risk_metrics}
    for name, value in figures.items():
        assert (value is None) == (name in report.undefined), name
    bars, fills, curve = report.bars, report.fills, report.equity_curve
    assert np.isfinite(curve.value).all()
    assert figures["final_value"] == curve.value[-1]
    capital = report.config.initial_capital
    assert figures["total_return"] == pytest.approx(curve.value[-1] / capital - 1, abs=1e-12)
    held = np.zeros(len(bars.symbols))
    np.add.at(held, fills.symbol, fills.quantity)
    worth = (held * np.nan_to_num(bars.last_close[-1])).sum()
    turned = capital + (np.abs(fills.quantity) * fills.price).sum()
    assert curve.value[-1] - curve.cash[-1] == pytest.approx(worth, rel=1e-9, abs=1e-9 * turned)
    rates = [getattr(report.config, name, 0.0) for name in ("borrow_rate", "cash_rate")]
    if not any(rates):
        cash = capital - (fills.quantity * fills.price).sum() - fills.commission.sum()
        assert curve.cash[-1] == pytest.approx(cash, abs=1e-9 * turned)
    prices = [getattr(bars, name)[fills.row, fills.symbol] for name in _PRICES]
    assert (fills.reference >= np.min(prices, axis=0, initial=np.inf) * (1 - 1e-12)).all()
    assert (fills.reference <= np.max(prices, axis=0, initial=0.0) * (1 + 1e-12)).all()
    if report.config.shares == "whole":
        assert (fills.quantity == np.round(fills.quantity)).all()


@pytest.mark.parametrize("price", [1e308, 1e16, 1e-13, 1e-308])
def test_prices_whose_squares_would_overflow_are_refused(price):
    """Found here: they ended in infinite figures."""
    close = np.array([1.0, price, 1.0])
    dates = np.arange("2024-01-01", "2024-01-04", dtype="datetime64[D]")
    with pytest.raises(QuantError, match="2024-01-02: open must be a finite price above zero"):
        Bars(["A"], dates, close, close, close, close)
