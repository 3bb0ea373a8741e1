"""What the charts of a report draw, computed from a result's stored series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from quant_tui.domain.base import Document
from quant_tui.engine.calendars import periods_per_year
from quant_tui.services.html_report.scale import Floats

WINDOWS = (126, 63, 21)
"""Sessions over which a rolling Sharpe ratio is taken: the first that fits twice."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """A curve by session: the last value of every day.

    Attributes
    ----------
    dates
        ISO dates (S,).
    returns
        Simple returns from the session before, (S - 1,).
    periods
        Sessions a year.
    """

    dates: tuple[str, ...]
    returns: Floats
    periods: float

    @classmethod
    def of(cls, dates: Sequence[str], values: Floats) -> Sessions:
        """Take the last finite value of every day."""
        last = {day[:10]: at for at, day in enumerate(dates) if np.isfinite(values[at])}
        days = tuple(last)
        kept = values[list(last.values())]
        with np.errstate(all="ignore"):
            returns = kept[1:] / kept[:-1] - 1.0
        return cls(days, returns, periods_per_year(np.array(days, dtype="datetime64[D]")))

    def rolling_sharpe(self) -> tuple[int, Floats] | None:
        """Return the window and the annual Sharpe ratio at each session, (S,).

        Mean / standard deviation (ddof=1) of the last window's returns times the root of
        the sessions a year; NaN before the first whole window and where nothing moved.
        None when the curve is too short.
        """
        count = len(self.returns)
        window = next((one for one in WINDOWS if count >= 2 * one), 0)
        if not window:
            return None
        windows = sliding_window_view(self.returns, window)
        with np.errstate(all="ignore"):
            spread = windows.std(axis=1, ddof=1)
            ratio = windows.mean(axis=1) / spread * np.sqrt(self.periods)
        ratio[~(spread > 1e-12)] = np.nan
        return window, np.concatenate((np.full(window, np.nan), ratio))


def numbers(values: object, count: int) -> Floats:
    """Return a stored series as an array (count,), NaN for None or when there is none."""
    if not isinstance(values, list) or len(values) != count:
        return np.full(count, np.nan)
    found: Floats = np.array(cast("list[float | None]", values), dtype=np.float64)
    return found


def drawdown_of(values: Floats, initial: float) -> Floats:
    """Return the fall from the running peak, which begins at the initial capital."""
    peak = np.fmax.accumulate(np.concatenate(([initial], values)))[1:]
    falls: Floats = values / peak - 1.0
    return falls


def bins(returns: Floats, most: int = 48) -> tuple[Floats, list[int]] | None:
    """Return edges and counts of returns; zero is an edge, extremes go to the outer bins."""
    finite = returns[np.isfinite(returns)]
    if len(finite) < 2 or np.ptp(finite) == 0.0:
        return None
    bound = float(np.quantile(np.abs(finite), 0.995)) or float(np.abs(finite).max())
    half = max(4, min(most // 2, round(len(finite) ** 0.5)))
    edges = np.linspace(-bound, bound, 2 * half + 1)
    counts, _ = np.histogram(np.clip(finite, -bound, bound), edges)
    return edges, counts.tolist()


def monthly(table: Document) -> list[tuple[str, dict[int, float], float | None]]:
    """Return year, returns by month, and the year's compounded return."""
    rows = []
    for year in sorted(table, key=int):
        months = {int(month): one for month, one in table[year].items() if one is not None}
        total = float(np.prod([1.0 + one for one in months.values()]) - 1.0) if months else None
        rows.append((year, months, total))
    return rows
