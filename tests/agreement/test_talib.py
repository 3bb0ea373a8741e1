"""Indicators against TA-Lib on real series, figure by figure."""

from __future__ import annotations

import numpy as np
import pytest
import talib
from talib import abstract

from quant_tui.engine import Bars
from quant_tui.engine.rules import parse_document
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.functions import FUNCTIONS
from quant_tui.engine.rules.interpreter import Interpreter
from quant_tui.engine.rules.library.talib_words import COVERED, WORDS


def evaluate(bars: Bars, expression: str) -> np.ndarray:
    document = parse_document({"let": {"value_": expression}, "entry": "value_ > 0"})
    return Interpreter(Frame(bars), document.lets, {}).series(document.lets["value_"])[:, 0]


def correlation(first: np.ndarray, second: np.ndarray, window: int) -> np.ndarray:
    """TA-Lib's, but undefined instead of its 0 where a side did not move in the window."""
    still = [talib.MAX(side, window) == talib.MIN(side, window) for side in (first, second)]
    return np.where(still[0] | still[1], np.nan, talib.CORREL(first, second, window))


CASES = {
    "sma(close, 20)": lambda f: talib.SMA(f["Close"], 20),
    "sma(close, 200)": lambda f: talib.SMA(f["Close"], 200),
    "ema(close, 12)": lambda f: talib.EMA(f["Close"], 12),
    "wma(close, 15)": lambda f: talib.WMA(f["Close"], 15),
    "rsi(close, 14)": lambda f: talib.RSI(f["Close"], 14),
    "rsi(close, 2)": lambda f: talib.RSI(f["Close"], 2),
    "roc(close, 10)": lambda f: talib.ROC(f["Close"], 10),
    "rocp(close, 10)": lambda f: talib.ROCP(f["Close"], 10),
    "momentum(close, 10)": lambda f: talib.MOM(f["Close"], 10),
    "atr(14)": lambda f: talib.ATR(f["High"], f["Low"], f["Close"], 14),
    "true_range()": lambda f: talib.TRANGE(f["High"], f["Low"], f["Close"]),
    "stddev(close, 20)": lambda f: talib.STDDEV(f["Close"], 20),
    "stddev(close, 300)": lambda f: talib.STDDEV(f["Close"], 300),
    "rolling_max(high, 30)": lambda f: talib.MAX(f["High"], 30),
    "rolling_min(low, 30)": lambda f: talib.MIN(f["Low"], 30),
    "rolling_variance(close, 20)": lambda f: talib.VAR(f["Close"], 20),
    "rolling_correlation(high, volume, 30)": lambda f: correlation(f["High"], f["Volume"], 30),
    "bollinger_middle(close)": lambda f: talib.BBANDS(f["Close"], 20, 2, 2)[1],
    "bollinger_upper(close, 20, 2, 'ema')": lambda f: talib.BBANDS(f["Close"], 20, 2, 1, 1)[0],
    "bollinger_lower(close, 20, 2, 'kama')": lambda f: talib.BBANDS(f["Close"], 20, 1, 2, 6)[2],
    "atan(close)": lambda f: talib.ATAN(f["Close"]),
    "log10(close)": lambda f: talib.LOG10(f["Close"]),
    "rolling_sum(close, 30)": lambda f: talib.SUM(f["Close"], 30),
    "bollinger_upper(close, 20, 2)": lambda f: talib.BBANDS(f["Close"], 20, 2, 2)[0],
    "bollinger_lower(close, 20, 2)": lambda f: talib.BBANDS(f["Close"], 20, 2, 2)[2],
    "macd(close, 12, 26)": lambda f: talib.MACD(f["Close"], 12, 26, 1)[0],
    "macd_signal(close, 12, 26, 9)": lambda f: talib.MACD(f["Close"], 12, 26, 9)[1],
    "macd_histogram(close, 12, 26, 9)": lambda f: talib.MACD(f["Close"], 12, 26, 9)[2],
}


@pytest.mark.parametrize("expression", CASES)
def test_indicator_equals_talib(bars, frame, expression):
    ours = evaluate(bars, expression)
    theirs = CASES[expression]({name: frame[name].to_numpy() for name in frame})
    both = np.isfinite(theirs)
    np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-9, atol=1e-7)
    if not expression.startswith("macd("):  # TA-Lib hides the line until its signal exists
        np.testing.assert_array_equal(np.isfinite(ours), both)


