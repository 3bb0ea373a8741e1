"""From signals or target weights to the orders that the kernel executes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.simulation import kernel


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders, sorted by the row they fill on and by precedence within it.

    Attributes
    ----------
    decided
        Row of the deciding bar (K,); for forced sales the row of the sale.
    due
        Row of the fill (K,).
    symbol, kind, weight, reference, decision_price
        As the kernel takes them.
    late
        Orders without a later bar to fill on: ``decided``, ``symbol``, ``kind``,
        ``weight``, as four arrays of one length.
    """

    decided: IntArray
    due: IntArray
    symbol: IntArray
    kind: IntArray
    weight: FloatArray
    reference: FloatArray
    decision_price: FloatArray
    late: tuple[IntArray, IntArray, IntArray, FloatArray]


def from_signals(
    bars: Bars,
    config: BacktestConfig,
    entry: BoolArray,
    exit_: BoolArray,
    rank: FloatArray | None,
) -> Orders:
    """Make orders of entries and exits; where both hold on a bar, neither acts.

    Parameters
    ----------
    bars
        T dates, N symbols.
    config
        Resolved configuration.
    entry, exit_
        Signals (T, N), false where the symbol has no bar.
    rank
        Precedence of buys (T, N), higher first; None takes the symbols' names alone.
    """
    both = entry & exit_
    entry, exit_ = entry & ~both, exit_ & ~both
    if config.sizing == "equal_weight":
        return from_weights(bars, config, *_membership_weights(bars, config, entry, exit_), rank)
    rows, columns = np.nonzero(entry | exit_)
    kinds = np.where(entry[rows, columns], kernel.ENTRY, kernel.EXIT).astype(np.int64)
    return _assemble(bars, config, rows, columns, kinds, np.zeros(len(rows)), rank)


def from_weights(
    bars: Bars,
    config: BacktestConfig,
    weights: FloatArray,
    due_rows: BoolArray,
    rank: FloatArray | None,
) -> Orders:
    """Make orders that go to target weights.

    Parameters
    ----------
    bars, config, rank
        As in :func:`from_signals`.
    weights
        Fractions of equity (T, N); NaN leaves a position as it is, below zero counts as 0.
    due_rows
        Rows (T,) on which the weights are gone to.
    """
    wanted = np.isfinite(weights) & bars.present & due_rows[:, None]
    rows, columns = np.nonzero(wanted)
    kinds = np.full(len(rows), kernel.WEIGHT, dtype=np.int64)
    targets = np.maximum(weights[rows, columns], 0.0)
    return _assemble(bars, config, rows, columns, kinds, targets, rank)


def changed_rows(weights: FloatArray) -> BoolArray:
    """Return the rows (T,) whose weights differ from those of the row before."""
    changed = np.zeros(len(weights), dtype=np.bool_)
    held = np.nan_to_num(weights)
    changed[0] = bool((held[0] != 0.0).any())
    changed[1:] = (held[1:] != held[:-1]).any(axis=1)
    return changed


def _membership_weights(
    bars: Bars, config: BacktestConfig, entry: BoolArray, exit_: BoolArray
) -> tuple[FloatArray, BoolArray]:
    count = len(bars.dates)
    signal = np.where(entry | exit_, np.arange(count)[:, None], -1)
    np.maximum.accumulate(signal, axis=0, out=signal)
    member = (signal >= 0) & np.take_along_axis(entry, np.maximum(signal, 0), axis=0)
    gone = stopped(bars, config)[None, :] & (np.arange(count)[:, None] > bars.last_row[None, :])
    member &= ~gone
    size = member.sum(axis=1, keepdims=True)
    weights = np.where(member, 1.0 / np.maximum(size, 1), 0.0)
    changed = np.zeros(count, dtype=np.bool_)
    changed[0] = bool(member[0].any())
    changed[1:] = (member[1:] != member[:-1]).any(axis=1)
    return weights, changed


def _assemble(
    bars: Bars,
    config: BacktestConfig,
    rows: IntArray,
    columns: IntArray,
    kinds: IntArray,
    weights: FloatArray,
    rank: FloatArray | None,
) -> Orders:
    if config.fill == "close":
        due = rows.astype(np.int64)
        reference = bars.close[rows, columns]
    else:
        due = _next_rows(bars, rows, columns)
        reference = bars.open[np.maximum(due, 0), columns]
    precedence = np.zeros(len(rows))
    if rank is not None:
        value = rank[rows, columns]
        precedence = np.where(np.isnan(value), np.inf, -value)
    there = due >= 0
    late = (rows[~there], columns[~there], kinds[~there], weights[~there])
    forced = _forced_sales(bars, config)
    decided = np.concatenate((rows[there], forced[0]))
    due = np.concatenate((due[there], forced[0]))
    symbol = np.concatenate((columns[there], forced[1]))
    kind = np.concatenate((kinds[there], forced[2]))
    weight = np.concatenate((weights[there], np.zeros(len(forced[0]))))
    reference = np.concatenate((reference[there], forced[3]))
    precedence = np.concatenate((precedence[there], np.zeros(len(forced[0]))))
    names = np.argsort(bars.by_name)
    order = np.lexsort((names[symbol], precedence, due))
    decision_price = bars.close[decided, symbol]
    return Orders(
        decided[order],
        due[order],
        symbol[order],
        kind[order],
        weight[order],
        reference[order],
        decision_price[order],
        late,
    )


def _next_rows(bars: Bars, rows: IntArray, columns: IntArray) -> IntArray:
    """Row of the symbol's next bar after each row; −1 where there is none."""
    count = len(bars.dates)
    if bars.complete:
        after: IntArray = rows + 1
    else:
        table = np.where(bars.present, np.arange(count)[:, None], count)
        following = np.minimum.accumulate(table[::-1], axis=0)[::-1]
        padded = np.vstack((following, np.full((1, len(bars.symbols)), count)))
        after = padded[rows + 1, columns]
    return np.where(after < count, after, -1).astype(np.int64)


def _forced_sales(
    bars: Bars, config: BacktestConfig
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Sales of what stopped trading, at its last close, and those of the end, if wanted."""
    columns = np.arange(len(bars.symbols))
    gone = stopped(bars, config)
    rows = bars.last_row
    prices = bars.close[rows, columns]
    if config.finalize == "mark":
        keep = gone
    else:
        keep = np.ones(len(columns), dtype=np.bool_)
        if config.finalize == "last_open":
            prices = np.where(gone, prices, bars.open[rows, columns])
    kinds = np.where(gone, kernel.DELISTED, kernel.FINAL).astype(np.int64)
    return rows[keep], columns[keep], kinds[keep], prices[keep]


def stopped(bars: Bars, config: BacktestConfig) -> BoolArray:
    """Return which symbols (N,) stopped trading before the data end."""
    return (len(bars.dates) - 1 - bars.last_row) >= config.delist_after
