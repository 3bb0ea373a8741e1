"""Running the orders: the kernel in cancellable slices, then fills and curves as arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.simulation import kernel
from quant_tui.engine.simulation.orders import Orders

_SLICE = 20_000
_SIZING = {
    "all_in": kernel.ALL_IN,
    "fraction": kernel.FRACTION,
    "fixed_cash": kernel.FIXED_CASH,
    "fixed_shares": kernel.FIXED_SHARES,
    "equal_weight": kernel.ALL_IN,
}
KIND_NAMES = {
    kernel.EXIT: "exit",
    kernel.ENTRY: "entry",
    kernel.WEIGHT: "rebalance",
    kernel.DELISTED: "delisted",
    kernel.FINAL: "end",
}
"""What each kind of order is called in reports."""

_REASONS = {
    kernel.NO_CASH: "not enough cash",
    kernel.CUT: "cut to the cash there was",
    kernel.BELOW_ONE_SHARE: "less than one share",
}


@dataclass(frozen=True, slots=True)
class Fills:
    """Fills as arrays (K,), in the order they happened.

    Attributes
    ----------
    row, decided_row
        Row of the fill and of the deciding bar.
    symbol
        Column of the symbol.
    quantity
        Shares, above zero for a purchase, below for a sale.
    price, reference
        Price with slippage, and before it.
    commission, slippage
        Money paid.
    kind
        Code of the order's kind; ``KIND_NAMES`` names it.
    cash, position
        Cash, and quantity held of the symbol, afterwards.
    """

    row: IntArray
    decided_row: IntArray
    symbol: IntArray
    quantity: FloatArray
    price: FloatArray
    reference: FloatArray
    commission: FloatArray
    slippage: FloatArray
    kind: IntArray
    cash: FloatArray
    position: FloatArray

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True)
class Drop:
    """An order that was rejected, cut, or never filled.

    Attributes
    ----------
    outcome
        ``rejected``, ``cut`` or ``unfilled``.
    reason
        Why, in words.
    row
        Row of the deciding bar.
    symbol
        Column of the symbol.
    side
        ``BUY`` or ``SELL``.
    wanted, filled
        Quantity wanted and got; None for an order that was never sized.
    """

    outcome: str
    reason: str
    row: int
    symbol: int
    side: str
    wanted: float | None
    filled: float | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the simulator found.

    Attributes
    ----------
    fills
        Fills.
    drops
        Orders rejected, cut or unfilled.
    equity, cash, invested
        Value of the account, cash, and value of the positions at each close (T,).
    """

    fills: Fills
    drops: tuple[Drop, ...]
    equity: FloatArray
    cash: FloatArray
    invested: FloatArray


def simulate(
    bars: Bars, config: BacktestConfig, orders: Orders, pause: Callable[[float], None]
) -> Simulation:
    """Execute orders over bars.

    Parameters
    ----------
    bars
        T dates, N symbols.
    config
        Resolved configuration.
    orders
        What to execute.
    pause
        Called with the fraction done between slices; may raise to stop the work.
    """
    size = len(orders.due)
    values_equity = config.sizing == "fraction" or bool((orders.kind == kernel.WEIGHT).any())
    mark = _marks(bars, config) if values_equity else np.empty((0, 0))
    position = np.zeros(len(bars.symbols))
    state = np.array([config.initial_capital, config.initial_capital])
    count = np.zeros(2, dtype=np.int64)
    integers = [np.empty(size, dtype=np.int64) for _ in range(3)]
    fill_order, drop_order, drop_reason = integers
    floats = [np.empty(size) for _ in range(5)]
    quantity, price, cash_after, position_after, drop_wanted = floats
    for start, stop in _slices(orders.due):
        pause(start / size)
        kernel.execute(
            start, stop, orders.due, orders.symbol, orders.kind, orders.weight,
            orders.reference, orders.decision_price, mark, bars.by_name, position, state, count,
            fill_order, quantity, price, cash_after, position_after,
            drop_order, drop_reason, drop_wanted,
            config.commission, config.slippage, _SIZING[config.sizing],
            config.sizing_value or 0.0, values_equity, config.shares == "whole",
            config.size_at == "decision", config.cash_short == "reject",
        )  # fmt: skip
    done = int(count[0])
    chosen = fill_order[:done]
    quantity, price = quantity[:done], price[:done]
    reference = orders.reference[chosen]
    fills = Fills(
        row=orders.due[chosen],
        decided_row=orders.decided[chosen],
        symbol=orders.symbol[chosen],
        quantity=quantity,
        price=price,
        reference=reference,
        commission=np.abs(quantity) * price * config.commission,
        slippage=np.abs(quantity) * np.abs(price - reference),
        kind=orders.kind[chosen],
        cash=cash_after[:done],
        position=position_after[:done],
    )
    total = int(count[1])
    filled = np.zeros(size)
    filled[chosen] = np.abs(quantity)
    drops = _drops(orders, drop_order[:total], drop_reason[:total], drop_wanted[:total], filled)
    cash, invested = _curves(bars, config, fills)
    drops += _unfilled(bars, orders, fills, cash + invested)
    drops.sort(key=lambda drop: (drop.row, bars.symbols[drop.symbol]))
    return Simulation(fills, tuple(drops), cash + invested, cash, invested)


