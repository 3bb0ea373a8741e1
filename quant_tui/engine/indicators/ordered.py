"""Rolling medians, quantiles and ranks of a clean 1-D run, for windows of any length.

The values are ranked once; a binary indexed tree (Fenwick 1994) counts which ranks the
window holds, so that a bar costs the logarithm of the length, whatever the window.
"""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.compiled import compiled

_SHORT = 128
"""Window up to which moving values within a sorted row is faster than the tree."""


@compiled
def _short_quantiles(
    values: FloatArray, window: int, share: float, ascending: FloatArray, out: FloatArray
) -> None:
    """Keep the window's values in order, moving those between the old and the new one."""
    exact = share * (window - 1)
    place = int(exact)
    part = exact - place
    count = 0
    for row in range(len(values)):
        value = values[row]
        if row < window:
            at = count
            count += 1
        else:
            old = values[row - window]
            at = 0
            while ascending[at] != old:
                at += 1
        while at > 0 and ascending[at - 1] > value:
            ascending[at] = ascending[at - 1]
            at -= 1
        while at < count - 1 and ascending[at + 1] < value:
            ascending[at] = ascending[at + 1]
            at += 1
        ascending[at] = value
        if row >= window - 1:
            low = ascending[place]
            if part > 0.0:
                high = ascending[place + 1]
                low = (low + high) / 2.0 if part == 0.5 else low + (high - low) * part
            out[row] = low


@compiled
def _add(tree: IntArray, rank: int, count: int) -> None:
    at = rank + 1
    while at < len(tree):
        tree[at] += count
        at += at & -at


@compiled
def _find(tree: IntArray, highest: int, place: int) -> int:
    """Rank of the value at that place (from 0) among those that the tree holds."""
    at, step, left = 0, highest, place + 1
    while step > 0:
        if at + step < len(tree) and tree[at + step] < left:
            at += step
            left -= tree[at]
        step >>= 1
    return at


@compiled
def _quantiles(
    ranks: IntArray,
    ascending: FloatArray,
    window: int,
    share: float,
    tree: IntArray,
    out: FloatArray,
) -> None:
    highest = 1
    while highest * 2 < len(tree):
        highest *= 2
    exact = share * (window - 1)
    place = int(exact)
    part = exact - place
    for row in range(len(ranks)):
        _add(tree, ranks[row], 1)
        if row >= window:
            _add(tree, ranks[row - window], -1)
        if row >= window - 1:
            low = ascending[_find(tree, highest, place)]
            if part > 0.0:
                high = ascending[_find(tree, highest, place + 1)]
                low = (low + high) / 2.0 if part == 0.5 else low + (high - low) * part
            out[row] = low


def quantile(values: FloatArray, window: int, share: float) -> FloatArray:
    """Quantile of ``window`` bars, linear between neighbours (Hyndman and Fan 1996, type 7)."""
    size = len(values)
    out = np.full(size, np.nan)
    if size < window:
        return out
    if window <= _SHORT:
        steps = size * (1 + window // 2)
        _short_quantiles.sized(steps)(values, window, share, np.empty(window), out)
        return out
    order = np.argsort(values, kind="stable")
    ranks = np.empty(size, dtype=np.int64)
    ranks[order] = np.arange(size)
    tree = np.zeros(size + 1, dtype=np.int64)
    _quantiles.sized(40 * size)(ranks, values[order], window, share, tree, out)
    return out


def median(values: FloatArray, window: int) -> FloatArray:
    """Median of ``window`` bars."""
    return quantile(values, window, 0.5)
