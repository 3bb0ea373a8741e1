"""Bars as expressions see them: every symbol's own bars moved together, gaps left out.

An indicator runs over the bars that a symbol has; a halt or a holiday of one exchange
is no value. So each column is packed to the top, all functions of time work on packed
columns, and only what compares symbols with one another spreads the figures back onto
the common dates.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.bars import Bars


class Frame:
    """Packed view of bars.

    Parameters
    ----------
    bars
        T dates, N symbols.
    """

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.shape = bars.close.shape
        self._order: IntArray | None = None
        if not bars.complete:
            self._order = np.argsort(~bars.present, axis=0, kind="stable")

    @cached_property
    def valid(self) -> BoolArray:
        """Where the packed columns hold a bar, (T, N)."""
        if self._order is None:
            return self.bars.present
        valid: BoolArray = self.pack(self.bars.present.astype(np.float64)) == 1.0
        return valid

    def pack(self, values: FloatArray) -> FloatArray:
        """Move each column's own bars to its top; below them is NaN."""
        if self._order is None:
            return values
        packed = np.take_along_axis(values, self._order, axis=0)
        gone = ~np.take_along_axis(self.bars.present, self._order, axis=0)
        packed = packed.astype(np.float64)
        packed[gone] = np.nan
        return packed

    def spread(self, packed: FloatArray) -> FloatArray:
        """Put packed figures back onto their dates; dates without a bar are NaN."""
        if self._order is None:
            return packed
        out = np.empty(self.shape)
        np.put_along_axis(out, self._order, packed, axis=0)
        out[~self.bars.present] = np.nan
        return out

    def spread_truth(self, packed: BoolArray) -> BoolArray:
        """Put packed truth back onto its dates; dates without a bar are false."""
        if self._order is None:
            return packed
        spread: BoolArray = self.spread((self.valid & packed).astype(np.float64)) == 1.0
        return spread

    def field(self, name: str) -> FloatArray:
        """Return a packed price field or the volume."""
        values: FloatArray = getattr(self.bars, name)
        return self.pack(values)

    def by_date(self, values: FloatArray) -> FloatArray:
        """Give each packed bar the figure (T,) of its date."""
        return self.pack(np.broadcast_to(values[:, None], self.shape).astype(np.float64))
