"""Sizing of entries by the volatility of their symbol."""

from __future__ import annotations

import math

import numpy as np

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig

_CHUNK = 1 << 20
"""Most figures gathered at once."""


def target_fractions(
    bars: Bars, config: BacktestConfig, rows: IntArray, columns: IntArray
) -> FloatArray:
    """Return the fraction of the equity that entries are given, (K,).

    1/N x target / annual volatility, at most the leverage allowed; the volatility is the
    sample standard deviation of the symbol's last ``sizing_window`` simple returns up to
    the deciding bar, x √(periods a year) (Moskowitz, Ooi & Pedersen 2012, "Time series
    momentum", with a plain window). 0 where there are too few bars or no movement.

    Parameters
    ----------
    bars
        T dates, N symbols.
    config
        Resolved configuration, with sizing ``volatility_target``.
    rows, columns
        Places (K,) of the deciding bars.
    """
    found = np.zeros(len(rows))
    window = config.sizing_window
    part = (config.sizing_value or 0.0) / len(bars.symbols)
    yearly = math.sqrt(config.annualization or 1.0)
    for column in np.unique(columns):
        present = bars.present[:, column]
        close = bars.close[present, column]
        if len(close) <= window:
            continue
        chosen = np.flatnonzero(columns == column)
        last = np.cumsum(present)[rows[chosen]] - 1
        chosen, last = chosen[last >= window], last[last >= window]
        windows = np.lib.stride_tricks.sliding_window_view(close[1:] / close[:-1] - 1.0, window)
        for start in range(0, len(chosen), max(1, _CHUNK // window)):
            some = slice(start, start + max(1, _CHUNK // window))
            volatility = windows[last[some] - window].std(axis=1, ddof=1) * yearly
            moves = volatility > 1e-12
            fractions = np.zeros(len(volatility))
            fractions[moves] = np.minimum(part / volatility[moves], config.max_leverage)
            found[chosen[some]] = fractions
    return found
