"""Transactions as arrays, in the order in which they take effect."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from quant_tui.engine.arrays import DateArray, FloatArray, IntArray


class Kind(IntEnum):
    """What a transaction does."""

    BUY = 0
    SELL = 1
    DIVIDEND = 2
    SPLIT = 3
    DEPOSIT = 4
    WITHDRAWAL = 5
    FEE = 6
    INTEREST = 7
    SHARE_DIVIDEND = 8
    """A dividend given as money a share of what is held: one that was announced."""


_AT_THE_OPEN = (Kind.SPLIT, Kind.SHARE_DIVIDEND)
"""What takes effect before anything is traded on its day."""


@dataclass(frozen=True, slots=True)
class Transactions:
    """Transactions (K,) of one portfolio, of N symbols.

    Attributes
    ----------
    day
        ``datetime64[D]``, rising; on one day splits and announced dividends come first.
    kind
        Codes of :class:`Kind`.
    symbol
        Column of the symbol, −1 for cash alone.
    quantity
        Shares bought or sold, above zero; new shares for one old share of a split; 0 else.
    price
        Money a share of a trade or an announced dividend; 0 else.
    commission
        Money paid for a trade.
    amount
        Money of what is no trade: dividend, deposit, withdrawal, fee, interest.
    """

    day: DateArray
    kind: IntArray
    symbol: IntArray
    quantity: FloatArray
    price: FloatArray
    commission: FloatArray
    amount: FloatArray

    def __len__(self) -> int:
        return len(self.day)

    @classmethod
    def empty(cls) -> Transactions:
        """Return none."""
        whole, number = np.empty(0, dtype=np.int64), np.empty(0)
        return cls(np.empty(0, dtype="datetime64[D]"), whole, whole, number, number, number, number)

    def order(self, sequence: IntArray | None = None) -> IntArray:
        """Return the places (K,) in the order of effect; ``sequence`` decides within a day."""
        within = np.arange(len(self)) if sequence is None else sequence
        late = ~np.isin(self.kind, _AT_THE_OPEN)
        found: IntArray = np.lexsort((within, late, self.day)).astype(np.int64)
        return found

    def take(self, places: IntArray) -> Transactions:
        """Return some of them, in that order."""
        return Transactions(*(getattr(self, one.name)[places] for one in fields(self)))

    def joined(self, other: Transactions) -> Transactions:
        """Return these and then those, not in order."""
        return Transactions(
            *(
                np.concatenate((getattr(self, one.name), getattr(other, one.name)))
                for one in fields(self)
            )
        )

    @property
    def cash_flow(self) -> FloatArray:
        """Money that came from outside (K,): deposits, less withdrawals."""
        sign = np.zeros(len(self))
        sign[self.kind == Kind.DEPOSIT] = 1.0
        sign[self.kind == Kind.WITHDRAWAL] = -1.0
        return sign * self.amount
