"""Longer bars out of shorter ones, against pandas; cutting at a moment never shows later bars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import InvalidInput
from quant_tui.services.price_series import PriceSeries, made_from, offered, resample

RULES = {"1wk": "W-SUN", "1mo": "ME"}


def series(dates: np.ndarray, interval: str = "1d", seed: int = 7) -> PriceSeries:
    """Return bars with random prices on given dates."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, len(dates))))
    opened = close * (1 + random.normal(0, 0.01, len(dates)))
    high = np.maximum(opened, close) * 1.01
    low = np.minimum(opened, close) * 0.99
    volume = random.integers(0, 1_000_000, len(dates)).astype(float)
    return PriceSeries("X", interval, dates, opened, high, low, close, volume)


def sessions(count: int, first: str = "2019-12-11") -> np.ndarray:
    """Return weekdays with a few holidays left out."""
    days = np.arange(np.datetime64(first), np.datetime64(first) + 2 * count + 10)
    days = days[np.is_busday(days)]
    return np.delete(days, [one for one in (5, 6, 17, 40) if one < len(days)])[:count]


def by_pandas(prices: PriceSeries, rule: str) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"open": prices.open, "high": prices.high, "low": prices.low, "close": prices.close,
         "volume": prices.volume, "date": prices.dates},
        index=pd.DatetimeIndex(prices.dates),
    )  # fmt: skip
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum",
           "date": "last"}  # fmt: skip
    return frame.resample(rule).agg(how).dropna(subset=["close"])


@pytest.mark.parametrize("interval", ["1wk", "1mo"])
@pytest.mark.parametrize("count", [1, 2, 7, 250, 1300])
def test_weeks_and_months_are_those_of_pandas_partial_ones_too(interval: str, count: int) -> None:
    prices = series(sessions(count))
    longer, expected = resample(prices, interval), by_pandas(prices, RULES[interval])
    assert longer.interval == interval
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_allclose(getattr(longer, name), expected[name], rtol=0, atol=0)
    assert (longer.dates == expected["date"].to_numpy().astype("datetime64[D]")).all()


@pytest.mark.parametrize(("interval", "rule"), [("15m", "15min"), ("1h", "60min"), ("1d", "D")])
def test_intraday_bars_are_those_of_pandas(interval: str, rule: str) -> None:
    day = np.datetime64("2024-03-04T14:35", "us") + np.arange(71) * np.timedelta64(5, "m")
    prices = series(np.concatenate([day, day + np.timedelta64(1, "D")]), "5m")
    longer, expected = resample(prices, interval), by_pandas(prices, rule)
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_allclose(getattr(longer, name), expected[name])
    assert longer.intraday == (interval != "1d")


def test_a_bar_put_together_carries_the_date_when_it_was_known() -> None:
    prices = series(sessions(250))
    weekly = resample(prices, "1wk")
    for at in range(len(weekly)):
        assert weekly.close[at] == prices.close[np.searchsorted(prices.dates, weekly.dates[at])]


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 300),
    cut=st.integers(-5, 420),
    interval=st.sampled_from(["1d", "1wk", "1mo"]),
    seed=st.integers(0, 5),
)
def test_as_of_a_moment_nothing_later_is_in_any_bar(
    count: int, cut: int, interval: str, seed: int
) -> None:
    prices = series(sessions(count), seed=seed)
    moment = datetime(2019, 12, 11, 23, 59, 59, tzinfo=UTC) + timedelta(days=cut)
    known = resample(prices.until(moment), interval)
    later = prices.dates > np.datetime64(moment.date())
    assert (known.dates <= np.datetime64(moment.date())).all()
    # other prices after the moment change nothing of what is shown
    changed = PriceSeries(
        "X", "1d", prices.dates,
        *(np.where(later, 1e6, getattr(prices, name))
          for name in ("open", "high", "low", "close", "volume")),
    )  # fmt: skip
    again = resample(changed.until(moment), interval)
    for name in ("dates", "open", "high", "low", "close", "volume"):
        assert (getattr(known, name) == getattr(again, name)).all()


def test_moments_and_positions_go_together() -> None:
    prices = series(sessions(30))
    for at in (0, 7, 29):
        assert prices.position_of(prices.moment(at)) == at
        assert len(prices.until(prices.moment(at))) == at + 1
    assert prices.position_of(datetime(1990, 1, 1, tzinfo=UTC)) == 0


def test_intervals_that_are_offered() -> None:
    assert offered([]) == ()
    assert offered(["1d"]) == ("1d", "1wk", "1mo")
    assert offered(["1mo"]) == ("1mo",)
    assert offered(["5m", "1d"]) == ("5m", "15m", "30m", "1h", "4h", "1d", "1wk", "1mo")
    assert made_from("1wk", ["5m", "1d"]) == "1d"
    assert made_from("1d", ["5m"]) == "5m"
    assert made_from("1h", ["5m", "30m", "1d"]) == "30m"
    assert made_from("1mo", ["1wk"]) == "1wk"
    with pytest.raises(InvalidInput, match="no bars to make 7m"):
        made_from("7m", ["5m", "1d"])
    with pytest.raises(InvalidInput, match="not an interval"):
        made_from("soon", ["5m"])
