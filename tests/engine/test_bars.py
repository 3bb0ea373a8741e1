"""Bars accept what can be traded and name the place of what cannot."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.engine import Bars
from quant_tui.engine.calendars import period_start, periods_per_year

DAYS = np.array(["2024-01-01", "2024-01-02", "2024-01-03"], dtype="datetime64[D]")
GOOD = np.array([[1.0, 2.0], [1.5, np.nan], [2.0, 3.0]])


def build(**changes):
    given = {"symbols": ["A", "B"], "dates": DAYS, "open": GOOD, "high": GOOD, "low": GOOD,
             "close": GOOD, "volume": np.ones((3, 2))} | changes  # fmt: skip
    return Bars(**given)


def test_shapes_and_gaps():
    bars = build()
    assert len(bars) == 3
    assert not bars.complete
    assert bars.first_row.tolist() == [0, 0]
    assert bars.last_row.tolist() == [2, 2]
    assert bars.last_close[:, 1].tolist() == [2.0, 2.0, 3.0]


def test_one_symbol_takes_flat_arrays():
    flat = [1.0, 2.0, 3.0]
    assert Bars(["A"], DAYS, flat, flat, flat, flat, flat).close.shape == (3, 1)


def test_dates_at_midnight_are_sessions_and_times_stay_times():
    assert build(dates=DAYS.astype("datetime64[ns]")).dates.dtype == "datetime64[D]"
    assert build(dates=DAYS + np.timedelta64(90, "m")).dates.dtype == "datetime64[ns]"


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"symbols": ["A", "A"]}, "symbols", "A is given twice"),
        ({"symbols": []}, "symbols", "At least one"),
        ({"symbols": "AB"}, "symbols", "list of names"),
        ({"symbols": ["A", " "]}, "symbols", "empty"),
        ({"dates": DAYS[::-1]}, "dates", "ascend"),
        ({"dates": DAYS[[0, 1, 1]]}, "dates", "row 2"),
        ({"dates": np.array(["2024-01-01", "NaT", "2024-01-03"], "M8[D]")}, "dates", "row 1"),
        ({"close": GOOD[:2]}, "close", "shape"),
        ({"close": [["x", 1], [2, 3], [4, 5]]}, "close", "numbers"),
        ({"open": np.where(GOOD == 1.5, np.nan, GOOD)}, "open", "A on 2024-01-02"),
        ({"low": np.where(GOOD == 1.5, -1.0, GOOD)}, "low", "A on 2024-01-02"),
        ({"high": np.where(GOOD == 3.0, np.inf, GOOD)}, "high", "B on 2024-01-03"),
        ({"close": np.where(GOOD == 3.0, 0.0, GOOD)}, "close", "B on 2024-01-03"),
        ({"volume": np.full((3, 2), -1.0)}, "volume", "zero or more"),
    ],
)
def test_what_cannot_be_used_is_named(changes, field, text):
    with pytest.raises(InvalidInput, match=text) as caught:
        build(**changes)
    assert caught.value.field == field


def test_a_symbol_without_bars_is_named():
    empty = GOOD.copy()
    empty[:, 1] = np.nan
    with pytest.raises(InsufficientData, match="B has no bar"):
        build(open=empty, high=empty, low=empty, close=empty)
    with pytest.raises(InsufficientData):
        build(dates=DAYS[:0])


def test_odd_bars_are_told_but_used():
    high = GOOD.copy()
    high[2, 0] = 1.0
    assert list(build(high=high).problems) == [
        "A: 1 bar(s) whose open or close lies outside low to high, first on 2024-01-03."
    ]


def test_the_content_hash_knows_figures_not_the_order_of_symbols():
    bars = build()
    turned = {
        name: getattr(bars, name)[:, ::-1] for name in ("open", "high", "low", "close", "volume")
    }
    assert build().content_hash == bars.content_hash
    assert Bars(["B", "A"], DAYS, **turned).content_hash == bars.content_hash
    other = GOOD.copy()
    other[0, 0] = np.nextafter(1.0, 2.0)
    assert build(close=other).content_hash != bars.content_hash
    assert build(symbols=["A", "C"]).content_hash != bars.content_hash


def test_figures_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="read-only"):
        build().close[0, 0] = 5.0


def minutes(days: int, each: int) -> np.ndarray:
    day = np.datetime64("2024-01-01T14:30", "ns") + np.arange(days) * np.timedelta64(1, "D")
    return (day[:, None] + np.arange(each) * np.timedelta64(1, "m")).ravel()


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (np.arange("2024-01-01", "2024-01-02", dtype="M8[D]"), 252),
        (np.busday_offset("2024-01-01", np.arange(300)), 252),
        (np.arange("2024-01-01", "2024-06-01", dtype="M8[D]"), 365),
        (np.arange("2024-01-01", "2025-01-01", 7, dtype="M8[D]"), 52),
        (np.arange("2020-01", "2024-01", dtype="M8[M]").astype("M8[D]"), 12),
        (np.arange("2015-01", "2024-01", 3, dtype="M8[M]").astype("M8[D]"), 4),
        (np.arange("2000", "2024", dtype="M8[Y]").astype("M8[D]"), 1),
        (minutes(5, 390), 390 * 252),
    ],
)
def test_annualisation_follows_from_the_dates(dates, expected):
    assert periods_per_year(dates) == expected


def test_a_period_starts_on_its_first_date_in_the_data():
    dates = np.array(["2024-01-30", "2024-02-02", "2024-02-05", "2024-04-01"], dtype="M8[D]")
    assert period_start(dates, "month").tolist() == [True, True, False, True]
    assert period_start(dates, "week").tolist() == [True, False, True, True]
    assert period_start(dates, "quarter").tolist() == [True, False, False, True]
    assert period_start(dates, "year").tolist() == [True, False, False, False]
