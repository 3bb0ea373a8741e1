"""What the prices of one symbol are like: falls, seasons, returns, and company they keep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.services.price_series import PriceSeries, as_datetime64

if TYPE_CHECKING:
    from quant_tui.domain.market_data import EconomicIndicator
    from quant_tui.engine.metrics.drawdowns import Drawdown
    from quant_tui.engine.metrics.rolling import ReturnHistogram
    from quant_tui.services.price_series import Dates, Floats

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August",
          "September", "October", "November", "December")  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

YEAR = np.timedelta64(364, "D")
"""Fifty-two weeks."""

LEAST_PAIRS = 3
"""Fewest pairs of which a correlation is told."""

MONTHLY_DAYS = 20
"""Median days between figures from which each is of the period that begins on its date."""


@dataclass(frozen=True, slots=True)
class YearRange:
    """Lowest and highest price of the last fifty-two weeks, and where the last close is."""

    low: float
    high: float
    last: float

    @classmethod
    def of(cls, prices: PriceSeries) -> YearRange:
        """Look at the bars of the 52 weeks up to the last one; there must be one."""
        first = int(np.searchsorted(prices.dates, prices.dates[-1] - YEAR, side="right"))
        return cls(
            float(prices.low[first:].min()),
            float(prices.high[first:].max()),
            float(prices.close[-1]),
        )

    @property
    def place(self) -> float:
        """How far up the last close is: 0 at the low, 1 at the high."""
        if self.high <= self.low:
            return 0.5
        return min(1.0, max(0.0, (self.last - self.low) / (self.high - self.low)))


@dataclass(frozen=True, slots=True)
class Falls:
    """The fall of the close from its running peak, and the deepest falls.

    Attributes
    ----------
    series
        (T,), ≤ 0.
    deepest
        The deepest first.
    """

    series: Floats
    deepest: tuple[Drawdown, ...]


def falls(prices: PriceSeries, count: int = 5) -> Falls:
    """Find how far the close was below its peak; there must be a bar."""
    from quant_tui.engine.metrics.drawdowns import drawdown_series, drawdowns

    series = drawdown_series(prices.close, float(prices.close[0]))
    return Falls(series, drawdowns(series, prices.dates).deepest(series, count))


@dataclass(frozen=True, slots=True)
class Season:
    """The returns of one month of the year, or of one weekday.

    Attributes
    ----------
    count
        How many there are; the others are None without any.
    mean, median
        Of the returns.
    risen
        Fraction of them above zero.
    error
        Standard error of the mean, the sample's deviation over √count; None below two.
    """

    name: str
    count: int
    mean: float | None
    median: float | None
    risen: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Seasons:
    """Returns by season: whole months, from close to close, and sessions by weekday.

    ``table`` is year → month → return of the whole months.
    """

    months: tuple[Season, ...]
    weekdays: tuple[Season, ...]
    table: dict[int, dict[int, float]]


def seasons(prices: PriceSeries) -> Seasons:
    """Average returns by month of the year and by weekday.

    A month counts from the last close of the month before to its own last close; the first
    month, of which no close before is known, and one that may still go on are left out.
    Weekdays on which it never traded are left out.
    """
    from quant_tui.engine.calendars import period_number

    if len(prices) < 2:
        return Seasons((), (), {})
    numbers = period_number(prices.dates, "month")
    ends = np.append(np.flatnonzero(numbers[1:] != numbers[:-1]), len(prices) - 1)
    closes, months = prices.close[ends], numbers[ends]
    returns, months = closes[1:] / closes[:-1] - 1.0, months[1:]
    if len(months) and not _month_is_over(prices.dates[-1]):
        returns, months = returns[:-1], months[:-1]
    table: dict[int, dict[int, float]] = {}
    for month, value in zip(months.tolist(), returns.tolist(), strict=True):
        table.setdefault(1970 + month // 12, {})[month % 12 + 1] = value
    days = prices.dates[1:].astype("datetime64[D]").astype(np.int64)
    weekday = (days + 3) % 7
    return Seasons(
        tuple(_season(name, returns[months % 12 == at]) for at, name in enumerate(MONTHS)),
        tuple(
            _season(name, prices.returns[weekday == at])
            for at, name in enumerate(WEEKDAYS)
            if (weekday == at).any()
        ),
        table,
    )


def _month_is_over(last: np.datetime64) -> bool:
    """Whether no weekday of the month comes after a date."""
    first = last.astype("datetime64[D]") + 1
    following = (last.astype("datetime64[M]") + 1).astype("datetime64[D]")
    return int(np.busday_count(first, following)) == 0


def _season(name: str, returns: Floats) -> Season:
    count = len(returns)
    if not count:
        return Season(name, 0, None, None, None, None)
    error = float(returns.std(ddof=1)) / math.sqrt(count) if count > 1 else None
    return Season(
        name,
        count,
        float(returns.mean()),
        float(np.median(returns)),
        float((returns > 0).mean()),
        error,
    )


@dataclass(frozen=True, slots=True)
class ReturnShape:
    """How the returns of a symbol's bars are spread.

    Attributes
    ----------
    histogram
        Of the returns other than zero, with the counts of a normal distribution.
    flat
        Bars whose close did not change.
    count, mean, deviation, skew, kurtosis
        Of all returns; see :class:`quant_tui.engine.metrics.returns.Moments`.
    annual_return, annual_volatility
        Compounded growth a year, and deviation · √periods a year.
    value_at_risk, conditional_value_at_risk
        Empirical, at 5 %; see :class:`quant_tui.engine.metrics.returns.Tails`.
    risen
        Fraction of the returns above zero.
    best, worst
        Date and return of the greatest rise and fall.
    beyond
        Returns more than three deviations from the mean, and how many a normal
        distribution would have.
    """

    histogram: ReturnHistogram | None
    flat: int
    count: int
    mean: float
    deviation: float
    skew: float | None
    kurtosis: float | None
    annual_return: float
    annual_volatility: float | None
    value_at_risk: float
    conditional_value_at_risk: float
    risen: float
    best: tuple[np.datetime64, float]
    worst: tuple[np.datetime64, float]
    beyond: tuple[int, float]


def return_shape(prices: PriceSeries) -> ReturnShape | None:
    """Describe the returns from close to close; None below two bars."""
    from quant_tui.engine.calendars import periods_per_year
    from quant_tui.engine.metrics.returns import compound_annual_growth, moments, tails
    from quant_tui.engine.metrics.rolling import return_histogram

    returns = prices.returns
    if not len(returns):
        return None
    shape, tail = moments(returns), tails(returns)
    yearly = periods_per_year(prices.dates)
    best, worst = int(returns.argmax()), int(returns.argmin())
    far = np.abs(returns - shape.mean) > 3.0 * shape.deviation
    ratio = float(prices.close[-1] / prices.close[0])
    return ReturnShape(
        histogram=return_histogram(returns[returns != 0.0]),
        flat=int((returns == 0.0).sum()),
        count=shape.count,
        mean=shape.mean,
        deviation=shape.deviation,
        skew=shape.skew,
        kurtosis=shape.kurtosis,
        annual_return=compound_annual_growth(ratio, len(returns), yearly),
        annual_volatility=shape.annual_volatility(yearly),
        value_at_risk=min(tail.value_at_risk, 0.0),
        conditional_value_at_risk=min(tail.conditional_value_at_risk, 0.0),
        risen=float((returns > 0).mean()),
        best=(prices.dates[best + 1], float(returns[best])),
        worst=(prices.dates[worst + 1], float(returns[worst])),
        beyond=(
            int(far.sum()) if shape.deviation > 0 else 0,
            len(returns) * math.erfc(3.0 / math.sqrt(2.0)),
        ),
    )


def aligned(dates: Dates, values: Floats, wanted: Dates) -> Floats:
    """Return the last value at or before each wanted date, NaN before the first."""
    at = np.searchsorted(dates, wanted, side="right") - 1
    found = np.full(len(wanted), np.nan)
    found[at >= 0] = values[at[at >= 0]]
    return found


@dataclass(frozen=True, slots=True)
class EconomicLink:
    """How an economic series and the returns of a symbol go together.

    Attributes
    ----------
    every
        ``day``, ``week``, ``month``, ``quarter`` or ``year``: how often the series has a
        figure.
    pairs
        How many changes of the series stand beside a return of the symbol.
    correlation
        Pearson's r of the two over the same period; None with a reason in ``why``.
    ahead
        The same with the symbol's return over the period after.
    differences
        Whether the change of the series is its difference, as for rates in per cent;
        otherwise it is the relative change.
    """

    every: str
    pairs: int
    correlation: float | None
    ahead: float | None
    differences: bool
    why: str = ""


def economic_link(prices: PriceSeries, values: Sequence[EconomicIndicator]) -> EconomicLink:
    """Correlate an economic series with a symbol's returns, at the series' own frequency.

    Figures of months and longer periods are dated by the first day of their period, as
    FRED and Alpha Vantage date them: their change goes with the return over that period.
    Those of days and weeks are dated when they were known: their change goes with the
    return since the figure before.

    Parameters
    ----------
    prices
        Bars of sessions.
    values
        The series, the oldest first; of a day in the past those that were known then, see
        :func:`quant_tui.services.point_in_time.known_by`.
    """
    dated = [(as_datetime64(one.date), one.value) for one in values]
    dates = np.array([when for when, _ in dated], dtype="datetime64[us]").astype("datetime64[D]")
    figures = np.array([value for _, value in dated], dtype=np.float64)
    unit = values[-1].unit.casefold() if values else ""
    differences = "percent" in unit or "%" in unit or bool((figures <= 0).any())
    if len(dates) <= LEAST_PAIRS or len(prices) < 2:
        return EconomicLink("", 0, None, None, differences, "too few figures")
    step = float(np.median(np.diff(dates).astype(np.int64)))
    changes = np.diff(figures) if differences else figures[1:] / figures[:-1] - 1.0
    days = prices.dates.astype("datetime64[D]")
    if step >= MONTHLY_DAYS:
        bounds = np.append(dates, _following(dates[-1], step)) - 1
        closes = _known_closes(days, prices.close, bounds)
        own = closes[2:] / closes[1:-1] - 1.0
    else:
        closes = _known_closes(days, prices.close, dates)
        own = closes[1:] / closes[:-1] - 1.0
        own[np.diff(np.searchsorted(days, dates, side="right")) == 0] = np.nan  # no session
    both = np.isfinite(own) & np.isfinite(changes)
    later = np.append(own[1:], np.nan)
    return EconomicLink(
        every=_frequency(step),
        pairs=int(both.sum()),
        correlation=_pearson(changes, own),
        ahead=_pearson(changes, later),
        differences=differences,
        why="" if _pearson(changes, own) is not None else "too few changes, or none",
    )


def _following(day: np.datetime64, step: float) -> np.datetime64:
    """Return the day as many months later as a step of so many days stands for."""
    month = day.astype("datetime64[M]")
    later = (month + max(1, round(step / 30.44))).astype("datetime64[D]")
    found: np.datetime64 = later + (day - month.astype("datetime64[D]"))
    return found


def _known_closes(days: Dates, closes: Floats, bounds: Dates) -> Floats:
    """Return the close at or before each bound, NaN where the bars do not reach so far."""
    found = aligned(days, closes, bounds)
    # within a few days of the end: bounds fall on weekends and holidays
    found[bounds > days[-1] + 4] = np.nan
    return found


def _frequency(step: float) -> str:
    for most, name in ((4.5, "day"), (MONTHLY_DAYS, "week"), (45.0, "month"), (135.0, "quarter")):
        if step <= most:
            return name
    return "year"


def _pearson(a: Floats, b: Floats) -> float | None:
    both = np.isfinite(a) & np.isfinite(b)
    if int(both.sum()) < LEAST_PAIRS:
        return None
    x, y = a[both] - a[both].mean(), b[both] - b[both].mean()
    size = math.sqrt(float(x @ x) * float(y @ y))
    return None if size <= 1e-300 else float(np.clip((x @ y) / size, -1.0, 1.0))
