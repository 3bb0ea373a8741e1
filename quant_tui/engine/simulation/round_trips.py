"""Round trips: from flat to flat in one symbol, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.simulation import kernel
from quant_tui.engine.simulation.results import Fills, Simulation


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """Round trips (M,), in the order of their entries.

    Attributes
    ----------
    symbol
        Column of the symbol.
    short
        Whether shares were sold first and bought back.
    entry_row, exit_row
        Rows of the first opening fill and of the one that ended it; −1 while open.
    quantity
        Shares bought in all (short: sold).
    entry_price, exit_price
        Mean prices of the fills that opened and added, and of those that took away; NaN
        when there was none.
    pnl
        Money won after costs, those of borrowing among them; an open one is valued at
        the symbol's last close.
    return_
        ``pnl`` / value of the opening fills (vectorbt's and backtesting.py's definition).
    commission, slippage
        Money paid.
    bars
        Rows from entry to exit, or to the last row while open.
    mae, mfe
        Furthest the price went against and for the position while held, as fractions of
        the entry price: ≤ 0 and ≥ 0 (Sweeney 1996). Only prices that the position saw
        count: not the entry bar's range before a fill at its close, nor the exit bar's
        after a fill at its open, nor that of the bar in which a stop or target was hit.
    open
        Whether it has not ended.
    delisted
        Whether it ended because the symbol stopped trading.
    """

    symbol: IntArray
    short: BoolArray
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


def round_trips(bars: Bars, config: BacktestConfig, simulation: Simulation) -> RoundTrips:
    """Join fills to round trips.

    Parameters
    ----------
    bars
        T dates, N symbols.
    config
        Resolved configuration.
    simulation
        Its fills, in the order they happened.
    """
    fills = simulation.fills
    order = np.argsort(fills.symbol, kind="stable")
    symbol = fills.symbol[order]
    position = fills.position[order]
    quantity = fills.quantity[order]
    value = np.abs(quantity) * fills.price[order]
    starts_flat = np.ones(len(order), dtype=np.bool_)
    starts_flat[1:] = (symbol[1:] != symbol[:-1]) | (position[:-1] == 0.0)
    starts = np.flatnonzero(starts_flat)
    ends = np.append(starts[1:], len(order))[: len(starts)] - 1
    short = quantity[starts] < 0.0
    opens = (quantity < 0.0) == np.repeat(short, ends - starts + 1)

    def total(values: FloatArray) -> FloatArray:
        return np.add.reduceat(values, starts) if len(starts) else np.empty(0)

    opened, taken = total(np.where(opens, value, 0.0)), total(np.where(opens, 0.0, value))
    shares, gone = (total(np.where(side, np.abs(quantity), 0.0)) for side in (opens, ~opens))
    commission, slippage = total(fills.commission[order]), total(fills.slippage[order])
    columns = symbol[starts]
    is_open = position[ends] != 0.0
    borrowed = total(fills.borrowed[order])
    borrowed[is_open] += simulation.borrowed[columns[is_open]]
    entry_row = fills.row[order][starts]
    last_fill_row = fills.row[order][ends]
    mark = bars.last_close[-1, columns]
    won = np.where(short, opened - taken, taken - opened)
    pnl = won - commission + np.where(is_open, position[ends] * mark, 0.0) - borrowed
    with np.errstate(all="ignore"):
        entry_price = opened / shares
        exit_price = np.where(gone > 0.0, taken / gone, np.nan)
    kind = fills.kind[order]
    at_close = _filled_at_close(config, fills)[order]
    found = RoundTrips(
        symbol=columns,
        short=short,
        entry_row=entry_row,
        exit_row=np.where(is_open, -1, last_fill_row),
        quantity=shares,
        entry_price=entry_price,
        exit_price=exit_price,
        pnl=pnl,
        return_=pnl / opened,
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
    ordinary = (fills.kind < kernel.STOP_LOSS) & (config.fill == "close")
    final = (fills.kind == kernel.FINAL) & (config.finalize == "close")
    late: BoolArray = ordinary | final | np.isin(fills.kind, (kernel.DELISTED, kernel.RUIN))
    return late


def _excursions(bars: Bars, found: RoundTrips, first: IntArray, last: IntArray) -> None:
    """Fill in MAE and MFE from the ranges of the rows ``first`` up to, not with, ``last``."""
    for column in np.unique(found.symbol):
        chosen = np.flatnonzero(found.symbol == column)
        begin, stop = first[chosen], last[chosen]
        seen = np.flatnonzero(stop > begin)
        edges = np.column_stack((begin[seen], stop[seen])).ravel()
        if len(edges) and edges[-1] == len(bars):
            edges = edges[:-1]
        lowest, highest = np.full(len(chosen), np.inf), np.full(len(chosen), -np.inf)
        if len(edges):  # a missing bar is NaN, which fmin and fmax pass over
            lowest[seen] = np.fmin.reduceat(bars.low[:, column], edges)[::2]
            highest[seen] = np.fmax.reduceat(bars.high[:, column], edges)[::2]
        entry = found.entry_price[chosen]
        exit_price = np.where(found.open[chosen], entry, found.exit_price[chosen])
        fall = np.minimum(np.fmin(lowest, exit_price), entry) / entry - 1.0
        rise = np.maximum(np.fmax(highest, exit_price), entry) / entry - 1.0
        short = found.short[chosen]
        found.mae[chosen] = np.where(short, 0.0 - rise, fall)
        found.mfe[chosen] = np.where(short, 0.0 - fall, rise)
