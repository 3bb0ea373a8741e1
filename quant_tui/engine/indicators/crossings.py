"""Where one series crosses another, in one pass over packed bars."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray
from quant_tui.engine.compiled import compiled


@compiled
def _crossings(
    difference: FloatArray, sign: float, lenient: bool, true: BoolArray, known: BoolArray
) -> None:
    """Without branches: which way prices go is a coin's toss to the processor."""
    rows, columns = difference.shape
    for column in range(columns):
        below, seen = False, False
        for row in range(rows):
            apart = sign * difference[row, column]
            over, defined = apart > 0.0, apart == apart
            true[row, column] = below & over
            known[row, column] = seen & defined
            keeps = below & (over ^ True) & lenient  # a tie, or an undefined bar
            below, seen = (apart < 0.0) | keeps, seen | defined


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
    true = np.zeros(difference.shape, dtype=np.bool_)
    known = np.zeros(difference.shape, dtype=np.bool_)
    sign = 1.0 if above else -1.0
    _crossings.sized(difference.size)(
        np.ascontiguousarray(difference), sign, not strict, true, known
    )
    return true, known
