"""The newest value of an indicator for many symbols at once.

A list of thousands of symbols wants one number of each. Here a step of the indicator is
taken for all symbols together, in the order of additions of the 1-D functions beside it,
so that the numbers are the same to the last bit and nothing has to be compiled first.

Columns end with a symbol's newest bar; above its first bar a column is NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from quant_tui.engine.arrays import FloatArray


def latest_sma(values: FloatArray, window: int) -> FloatArray:
    """Newest simple moving average of each column, as :func:`.rolling.sma` gives it.

    Parameters
    ----------
    values
        (T, N), each symbol's newest bar in the last row.
    window
        Bars; at least 1.

    Returns
    -------
    FloatArray
        (N,); NaN for a symbol with fewer than ``window`` bars.
    """

    def newest(block: FloatArray) -> FloatArray:
        total = np.zeros(block.shape[1])
        for row in range(window - 1):
            total += block[row]
        for row in range(window - 1, len(block) - 1):
            total += block[row]
            total -= block[row - window + 1]
        average: FloatArray = (total + block[-1]) / window
        return average

    return _by_length(newest, values, window)


def latest_rsi(values: FloatArray, window: int) -> FloatArray:
    """Newest relative strength index of each column, as :func:`.smoothed.rsi` gives it.

    Parameters
    ----------
    values
        (T, N), each symbol's newest bar in the last row.
    window
        Bars; at least 1.

    Returns
    -------
    FloatArray
        (N,), 0 to 100; NaN for a symbol with no more than ``window`` bars.
    """

    def newest(block: FloatArray) -> FloatArray:
        keep, share = window - 1.0, 1.0 / window
        gain, loss = np.zeros((2, block.shape[1]))
        for row in range(1, len(block)):
            change = block[row] - block[row - 1]
            if row <= window:
                gain += np.maximum(change, 0.0)
                loss += np.maximum(-change, 0.0)
                if row == window:
                    gain *= share
                    loss *= share
            else:
                gain = (gain * keep + np.maximum(change, 0.0)) * share
                loss = (loss * keep + np.maximum(-change, 0.0)) * share
        total = gain + loss
        parts = np.divide(gain, total, out=np.zeros_like(total), where=total > 0.0)
        strength: FloatArray = 100.0 * parts
        return strength

    return _by_length(newest, values, window + 1)


def _by_length(
    function: Callable[[FloatArray], FloatArray], values: FloatArray, least: int
) -> FloatArray:
    """Apply a function to the columns of each number of bars together, which is few."""
    size, columns = values.shape
    counts = np.isfinite(values).sum(axis=0)
    out = np.full(columns, np.nan)
    for count in np.unique(counts[counts >= least]):
        chosen = counts == count
        out[chosen] = function(values[size - count :, chosen])
    return out
