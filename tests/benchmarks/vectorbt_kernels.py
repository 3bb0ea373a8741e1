"""vectorbt's compiled kernels without its interface, as one who knows it would call them.

Imported by a child process alone: importing it compiles them without Python's lock.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from vectorbt.generic.nb import crossed_above_nb
from vectorbt.portfolio.enums import Direction
from vectorbt.portfolio.nb import (
    asset_flow_nb,
    asset_value_nb,
    assets_nb,
    cash_flow_nb,
    cash_nb,
    simulate_from_signals_nb,
    value_nb,
)
from vectorbt.records.nb import col_map_nb
from vectorbt.returns.nb import max_drawdown_nb, returns_nb, sharpe_ratio_nb

_BOTH = int(Direction.Both)


@njit(nogil=True, cache=True)
def four_figures(close, fast, slow, first, second, cash, fee, year):
    """Total return, Sharpe, drawdown and sales (K, 4) of K pairs of columns of averages."""
    shape = (close.shape[0], first.shape[0])
    quick, late = np.empty(shape), np.empty(shape)
    for column in range(shape[1]):
        quick[:, column] = fast[:, first[column]]
        late[:, column] = slow[:, second[column]]
    entries, exits = crossed_above_nb(quick, late), crossed_above_nb(late, quick)
    prices = np.empty(shape)
    for column in range(shape[1]):
        prices[:, column] = close
    ones = np.ones(shape[1], dtype=np.int64)
    capital = np.full(shape[1], cash)
    calls = np.zeros(shape, dtype=np.int64)
    orders, _ = simulate_from_signals_nb(
        shape, ones, capital, calls, long_entries=entries, long_exits=exits,
        fees=np.asarray(fee), close=prices, use_stops=False, max_orders=shape[0] * shape[1] // 4,
    )  # fmt: skip
    columns = col_map_nb(orders["col"], shape[1])
    held = assets_nb(asset_flow_nb(shape, orders, columns, _BOTH))
    left = cash_nb(cash_flow_nb(shape, orders, columns, False), capital)
    value = value_nb(left, asset_value_nb(prices, held))
    returns = returns_nb(value, capital)
    out = np.empty((shape[1], 4))
    out[:, 0] = value[-1] / cash - 1.0
    out[:, 1] = sharpe_ratio_nb(returns, year)
    out[:, 2] = max_drawdown_nb(returns)
    out[:, 3] = 0.0
    for order in range(orders.shape[0]):
        if orders[order]["side"] == 1:
            out[orders[order]["col"], 3] += 1.0
    return out
