"""Indicators as text: checked, placed over or under the bars, computed as TA-Lib does."""

from __future__ import annotations

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import StrategyError
from quant_tui.services.indicators import (
    compute,
    problem_of,
    read_indicator,
    read_indicators,
    split_expressions,
)
from tests.services.test_price_series import series, sessions


@pytest.mark.parametrize(
    "text",
    ["sma(close, 50)", "ema(high, 9)", "bollinger_lower(close)", "sar()", "rolling_max(high, 20)",
     "lag(close, 1)", "sma(close, 20) + 2 * stddev(close, 20)", "close * 1.05", "typprice()"],
)  # fmt: skip
def test_prices_are_drawn_over_the_bars(text: str) -> None:
    assert read_indicator(text).on_price


@pytest.mark.parametrize(
    "text",
    ["rsi(close)", "macd(close)", "atr(14)", "sma(volume, 20)", "close - sma(close, 50)",
     "close / sma(close, 50)", "ema(rsi(close, 14), 5)", "supertrend_direction()", "-close"],
)  # fmt: skip
def test_all_else_is_drawn_below(text: str) -> None:
    found = read_indicator(text)
    assert not found.on_price
    assert not found.condition


def test_what_is_left_out_is_filled_in_and_conditions_are_known() -> None:
    assert read_indicator("rsi( close )").text == "rsi(close, 14)"
    assert read_indicator("cross_above(close, sma(close, 5))").condition
    assert read_indicator("sma(close, 50)").warm_up == 49


def test_a_line_holds_several() -> None:
    assert split_expressions("macd(close, 12, 26), macd_signal(close) ,") == [
        "macd(close, 12, 26)", "macd_signal(close)",
    ]  # fmt: skip
    assert [one.text for one in read_indicators("sma(close, 5), ema(close, 5)")] == [
        "sma(close, 5)", "ema(close, 5)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "part"),
    [("smaa(close, 5)", "did you mean"), ("sma(close)", "takes 2"), ("sma(close, 0)", "from 1"),
     ("3", "must be a series"), ('macro("CPI")', "outside the bars"), ("sma(close, 5", ""),
     ("__import__('os')", ""), ("close.x", "attributes")],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, part: str) -> None:
    found = problem_of(text)
    assert found
    assert part in found
    with pytest.raises(StrategyError):
        read_indicators(text)


def test_nothing_is_no_problem() -> None:
    assert problem_of("") == problem_of(" , ") == ""


def test_figures_are_those_of_talib() -> None:
    prices = series(sessions(400))
    texts = ("sma(close, 50)", "rsi(close, 14)", "atr(14)", "macd_signal(close)",
             "bollinger_upper(close)", "close > sma(close, 20)")  # fmt: skip
    found = compute([read_indicator(text) for text in texts], prices)
    close, high, low = prices.close, prices.high, prices.low
    expected = [talib.SMA(close, 50), talib.RSI(close, 14), talib.ATR(high, low, close, 14),
                talib.MACD(close)[1], talib.BBANDS(close, 20)[0]]  # fmt: skip
    for mine, theirs in zip(found, expected, strict=False):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9)
    above = np.where(close > talib.SMA(close, 20), 1.0, 0.0)
    np.testing.assert_array_equal(found[-1][19:], above[19:])
    assert np.isnan(found[-1][:19]).all()


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(60, 300),
    cut=st.integers(1, 300),
    text=st.sampled_from(["sma(close, 5)", "ema(close, 10)", "rsi(close, 14)", "macd(close)",
                          "rolling_max(high, 20)", "close > lag(close, 3)", "obv(close)", "sar()"]),
)  # fmt: skip
def test_a_figure_as_of_a_bar_is_the_one_computed_with_all_bars(
    count: int, cut: int, text: str
) -> None:
    prices = series(sessions(count))
    known = prices.head(min(cut, len(prices)))
    indicator = read_indicator(text)
    (whole,), (then,) = compute([indicator], prices), compute([indicator], known)
    np.testing.assert_allclose(then, whole[: len(known)], rtol=1e-9)
