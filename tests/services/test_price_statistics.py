"""Falls, seasons, returns and correlations, against pandas."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from quant_tui.domain.market_data import EconomicIndicator
from quant_tui.services.point_in_time import known_by
from quant_tui.services.price_series import PriceSeries
from quant_tui.services.price_statistics import (
    MONTHS,
    YearRange,
    aligned,
    economic_link,
    falls,
    return_shape,
    seasons,
)


def prices_on(dates: np.ndarray, seed: int = 3) -> PriceSeries:
    random = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(random.normal(0.0003, 0.015, len(dates))))
    return PriceSeries(
        "X", "1d", dates, close, close * 1.01, close * 0.99, close, np.full(len(dates), 1e6)
    )


def weekdays(first: str, last: str) -> np.ndarray:
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    return days[np.is_busday(days)]


@pytest.fixture
def prices() -> PriceSeries:
    return prices_on(weekdays("2015-03-11", "2024-05-15"))


def frame(prices: PriceSeries) -> pd.Series:
    return pd.Series(prices.close, index=pd.DatetimeIndex(prices.dates))


def test_the_fall_from_the_peak(prices: PriceSeries) -> None:
    found = falls(prices)
    close = frame(prices)
    expected = close / close.cummax() - 1.0
    np.testing.assert_allclose(found.series, expected, atol=1e-15)
    first = found.deepest[0]
    assert first.depth == pytest.approx(expected.min())
    assert prices.dates[first.valley_row] == np.datetime64(expected.idxmin(), "D")
    assert [one.depth for one in found.deepest] == sorted(one.depth for one in found.deepest)


def test_months_are_whole_ones_from_close_to_close(prices: PriceSeries) -> None:
    found = seasons(prices)
    ends = frame(prices).resample("ME").last()
    monthly = ends.pct_change().dropna().iloc[:-1]  # May 2024 goes on
    for number, season in enumerate(found.months, 1):
        own = monthly[monthly.index.month == number]
        assert season.name == MONTHS[number - 1]
        assert season.count == len(own)
        assert season.mean == pytest.approx(own.mean())
        assert season.median == pytest.approx(own.median())
        assert season.risen == pytest.approx((own > 0).mean())
        assert season.error == pytest.approx(own.sem())
    for year, months in found.table.items():
        for month, value in months.items():
            assert value == pytest.approx(monthly[f"{year}-{month:02d}"].iloc[0])
    assert sum(len(months) for months in found.table.values()) == len(monthly)
    assert 3 not in found.table[2015]
    assert 5 not in found.table[2024]


@pytest.mark.parametrize(
    ("last", "counted"), [("2024-05-30", False), ("2024-05-31", True), ("2024-03-28", False)]
)
def test_the_last_month_counts_when_no_weekday_of_it_is_left(last: str, counted: bool) -> None:
    table = seasons(prices_on(weekdays("2023-01-02", last))).table
    assert (int(last[5:7]) in table[2024]) is counted


def test_weekdays(prices: PriceSeries) -> None:
    found = seasons(prices)
    returns = frame(prices).pct_change().dropna()
    assert [one.name for one in found.weekdays] == [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
    ]  # fmt: skip
    for number, season in enumerate(found.weekdays):
        own = returns[returns.index.day_of_week == number]
        assert (season.count, season.mean) == (len(own), pytest.approx(own.mean()))


def test_seasons_of_one_bar() -> None:
    found = seasons(prices_on(weekdays("2024-01-02", "2024-01-02")))
    assert (found.months, found.weekdays, found.table) == ((), (), {})


def test_the_shape_of_the_returns(prices: PriceSeries) -> None:
    shape = return_shape(prices)
    assert shape is not None
    returns = frame(prices).pct_change().dropna()
    assert shape.mean == pytest.approx(returns.mean())
    assert shape.deviation == pytest.approx(returns.std())
    assert shape.skew == pytest.approx(stats.skew(returns))
    assert shape.kurtosis == pytest.approx(stats.kurtosis(returns))
    assert shape.annual_volatility == pytest.approx(returns.std() * np.sqrt(252))
    assert shape.value_at_risk == pytest.approx(np.percentile(returns, 5))
    assert shape.worst == (np.datetime64(returns.idxmin(), "D"), pytest.approx(returns.min()))
    assert shape.best == (np.datetime64(returns.idxmax(), "D"), pytest.approx(returns.max()))
    far = (returns - returns.mean()).abs() > 3 * returns.std()
    assert shape.beyond == (far.sum(), pytest.approx(len(returns) * 2 * stats.norm.sf(3)))
    assert shape.histogram is not None
    assert shape.histogram.counts.sum() == len(returns)
    assert return_shape(prices.head(1)) is None


def test_the_year_s_range(prices: PriceSeries) -> None:
    year = YearRange.of(prices)
    recent = prices.dates > prices.dates[-1] - np.timedelta64(364, "D")
    assert (year.low, year.high) == (prices.low[recent].min(), prices.high[recent].max())
    assert 0.0 <= year.place <= 1.0


def values(dates: np.ndarray, figures: np.ndarray, unit: str = "index") -> list[EconomicIndicator]:
    return [
        EconomicIndicator(
            id=str(at), indicator_type="CPI",
            date=datetime.fromisoformat(str(day.astype("datetime64[D]"))).replace(tzinfo=UTC),
            value=float(figure), unit=unit,
        )
        for at, (day, figure) in enumerate(zip(dates, figures, strict=True))
    ]  # fmt: skip


def test_a_monthly_series_goes_with_the_month_that_begins_on_its_date(prices: PriceSeries) -> None:
    months = np.arange("2014-01", "2024-05", dtype="datetime64[M]")
    figures = 100 + np.cumsum(np.random.default_rng(1).normal(0.2, 0.3, len(months)))
    link = economic_link(prices, values(months.astype("datetime64[D]"), figures))
    ends = frame(prices).resample("ME").last()
    own = ends.pct_change()
    series = pd.Series(figures, index=pd.PeriodIndex(months.astype(str), freq="M")).pct_change()
    own.index = own.index.to_period("M")
    both = pd.concat([series, own], axis=1).dropna()
    assert link.every == "month"
    assert link.pairs == len(both)
    assert link.correlation == pytest.approx(both.corr().iloc[0, 1])
    ahead = pd.concat([series, own.shift(-1)], axis=1).dropna()
    # the month after the last figure is no period of the series
    ahead = ahead[ahead.index < series.index[-1]]
    assert link.ahead == pytest.approx(ahead.corr().iloc[0, 1])
    assert not link.differences


def test_a_daily_series_goes_with_the_return_since_the_figure_before(prices: PriceSeries) -> None:
    figures = 3 + np.cumsum(np.random.default_rng(2).normal(0, 0.05, len(prices)))
    link = economic_link(prices, values(prices.dates, figures, "percent"))
    expected = np.corrcoef(np.diff(figures), prices.returns)[0, 1]
    assert (link.every, link.differences, link.pairs) == ("day", True, len(prices) - 1)
    assert link.correlation == pytest.approx(expected)


def test_too_few_figures_are_no_correlation(prices: PriceSeries) -> None:
    link = economic_link(prices, values(prices.dates[:3], np.arange(1.0, 4.0)))
    assert link.correlation is None
    assert link.why == "too few figures"
    flat = economic_link(prices, values(prices.dates[:9], np.ones(9)))
    assert flat.correlation is None


def test_as_of_a_day_figures_released_later_change_no_correlation(prices: PriceSeries) -> None:
    moment = datetime(2020, 6, 17, 23, 59, 59, tzinfo=UTC)
    months = np.arange("2014-01", "2024-05", dtype="datetime64[M]").astype("datetime64[D]")
    figures = np.linspace(100, 130, len(months)) + np.sin(np.arange(len(months)))
    known = prices.until(moment)
    before = economic_link(known, known_by(values(months, figures), moment))
    # CPI of May is released by June 20 at the latest: on the 17th that of April is the last.
    changed = np.where(months > np.datetime64("2020-04-01"), 999.0, figures)
    assert economic_link(known, known_by(values(months, changed), moment)) == before
    dates = [one.date.date() for one in known_by(values(months, figures), moment)]
    assert dates[-1] == date(2020, 4, 1)
    after = datetime(2020, 6, 21, tzinfo=UTC)
    assert known_by(values(months, figures), after)[-1].date.date() == date(2020, 5, 1)
    assert len(known_by(values(months, figures), None)) == len(months)


def test_aligned_takes_the_last_value_known() -> None:
    dates = np.array(["2024-01-03", "2024-01-08"], dtype="datetime64[D]")
    wanted = np.array(["2024-01-02", "2024-01-03", "2024-01-07", "2024-01-09"], "datetime64[D]")
    found = aligned(dates, np.array([1.0, 2.0]), wanted)
    np.testing.assert_array_equal(found, [np.nan, 1.0, 1.0, 2.0])