def test_sma_rounds_exactly_as_talib(bars, close):
    """Ties of two averages decide trades, so the last bit counts."""
    for window in (5, 20, 50, 200):
        ours = evaluate(bars, f"sma(close, {window})")
        np.testing.assert_array_equal(ours, talib.SMA(close, window))


def test_rsi_of_a_price_that_stands_still_is_talibs_zero():
    flat = np.full(60, 10.0)
    dates = np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]")
    still = Bars(["X"], dates, flat, flat, flat, flat)
    np.testing.assert_array_equal(evaluate(still, "rsi(close, 14)"), talib.RSI(flat, 14))


@pytest.mark.parametrize("window", [2, 5, 14])
def test_rsi_keeps_talibs_value_however_long_the_price_stands_still(close, window):
    """Gain and loss fade alike: their share stays, until both are too small to tell from 0."""
    stopped = np.concatenate((close[-200:], np.full(1300, close[-1])))
    dates = np.datetime64("2020-01-01") + np.arange(len(stopped))
    bars = Bars(["X"], dates, *[stopped] * 4)
    ours = evaluate(bars, f"rsi(close, {window})")
    np.testing.assert_array_equal(ours, talib.RSI(stopped, window))
    assert ours[400] == pytest.approx(ours[199], abs=1e-9)
    assert ours[400] > 0.0


def test_rsi_rounds_exactly_as_talib(bars, close):
    for window in (2, 14, 100):
        ours = evaluate(bars, f"rsi(close, {window})")
        np.testing.assert_array_equal(ours, talib.RSI(close, window))


@pytest.mark.parametrize("word", [word for word, *_ in WORDS])
def test_functions_that_talib_computes_are_its_outputs_by_our_names(bars, frame, word):
    """Inputs, outputs and default parameters go where they belong."""
    theirs, output = next((one[1], one[2]) for one in WORDS if one[0] == word)
    data = {column.lower(): frame[column].to_numpy(dtype=float) for column in frame}
    data["periods"] = np.arange(len(frame)) % 9.0 + 2.0
    function = abstract.Function(theirs)
    found = function(data)
    expected = np.asarray(found[output] if isinstance(found, list) else found, dtype=float)
    series = [
        "bar_number_ % 9 + 2" if label == "periods" else label
        for key, value in function.info["input_names"].items()
        for label in ([value] if isinstance(value, str) else [])
    ]
    call = f"{word}({', '.join(series)})".replace("bar_number_", "(bar_number - 1)")
    ours = evaluate(bars, call)
    expected[: function.lookback] = np.nan
    np.testing.assert_array_equal(ours, np.where(np.isinf(expected), np.nan, expected))


def test_every_function_of_talib_can_be_written():
    """Under its own name, another, or as an operator."""
    known = {theirs for _, theirs, *_ in WORDS} | set(COVERED)
    patterns = {name for name in FUNCTIONS if name.startswith("cdl_")}
    groups = talib.get_function_groups()
    candles = set(groups.pop("Pattern Recognition"))
    assert {"cdl_" + name.removeprefix("CDL").lower() for name in candles} == patterns
    assert {name for names in groups.values() for name in names} == known


def test_candle_patterns_are_talibs(bars, frame):
    columns = [frame[name].to_numpy(dtype=float) for name in ("Open", "High", "Low", "Close")]
    for name in ("cdl_doji", "cdl_engulfing", "cdl_morningstar", "cdl_hikkake"):
        expected = getattr(talib, name.replace("cdl_", "CDL").upper())(*columns).astype(float)
        ours = evaluate(bars, f"{name}()")
        known = np.isfinite(ours)
        assert known.mean() > 0.9
        np.testing.assert_array_equal(ours[known], expected[known])


def test_bars_since_an_extreme_point_at_talibs_extreme(bars, frame):
    """TA-Lib's own place is now the first, now the last of equals; ours is the last."""
    high = frame["High"].to_numpy(dtype=float)
    since = evaluate(bars, "bars_since_max(high, 25)")[24:].astype(int)
    rows = np.arange(24, len(high))
    np.testing.assert_array_equal(high[rows - since], talib.MAX(high, 25)[24:])
    assert (rows - since >= talib.MAXINDEX(high, 25)[24:]).all()
