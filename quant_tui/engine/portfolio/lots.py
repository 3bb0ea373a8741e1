"""Lots: what is held, at what cost, and what was won by closing it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.arrays import DateArray, FloatArray, IntArray
from quant_tui.engine.portfolio.transactions import Kind, Transactions

COST_METHODS = ("fifo", "average")

_BUY, _SPLIT, _SHARE_DIVIDEND = int(Kind.BUY), int(Kind.SPLIT), int(Kind.SHARE_DIVIDEND)
_TRADES = frozenset((_BUY, int(Kind.SELL)))
_OUTGOING = frozenset((int(Kind.WITHDRAWAL), int(Kind.FEE)))
# plain numbers: an enumeration's members compare slowly

DUST = 1e-9
"""Share of a quantity below which a rest is rounding and not a holding."""


class Oversold(InvalidInput):
    """More was sold than was held, and short positions are not allowed.

    Attributes
    ----------
    place
        Of the sale among the transactions.
    held, wanted
        Shares.
    """

    def __init__(self, place: int, held: float, wanted: float) -> None:
        super().__init__(
            f"{wanted:g} shares are sold and {held:g} are held.",
            field="quantity",
            hint="Record the purchase first, or allow short positions in this portfolio.",
        )
        self.place = place
        self.held = held
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Lots:
    """Shares that are held (L,), in the order in which they were opened, by symbol.

    Attributes
    ----------
    symbol
        Column.
    day
        When they were opened.
    quantity
        Shares, below zero for a short position; splits are in it.
    cost
        Money a share, commissions in it: paid for long lots, received for short ones.
    """

    symbol: IntArray
    day: DateArray
    quantity: FloatArray
    cost: FloatArray


@dataclass(frozen=True, slots=True)
class Closures:
    """Parts of lots that were closed (C,), in the order of time.

    Attributes
    ----------
    place
        The transaction that closed it.
    symbol
        Column.
    opened, closed
        Days.
    quantity
        Shares in the units of the closing day; below zero for a short position.
    cost, proceeds
        Money a share of opening and of closing, commissions in it.
    """

    place: IntArray
    symbol: IntArray
    opened: DateArray
    closed: DateArray
    quantity: FloatArray
    cost: FloatArray
    proceeds: FloatArray

    @property
    def pnl(self) -> FloatArray:
        """Money won by each (C,), after commissions."""
        return self.quantity * (self.proceeds - self.cost)

    @property
    def returns(self) -> FloatArray:
        """``pnl`` / value at opening (C,); 0 for what cost nothing."""
        opened = np.abs(self.quantity * self.cost)
        return np.divide(self.pnl, opened, out=np.zeros(len(opened)), where=opened > 0.0)


@dataclass(frozen=True, slots=True)
class Book:
    """What transactions come to.

    Attributes
    ----------
    position
        Signed shares of a transaction's symbol afterwards (K,); 0 for cash.
    cash
        Change of the cash (K,).
    realised
        Money won by what each closed (K,), after commissions.
    lots, closures
        What is open, and what was closed.
    """

    position: FloatArray
    cash: FloatArray
    realised: FloatArray
    lots: Lots
    closures: Closures


@dataclass(slots=True)
class _Lot:
    quantity: float
    cost: float
    day: int


def keep_book(
    transactions: Transactions, *, method: str = "fifo", allow_short: bool = False
) -> Book:
    """Follow transactions, in their order, lot by lot.

    Parameters
    ----------
    transactions
        In the order of effect.
    method
        ``fifo``: the oldest lot is closed first. ``average``: all shares of a symbol cost
        their mean (a sale leaves the mean as it is).
    allow_short
        Whether more may be sold than is held. A sale then first closes what is held and
        opens a short lot with the rest; a purchase does the reverse.

    Raises
    ------
    Oversold
        Naming the place of the sale.

    Notes
    -----
    A purchase costs quantity x price + commission and a sale brings quantity x price −
    commission, so that commissions are in the cost of what is open and in what is realised.
    A split multiplies shares and divides their cost: the cost of the lot stays.
    """
    count = len(transactions)
    position, cash, realised = [0.0] * count, [0.0] * count, [0.0] * count
    open_lots: dict[int, deque[_Lot]] = {}
    held: dict[int, float] = {}
    closed: list[tuple[int, int, int, int, float, float, float]] = []
    days = transactions.day.astype(np.int64).tolist()
    columns = zip(
        transactions.kind.tolist(),
        transactions.symbol.tolist(),
        transactions.quantity.tolist(),
        transactions.price.tolist(),
        transactions.commission.tolist(),
        transactions.amount.tolist(),
        strict=True,
    )
    for place, (kind, symbol, quantity, price, commission, amount) in enumerate(columns):
        now = held.get(symbol, 0.0)
        if kind not in _TRADES:
            if kind == _SHARE_DIVIDEND:
                cash[place] = now * price
            elif kind == _SPLIT:
                for lot in open_lots.get(symbol, ()):
                    lot.quantity *= quantity
                    lot.cost /= quantity
                now = held[symbol] = now * quantity
            else:
                cash[place] = -amount if kind in _OUTGOING else amount
            position[place] = now
            continue
        lots = open_lots.setdefault(symbol, deque())
        side = 1.0 if kind == _BUY else -1.0
        if side < 0.0 and not allow_short and quantity > now + DUST * max(quantity, now):
            raise Oversold(place, now, quantity)
        unit = price + side * commission / quantity
        rest = quantity
        while lots and rest > 0.0 and lots[0].quantity * side < 0.0:
            lot = lots[0]
            size = abs(lot.quantity)
            taken = size if abs(size - rest) <= DUST * quantity else min(size, rest)
            signed = -side * taken
            closed.append((place, symbol, lot.day, days[place], signed, lot.cost, unit))
            realised[place] += signed * (unit - lot.cost)
            lot.quantity -= signed
            rest -= taken
            if taken == size:
                lots.popleft()
        if rest > DUST * quantity and (side > 0.0 or allow_short):
            _open(lots, side * rest, unit, days[place], method)
        cash[place] = -side * quantity * price - commission
        # Nothing is left over by float sums: no lots, nothing held; one lot, what it holds.
        now = now + side * quantity if len(lots) > 1 else lots[0].quantity if lots else 0.0
        position[place] = held[symbol] = now
    return Book(
        np.array(position), np.array(cash), np.array(realised), _lots(open_lots), _closures(closed)
    )


def _open(lots: deque[_Lot], quantity: float, unit: float, day: int, method: str) -> None:
    if method == "average" and lots:
        lot = lots[0]
        both = lot.quantity + quantity
        lot.cost = (lot.quantity * lot.cost + quantity * unit) / both
        lot.quantity = both
    else:
        lots.append(_Lot(quantity, unit, day))


def _lots(by_symbol: dict[int, deque[_Lot]]) -> Lots:
    found = [(symbol, lot) for symbol in sorted(by_symbol) for lot in by_symbol[symbol]]
    return Lots(
        symbol=np.array([symbol for symbol, _ in found], dtype=np.int64),
        day=np.array([lot.day for _, lot in found], dtype=np.int64).astype("datetime64[D]"),
        quantity=np.array([lot.quantity for _, lot in found], dtype=np.float64),
        cost=np.array([lot.cost for _, lot in found], dtype=np.float64),
    )


def _closures(rows: list[tuple[int, int, int, int, float, float, float]]) -> Closures:
    place, symbol, opened, closed, quantity, cost, proceeds = (
        zip(*rows, strict=True) if rows else ((),) * 7
    )
    return Closures(
        place=np.array(place, dtype=np.int64),
        symbol=np.array(symbol, dtype=np.int64),
        opened=np.array(opened, dtype=np.int64).astype("datetime64[D]"),
        closed=np.array(closed, dtype=np.int64).astype("datetime64[D]"),
        quantity=np.array(quantity, dtype=np.float64),
        cost=np.array(cost, dtype=np.float64),
        proceeds=np.array(proceeds, dtype=np.float64),
    )
