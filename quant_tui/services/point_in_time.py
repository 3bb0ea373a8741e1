"""Figures from outside the bars, each only from the day on which it was known.

A figure counts on a bar when its day of release lies before the bar's own date in UTC.
Released on the very day, it does not count yet: bars do not say at what hour they are
decided on, and an exchange in Asia closes before the morning in Washington.

Days from the end of a period to the release, longer than the usual calendar where that
moves (BLS, BEA, Census and Federal Reserve release schedules):

=========================  ====  ===============================================
series                     days  released
=========================  ====  ===============================================
CPI, CORE_CPI              20    around the 12th of the next month
UNEMPLOYMENT, PAYROLL      10    first Friday of the next month
RETAIL_SALES               20    mid of the next month
DURABLES                   35    advance report, end of the next month
REAL_GDP, per capita       90    third estimate: earlier ones are revised
INFLATION, annual          200   World Bank, middle of the next year
rates and yields, daily    1     next morning
any other                  1 a day, 7 a week, 35 a month, 90 a quarter, 200 a year
=========================  ====  ===============================================

Values are those of today's series: a figure revised since its release is not what was
read on that day. ``revisions`` keeps what was changed after it was fetched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.base import Document

if TYPE_CHECKING:
    from quant_tui.domain.market_data import EconomicIndicator

Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]

NEWS_DAYS = 7
"""``news_sentiment()`` is the mean over the items of so many days before the bar."""

REPORT_DAYS = {"quarterly": 60, "annual": 90}
"""Days from the end of a period to its report, where the report's own day is not known:
the longest that the SEC allows for 10-Q and 10-K, with the usual extension."""

_PERIODS = ((4, "day"), (15, "week"), (60, "month"), (200, "quarter"))
_LENGTH = {"day": 1, "week": 7, "month": 1, "quarter": 3, "year": 12}
_LAG = {"day": 1, "week": 7, "month": 35, "quarter": 90, "year": 200}
_LAG_OF_SERIES = {
    "CPI": 20,
    "CORE_CPI": 20,
    "UNEMPLOYMENT": 10,
    "NONFARM_PAYROLL": 10,
    "RETAIL_SALES": 20,
    "DURABLES": 35,
}
"""Of monthly series; the same series quarterly is released with its last month."""

_ALIASES = {"eps": "reported_eps", "revenue": "total_revenue"}


def bar_days(dates: Days) -> Days:
    """Return the UTC date of each bar, datetime64[D], (T,)."""
    return dates.astype("datetime64[D]")


def as_of(known: Days, values: Floats, days: Days) -> Floats:
    """Return on each day the last value known before it; NaN where there is none.

    Parameters
    ----------
    known
        Days of release, rising, (K,).
    values
        (K,).
    days
        (T,).
    """
    at = np.searchsorted(known, days, side="left") - 1
    return np.where(at >= 0, values[np.maximum(at, 0)], np.nan) if len(known) else _none(len(days))


def released(name: str, dates: Days) -> Days:
    """Return the days on which the values of an economic series were known.

    Parameters
    ----------
    name
        The series.
    dates
        Of its values, rising, (K,): the first day of each period or the last one; told
        apart by whether they are firsts of a month.
    """
    if not len(dates):
        return dates
    days = dates.astype("datetime64[D]")
    period = _period(days)
    lag = _LAG[period]
    if period in ("month", "quarter"):
        lag = min(lag, _LAG_OF_SERIES.get(name, lag))
    months = days.astype("datetime64[M]")
    ends = days
    if period in ("month", "quarter", "year") and bool(np.all(days == months)):
        ends = (months + _LENGTH[period]).astype("datetime64[D]") - 1
    return ends + lag


def known_by(
    values: Sequence[EconomicIndicator], as_of: datetime | None
) -> list[EconomicIndicator]:
    """Return the values of one economic series that were released before a day.

    Parameters
    ----------
    values
        Of one series, the oldest first.
    as_of
        A time on that day, in UTC; None for all values.
    """
    if as_of is None or not values:
        return list(values)
    days = np.array([one.date.date() for one in values], dtype="datetime64[D]")
    before = released(values[0].indicator_type, days) < np.datetime64(as_of.date(), "D")
    return [one for one, known in zip(values, before.tolist(), strict=True) if known]


def macro(name: str, dates: Days, values: Floats, bar_dates: Days) -> Floats:
    """Return an economic series on the bars, (T,)."""
    return as_of(released(name, dates), values, bar_days(bar_dates))


def news_sentiment(published: Days, scores: Floats, bar_dates: Days) -> Floats:
    """Return the mean score of the news of :data:`NEWS_DAYS` days before each bar, (T,).

    Daily bars see what was published before their date began in UTC, intraday bars what
    was published before they began. NaN where there was none.

    Parameters
    ----------
    published
        Times in UTC, rising, (K,).
    scores
        -1 to 1, (K,).
    bar_dates
        (T,).
    """
    until = bar_dates.astype("datetime64[us]")
    times = published.astype("datetime64[us]")
    first = np.searchsorted(times, until - np.timedelta64(NEWS_DAYS, "D"), side="left")
    last = np.searchsorted(times, until, side="left")
    total = np.concatenate(([0.0], np.cumsum(scores)))
    count = last - first
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, (total[last] - total[first]) / count, np.nan)


@dataclass(frozen=True, slots=True)
class Reports:
    """What a company reported: period ends, days of report and figures, oldest first."""

    ends: Days
    known: Days
    figures: tuple[Mapping[str, float], ...]

    @classmethod
    def of(cls, rows: object, period: str) -> Reports:
        """Read the ``quarterly`` or ``annual`` reports of a company's ``financials``."""
        found: list[tuple[np.datetime64, np.datetime64, dict[str, float]]] = []
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, dict) or not row.get("fiscal_date_ending"):
                continue
            end = np.datetime64(str(row["fiscal_date_ending"]), "D")
            told = row.get("reported_date")
            known = np.datetime64(str(told), "D") if told else end + REPORT_DAYS[period]
            figures = {
                key: float(value)
                for key, value in row.items()
                if isinstance(value, int | float) and not isinstance(value, bool)
            }
            found.append((end, max(known, end), figures))
        found.sort(key=lambda one: (one[1], one[0]))
        newest: list[tuple[np.datetime64, np.datetime64, dict[str, float]]] = []
        for one in found:
            # A late report of an earlier period never takes the place of a later period's.
            if not newest or one[0] > newest[-1][0]:
                newest.append(one)
        return cls(
            np.array([one[0] for one in newest], "datetime64[D]"),
            np.array([one[1] for one in newest], "datetime64[D]"),
            tuple(one[2] for one in newest),
        )

    def figure(self, name: str) -> Floats:
        """Return a figure of each report; NaN where it has none."""
        return np.array([one.get(name, np.nan) for one in self.figures], dtype=np.float64)

    def trailing(self, name: str) -> Floats:
        """Return the sum over each report and the three before; NaN where one is missing."""
        values = self.figure(name)
        sums = _none(len(values))
        for row in range(3, len(values)):
            if (self.ends[row] - self.ends[row - 3]).astype(int) <= 300:
                sums[row] = values[row - 3 : row + 1].sum()
        return sums


