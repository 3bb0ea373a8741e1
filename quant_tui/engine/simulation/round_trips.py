"""Round trips: from flat to flat in one symbol, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.simulation import kernel
from quant_tui.engine.simulation.simulator import Fills


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """Round trips (M,), in the order of their entries.

    Attributes
    ----------
    symbol
        Column of the symbol.
    entry_row, exit_row
        Rows of the first purchase and of the sale that ended it; −1 while open.
    quantity
        Shares bought in all.
    entry_price, exit_price
        Mean prices of the purchases and of the sales; NaN when nothing was sold.
    pnl
        Money won after costs; an open one is valued at the symbol's last close.
    return_
        ``pnl`` / value of the purchases (vectorbt's and backtesting.py's definition).
    commission, slippage
        Money paid.
    bars
        Rows from entry to exit, or to the last row while open.
    mae, mfe
        Furthest the price went against and for the position while held, as fractions of
        the entry price: ≤ 0 and ≥ 0 (Sweeney 1996). Only prices that the position saw
        count: not the entry bar's range before a fill at its close, nor the exit bar's
        after a fill at its open.
    open
        Whether it has not ended.
    delisted
        Whether it ended because the symbol stopped trading.
    """

    symbol: IntArray
    entry_row: IntArray
    exit_row: IntArray
    quantity: FloatArray
    entry_price: FloatArray
    exit_price: FloatArray
    pnl: FloatArray
    return_: FloatArray
    commission: FloatArray
    slippage: FloatArray
    bars: IntArray
    mae: FloatArray
    mfe: FloatArray
    open: BoolArray
    delisted: BoolArray

    def __len__(self) -> int:
        return len(self.symbol)


def round_trips(bars: Bars, config: BacktestConfig, fills: Fills) -> RoundTrips:
    """Join fills to round trips.

    Parameters
    ----------
    bars
        T dates, N symbols.
    config
        Resolved configuration.
    fills
        In the order they happened.
    """
    order = np.argsort(fills.symbol, kind="stable")
    symbol = fills.symbol[order]
    position = fills.position[order]
    quantity = fills.quantity[order]
    value = np.abs(quantity) * fills.price[order]
    starts_flat = np.ones(len(order), dtype=np.bool_)
    starts_flat[1:] = (symbol[1:] != symbol[:-1]) | (position[:-1] == 0.0)
    starts = np.flatnonzero(starts_flat)
    ends = np.append(starts[1:], len(order))[: len(starts)] - 1

    def total(values: FloatArray) -> FloatArray:
        return np.add.reduceat(values, starts) if len(starts) else np.empty(0)

    bought, sold = quantity > 0.0, quantity < 0.0
    buys, sales = total(np.where(bought, value, 0.0)), total(np.where(sold, value, 0.0))
    bought_shares = total(np.where(bought, quantity, 0.0))
    sold_shares = total(np.where(sold, -quantity, 0.0))
    commission, slippage = total(fills.commission[order]), total(fills.slippage[order])
    columns = symbol[starts]
    is_open = position[ends] > 0.0
    entry_row = fills.row[order][starts]
    last_fill_row = fills.row[order][ends]
    mark = bars.last_close[-1, columns]
    pnl = sales - buys - commission + np.where(is_open, position[ends] * mark, 0.0)
    with np.errstate(all="ignore"):
        entry_price = buys / bought_shares
        exit_price = np.where(sold_shares > 0.0, sales / sold_shares, np.nan)
    kind = fills.kind[order]
    at_close = _filled_at_close(config, fills)[order]
    found = RoundTrips(
        symbol=columns,
        entry_row=entry_row,
        exit_row=np.where(is_open, -1, last_fill_row),
        quantity=bought_shares,
        entry_price=entry_price,
        exit_price=exit_price,
        pnl=pnl,
        return_=pnl / buys,
        commission=commission,
        slippage=slippage,
        bars=np.where(is_open, len(bars.dates) - 1, last_fill_row) - entry_row,
        mae=np.zeros(len(starts)),
        mfe=np.zeros(len(starts)),
        open=is_open,
        delisted=~is_open & (kind[ends] == kernel.DELISTED),
    )
    first = entry_row + at_close[starts]
    last = np.where(is_open, len(bars.dates), last_fill_row + at_close[ends])
    _excursions(bars, found, first, last)
    sequence = np.argsort(order[starts], kind="stable")
    return RoundTrips(*(getattr(found, name)[sequence] for name in RoundTrips.__slots__))


def _filled_at_close(config: BacktestConfig, fills: Fills) -> BoolArray:
    """Whether each fill happened at its bar's close, after the bar's range."""
    ordinary = (fills.kind < kernel.DELISTED) & (config.fill == "close")
    final = (fills.kind == kernel.FINAL) & (config.finalize == "close")
    late: BoolArray = ordinary | final | (fills.kind == kernel.DELISTED)
    return late


def _excursions(bars: Bars, found: RoundTrips, first: IntArray, last: IntArray) -> None:
    """Fill in MAE and MFE from the ranges of the rows ``first`` up to, not with, ``last``."""
    for column in np.unique(found.symbol):
        chosen = np.flatnonzero(found.symbol == column)
        low, high = bars.low[:, column], bars.high[:, column]
        low = np.append(np.where(np.isnan(low), np.inf, low), np.inf)
        high = np.append(np.where(np.isnan(high), -np.inf, high), -np.inf)
        begin = first[chosen]
        stop = np.maximum(last[chosen], begin)
        pairs = np.column_stack((begin, stop)).ravel()
        lowest = np.where(stop > begin, np.minimum.reduceat(low, pairs)[::2], np.inf)
        highest = np.where(stop > begin, np.maximum.reduceat(high, pairs)[::2], -np.inf)
        entry = found.entry_price[chosen]
        exit_price = np.where(found.open[chosen], entry, found.exit_price[chosen])
        found.mae[chosen] = np.minimum(np.minimum(lowest, exit_price), entry) / entry - 1.0
        found.mfe[chosen] = np.maximum(np.maximum(highest, exit_price), entry) / entry - 1.0
