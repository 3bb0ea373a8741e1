"""Every function of the registry: documented, causal, and defined from its warm-up on."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import StrategyError
from quant_tui.engine import Bars
from quant_tui.engine.rules import FIELDS, FUNCTIONS, FunctionSpec, Kind, parse_document
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.functions import AVERAGES
from quant_tui.engine.rules.interpreter import Interpreter

ROWS = 200
INTERNAL = [name for name, spec in FUNCTIONS.items() if not spec.external]
MAY_START_LATER = {"bars_since", "fosc"}
"""What the data decides."""


BANDS = ("upper", "middle", "lower")


def example(spec: FunctionSpec) -> str:
    """A call of the function with every argument."""
    plain = {
        Kind.SERIES: "close", Kind.VALUE: "close", Kind.WINDOW: "7", Kind.LAG: "3",
        Kind.NUMBER: "0.5", Kind.CONDITION: "close > open", Kind.AVERAGE: '"ema"',
    }  # fmt: skip
    parts = [plain[kind] for _, kind in spec.arguments]
    first = len(parts) - len(spec.defaults)
    for place, default in enumerate(spec.defaults, start=first):
        parts[place] = f'"{default}"' if isinstance(default, str) else repr(default)
    if spec.name in ("rolling_correlation", "beta"):
        parts[1] = "volume"
    if spec.name in ("asin", "acos"):
        parts = ["1 / close"]
    if spec.name == "mavp":
        parts[1] = "bar_number % 9 + 2"
    return f"{spec.name}({', '.join(parts)})"


def bars_with_volume(random_bars, *, gaps: bool, count: int = 3) -> Bars:
    bars = random_bars(11, ROWS, count, gaps=gaps)
    random = np.random.default_rng(5)
    volume = np.where(np.isnan(bars.close), np.nan, random.uniform(1e3, 9e3, bars.close.shape))
    if gaps:
        volume[random.random(volume.shape) < 0.01] = np.nan
    return Bars(bars.symbols, bars.dates, bars.open, bars.high, bars.low, bars.close, volume)


def evaluated(bars: Bars, expression: str, inputs=None) -> np.ndarray:
    document = parse_document({"let": {"it": expression}, "entry": "true"})
    tree = document.lets["it"]
    interpreter = Interpreter(Frame(bars), document.lets, {}, inputs=inputs)
    name = expression.split("(")[0]
    spec = FUNCTIONS.get(name) or FIELDS[name]
    if spec.kind is Kind.CONDITION if name in FIELDS else spec.result is Kind.CONDITION:
        return interpreter.signal(tree).astype(float)
    return interpreter.series(tree)


@pytest.mark.parametrize("name", INTERNAL)
def test_cutting_the_future_changes_nothing(random_bars, name):
    bars = bars_with_volume(random_bars, gaps=True)
    expression = example(FUNCTIONS[name])
    whole = evaluated(bars, expression)
    assert np.isfinite(whole).any() or name.startswith("fractal")
    for rows in (60, 101, 150, 187, 199):
        part = bars.head(rows)
        kept = [bars.symbols.index(symbol) for symbol in part.symbols]
        np.testing.assert_array_equal(evaluated(part, expression), whole[:rows][:, kept])


@pytest.mark.parametrize("name", FIELDS)
def test_fields_know_nothing_of_the_future(random_bars, name):
    bars = bars_with_volume(random_bars, gaps=True)
    whole = evaluated(bars, name)
    for rows in (60, 150, 199):
        part = bars.head(rows)
        kept = [bars.symbols.index(symbol) for symbol in part.symbols]
        np.testing.assert_array_equal(evaluated(part, name), whole[:rows][:, kept])


@pytest.mark.parametrize("name", [name for name in INTERNAL if name not in MAY_START_LATER])
def test_the_derived_warm_up_is_the_first_defined_bar(random_bars, name):
    bars = bars_with_volume(random_bars, gaps=False, count=2)
    expression = example(FUNCTIONS[name])
    rule = expression if FUNCTIONS[name].result is Kind.CONDITION else f"{expression} != -12345"
    document = parse_document({"entry": rule})
    known = Interpreter(Frame(bars), {}, {}).condition(document.rules["entry"]).known
    assert known.argmax(axis=0).tolist() == [document.warm_up()] * 2
    assert known.any()


def test_every_function_is_listed_with_what_it_does():
    for name, spec in FUNCTIONS.items():
        assert spec.help.endswith(".")
        assert ".." not in spec.help
        assert spec.units
        assert spec.group
        assert spec.signature.startswith(f"{name}(")
        assert "nan" not in spec.signature
    assert FUNCTIONS["stoch_k"].signature == (
        'stoch_k(fast_k: bars = 5, slow_k: bars = 3, slow_k_average: average = "sma",'
        ' slow_d: bars = 3, slow_d_average: average = "sma")'
    )


def test_left_out_arguments_are_written_out():
    short = parse_document({"entry": "rsi(close) < 30 and close < bollinger_lower(close, 10)"})
    long = parse_document(
        {"entry": "rsi(close, 14) < 30 and close < bollinger_lower(close, 10, 2, 'sma')"}
    )
    assert short.hash == long.hash
    assert short.warm_up() == 14
    assert short.to_document()["entry"] == (
        'rsi(close, 14) < 30 and close < bollinger_lower(close, 10, 2, "sma")'
    )


@pytest.mark.parametrize(
    ("expression", "column", "message", "suggestion"),
    [
        ("mom(close, 5) > 0", 1, "there is no function mom", "write momentum(x, window)"),
        ("rolling_mean(close, 5) > 0", 1, "no function rolling_mean", "write sma(x, window)"),
        ("stoch() > 0", 1, "there is no function stoch", "write stoch_k or stoch_d"),
        ("cdldoji() > 0", 1, "there is no function cdldoji", "write cdl_doji()"),
        ("ma(close, 5, 'smaa') > 0", 14, 'no average "smaa"', "did you mean sma?"),
        ("ma(close, 5, 0) > 0", 14, "average of ma must be a name in quotes", 'write "sma"'),
        ("adx(1) > 0", 5, "window of adx must be a whole number from 2 to 100000, not 1", ""),
        ("mama(close, 0.5, 5) > 0", 18, "slow_limit of mama must be from 0.01 to 0.99", ""),
        ("mavp(close, close, 9, 5) > 0", 1, "mavp needs shortest at most longest", ""),
        ("sar(-1) > 0", 5, "acceleration of sar must be from 0 up, not -1", ""),
        ("macro() > 0", 1, "takes 1 argument(s), 0 given", "write macro(name: name)"),
        ("macro(close) > 0", 7, "name of macro must be a name in quotes", 'write "CPI"'),
        ("sma(close, '20') > 0", 12, "a name in quotes is only an argument", 'macro("CPI")'),
        ("close > 'CPI'", 9, "a name in quotes is only an argument", 'macro("CPI")'),
        ("rolling_quantile(close, 5, 2) > 0", 28, "share of rolling_quantile", ""),
    ],
)
def test_wrong_calls_are_told_with_the_way_out(expression, column, message, suggestion):
    with pytest.raises(StrategyError) as caught:
        parse_document({"entry": expression})
    finding = caught.value.findings[0]
    assert (finding.place, finding.column) == ("entry", column)
    assert message in finding.message
    assert suggestion in finding.suggestion


def test_series_from_outside_come_from_the_inputs(random_bars):
    bars = bars_with_volume(random_bars, gaps=True)
    by_date = np.arange(float(ROWS))
    by_symbol = np.arange(ROWS * 3.0).reshape(ROWS, 3)
    by_symbol[7, 0] = np.inf
    inputs = {'macro("CPI")': by_date, "news_sentiment()": by_symbol}
    found = evaluated(bars, "macro('CPI')", inputs)
    np.testing.assert_array_equal(
        found, np.where(bars.present, np.broadcast_to(by_date[:, None], found.shape), np.nan)
    )
    found = evaluated(bars, "news_sentiment()", inputs)
    there = bars.present & np.isfinite(by_symbol)
    np.testing.assert_array_equal(found, np.where(there, by_symbol, np.nan))
    with pytest.raises(StrategyError, match=r'no figures for model\("a@prod"\)\. Train and'):
        evaluated(bars, 'model("a@prod")', inputs)
    with pytest.raises(StrategyError, match="have shape"):
        evaluated(bars, "macro('CPI')", {'macro("CPI")': by_date[1:]})


def test_statistics_by_hand(bars_of):
    bars = bars_of([1.0, 2.0, 4.0, 3.0, 5.0])
    nan = float("nan")
    for expression, expected in {
        "rolling_variance(close, 3)": [nan, nan, 14 / 9, 2 / 3, 2 / 3],
        "rolling_skew(close, 3)": [nan, nan, 0.3818017741606063, 0.0, 0.0],
        "rolling_quantile(close, 3, 0.25)": [nan, nan, 1.5, 2.5, 3.5],
        "rolling_correlation(close, bar_number, 3)": [nan, nan, 0.9819805060619659, 0.5, 0.5],
        "linearreg_slope(close, 3)": [nan, nan, 1.5, 0.5, 0.5],
        "bars_since_max(close, 3)": [nan, nan, 0, 1, 0],
        "bars_since_min(close, 3)": [nan, nan, 2, 2, 1],
        "count_true(close > 2, 2)": [nan, 0, 1, 2, 2],
        "bars_since(close == 4)": [nan, nan, 0, 1, 2],
        "month_session": [1, 2, 3, 4, 5],
        "log10(close * 10 / close)": [1, 1, 1, 1, 1],
    }.items():
        np.testing.assert_allclose(
            evaluated(bars, expression)[:, 0], expected, rtol=1e-12, atol=1e-13
        )


@pytest.mark.parametrize("average", AVERAGES)
def test_bands_and_averages_of_one_bar_are_the_bar(random_bars, average):
    bars = random_bars(1, 40, 2)
    for call in ("ma(close, 1", *(f"bollinger_{band}(close, 1, 2" for band in BANDS)):
        found = evaluated(bars, f'{call}, "{average}")')
        np.testing.assert_allclose(found, bars.close, rtol=1e-12, err_msg=call)


def test_the_symbols_of_a_date_compared(bars_of):
    close = np.array([[1.0, 3.0, 2.0], [5.0, 5.0, np.nan], [np.nan, np.nan, 7.0]])
    bars = bars_of(close)
    nan = np.nan
    np.testing.assert_allclose(
        evaluated(bars, "quantile(close)"), [[1 / 3, 1, 2 / 3], [1, 1, nan], [nan, nan, 1]]
    )
    np.testing.assert_allclose(
        evaluated(bars, "demean(close)"), [[-1, 1, 0], [0, 0, nan], [nan, nan, 0]]
    )


def test_the_hour_and_the_session_of_the_month_of_intraday_bars(bars_of):
    dates = np.array(
        ["2024-01-31T15:30", "2024-01-31T16:00", "2024-02-01T09:31", "2024-02-02T10:00"],
        dtype="M8[ns]",
    )
    bars = bars_of([1.0, 1, 1, 1], dates=dates)
    np.testing.assert_array_equal(evaluated(bars, "hour")[:, 0], [15, 16, 9, 10])
    np.testing.assert_array_equal(evaluated(bars, "minute")[:, 0], [30, 0, 31, 0])
    np.testing.assert_array_equal(evaluated(bars, "month_session")[:, 0], [1, 1, 1, 2])


@pytest.mark.parametrize("symbols", [1, 2, 20, 128, 129, 150])
def test_rank_is_the_place_by_value_then_by_name_for_few_symbols_and_many(symbols):
    random = np.random.default_rng(symbols)
    close = random.integers(1, 30, (40, symbols)).astype(float)
    close[random.random(close.shape) < 0.2] = np.nan
    close[:, 0] = 5.0
    names = [f"S{place:03}" for place in random.permutation(symbols)]
    dates = np.datetime64("2020-01-01") + np.arange(len(close))
    bars = Bars(names, dates, *[close] * 4)
    document = parse_document({"let": {"place": "rank(close)"}, "entry": "place > 0"})
    found = Interpreter(Frame(bars), document.lets, {}).series(document.lets["place"])
    for row, prices in enumerate(close):
        there = [column for column in range(symbols) if np.isfinite(prices[column])]
        order = sorted(there, key=lambda column: (-prices[column], names[column]))
        expected = np.full(symbols, np.nan)
        expected[order] = np.arange(1, len(order) + 1)
        np.testing.assert_array_equal(found[row], expected)
