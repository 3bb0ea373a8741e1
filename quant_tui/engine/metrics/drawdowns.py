"""Drawdowns: falls of the equity from its running peak, the initial capital included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import DateArray, FloatArray, IntArray
from quant_tui.engine.metrics.returns import dot, parts


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
    days
        Calendar days over the same rows.
    """

    depth: float
    peak_row: int
    valley_row: int
    recovery_row: int | None
    bars: int
    days: int


@dataclass(frozen=True, slots=True)
class Drawdowns:
    """Every drawdown of a run in the order of time, as arrays (D,).

    Attributes
    ----------
    depth, bars, days
        As in :class:`Drawdown`.
    start, stop
        First row under water, and the row after the last one.
    """

    depth: FloatArray
    bars: IntArray
    days: IntArray
    start: IntArray
    stop: IntArray

    def __len__(self) -> int:
        return len(self.depth)

    def deepest(self, series: FloatArray, count: int) -> tuple[Drawdown, ...]:
        """Return the deepest few, deepest first, of the ``series`` they were found in."""
        found = []
        for place in np.lexsort((self.start, self.depth))[:count].tolist():
            start, stop = int(self.start[place]), int(self.stop[place])
            found.append(
                Drawdown(
                    depth=float(self.depth[place]),
                    peak_row=start - 1,
                    valley_row=start + int(np.argmin(series[start:stop])),
                    recovery_row=stop if stop < len(series) else None,
                    bars=int(self.bars[place]),
                    days=int(self.days[place]),
                )
            )
        return tuple(found)


def drawdown_series(equity: FloatArray, initial_capital: float) -> FloatArray:
    """Equity / running peak − 1, (T,), ≤ 0 (empyrical ``drawdown_series``)."""
    falls, peak = np.empty(len(equity)), initial_capital
    for rows in parts(len(equity)):
        part = equity[rows]
        if float(part.max()) <= peak:  # under water throughout
            np.subtract(part, peak, out=falls[rows])
            falls[rows] /= peak
            continue
        peaks = np.maximum.accumulate(part)
        np.maximum(peaks, peak, out=peaks)
        np.subtract(part, peaks, out=falls[rows])
        falls[rows] /= peaks
        peak = float(peaks[-1])
    return falls


def drawdowns(series: FloatArray, dates: DateArray) -> Drawdowns:
    """Find every drawdown.

    Parameters
    ----------
    series
        As :func:`drawdown_series` gives it, (T,).
    dates
        ``datetime64`` (T,).
    """
    under = series < 0.0
    turns = np.flatnonzero(under[1:] != under[:-1]) + 1
    edges = np.concatenate((([0] if under[0] else []), turns)).astype(np.int64)
    starts, stops = edges[::2], edges[1::2]
    if len(stops) < len(starts):
        stops = np.append(stops, len(series))
    depths = np.minimum.reduceat(series, edges)[::2] if len(edges) else np.empty(0)
    last = np.minimum(stops, len(series) - 1)
    first_day = dates[np.maximum(starts - 1, 0)].astype("datetime64[D]")
    days = (dates[last].astype("datetime64[D]") - first_day).astype(np.int64)
    return Drawdowns(depths, last - (starts - 1), days, starts, stops)


def ulcer_index(series: FloatArray) -> float:
    """Root mean square of the drawdowns, as a fraction (Martin 1987)."""
    return float(np.sqrt(dot(series, series) / len(series)))
