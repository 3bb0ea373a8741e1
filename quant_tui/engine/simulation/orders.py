"""From signals or target weights to the orders that the kernel executes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.simulation import kernel
from quant_tui.engine.simulation.tables import Forced, OrderBook
from quant_tui.engine.simulation.volatility import target_fractions


class Stops(NamedTuple):
    """Distances of stops and targets, (T, N) each, read on the bar that decides an entry.

    Attributes
    ----------
    stop_loss, take_profit
        Fractions of the entry price.
    trailing_stop
        Fraction of the best price since the entry.

    None, and a figure that is undefined or not above zero, sets none.
    """

    stop_loss: FloatArray | None = None
    take_profit: FloatArray | None = None
    trailing_stop: FloatArray | None = None


class Asked(NamedTuple):
    """Orders before they are placed on rows, (K,) each, as in the order book.

    Attributes
    ----------
    row
        Row of the deciding bar.
    symbol, kind, weight, since
        As in the order book.
    """

    row: IntArray
    symbol: IntArray
    kind: IntArray
    weight: FloatArray
    since: IntArray

    def at(self, places: IntArray) -> Asked:
        """Return those at the places."""
        row, symbol, kind, weight, since = self
        return Asked(row[places], symbol[places], kind[places], weight[places], since[places])


@dataclass(frozen=True, slots=True)
class Orders:
    """What signals ask for, and what is closed without one.

    Attributes
    ----------
    book
        Orders, sorted by the row they fill on and by precedence within it.
    forced
        Sales of what stopped trading and of the end.
    late
        Orders without a later bar to fill on.
    stops
        Whether any order has a stop or target.
    """

    book: OrderBook
    forced: Forced
    late: Asked
    stops: bool


def from_signals(
    bars: Bars,
    config: BacktestConfig,
    entry: BoolArray,
    exit_: BoolArray,
    rank: FloatArray | None = None,
    *,
    short_entry: BoolArray | None = None,
    short_exit: BoolArray | None = None,
    stops: Stops | None = None,
) -> Orders:
    """Make orders of entries and exits.

    Where entry and exit of one side hold on a bar, neither acts, nor do the entries of
    both sides. An entry while the other side is held closes that first.

    Parameters
    ----------
    bars
        T dates, N symbols.
    config
        Resolved configuration.
    entry, exit_, short_entry, short_exit
        Signals (T, N), false where the symbol has no bar.
    rank
        Precedence of openings (T, N), higher first; None takes the symbols' names alone.
    stops
        Stops and targets that entries carry.
    """
    both = entry & exit_
    entry, exit_ = entry & ~both, exit_ & ~both
    code = np.zeros(entry.shape, dtype=np.int8)
    code[exit_] = kernel.EXIT + 1
    if short_entry is not None or short_exit is not None:
        never = np.zeros_like(entry)
        opens = never if short_entry is None else short_entry
        covers = never if short_exit is None else short_exit
        both = opens & covers
        opens, covers = opens & ~both, covers & ~both
        both = entry & opens
        entry, opens = entry & ~both, opens & ~both
        code[covers] = kernel.SHORT_EXIT + 1
        code[covers & exit_] = kernel.FLAT + 1
        code[opens] = kernel.SHORT_ENTRY + 1
    code[entry] = kernel.ENTRY + 1
    if config.sizing == "equal_weight":
        return _equal_weight(bars, config, code, rank, stops)
    rows, columns = _places(bars, code > 0)
    kinds = code[rows, columns].astype(np.int64) - 1
    weights = np.zeros(len(rows))
    if config.sizing == "volatility_target":
        opening = np.flatnonzero((kinds == kernel.ENTRY) | (kinds == kernel.SHORT_ENTRY))
        weights[opening] = target_fractions(bars, config, rows[opening], columns[opening])
    since = np.full(len(rows), -1, dtype=np.int64)
    return _assemble(bars, config, Asked(rows, columns, kinds, weights, since), rank, stops)


def from_weights(
    bars: Bars,
    config: BacktestConfig,
    weights: FloatArray,
    due_rows: BoolArray,
    rank: FloatArray | None = None,
) -> Orders:
    """Make orders that go to target weights.

    Parameters
    ----------
    bars, config, rank
        As in :func:`from_signals`.
    weights
        Fractions of equity (T, N); NaN leaves a position as it is. Below zero is a short
        position where the configuration allows it, and 0 otherwise.
    due_rows
        Rows (T,) on which the weights are gone to.
    """
    rows, columns = _places(bars, np.isfinite(weights) & bars.present & due_rows[:, None])
    targets = weights[rows, columns]
    if not config.allow_short:
        targets = np.maximum(targets, 0.0)
    kinds = np.full(len(rows), kernel.WEIGHT, dtype=np.int64)
    since = np.full(len(rows), -1, dtype=np.int64)
    return _assemble(bars, config, Asked(rows, columns, kinds, targets, since), rank, None)


def changed_rows(weights: FloatArray) -> BoolArray:
    """Return the rows (T,) whose weights differ from those of the row before."""
    changed = np.zeros(len(weights), dtype=np.bool_)
    held = np.nan_to_num(weights)
    changed[0] = bool((held[0] != 0.0).any())
    changed[1:] = (held[1:] != held[:-1]).any(axis=1)
    return changed


def _equal_weight(
    bars: Bars,
    config: BacktestConfig,
    code: np.ndarray[tuple[int, ...], np.dtype[np.int8]],
    rank: FloatArray | None,
    stops: Stops | None,
) -> Orders:
    """Orders that set each of the symbols in position to its part when their set changes."""
    time = np.arange(len(bars.dates))[:, None]
    side = np.zeros(code.shape, dtype=np.int8)
    since = np.full(code.shape, -1, dtype=np.int64)
    for opens, closes, sign in (
        (kernel.ENTRY, (kernel.EXIT, kernel.FLAT, kernel.SHORT_ENTRY), 1),
        (kernel.SHORT_ENTRY, (kernel.SHORT_EXIT, kernel.FLAT, kernel.ENTRY), -1),
    ):
        opened = code == opens + 1
        signal = np.where(opened | np.isin(code, [kind + 1 for kind in closes]), time, -1)
        np.maximum.accumulate(signal, axis=0, out=signal)
        member = (signal >= 0) & np.take_along_axis(opened, np.maximum(signal, 0), axis=0)
        side[member] = sign
        since[member] = signal[member]
    gone = stopped(bars, config)[None, :] & (time > bars.last_row[None, :])
    side[gone] = 0
    size = (side != 0).sum(axis=1, keepdims=True)
    weights = side / np.maximum(size, 1)
    changed = np.zeros(len(bars.dates), dtype=np.bool_)
    changed[0] = bool(side[0].any())
    changed[1:] = (side[1:] != side[:-1]).any(axis=1)
    rows, columns = _places(bars, bars.present & changed[:, None])
    kinds = np.full(len(rows), kernel.WEIGHT, dtype=np.int64)
    asked = Asked(rows, columns, kinds, weights[rows, columns], since[rows, columns])
    return _assemble(bars, config, asked, rank, stops)


def _places(bars: Bars, chosen: BoolArray) -> tuple[IntArray, IntArray]:
    """Rows and columns where ``chosen`` (T, N) holds, by row and by the symbol's name."""
    count = chosen.shape[1]
    if count == 1:
        rows = np.flatnonzero(chosen)
        return rows, np.zeros(len(rows), dtype=np.int64)
    rows, places = np.divmod(np.flatnonzero(chosen[:, bars.by_name]), count)
    return rows, bars.by_name[places]


