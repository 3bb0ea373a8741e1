"""Any text at all is either a strategy that runs to plain figures, or refused as one error."""

from __future__ import annotations

import json
import time
import warnings

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import InsufficientData, StrategyError
from quant_tui.engine import Bars, parse_document, run_backtest
from quant_tui.engine.rules import FIELDS, FUNCTIONS, Kind, format_document
from quant_tui.engine.rules.functions import AVERAGES

WORDS = [*FUNCTIONS, *FIELDS, "and", "or", "not", "if", "else", "true", "false", "lambda", "(", ")",
         "+", "-", "*", "/", "**", "%", "<", ">", "==", "!=", ",", "0", "1", "2.5", "1e9", ".", "[",
         "]", "'", "x", "close", "close", "\n", "é", "__class__"]  # fmt: skip

PIECES = ["entry", ":", " ", "\n", "- ", "{", "}", "[", "]", "close > 1", "params", "&a", "*a",
          "!!python", "|", ">", "'", '"', "#", "name", "let", "int", "default", "1", ",", "\t",
          "? ", "%", "---", "..."]  # fmt: skip

FUZZ = settings(
    max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def small_bars(rows: int = 40) -> Bars:
    random = np.random.default_rng(0)
    close = 10.0 + np.round(random.normal(0, 1, (rows, 2)), 1)
    close[5:9, 1] = np.nan
    return Bars(
        ["A", "B"], np.datetime64("2024-01-25") + np.arange(rows), close, close, close, close
    )


BARS = small_bars()


@FUZZ
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join) | st.text(max_size=80))
def test_any_text_is_refused_or_runs(text):
    began = time.thread_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            document = parse_document({"entry": text, "exit": "close < 9"})
        except StrategyError as error:
            document, columns = None, [one.column for one in error.findings]
        assert time.thread_time() - began < 1.0
        if document is None:
            assert columns
            assert all(0 <= column <= len(text) + 1 for column in columns)
            return
        try:
            json.dumps(run_backtest(BARS, document).to_document(), allow_nan=False)
        except InsufficientData:
            return


@FUZZ
@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_document_text_is_refused_or_read(text):
    try:
        document = parse_document(text)
    except StrategyError:
        return
    assert parse_document(document.canonical()).hash == document.hash
    formatted(text)


def formatted(text: str) -> None:
    """The formatter keeps the meaning and has nothing to do the second time."""
    once = format_document(text)
    again = parse_document(once)
    before = parse_document(text)
    assert again.hash == before.hash
    assert (again.name, again.description, again.tags, again.strategy_type) == (
        before.name, before.description, before.tags, before.strategy_type,
    )  # fmt: skip
    assert format_document(once) == once


WORD = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
PARAMETERS = st.one_of(
    st.tuples(st.integers(-9, 0), st.integers(1, 99)).map(
        lambda pair: {"int": list(pair), "default": 1, "step": 1, "description": "n: 'x' # y"}
    ),
    st.floats(0.001, 99).map(lambda high: {"float": [0, high], "default": 0.0005}),
    st.booleans().map(lambda truth: {"bool": truth}),
    st.sampled_from([[1, 2.5], [3]]).map(lambda given: {"choice": given, "default": given[0]}),
    st.just({"choice": ["month_start", "week_start"], "default": "week_start"}),
)
DOCUMENTS = st.fixed_dictionaries(
    {"entry": st.sampled_from(["a > b", "cross_above(a, b)", True, 'macro("CPI") > 1'])},
    optional={
        "name": WORD, "description": WORD, "tags": st.lists(WORD, max_size=3),
        "params": st.dictionaries(st.sampled_from(["p1", "p2", "p3"]), PARAMETERS),
        "exit": st.sampled_from(["a < b", "false"]),
        "stop_loss": st.sampled_from([0.1, "3 * atr() / close", "1e-3"]),
        "trailing_stop": st.just(0.25), "take_profit": st.just(2), "universe": st.just("a > 5"),
        "short_entry": st.just("a < b"), "rank": st.just("rsi(close)"),
        "sizing": st.sampled_from(["all_in", {"fraction": 0.5}, {"fixed_cash": 1000}]),
    },
)  # fmt: skip


