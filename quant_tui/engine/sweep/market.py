"""Prices as the account loops take them, made once for a whole sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.simulation.orders import stopped
from quant_tui.engine.sweep import accounts
from quant_tui.engine.sweep.conditions import Bits
from quant_tui.engine.sweep.masks import WORD, MaskArray, packed, words_of
from quant_tui.engine.sweep.terms import Terms, terms_of


@dataclass(frozen=True, slots=True)
class OneSymbol:
    """One symbol's own bars, without the dates on which it has none.

    Attributes
    ----------
    terms
        Terms of trade.
    traded
        Bits (1, W) of the bars on which entries count.
    reference, close
        Price at which each bar fills, and closes (M,).
    sums, high, low
        As :func:`accounts.measure` takes them.
    """

    terms: Terms
    traded: MaskArray
    reference: FloatArray
    close: FloatArray
    sums: FloatArray
    high: FloatArray
    low: FloatArray

    def measure(self, entry: Bits, exit_: Bits, found: FloatArray) -> None:
        """Fill the figures (K, ``FIGURES``) of pairs of signals (R, 1, W)."""
        room = len(self.close) + 2
        accounts.measure_all(
            entry.true & self.traded, entry.case, exit_.true, exit_.case, self.reference,
            self.terms.figures, self.terms.numbers, self.close, self.sums, self.high, self.low,
            np.empty(room, dtype=np.int64), np.empty((3, room)), found,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SharedCash:
    """Several symbols in the order of their names.

    Attributes
    ----------
    terms
        Terms of trade.
    traded
        Bits (N, W) of the bars on which entries count.
    due
        Row (N, 64 W) on which a decision of a symbol's own bar fills; −1: on none.
    forced, reference, mark, last_price, close
        As :func:`accounts.draw` takes them.
    """

    terms: Terms
    traded: MaskArray
    due: IntArray
    forced: MaskArray
    reference: FloatArray
    mark: FloatArray
    last_price: FloatArray
    close: FloatArray

    def measure(self, entry: Bits, exit_: Bits, found: FloatArray) -> None:
        """Fill the figures (K, ``FIGURES``) of pairs of signals (R, N, W)."""
        symbols, rows = self.close.shape
        days = np.empty((2 * rows + 1, self.forced.shape[1]), dtype=np.uint64)
        accounts.measure_shared(
            entry.true & self.traded, entry.case, exit_.true, exit_.case,
            self.due, self.forced, self.reference,
            self.mark, self.last_price, self.close, self.terms.figures, self.terms.numbers,
            np.empty(symbols), np.empty(symbols, dtype=np.int64), days, np.empty(rows), found,
        )  # fmt: skip


Market = OneSymbol | SharedCash
"""Either."""


def market_of(bars: Bars, config: BacktestConfig, begin: int) -> Market:
    """Prepare prices.

    Parameters
    ----------
    bars
        T dates, N symbols.
    config
        Resolved configuration.
    begin
        Row of the first bar that is traded; those before it only warm up.
    """
    forced, prices = _forced(bars, config)
    if len(bars.symbols) > 1:
        return _shared(bars, config, begin, forced, prices)
    there = bars.present[:, 0]
    close = np.ascontiguousarray(bars.close[there, 0])
    reference = close if config.fill == "close" else np.ascontiguousarray(bars.open[there, 0])
    counts = np.zeros((len(bars), 1), dtype=np.bool_)
    counts[: len(close), 0] = np.flatnonzero(there) >= begin
    sums = np.zeros((len(close) + 1, 8))
    accounts.running_sums(close, sums)
    starts = np.arange(0, len(close), accounts.BLOCK)
    return OneSymbol(
        terms=terms_of(config, float(prices[0]) if forced[0] else 0.0),
        traded=packed(counts),
        reference=reference,
        close=close,
        sums=sums,
        high=np.maximum.reduceat(close, starts),
        low=np.minimum.reduceat(close, starts),
    )


def _forced(bars: Bars, config: BacktestConfig) -> tuple[BoolArray, FloatArray]:
    """Whether each symbol is sold on its last bar (N,), and at what price."""
    gone = stopped(bars, config)
    columns = np.arange(len(bars.symbols))
    prices = bars.close[bars.last_row, columns]
    if config.finalize == "mark":
        return gone, prices
    final = prices if config.finalize == "close" else bars.open[bars.last_row, columns]
    return np.ones_like(gone), np.where(gone, prices, final * (1.0 - config.slippage))


def _shared(
    bars: Bars, config: BacktestConfig, begin: int, forced: BoolArray, prices: FloatArray
) -> SharedCash:
    count, symbols = bars.close.shape
    order = bars.by_name
    close = np.ascontiguousarray(bars.last_close[:, order])
    opens = np.ascontiguousarray(bars.open[:, order])
    due = np.full((symbols, words_of(count) * WORD), -1, dtype=np.int64)
    sales = np.zeros((count, words_of(symbols)), dtype=np.uint64)
    counts = np.zeros((count, symbols), dtype=np.bool_)
    for place, column in enumerate(order.tolist()):
        rows = np.flatnonzero(bars.present[:, column])
        counts[: len(rows), place] = rows >= begin
        if config.fill == "close":
            due[place, : len(rows)] = rows
        else:
            due[place, : len(rows) - 1] = rows[1:]
        if forced[column]:
            bit = np.uint64(1) << np.uint64(place % WORD)
            sales[bars.last_row[column], place // WORD] |= bit
    mark = close
    if config.fill == "next_open":
        before = np.concatenate((close[:1], close[:-1]))
        mark = np.where(np.isnan(opens), before, opens)
    return SharedCash(
        terms=terms_of(config),
        traded=packed(counts),
        due=due,
        forced=sales,
        reference=close if config.fill == "close" else opens,
        mark=np.nan_to_num(mark),
        last_price=prices[order],
        close=np.ascontiguousarray(close.T),
    )
