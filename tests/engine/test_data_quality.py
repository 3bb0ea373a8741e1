"""Signs of bad data are found where they were put, and nowhere else."""

from __future__ import annotations

import time

import numpy as np
import pytest

from quant_tui.engine import Bars
from quant_tui.engine.data_quality import data_quality

T = 600


def frame(symbols: int = 1, rows: int = T) -> dict[str, np.ndarray]:
    """Return clean daily bars on weekdays: a random walk with gaps of nothing."""
    draw = np.random.default_rng(3)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.01, (rows, symbols)), axis=0))
    opened = np.vstack([close[:1], close[:-1]])
    return {
        "dates": np.busday_offset("2015-01-05", np.arange(rows)),
        "open": opened,
        "high": np.maximum(opened, close) * 1.001,
        "low": np.minimum(opened, close) * 0.999,
        "close": close,
        "volume": np.full((rows, symbols), 1000.0),
    }


def found(data: dict[str, np.ndarray]) -> dict[tuple[str, str], tuple[int, str]]:
    """Return symbol and check → count and first date."""
    names = ["A", "B", "C", "D"][: data["close"].shape[1]]
    issues = data_quality(Bars(names, **data))
    for one in issues:
        assert one.text.startswith(f"{one.symbol}: {one.count:,} ")
        assert one.first in one.text
        assert list(one.to_document()) == ["symbol", "check", "count", "first", "text"]
    return {(one.symbol, one.check): (one.count, one.first) for one in issues}


def test_clean_bars_have_no_issue() -> None:
    assert found(frame(4)) == {}


def test_each_sign_is_found_once_and_where_it_is() -> None:
    data = frame()
    prices = ("open", "high", "low", "close")
    data["volume"][[5, 9]] = 0.0
    data["close"][100] *= 1.5
    data["high"][100] *= 1.6
    for name in prices:
        data[name][200:] /= 3.0
    data["close"][300:308] = data["close"][299]
    data["high"][300:308] = np.maximum(data["high"][300:308], data["close"][299])
    data["low"][300:308] = np.minimum(data["low"][300:308], data["close"][299])
    data["high"][400] = data["close"][400] * 0.99
    day = data["dates"].astype(str)
    for one in ("open", "high", "low", "close", "volume", "dates"):
        data[one] = np.delete(data[one], np.s_[500:510], axis=0)
    assert found(data) == {
        ("A", "zero_volume"): (2, day[5]),
        ("A", "spike"): (1, day[100]),
        ("A", "unadjusted_split"): (1, day[200]),
        ("A", "stale_close"): (1, day[299]),
        ("A", "outside_range"): (1, day[400]),
        ("A", "gap"): (1, day[510]),
    }


@pytest.mark.parametrize("factor", [2.0, 10.0, 0.5, 0.1])
def test_a_split_either_way_is_told_from_a_crash(factor: float) -> None:
    data = frame()
    for name in ("open", "high", "low", "close"):
        data[name][300:] *= factor
    assert ("A", "unadjusted_split") in found(data)
    crash = frame()
    crash["close"][300:] *= 0.5
    crash["open"][301:] *= 0.5
    crash["low"][300:] *= 0.5
    crash["high"][301:] *= 0.5
    assert found(crash) == {}, "it opened at the old price and fell from there"


@pytest.mark.parametrize("factor", [10.0, 3.0, 0.5, 0.1])
def test_the_return_from_a_slip_by_a_split_s_ratio_is_no_split(factor: float) -> None:
    data = frame()
    for name in ("open", "high", "low", "close"):
        data[name][300] *= factor
    assert found(data) == {("A", "spike"): (1, str(data["dates"][300]))}


def test_a_fall_and_rise_in_a_crisis_are_no_spike() -> None:
    data = frame()
    returns = np.full(T, 1.0)
    returns[280:320:2], returns[281:320:2] = 0.96, 1.04
    returns[300], returns[301] = 0.85, 1.0 / 0.85
    for name in ("open", "high", "low", "close"):
        data[name] *= np.cumprod(returns)[:, None]
    assert found(data) == {}


def test_sessions_that_most_others_have_are_missing() -> None:
    data = frame(3)
    for name in ("open", "high", "low", "close", "volume"):
        data[name][[50, 60], 1] = np.nan
        data[name][:100, 2] = np.nan
    assert found(data) == {("B", "missing_sessions"): (2, str(data["dates"][50]))}


def test_a_symbol_that_trades_at_weekends_makes_no_gaps_in_others() -> None:
    data = frame(2)
    data["dates"] = np.datetime64("2015-01-05") + np.arange(T)
    weekend = (np.arange(T) % 7) >= 5
    for name in ("open", "high", "low", "close", "volume"):
        data[name][weekend, 0] = np.nan
    assert found(data) == {}


def test_short_intraday_sessions_are_found() -> None:
    data = frame(rows=390 * 6)
    sessions = np.busday_offset("2020-01-06", np.arange(6)).astype("datetime64[m]")
    data["dates"] = (sessions[:, None] + 870 + np.arange(390)).ravel().astype("datetime64[ns]")
    for one in ("open", "high", "low", "close", "volume", "dates"):
        data[one] = np.delete(data[one], np.s_[390 * 2 + 100 : 390 * 3], axis=0)
    assert found(data) == {("A", "short_session"): (1, "2020-01-08T14:30:00Z")}


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_few_bars_are_enough(rows: int) -> None:
    assert found(frame(2, rows)) == {}


def test_a_million_bars_are_checked_at_once() -> None:
    data = frame(rows=1_000_000)
    start = np.datetime64("2015-01-05", "ns")
    data["dates"] = start + np.arange(1_000_000) * np.timedelta64(60, "s")
    bars = Bars(["A"], **data)
    assert bars.complete
    taken = []
    for _ in range(5):
        began = time.thread_time()
        data_quality(bars)
        taken.append(time.thread_time() - began)
    assert min(taken) < 0.3, "0.06 s on a free machine"
