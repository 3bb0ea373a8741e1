"""Indicators against TA-Lib on real series, figure by figure."""

from __future__ import annotations

import numpy as np
import pytest
import talib

from quant_tui.engine import Bars
from quant_tui.engine.rules import parse_document
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.interpreter import Interpreter


def evaluate(bars: Bars, expression: str) -> np.ndarray:
    document = parse_document({"let": {"value_": expression}, "entry": "value_ > 0"})
    return Interpreter(Frame(bars), document.lets, {}).series(document.lets["value_"])[:, 0]


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
