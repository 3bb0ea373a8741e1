"""Where one series crosses another, over packed bars."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray


def cross(difference: FloatArray, *, above: bool, strict: bool) -> tuple[BoolArray, BoolArray]:
    """Find where a difference passes zero.

    Parameters
    ----------
    difference
        a − b, (T, N), NaN where undefined.
    above
        Whether upwards.
    strict
        Whether the other side must have been left on the very bar before; otherwise on
        the last bar on which the two differed.

    Returns
    -------
    tuple
        Where it crosses, and where that is known: from the second defined bar on.
    """
    over, under = difference > 0.0, difference < 0.0
    if not above:
        over, under = under, over
    true = np.zeros(difference.shape, dtype=np.bool_)
    np.logical_and(over[1:], under[:-1], out=true[1:])
    if not strict:
        _over_ties(over, under, true)
    known = ~np.isnan(difference)
    columns = np.arange(difference.shape[1])
    known[known.argmax(axis=0), columns] = False
    return true, known


def _over_ties(over: BoolArray, under: BoolArray, true: BoolArray) -> None:
    """Add to ``true`` the crossings whose bar before is a tie, or undefined."""
    differs = over | under
    after_tie = over[1:] & ~differs[:-1]
    rows, columns = np.divmod(np.flatnonzero(after_tie), after_tie.shape[1])
    if not (rows >= differs.argmax(axis=0)[columns]).any():
        return
    last = np.where(differs, np.arange(len(over))[:, None], -1)
    np.maximum.accumulate(last, axis=0, out=last)
    state = np.take_along_axis(under, np.maximum(last[:-1], 0), axis=0)
    true[1:] |= after_tie & state & (last[:-1] >= 0)
