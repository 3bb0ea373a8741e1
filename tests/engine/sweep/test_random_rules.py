"""Random rules with random parameters over random bars agree with single runs."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_tui.engine import BacktestConfig, parse_document

SERIES = st.sampled_from(
    [
        "close", "open", "volume", "sma(close, a)", "ema(close, b)", "rolling_max(high, a)",
        "lag(close, a)", "sma(close, a) - sma(open, b)", "rsi(close, b)", "close / lag(close, 1)",
        "(close if close > open else sma(close, b))", "log(close - sma(close, a))",
        "sma(log(close - lag(close, b)), a)", "bollinger_upper(close, b, c)",
    ]
)  # fmt: skip
NUMBERS = st.sampled_from(["c", "50", "50 * c", "a + b", "1"])
OPERATORS = st.sampled_from([">", ">=", "<", "<=", "==", "!="])


def _atoms():
    side = SERIES | NUMBERS
    compared = st.builds("{} {} {}".format, SERIES, OPERATORS, side)
    turned = st.builds("{} {} {}".format, NUMBERS, OPERATORS, SERIES)
    chained = st.builds("{} {} {} {} {}".format, side, OPERATORS, SERIES, OPERATORS, side)
    crossing = st.builds(
        "cross_{}{}({}, {})".format,
        st.sampled_from(["above", "below"]),
        st.sampled_from(["", "_strict"]),
        SERIES,
        side,
    )
    plain = st.sampled_from(
        ["true", "false", "flag", "start", "month_start", "a > b", "c < 1", "defined(volume)",
         "defined(sma(close, a))"]
    )  # fmt: skip
    return compared | turned | chained | crossing | plain


CONDITIONS = st.recursive(
    _atoms(),
    lambda inner: (
        st.builds("({} and {})".format, inner, inner)
        | st.builds("({} or {} or {})".format, inner, inner, inner)
        | st.builds("not ({})".format, inner)
        | st.builds("({} if {} else {})".format, inner, inner, inner)
    ),
    max_leaves=4,
)
CONFIGS = st.fixed_dictionaries(
    {
        "fill": st.sampled_from(["next_open", "close"]),
        "shares": st.sampled_from(["fractional", "whole"]),
        "commission": st.sampled_from([0.0, 0.001, 0.02]),
        "slippage": st.sampled_from([0.0, 0.002]),
        "finalize": st.sampled_from(["mark", "close", "last_open"]),
        "initial_capital": st.sampled_from([1e5, 300.0]),
    }
)
GRID = st.fixed_dictionaries(
    {
        "a": st.lists(st.integers(1, 30), min_size=1, max_size=3, unique=True),
        "b": st.lists(st.integers(2, 60), min_size=1, max_size=2, unique=True),
        "c": st.lists(st.sampled_from([0.5, 1.0, 1.01, 2.0]), min_size=1, max_size=2),
        "flag": st.lists(st.booleans(), min_size=1, max_size=1),
        "start": st.just(["week_start"]),
    }
)


def document(entry: str, exit_: str) -> dict:
    return {
        "name": "random",
        "params": {
            "a": {"int": [1, 100], "default": 5},
            "b": {"int": [2, 100], "default": 10},
            "c": {"float": [0, 10], "default": 1.0},
            "flag": {"bool": True, "default": True},
            "start": {"choice": ["week_start", "month_start"], "default": "week_start"},
        },
        "entry": entry,
        "exit": exit_,
    }


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    entry=CONDITIONS,
    exit_=CONDITIONS,
    config=CONFIGS,
    grid=GRID,
    seed=st.integers(0, 10_000),
    symbols=st.sampled_from([1, 1, 3]),
    gaps=st.booleans(),
    ties=st.booleans(),
)
def test_hypothesis(bars_of, agrees, entry, exit_, config, grid, seed, symbols, gaps, ties) -> None:
    bars = bars_of(seed, 150, symbols, gaps=gaps, ties=ties)
    agrees(bars, parse_document(document(entry, exit_)), grid, BacktestConfig(**config))
