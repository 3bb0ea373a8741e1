"""What a simulation gives back, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.simulation import kernel

KIND_NAMES = {
    kernel.EXIT: "exit",
    kernel.ENTRY: "entry",
    kernel.WEIGHT: "rebalance",
    kernel.SHORT_EXIT: "short exit",
    kernel.SHORT_ENTRY: "short entry",
    kernel.STOP_LOSS: "stop loss",
    kernel.TAKE_PROFIT: "take profit",
    kernel.TRAILING_STOP: "trailing stop",
    kernel.DELISTED: "delisted",
    kernel.FINAL: "end",
    kernel.RUIN: "ruin",
}
"""What each kind of fill is called in reports."""

AFTER_END = 100
AFTER_DELISTING = 101
"""Reasons of orders that had no bar to fill on, beside the kernel's."""

_REASONS = {
    kernel.NO_CASH: "not enough cash",
    kernel.CUT: "cut to the cash there was",
    kernel.BELOW_ONE_SHARE: "less than one share",
    kernel.VOLUME: "more than the share of the bar's volume allowed",
    kernel.NO_VOLATILITY: "the symbol's volatility is not known yet",
    kernel.RUINED: "the account was ruined",
    AFTER_END: "no bar after the last one",
    AFTER_DELISTING: "the symbol stopped trading",
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
    borrowed
        Money paid since the symbol's fill before for the shares sold short.
    kind
        Code of what caused it; ``KIND_NAMES`` names it.
    assumed
        Whether it rests on an assumption about the order of prices inside a bar.
    cash, position
        Cash, and signed quantity held of the symbol, afterwards.
    """

    row: IntArray
    decided_row: IntArray
    symbol: IntArray
    quantity: FloatArray
    price: FloatArray
    reference: FloatArray
    commission: FloatArray
    slippage: FloatArray
    borrowed: FloatArray
    kind: IntArray
    assumed: BoolArray
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
class Drops:
    """Orders rejected, cut or unfilled, (D,) each, by deciding row and name.

    Attributes
    ----------
    row, symbol
        Row of the deciding bar, and column.
    reason
        Code of the reason.
    side
        1 to buy, −1 to sell.
    wanted, filled
        Quantities; NaN for an order that was never sized.
    """

    row: IntArray
    symbol: IntArray
    reason: IntArray
    side: IntArray
    wanted: FloatArray
    filled: FloatArray

    def __len__(self) -> int:
        return len(self.row)

    @property
    def outcome(self) -> IntArray:
        """Place of each one's outcome in ``OUTCOMES``, (D,)."""
        found: IntArray = np.where(
            self.reason >= AFTER_END,
            2,
            np.where((self.filled > 0.0) | (self.reason == kernel.CUT), 1, 0),
        )
        return found

    def counts(self) -> dict[str, int]:
        """Count by outcome."""
        found = np.bincount(self.outcome, minlength=len(OUTCOMES)).tolist()
        return dict(zip(OUTCOMES, found, strict=True))

    def reasons(self) -> dict[str, int]:
        """Count by outcome and reason, in the order in which they first came up."""
        keys = self.outcome * 1_000 + self.reason
        _, first, count = np.unique(keys, return_index=True, return_counts=True)
        found = {}
        for place in np.argsort(first).tolist():
            one = self[int(first[place])]
            found[f"{one.outcome}: {one.reason}"] = int(count[place])
        return found

    def __getitem__(self, place: int) -> Drop:
        wanted, filled = float(self.wanted[place]), float(self.filled[place])
        return Drop(
            OUTCOMES[int(self.outcome[place])],
            _REASONS[int(self.reason[place])],
            int(self.row[place]),
            int(self.symbol[place]),
            "BUY" if self.side[place] > 0 else "SELL",
            None if np.isnan(wanted) else wanted,
            None if np.isnan(filled) else filled,
        )


OUTCOMES = ("rejected", "cut", "unfilled")
"""What became of an order that was not, or not wholly, filled."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the simulator found.

    Attributes
    ----------
    fills
        Fills.
    drops
        Orders rejected, cut or unfilled.
    equity, cash, invested, gross
        Value of the account, cash, value of the positions, and the same with short ones
        counted above zero, at each close (T,).
    borrowed
        Borrowing costs (N,) of open positions since their last fill.
    interest
        Money received on cash, less that paid on cash below zero.
    ruin_row
        Row on which the equity was gone and everything was closed, or None.
    unknown_volume
        Fills to which a cap or impact should have applied but whose volume is not known.
    """

    fills: Fills
    drops: Drops
    equity: FloatArray
    cash: FloatArray
    invested: FloatArray
    gross: FloatArray
    borrowed: FloatArray
    interest: float
    ruin_row: int | None
    unknown_volume: int