@FUZZ
@given(DOCUMENTS, st.booleans())
def test_formatting_keeps_the_meaning(document, as_json):
    data = {"let": {"a": "close*1.0", "b": "sma( close,20 )"}, **document}
    text = json.dumps(data)
    formatted(text if as_json else yaml.safe_dump(json.loads(text), allow_unicode=True))


NUMBERS = st.sampled_from(["0", "1", "2", "0.5", "30", "n"])


def _figures(depth: int):
    leaves = st.sampled_from(["close", "open", "high", "volume", "year", "bar_number"])
    if depth == 0:
        return leaves
    inner = _figures(depth - 1)

    def call(spec):
        parts = []
        for label, kind in spec.arguments:
            low, high = spec.bounds.get(label, (1.0, 1e9))
            if kind in (Kind.WINDOW, Kind.LAG):
                given = ["1", "n"] if low <= 1 else []
                parts.append(st.sampled_from(["2", "3", "n + 1", *given]))
            elif kind is Kind.AVERAGE:
                parts.append(st.sampled_from([f'"{name}"' for name in AVERAGES]))
            elif kind is Kind.NUMBER:
                bounded = low > -1e9 or high < 1e9
                parts.append(st.sampled_from(["0.05", "0.9"]) if bounded else NUMBERS)
            elif kind is Kind.CONDITION:
                parts.append(_conditions(depth - 1))
            else:
                parts.append(inner)
        return st.tuples(*parts).map(lambda given: f"{spec.name}({', '.join(given)})")

    series = [
        spec
        for spec in FUNCTIONS.values()
        if spec.result is not Kind.CONDITION and not spec.external
    ]
    binary = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", "%"]), inner | NUMBERS)
    choice = st.tuples(inner, _conditions(depth - 1), inner)
    return (
        leaves
        | st.sampled_from(series).flatmap(call)
        | binary.map(lambda given: f"({' '.join(given)})")
        | choice.map(lambda given: f"({given[0]} if {given[1]} else {given[2]})")
    )


def _conditions(depth: int):
    leaves = st.sampled_from(["month_start", "true", "false", "close > 10"])
    if depth == 0:
        return leaves
    figures = _figures(depth - 1)
    compared = st.tuples(figures, st.sampled_from(["<", ">", "<=", "==", "!="]), figures)
    crossed = st.tuples(st.sampled_from(["cross_above", "cross_below_strict"]), figures, figures)
    joined = st.tuples(_conditions(depth - 1), st.sampled_from(["and", "or"]), leaves)
    return (
        compared.map(" ".join)
        | crossed.map(lambda given: f"{given[0]}({given[1]}, {given[2]})")
        | joined.map(lambda given: f"(not {given[0]} {given[1]} {given[2]})")
    )


@FUZZ
@given(_conditions(3), _conditions(2), _figures(2), st.integers(1, 5))
def test_any_well_formed_strategy_runs_causally_to_plain_figures(entry, exit_, rank, window):
    params = {"n": {"int": [1, 9], "default": 2}}
    rules = {"params": params, "entry": entry, "exit": exit_, "rank": rank}
    try:
        document = parse_document(rules)
        report = run_backtest(BARS, document, {"n": window})
    except InsufficientData:
        return
    except StrategyError as error:
        message = str(error)
    else:
        message = ""
    assert not message or "needs fast below slow" in message or "needs shortest" in message
    if message:
        return
    json.dumps(report.to_document(), allow_nan=False)
    again = parse_document(document.canonical())
    assert again.hash == document.hash
    fills = run_backtest(BARS, again, {"n": window}).fills
    np.testing.assert_array_equal(fills.quantity, report.fills.quantity)
    rows = 30
    try:
        cut = run_backtest(BARS.head(rows), document, {"n": window})
    except InsufficientData:
        return
    past = report.fills.row < rows
    np.testing.assert_array_equal(report.fills.row[past], cut.fills.row)
    np.testing.assert_array_equal(report.fills.price[past], cut.fills.price)
    assert report.fills.quantity[past] == pytest.approx(cut.fills.quantity, rel=1e-12)
