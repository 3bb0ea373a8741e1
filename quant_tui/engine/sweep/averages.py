"""Moving averages of one series over many windows: the rows that most sweeps ask for."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.compiled import compiled


@compiled
def moving_averages(values: FloatArray, windows: IntArray, table: FloatArray) -> None:
    """Fill a row for each window with the series' simple moving average.

    The additions are those of :func:`~quant_tui.engine.indicators.rolling.sma`, in the
    same order, so that ties between two averages fall as in a single run: the new value
    comes in, then the oldest goes, and a window starts anew after an undefined value.

    Parameters
    ----------
    values
        Series (N, P), NaN where undefined.
    windows
        Bars of each window (R,).
    table
        Takes the averages (R, N, P), NaN where undefined.
    """
    for place in range(windows.shape[0]):
        window = windows[place]
        for column in range(values.shape[0]):
            series = values[column]
            row = table[place, column]
            total = 0.0
            inside = 0
            for bar in range(series.shape[0]):
                value = series[bar]
                row[bar] = np.nan
                if value - value != 0.0:
                    total = 0.0
                    inside = 0
                    continue
                total += value
                inside += 1
                if inside == window:
                    row[bar] = total / window
                    total -= series[bar - window + 1]
                    inside -= 1
