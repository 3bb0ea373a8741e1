"""From values to places in a chart: round ticks, dates along the bottom, thinned lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LINE_COLUMNS = 450
"""A long line is drawn as the least and greatest value of so many columns."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear way from a range of values to a range of places."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value."""
        span = self.high - self.low
        return self.start + (value - self.low) / span * (self.end - self.start)

    def ticks(self, count: int = 5) -> list[float]:
        """Return about ``count`` round values in the range."""
        raw = (self.high - self.low) / max(1, count)
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * one for one in (1.0, 2.0, 2.5, 5.0, 10.0) if power * one >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def scale_of(values: Floats, start: float, end: float, *, floor: float | None = None) -> Scale:
    """Return a scale that holds all finite values with a little room.

    Parameters
    ----------
    floor
        A value that must be on the scale too.
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if floor is not None:
        low, high = min(low, floor), max(high, floor)
    if high - low < 1e-12 * max(1.0, abs(high)):
        low -= abs(high) * 0.05 or 1.0
    room = (high - low) * 0.04
    return Scale(
        low - (room if low != floor else 0.0), high + (room if high != floor else 0.0), start, end
    )


def thinned(values: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return rows and values of a line that looks the same with few points.

    Of every column the least and the greatest value are kept, in their order.
    """
    rows = np.flatnonzero(np.isfinite(values))
    if len(rows) <= 2 * LINE_COLUMNS:
        return rows, values[rows]
    kept = {int(rows[0]), int(rows[-1])}
    for part in np.array_split(rows, LINE_COLUMNS):
        piece = values[part]
        kept.add(int(part[piece.argmin()]))
        kept.add(int(part[piece.argmax()]))
    chosen = np.array(sorted(kept), dtype=np.int64)
    return chosen, values[chosen]


def date_ticks(dates: Sequence[str], most: int = 9) -> list[tuple[int, str]]:
    """Return rows and labels along a time axis: first bars of years, months or days."""
    for length in (4, 7, 10):
        firsts = [at for at in range(1, len(dates)) if dates[at][:length] != dates[at - 1][:length]]
        if len(firsts) >= 3 or length == 10:
            step = max(1, math.ceil(len(firsts) / most))
            return [(at, dates[at][:length]) for at in firsts[::step]]
    return []
