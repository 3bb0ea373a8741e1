"""The series of a result as arrays: what charts are drawn from.

A result keeps its series as lists of JSON. Long ones are turned into arrays piece by
piece, so that a thread which does it leaves the event loop room to answer keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.trading import BacktestResult

if TYPE_CHECKING:
    from quant_tui.engine.metrics.rolling import ReturnHistogram

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Dates = NDArray[np.datetime64]

PIECE = 10_000
"""Values that are turned into an array at a time: a few milliseconds."""

DAYS_A_YEAR = 252.0


@dataclass(frozen=True)
class ResultSeries:
    """Curves of a result, (T,) each.

    Attributes
    ----------
    dates
        ``datetime64[s]``, rising.
    equity
        Value of the account at each close.
    benchmark
        Scaled to the same capital, NaN where unknown; None without one.
    drawdown
        Fall from the running peak, ≤ 0.
    initial_capital, annualization, risk_free
        What the first return counts from, periods a year, and the return of one period
        without risk.
    """

    dates: Dates
    equity: Floats
    benchmark: Floats | None
    drawdown: Floats
    initial_capital: float
    annualization: float
    risk_free: float

    @classmethod
    def of(cls, result: BacktestResult) -> ResultSeries | None:
        """Read the curves of a result; None when it has none. For a thread when it is long."""
        curve = result.portfolio_value
        if not curve.get("date"):
            return None
        dates, equity = to_dates(curve["date"]), to_floats(curve["value"])
        other = result.benchmark.get("value") or ()
        capital = float(result.performance.get("initial_capital") or equity[0])
        kept = (result.details.get("series") or {}).get("drawdown")
        config = result.details.get("config") or {}
        annualization = float(result.performance.get("annualization") or DAYS_A_YEAR)
        annual = float(config.get("risk_free") or 0.0)
        if kept:
            drawdown = to_floats(kept)
        else:
            drawdown = equity / np.maximum(np.maximum.accumulate(equity), capital) - 1.0
        return cls(
            dates=dates,
            equity=equity,
            benchmark=to_floats(other) if len(other) == len(dates) else None,
            drawdown=drawdown,
            initial_capital=capital,
            annualization=annualization,
            risk_free=(1.0 + annual) ** (1.0 / annualization) - 1.0,
        )

    def __len__(self) -> int:
        return len(self.dates)

    @cached_property
    def returns(self) -> Floats:
        """Simple return of each bar, the first from the initial capital; 0 from nothing."""
        before = np.concatenate(([self.initial_capital], self.equity[:-1]))
        with np.errstate(all="ignore"):
            return np.where(before > 0.0, self.equity / before - 1.0, 0.0)

    def rolling_sharpe(self, window: int) -> Floats:
        """Annual Sharpe ratio of the last ``window`` returns, (T,), NaN before there are so many.

        See :func:`quant_tui.engine.metrics.rolling.rolling_sharpe`.
        """
        from quant_tui.engine.metrics.rolling import rolling_sharpe

        return rolling_sharpe(self.returns, window, self.annualization, self.risk_free)

    def histogram(self) -> ReturnHistogram | None:
        """How the returns other than 0 are spread; None without any.

        See :func:`quant_tui.engine.metrics.rolling.return_histogram`.
        """
        from quant_tui.engine.metrics.rolling import return_histogram

        return return_histogram(self.returns[self.returns != 0.0])

    def rows_of(self, dates: Dates) -> Ints:
        """Return the row of each date, or of the bar it falls into; within 0 … T - 1."""
        rows = np.searchsorted(self.dates, dates, side="right") - 1
        return np.clip(rows, 0, len(self) - 1).astype(np.int64)


def to_floats(values: Sequence[float | None]) -> Floats:
    """Return numbers as an array, NaN for None."""
    out = np.empty(len(values))
    for start in range(0, len(values), PIECE):
        out[start : start + PIECE] = values[start : start + PIECE]
    return out


def to_dates(values: Sequence[object]) -> Dates:
    """Return dates as ``datetime64[s]``; a time zone's offset is left out."""
    out = np.empty(len(values), dtype="datetime64[s]")
    for start in range(0, len(values), PIECE):
        out[start : start + PIECE] = [str(one)[:19] for one in values[start : start + PIECE]]
    return out
