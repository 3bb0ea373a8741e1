"""Apply a function of a clean 1-D run to every column of a matrix with undefined places."""

from __future__ import annotations

import math
from collections.abc import Callable
from weakref import WeakValueDictionary

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray

Run = Callable[..., FloatArray]
"""Takes 1-D arrays of one length without NaN, returns one of the same length."""

_clean: WeakValueDictionary[int, FloatArray] = WeakValueDictionary()
"""Arrays that cannot be written, such as prices, and were found to be defined throughout."""


def by_run(function: Run, *inputs: FloatArray) -> FloatArray:
    """Apply ``function`` to each unbroken run of defined values of each column.

    A window that holds an undefined value is therefore undefined, and an indicator
    starts anew after it; nothing undefined can leak into a running sum.

    Parameters
    ----------
    function
        Takes as many 1-D arrays as ``inputs``; all are defined throughout.
    inputs
        Matrices (T, N) of one shape.

    Returns
    -------
    FloatArray
        (T, N), NaN where the function is undefined or an input is.
    """
    clean = all(map(_is_clean, inputs))
    rows, columns = inputs[0].shape
    if clean and columns == 1:
        return function(*(np.ascontiguousarray(values[:, 0]) for values in inputs))[:, None]
    defined = None if clean else np.isfinite(inputs[0])
    for other in inputs[1:] if defined is not None else ():
        defined &= np.isfinite(other)
    out = np.full((rows, columns), np.nan)
    for column in range(columns):
        ranges = [(0, rows)] if defined is None else runs(defined[:, column])
        for start, stop in ranges:
            parts = [np.ascontiguousarray(values[start:stop, column]) for values in inputs]
            out[start:stop, column] = function(*parts)
    return out


def runs(defined: BoolArray) -> list[tuple[int, int]]:
    """Return the half-open ranges over which ``defined`` (T,) is true without a break."""
    if defined.all():
        return [(0, len(defined))] if len(defined) else []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], defined, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _is_clean(values: FloatArray) -> bool:
    """Return whether every value is known to be defined, without an array of answers."""
    if _clean.get(id(values)) is values:
        return True
    with np.errstate(all="ignore"):
        clean = math.isfinite(values.sum())
    if clean and not values.flags.writeable:
        _clean[id(values)] = values
    return clean
