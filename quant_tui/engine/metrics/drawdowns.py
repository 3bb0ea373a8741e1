"""Drawdowns: falls of the equity from its running peak, the initial capital included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import DateArray, FloatArray


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One fall from a peak to the recovery of that peak.

    Attributes
    ----------
    depth
        Deepest point as a fraction of the peak, below zero.
    peak_row, valley_row, recovery_row
        Row of the peak (−1: the initial capital), of the deepest point, and of the first
        close at or above the peak (None while under water).
    bars
        Rows from the peak to the recovery, or to the last row.
    """

    depth: float
    peak_row: int
    valley_row: int
    recovery_row: int | None
    bars: int

    def days(self, dates: DateArray) -> int:
        """Calendar days from the peak to the recovery, or to the last date."""
        days = dates.astype("datetime64[D]")
        last = len(dates) - 1 if self.recovery_row is None else self.recovery_row
        return int((days[last] - days[max(self.peak_row, 0)]).astype(np.int64))


def drawdown_series(equity: FloatArray, initial_capital: float) -> FloatArray:
    """Equity / running peak − 1, (T,), ≤ 0 (empyrical ``drawdown_series``)."""
    peaks = np.maximum(np.maximum.accumulate(equity), initial_capital)
    return (equity - peaks) / peaks


def drawdowns(series: FloatArray) -> list[Drawdown]:
    """Return every drawdown, in the order of time.

    Parameters
    ----------
    series
        As :func:`drawdown_series` gives it.
    """
    under = series < 0.0
    if not under.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], under, [False])).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    depths = np.minimum.reduceat(series, edges[:-1] if edges[-1] == len(series) else edges)[::2]
    found = []
    for start, stop, depth in zip(starts.tolist(), stops.tolist(), depths.tolist(), strict=True):
        recovered = stop if stop < len(series) else None
        valley = start + int(np.argmin(series[start:stop]))
        last = len(series) - 1 if recovered is None else recovered
        found.append(Drawdown(depth, start - 1, valley, recovered, last - (start - 1)))
    return found


def ulcer_index(series: FloatArray) -> float:
    """Root mean square of the drawdowns, as a fraction (Martin 1987)."""
    return float(np.sqrt((series * series).mean()))