def _assemble(
    bars: Bars,
    config: BacktestConfig,
    asked: Asked,
    rank: FloatArray | None,
    stops: Stops | None,
) -> Orders:
    at_close = config.fill == "close"
    due = asked.row if at_close else _next_rows(bars, asked.row, asked.symbol)
    late = asked.at(np.flatnonzero(due < 0))
    if len(late.row):
        there = np.flatnonzero(due >= 0)
        asked, due = asked.at(there), due[there]
    if rank is not None or not (bars.complete or at_close):
        precedence = np.zeros(len(due))
        if rank is not None:
            value = rank[asked.row, asked.symbol]
            precedence = np.where(np.isnan(value), np.inf, -value)
        names = np.argsort(bars.by_name)
        order = np.lexsort((names[asked.symbol], precedence, due))
        asked, due = asked.at(order), due[order]
    prices = bars.close if at_close else bars.open
    distances = [_distances(values, asked) for values in stops or Stops()]
    has_stops = any(len(values) and bool(values.any()) for values in distances)
    if has_stops:
        distances = [values if len(values) else np.zeros(len(due)) for values in distances]
    else:
        distances = [np.empty(0)] * 3
    book = OrderBook(
        asked.row,
        due,
        asked.symbol,
        asked.kind,
        asked.weight,
        prices[due, asked.symbol],
        bars.close[asked.row, asked.symbol],
        asked.since,
        *distances,
    )
    return Orders(book, _forced(bars, config), late, has_stops)


def _distances(values: FloatArray | None, asked: Asked) -> FloatArray:
    """Distances above zero at the deciding bars, 0 for none; empty where there are none."""
    if values is None:
        return np.empty(0)
    found = values[asked.row, asked.symbol]
    return np.where(found > 0.0, found, 0.0)


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
    return np.where(after < count, after, -1)


def _forced(bars: Bars, config: BacktestConfig) -> Forced:
    """Sales of what stopped trading, at its last close, and those of the end, if wanted."""
    columns = bars.by_name
    gone = stopped(bars, config)[columns]
    rows = bars.last_row[columns]
    prices = bars.close[rows, columns]
    if config.finalize == "mark":
        keep = gone
    else:
        keep = np.ones(len(columns), dtype=np.bool_)
        if config.finalize == "last_open":
            prices = np.where(gone, prices, bars.open[rows, columns])
    kinds = np.where(gone, kernel.DELISTED, kernel.FINAL).astype(np.int64)
    order = np.flatnonzero(keep)
    order = order[np.argsort(rows[order], kind="stable")]
    return Forced(rows[order], columns[order], kinds[order], prices[order])


def stopped(bars: Bars, config: BacktestConfig) -> BoolArray:
    """Return which symbols (N,) stopped trading before the data end."""
    return (len(bars.dates) - 1 - bars.last_row) >= config.delist_after