def fundamental(name: str, financials: Document, bar_dates: Days, closes: Floats) -> Floats:
    """Return a company's figure on the bars, as reported by then, (T,).

    Parameters
    ----------
    name
        A figure of the quarterly reports, as ``net_income``; of the annual ones, as
        ``annual_net_income``; the sum of four quarters, as ``ttm_net_income``; or
        ``pe_ratio``: the close over the earnings a share of four quarters, where these are
        above zero.
    financials
        Of the company.
    closes
        Of the bars, (T,).
    """
    days = bar_days(bar_dates)
    if name == "pe_ratio":
        earned = fundamental("ttm_eps", financials, bar_dates, closes)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(earned > 0, closes / earned, np.nan)
    period, plain = "quarterly", name
    if name.startswith("annual_"):
        period, plain = "annual", name.removeprefix("annual_")
    trailing = name.startswith("ttm_")
    plain = plain.removeprefix("ttm_") if trailing else plain
    plain = _ALIASES.get(plain, plain)
    reports = Reports.of(financials.get(period), period)
    values = reports.trailing(plain) if trailing else reports.figure(plain)
    there = np.isfinite(values)
    return as_of(reports.known[there], values[there], days)


def fundamental_names(financials: Sequence[Document]) -> list[str]:
    """Return what figures companies have, for a message; ``ttm_`` and ``annual_`` go before."""
    found: set[str] = set()
    for one in financials:
        reports = Reports.of(one.get("quarterly"), "quarterly")
        found.update(*(figures.keys() for figures in reports.figures))
    return sorted(found | ({"pe_ratio"} if "reported_eps" in found else set()))


def _period(days: Days) -> str:
    if len(days) < 2:
        return "year"
    step = float(np.median(np.diff(days).astype("timedelta64[D]").astype(np.float64)))
    return next((name for most, name in _PERIODS if step <= most), "year")


def _none(count: int) -> Floats:
    return np.full(count, np.nan)