def _slices(due: IntArray) -> list[tuple[int, int]]:
    """Cut the orders into slices that do not part the orders of one row."""
    borders = [0]
    while borders[-1] < len(due):
        stop = min(borders[-1] + _SLICE, len(due))
        stop = int(np.searchsorted(due, due[stop - 1], side="right"))
        borders.append(stop)
    return list(pairwise(borders))


def _marks(bars: Bars, config: BacktestConfig) -> FloatArray:
    """Prices at which the equity is valued when the orders of a row are sized."""
    if config.fill == "close":
        return bars.last_close
    before = np.vstack((bars.last_close[:1], bars.last_close[:-1]))
    if config.size_at == "decision":
        return before
    return np.where(bars.present, bars.open, before)


def _drops(
    orders: Orders, order: IntArray, reason: IntArray, wanted: FloatArray, filled: FloatArray
) -> list[Drop]:
    return [
        Drop(
            "cut" if code == kernel.CUT else "rejected",
            _REASONS[code],
            int(orders.decided[place]),
            int(orders.symbol[place]),
            "BUY",
            quantity,
            float(filled[place]),
        )
        for place, code, quantity in zip(
            order.tolist(), reason.tolist(), wanted.tolist(), strict=True
        )
    ]


def _unfilled(bars: Bars, orders: Orders, fills: Fills, equity: FloatArray) -> list[Drop]:
    """Orders decided on a symbol's last bar, which has no later one to fill on."""
    held = np.zeros(len(bars.symbols))
    closed = np.zeros(len(bars.symbols), dtype=np.bool_)
    for place in range(len(fills)):
        if fills.kind[place] >= kernel.DELISTED:
            closed[fills.symbol[place]] = True
        else:
            held[fills.symbol[place]] = fills.position[place]
    found = []
    for row, column, kind, weight in zip(*orders.late, strict=True):
        gap = 0.0
        if kind == kernel.WEIGHT:
            gap = weight * equity[row] - held[column] * bars.close[row, column]
        elif kind == kernel.ENTRY and held[column] <= 0.0:
            gap = np.inf
        elif kind == kernel.EXIT:
            gap = -held[column] * bars.close[row, column]
        if abs(gap) <= 1e-9 * equity[row] or (gap < 0.0 and closed[column]):
            continue
        ended = row == len(bars.dates) - 1
        reason = "no bar after the last one" if ended else "the symbol stopped trading"
        side = "BUY" if gap > 0.0 else "SELL"
        found.append(Drop("unfilled", reason, int(row), int(column), side, None, None))
    return found


def _curves(bars: Bars, config: BacktestConfig, fills: Fills) -> tuple[FloatArray, FloatArray]:
    """Cash and the value of the positions at each close, (T,) each."""
    count = len(bars.dates)
    cash = _steps(count, fills.row, fills.cash, config.initial_capital)
    invested = np.zeros(count)
    place = np.argsort(bars.by_name)[fills.symbol]
    order = np.argsort(place, kind="stable")
    for places in _groups(place[order]):
        chosen = order[places]
        column = int(fills.symbol[chosen[0]])
        held = _steps(count, fills.row[chosen], fills.position[chosen], 0.0)
        first = int(fills.row[chosen[0]])
        invested[first:] += held[first:] * bars.last_close[first:, column]
    return cash, invested


def _steps(count: int, rows: IntArray, values: FloatArray, before: float) -> FloatArray:
    """Spread values that hold from their rows on over all rows; the last of a row wins."""
    if len(rows) == 0:
        return np.full(count, before)
    final: BoolArray = np.append(rows[1:] != rows[:-1], True)
    starts = rows[final]
    lengths = np.diff(np.concatenate((starts, [count])))
    return np.concatenate((np.full(int(starts[0]), before), np.repeat(values[final], lengths)))


def _groups(keys: IntArray) -> list[slice]:
    """Ranges of equal keys in a sorted array."""
    if len(keys) == 0:
        return []
    borders = np.concatenate(([0], np.flatnonzero(np.diff(keys)) + 1, [len(keys)]))
    return [slice(int(a), int(b)) for a, b in pairwise(borders)]
