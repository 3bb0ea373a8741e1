"""The rule language: what it accepts, what it says, what it means."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quant_tui.domain.errors import InvalidInput, StrategyError
from quant_tui.engine import TEMPLATES, Bars
from quant_tui.engine.rules import (
    FIELDS,
    FUNCTIONS,
    check,
    parse_document,
    resolve_parameters,
    validate_parameters,
    warm_up,
)
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.interpreter import Interpreter

CROSSOVER = """
# a comment of YAML
name: My crossover
params:
  short_window: {int: [5, 50], default: 20}
  long_window: {int: [20, 200], default: 50, step: 5, description: slow one}
constraints: ["short_window < long_window"]
let: {fast: "sma(close, short_window)", slow: "sma(close,long_window)"}
entry: "cross_above(fast, slow)"
exit: "cross_below( fast , slow )"
"""


def series(bars: Bars, expression: str, **lets: str) -> list[float]:
    document = parse_document({"let": {**lets, "it": expression}, "entry": "it == it"})
    found = Interpreter(Frame(bars), document.lets, {}).series(document.lets["it"])
    return found[:, 0].tolist() if found.shape[1] == 1 else found.tolist()


def signal(bars: Bars, expression: str) -> list[int]:
    document = parse_document({"entry": expression})
    found = Interpreter(Frame(bars), {}, {}).signal(document.rules["entry"])
    return found[:, 0].astype(int).tolist() if found.shape[1] == 1 else found.astype(int).tolist()


def same(found, expected) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, equal_nan=True)


NAN = float("nan")


def test_a_document_in_text_and_in_data_is_the_same():
    document = parse_document(CROSSOVER)
    assert document.name == "My crossover"
    assert document.warm_up() == 50
    assert document.warm_up({"long_window": 120}) == 120
    again = parse_document(document.to_document())
    assert again.canonical() == document.canonical()
    assert parse_document(document.canonical()).hash == document.hash
    assert json.loads(document.canonical())["exit"] == "cross_below(fast, slow)"
    assert document.parameters["long_window"].to_document() == {
        "type": "int", "default": 50, "low": 20, "high": 200, "step": 5, "description": "slow one",
    }  # fmt: skip


def test_the_hash_follows_the_meaning():
    document = parse_document(CROSSOVER)
    renamed = parse_document(CROSSOVER.replace("My crossover", "Other").replace("slow one", "x"))
    spaced = parse_document(
        CROSSOVER.replace("cross_below( fast , slow )", "cross_below(fast,slow)")
    )
    changed = parse_document(CROSSOVER.replace("cross_below( fast", "cross_below( close"))
    assert renamed.hash == spaced.hash == document.hash
    assert changed.hash != document.hash


@pytest.mark.parametrize(
    ("document", "place", "column", "message", "suggestion"),
    [
        ({"entry": "clse > 5"}, "entry", 1, "there is no clse", "did you mean close?"),
        ({"entry": "close > smaa(close, 5)"}, "entry", 9, "no function smaa", "did you mean sma?"),
        ({"entry": "close > sma(5, 20)"}, "entry", 13, "x of sma must be a series", "name a price"),
        ({"entry": "close > sma(close)"}, "entry", 9, "takes 2 argument(s), 1 given", "write sma("),
        ({"entry": "sma > 5"}, "entry", 1, "sma is a function", "write sma(x: series"),
        ({"entry": "close(5) > 1"}, "entry", 1, "close is not a function", ""),
        ({"entry": "(close > 5) + 1 > 2"}, "entry", 2, "a condition stands where a figure", "1 if"),
        ({"entry": "close and open"}, "entry", 1, "where a condition belongs", "compare it"),
        ({"entry": "close"}, "entry", 1, "must be a condition, this is a series", "compare"),
        ({"entry": "Close > 5"}, "entry", 1, "names are lower case", "write close"),
        ({"entry": "close > 5 &"}, "entry", 11, "not part of the rule language", "write and"),
        ({"entry": "close >"}, "entry", 7, "cannot be read", ""),
        ({"entry": "True"}, "entry", 1, "True is not a name", "write true"),
        ({"entry": "close > 0", "exti": "close < 0"}, "exti", 0, "not a key", "did you mean exit?"),
        ({"entry": "a > 0", "let": {"a": "b", "b": "a"}}, "let.b", 1, "defined by itself", ""),
        ({"entry": "close > 0", "params": {"p": {"int": [1, 5]}}}, "params.p", 0, "default", ""),
        ({"entry": "close > 0", "params": {"p": {"int": [1, 5], "default": 9}}}, "params.p", 0,
         "from 1 to 5", ""),
        ({"entry": "close > 0", "params": {"p": {"int": [5, 1], "default": 3}}}, "params.p", 0,
         "low is above", ""),
        ({"entry": "close > 0", "params": {"p": {"imt": [1, 5], "default": 3}}}, "params.p", 0,
         "unknown key", "did you mean int?"),
        ({"entry": "close > 0", "constraints": ["close > 1"]}, "constraints.0",
         1, "must compare parameters", ""),
        ({"entry": "macd(close, 26, 12) > 0"}, "entry", 1, "fast below slow", ""),
        ({"entry": "close > (open > 1 if high > 1 else 2)"}, "entry", 10, "both sides", ""),
        ({"weight": "1", "rebalance": "5"}, "rebalance", 1, "must be a condition", ""),
        ({"entry": "true", "rebalance": "month_start"}, "rebalance", 0, "goes with weight", ""),
        ({"entry": "true", "sizing": "kelly"}, "sizing", 0, "must be one of", ""),
        ({"entry": "true", "sizing": {"fraction": 2}}, "sizing", 0, "write {fraction", ""),
        ({"entry": "true", "stop_loss": 5}, "stop_loss", 1, "below 1, not 5", "write 0.05 for 5 %"),
        ({"entry": "true", "trailing_stop": "1 - 1"}, "trailing_stop", 1, "above 0", "leave"),
        ({"entry": "true", "take_profit": "-0.1"}, "take_profit", 1, "above 0, not -0.1", "leave"),
        ({"entry": "true", "take_profit": "close > 1"}, "take_profit", 1, "must be a number", ""),
        ({"entry": "true", "universe": "volume"}, "universe", 1, "must be a condition", "compare"),
        ({"entry": "true", "short_exit": "true"}, "short_exit", 0, "goes with short_entry", ""),
        ({"short_entry": "true"}, "entry", 0, "is missing", "entry: false"),
        ({"weight": "1", "short_entry": "true"}, "short_entry", 0, "either weight, or", ""),
        ({"weight": "1", "take_profit": "0.1"}, "take_profit", 0, "either weight, or", ""),
        ({"entry": "close >\n  clse"}, "entry", 11, "there is no clse", "did you mean close?"),
    ],
)  # fmt: skip
def test_findings_name_place_column_and_way_out(document, place, column, message, suggestion):
    with pytest.raises(StrategyError) as caught:
        parse_document(document)
    finding = next(one for one in caught.value.findings if one.place == place)
    assert finding.column == column
    assert message in finding.message
    assert suggestion in finding.suggestion


WHOLE = """
params: {window: {int: [2, 90], default: 20}, loss: {float: [0.01, 2], default: 0.05}}
let: {mean: "sma(close, window)"}
entry: cross_above(close, mean)
exit: cross_below(close, mean)
short_entry: cross_below(close, mean)
short_exit: cross_above(close, mean)
universe: close > 5 and sma(volume, 40) > 1000
stop_loss: loss
take_profit: 3
trailing_stop: 3 * atr(60) / close
rank: -close
"""


def test_shorts_stops_and_the_universe_belong_to_the_document():
    document = parse_document(WHOLE)
    assert document.warm_up() == 60
    assert document.warm_up({"window": 70}) == 70
    assert set(document.rules) == {
        "entry", "exit", "short_entry", "short_exit", "universe", "stop_loss", "take_profit",
        "trailing_stop", "rank",
    }  # fmt: skip
    assert parse_document(document.canonical()).hash == document.hash
    for key in ("short_entry", "universe", "stop_loss", "take_profit", "trailing_stop"):
        less = {name: text for name, text in document.to_document().items() if name != key}
        less.pop("short_exit") if key == "short_entry" else None
        assert parse_document(less).hash != document.hash
    assert check(document, {"loss": 1.5})[0].place == "stop_loss"


def test_all_findings_are_told_at_once():
    with pytest.raises(StrategyError) as caught:
        parse_document({"entry": "clse > 1", "exit": "opn < 1", "let": {"x": "hgh"}})
    assert {one.place for one in caught.value.findings} == {"entry", "exit", "let.x"}
    assert "and 2 more" in str(caught.value)


def test_parameters_are_checked_by_name():
    document = parse_document(CROSSOVER)
    assert validate_parameters(document, {}) == {}
    assert validate_parameters(document, {"short_window": "30", "long_window": 60.0}) == {}
    wrong = validate_parameters(document, {"short_windw": 3, "long_window": 10.5})
    assert "did you mean short_window?" in wrong["short_windw"]
    assert wrong["long_window"] == "must be a whole number"
    assert "from 5 to 50" in validate_parameters(document, {"short_window": 51})["short_window"]
    assert (
        "must be a number" in validate_parameters(document, {"short_window": None})["short_window"]
    )
    broken = validate_parameters(document, {"short_window": 40, "long_window": 40})
    assert broken == {
        "short_window": "must satisfy short_window < long_window"
        " (short_window = 40, long_window = 40)"
    }
    assert resolve_parameters(document, {"short_window": "7"}) == {
        "short_window": 7, "long_window": 50,
    }  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        resolve_parameters(document, {"long_window": "many"})
    assert caught.value.field == "long_window"


def test_bool_and_choice_parameters(bars_of):
    document = parse_document(
        """
        params:
          careful: {bool: true}
          when: {choice: [month_start, week_start], default: week_start}
          factor: {choice: [1, 2.5], default: 1}
        entry: "when and (close > factor or not careful)"
        """
    )
    assert document.default_parameters() == {"careful": True, "when": "week_start", "factor": 1}
    assert validate_parameters(document, {"careful": "maybe"}) == {
        "careful": "must be true or false"
    }
    assert "one of 1, 2.5" in validate_parameters(document, {"factor": 2})["factor"]
    values = resolve_parameters(document, {"careful": "no", "when": "month_start", "factor": "2.5"})
    assert values == {"careful": False, "when": "month_start", "factor": 2.5}
    bars = bars_of([1.0] * 40)
    found = Interpreter(Frame(bars), {}, values).signal(document.rules["entry"])
    assert np.flatnonzero(found).tolist() == [0, 31]


def test_checks_with_given_parameters():
    document = parse_document(
        "params: {n: {float: [1, 9], default: 2}}\nentry: close > sma(close, n)"
    )
    assert check(document) == ()
    finding = check(document, {"n": 2.5})[0]
    assert (finding.place, finding.column) == ("entry", 20)
    with pytest.raises(StrategyError):
        warm_up(document, {"n": 2.5})
    assert check(document, {"n": 50})[0].place == "params.n"


def test_every_function_is_documented_and_typed():
    for name, spec in {**FUNCTIONS, **FIELDS}.items():
        assert spec.name == name
        assert spec.help.endswith(".")
        assert spec.units
    assert FUNCTIONS["sma"].signature == "sma(x: series, window: bars)"


def test_arithmetic_and_its_undefined_places(bars_of):
    bars = bars_of([1.0, 2.0, 4.0])
    same(series(bars, "-close + 2 * close ** 2 % 3 - +1"), [0.0, -1.0, -3.0])
    same(series(bars, "1 / (close - 2)"), [-1.0, NAN, 0.5])
    same(series(bars, "log(close - 2)"), [NAN, NAN, np.log(2)])
    same(series(bars, "sqrt(close - 2)"), [NAN, 0.0, np.sqrt(2)])
    same(series(bars, "max(close, 3) + min(close, 3) + abs(-close) + sign(close - 2)"), [4, 7, 12])
    same(series(bars, "close if close > 1.5 else 0"), [0.0, 2.0, 4.0])
    same(series(bars, "max(2, 3) * close"), [3.0, 6.0, 12.0])


def test_undefined_inputs_give_no_signal_whichever_way_it_is_written(bars_of):
    bars = bars_of([1.0, 2.0, 3.0, 4.0])
    assert signal(bars, "sma(close, 3) > 0") == [0, 0, 1, 1]
    assert signal(bars, "not sma(close, 3) < 0") == [0, 0, 1, 1]
    assert signal(bars, "sma(close, 3) != 5") == [0, 0, 1, 1]
    assert signal(bars, "sma(close, 3) > 0 or close > 0") == [0, 0, 1, 1]
    assert signal(bars, "not (sma(close, 3) > 0 and close > 9)") == [0, 0, 1, 1]
    assert signal(bars, "defined(sma(close, 3))") == [0, 0, 1, 1]
    assert signal(bars, "not defined(sma(close, 3))") == [1, 1, 0, 0]
    assert signal(bars, "close > 0 if defined(lag(close, 3)) else false") == [0, 0, 0, 1]
    assert signal(bars, "1 < close <= 3") == [0, 1, 1, 0]


def test_crossings(bars_of):
    close = [1, 2, 2, 3, 2, 2, 1, 2, 3, 3.0]
    bars = bars_of(close)
    #                                            a tie keeps the earlier state
    assert signal(bars, "cross_above(close, 2)") == [0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
    assert signal(bars, "cross_below(close, 2)") == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert signal(bars, "cross_above_strict(close, 2)") == [0] * 10
    jump = bars_of([1, 3, 1, 2, 3.0])
    assert signal(jump, "cross_above_strict(close, 2)") == [0, 1, 0, 0, 0]
    assert signal(jump, "cross_above(close, 2)") == [0, 1, 0, 0, 1]
    assert signal(jump, "cross_below_strict(close, 2)") == [0, 0, 1, 0, 0]
    assert signal(bars_of([3, 4, 5.0]), "cross_above(close, 2)") == [0, 0, 0]
    assert signal(bars_of([2, 2, 3.0]), "cross_above(close, 2)") == [0, 0, 0]


def test_windows_by_hand(bars_of):
    bars = bars_of([1.0, 2.0, 4.0, 3.0, 5.0])
    same(series(bars, "sma(close, 3)"), [NAN, NAN, 7 / 3, 3.0, 4.0])
    same(series(bars, "wma(close, 2)"), [NAN, 5 / 3, 10 / 3, 10 / 3, 13 / 3])
    same(series(bars, "ema(close, 3)"), [NAN, NAN, 7 / 3, 8 / 3, 23 / 6])
    same(series(bars, "rolling_median(close, 3)"), [NAN, NAN, 2.0, 3.0, 4.0])
    same(series(bars, "stddev(close, 2)"), [NAN, 0.5, 1.0, 0.5, 1.0])
    same(series(bars, "rolling_zscore(close, 2)"), [NAN, 1.0, 1.0, -1.0, 1.0])
    same(series(bars, "roc(close, 2)"), [NAN, NAN, 300.0, 50.0, 25.0])
    same(series(bars, "lag(close, 2)"), [NAN, NAN, 1.0, 2.0, 4.0])
    same(series(bars, "lag(close, 0)"), [1.0, 2.0, 4.0, 3.0, 5.0])
    same(series(bars, "rolling_max(close, 2) - rolling_min(close, 2)"), [NAN, 1, 2, 1, 2])
    same(series(bars, "sma(close, 9)"), [NAN] * 5)
    same(series(bars, "lag(close, 9)"), [NAN] * 5)
    same(series(bars, "sma(sma(close, 2), 2)"), [NAN, NAN, 2.25, 3.25, 3.75])


def test_rsi_by_hand(bars_of):
    """Gains 1, 0, 1, losses 0, 1, 0 over two bars, then smoothed."""
    found = series(bars_of([1.0, 2.0, 1.0, 2.0]), "rsi(close, 2)")
    same(found, [NAN, NAN, 50.0, 75.0])


@pytest.mark.parametrize("window", [1, 2, 5, 300])
def test_rolling_extremes_and_spread_equal_the_plain_way(random_bars, window):
    bars = random_bars(7, 900, 1)
    close = bars.close[:, 0]
    views = [close[row - window + 1 : row + 1] for row in range(window - 1, len(close))]
    start = [NAN] * (window - 1)
    same(series(bars, f"rolling_max(close, {window})"), start + [v.max() for v in views])
    same(series(bars, f"rolling_min(close, {window})"), start + [v.min() for v in views])
    np.testing.assert_allclose(
        series(bars, f"stddev(close, {window})"), start + [v.std() for v in views], atol=1e-9
    )


def test_an_undefined_figure_undoes_only_the_windows_that_hold_it(bars_of):
    bars = bars_of([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    same(series(bars, "sma(1 / (close - 3) * 0 + close, 2)"), [NAN, 1.5, NAN, NAN, 4.5, 5.5])


def test_indicators_run_over_the_symbols_own_bars(bars_of):
    close = np.array([[1.0, 1], [NAN, 2], [2, 3], [NAN, 4], [4, 5], [6, NAN]])
    bars = bars_of(close)
    found = np.array(series(bars, "sma(close, 2)"))
    same(found[:, 0], [NAN, NAN, 1.5, NAN, 3.0, 5.0])
    same(found[:, 1], [NAN, 1.5, 2.5, 3.5, 4.5, NAN])
    same(np.array(series(bars, "lag(close, 1)"))[:, 0], [NAN, NAN, 1, NAN, 2, 4])
    same(np.array(series(bars, "bar_number"))[:, 0], [1, NAN, 2, NAN, 3, 4])
    assert np.array(signal(bars, "true"))[:, 0].tolist() == [1, 0, 1, 0, 1, 1]
    assert np.array(signal(bars, "not false"))[:, 1].tolist() == [1, 1, 1, 1, 1, 0]


def test_across_symbols(bars_of):
    close = np.array([[1.0, 3.0, 2.0], [5.0, 5.0, NAN], [NAN, NAN, 7.0]])
    bars = bars_of(close, symbols=["B", "A", "C"])
    same(series(bars, "rank(close)"), [[3, 1, 2], [2, 1, NAN], [NAN, NAN, 1]])
    third = np.sqrt(1.5)
    same(series(bars, "zscore(close)"), [[-third, third, 0], [NAN] * 3, [NAN] * 3])
    same(
        series(bars, "equal_weight(rank(close) <= 2)"),
        [[0, 0.5, 0.5], [0.5, 0.5, NAN], [NAN, NAN, 1.0]],
    )


def test_the_calendar(bars_of):
    dates = np.array(["2023-12-29", "2024-01-02", "2024-01-31", "2024-04-01"], dtype="M8[D]")
    bars = bars_of([1.0, 1, 1, 1], dates=dates)
    assert series(bars, "year * 10000 + month * 100 + month_day") == [
        20231229, 20240102, 20240131, 20240401,
    ]  # fmt: skip
    assert series(bars, "weekday") == [5, 2, 3, 1]
    assert signal(bars, "quarter_start") == [1, 1, 0, 1]


@pytest.mark.parametrize("strategy_type", TEMPLATES)
def test_warm_up_is_exact(random_bars, strategy_type):
    """Every rule is undefined for exactly the derived number of bars."""
    document = parse_document(TEMPLATES[strategy_type].document)
    bars = random_bars(1, 300, 1)
    inputs = {'model("signal@prod")': np.zeros(300)}
    interpreter = Interpreter(
        Frame(bars), document.lets, document.default_parameters(), inputs=inputs
    )
    key = "weight" if document.uses_weights else "entry"
    key = "rank" if "rank" in document.rules else key
    value = interpreter._value(document.rules[key])
    known = np.isfinite(value) if isinstance(value, np.ndarray) else value.known
    assert int(known[:, 0].argmax()) == document.warm_up()
    assert known[document.warm_up() :].all()


EXPRESSIONS = [
    "sma(close, 7) > 0", "ema(sma(close, 3), 4) > 0", "rsi(close, 5) > 0", "atr(4) > 0",
    "roc(close, 3) > 0", "macd(close, 3, 8) > 0", "macd_signal(close, 3, 8, 4) > 0",
    "macd_histogram(close, 3, 8, 4) > 0", "bollinger_upper(close, 6, 2) > 0", "true_range() > 0",
    "cross_above(close, sma(close, 5))", "lag(rsi(close, 3), 2) > 0", "rank(roc(close, 4)) > 0",
    "rolling_zscore(close, 5) > -9", "stddev(close, 4) > 0", "wma(close, 4) > 0",
    "momentum(close, 2) > -99", "cross_below_strict(lag(close, 2), close)",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_derived_warm_up_equals_the_first_known_bar(random_bars, expression):
    document = parse_document({"entry": expression})
    interpreter = Interpreter(Frame(random_bars(2, 60, 2)), {}, {})
    known = interpreter._value(document.rules["entry"]).known
    assert known.argmax(axis=0).tolist() == [document.warm_up()] * 2


@pytest.mark.parametrize(
    "expression", [*EXPRESSIONS, "rank(close) == 1", "month_start", "zscore(close) > 0"]
)
@pytest.mark.parametrize("gaps", [False, True])
def test_no_rule_sees_the_future(random_bars, expression, gaps):
    bars = random_bars(3, 80, 3, gaps=gaps)
    document = parse_document({"entry": expression})
    whole = Interpreter(Frame(bars), {}, {}).signal(document.rules["entry"])
    for rows in range(25, 80, 5):
        part = bars.head(rows)
        cut = Interpreter(Frame(part), {}, {}).signal(document.rules["entry"])
        kept = [bars.symbols.index(name) for name in part.symbols]
        np.testing.assert_array_equal(cut, whole[:rows][:, kept])
