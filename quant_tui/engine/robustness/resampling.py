"""The loop of the stationary bootstrap. Self-contained: see :mod:`quant_tui.engine.compiled`."""

from __future__ import annotations

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.compiled import compiled


@compiled
def resample(returns: FloatArray, uniform: FloatArray, restart: float, figures: FloatArray) -> None:
    """Walk through each resample once, adding up what its figures need.

    Parameters
    ----------
    returns
        (T,), closed into a circle.
    uniform
        (D, T) numbers from 0 to below 1, one a step: below ``restart`` a new block starts,
        and how far below says where, for that is uniform again.
    restart
        Probability of a new block.
    figures
        (4, D), filled: sum of the returns, sum of their squares, final level, deepest fall.
    """
    count = len(returns)
    for draw in range(uniform.shape[0]):
        total = squares = deepest = 0.0
        level = peak = 1.0
        row = int(uniform[draw, 0] * count) - 1
        for place in range(count):
            row += 1
            if place > 0 and uniform[draw, place] < restart:
                row = int(uniform[draw, place] / restart * count)
            if row >= count:
                row = 0
            value = returns[row]
            total += value
            squares += value * value
            level *= 1.0 + value
            if level > peak:
                peak = level
            elif level < peak * (1.0 + deepest):
                deepest = level / peak - 1.0
        figures[0, draw] = total
        figures[1, draw] = squares
        figures[2, draw] = level
        figures[3, draw] = deepest
