"""Splits and announced dividends: what they do to shares, and to closes that know of them.

Shares and prices of transactions are those of their day. So must the closes be that value
them. Closes that were adjusted for later splits are therefore brought back to what was
quoted (:func:`quoted_closes`) before shares are multiplied by the same splits: each split
counts once, whichever way the bars came.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, DateArray, FloatArray, IntArray
from quant_tui.engine.portfolio.transactions import Kind, Transactions

SAME_SPLIT_DAYS = 7
"""Days between a recorded split and an announced one of the same ratio that are one split."""

PAID_WITHIN_DAYS = 90
"""Days after the ex-date within which a recorded dividend is that announced one."""

CLEAR_RATIO = 1.2
"""Ratio from which the closes themselves show whether they were adjusted for a split."""


@dataclass(frozen=True, slots=True)
class Actions:
    """Splits and dividends (A,).

    Attributes
    ----------
    day
        Ex-date.
    symbol
        Column.
    ratio
        New shares for one old share; 1 for no split.
    dividend
        Money a share as it was before a split of the same day, 0 for none.
    """

    day: DateArray
    symbol: IntArray
    ratio: FloatArray
    dividend: FloatArray

    def take(self, which: BoolArray) -> Actions:
        """Return some of them."""
        return Actions(self.day[which], self.symbol[which], self.ratio[which], self.dividend[which])

    def joined(self, other: Actions) -> Actions:
        """Return these and those."""
        return Actions(
            *(
                np.concatenate((getattr(self, name), getattr(other, name)))
                for name in ("day", "symbol", "ratio", "dividend")
            )
        )

    @classmethod
    def empty(cls) -> Actions:
        """Return none."""
        none = np.empty(0)
        return cls(np.empty(0, dtype="datetime64[D]"), np.empty(0, dtype=np.int64), none, none)


@dataclass(frozen=True, slots=True)
class Applied:
    """Transactions with what was announced among them.

    Attributes
    ----------
    transactions
        All, in the order of effect.
    source
        Place of each among those given (K,), −1 for what was announced.
    """

    transactions: Transactions
    source: IntArray


def apply_actions(
    transactions: Transactions, actions: Actions, *, splits: bool, dividends: bool
) -> Applied:
    """Put announced splits and dividends among recorded transactions.

    Parameters
    ----------
    transactions
        Recorded ones, in the order of effect.
    actions
        Of the same columns.
    splits, dividends
        Which of them to apply.

    Notes
    -----
    A recorded split of the same symbol and ratio within :data:`SAME_SPLIT_DAYS` is the same
    split: it takes effect on the announced day, once. An announced dividend is left out when
    one of the symbol was recorded from its ex-date to :data:`PAID_WITHIN_DAYS` after it.
    """
    day = transactions.day.copy()
    extra: list[tuple[np.datetime64, int, int, float, float]] = []
    recorded = np.flatnonzero(transactions.kind == Kind.SPLIT)
    paid = np.flatnonzero(transactions.kind == Kind.DIVIDEND)
    for place in range(len(actions.day)):
        ex_day, symbol = actions.day[place], int(actions.symbol[place])
        ratio, dividend = float(actions.ratio[place]), float(actions.dividend[place])
        if splits and ratio != 1.0:
            same = recorded[
                (transactions.symbol[recorded] == symbol)
                & np.isclose(transactions.quantity[recorded], ratio, rtol=1e-6)
                & (np.abs((transactions.day[recorded] - ex_day).astype(int)) <= SAME_SPLIT_DAYS)
            ]
            if len(same):
                day[same[0]] = ex_day
            else:
                extra.append((ex_day, Kind.SPLIT, symbol, ratio, 0.0))
        if dividends and dividend > 0.0:
            after = (transactions.day[paid] - ex_day).astype(int)
            known = (transactions.symbol[paid] == symbol) & (after >= 0)
            if not (known & (after <= PAID_WITHIN_DAYS)).any():
                extra.append((ex_day, Kind.SHARE_DIVIDEND, symbol, 0.0, dividend))
    count = len(extra)
    announced = Transactions(
        day=np.array([one[0] for one in extra], dtype="datetime64[D]"),
        kind=np.array([one[1] for one in extra], dtype=np.int64),
        symbol=np.array([one[2] for one in extra], dtype=np.int64),
        quantity=np.array([one[3] for one in extra], dtype=np.float64),
        price=np.array([one[4] for one in extra], dtype=np.float64),
        commission=np.zeros(count),
        amount=np.zeros(count),
    )
    moved = Transactions(
        day,
        transactions.kind,
        transactions.symbol,
        transactions.quantity,
        transactions.price,
        transactions.commission,
        transactions.amount,
    )
    everything = moved.joined(announced)
    source = np.concatenate((np.arange(len(transactions)), np.full(count, -1, dtype=np.int64)))
    order = everything.order()
    return Applied(everything.take(order), source[order])


def split_growth(splits: Actions, dates: DateArray, width: int) -> FloatArray:
    """Return shares that one share of the start has become (T, N) by splits."""
    growth = np.ones((len(dates), width))
    for place in range(len(splits.day)):
        row = int(np.searchsorted(dates, splits.day[place]))
        growth[row:, splits.symbol[place]] *= splits.ratio[place]
    return growth


def quoted_closes(
    dates: DateArray, closes: FloatArray, adjusted: BoolArray, actions: Actions
) -> FloatArray:
    """Return closes as they were quoted, undoing the adjustment for splits and dividends.

    Parameters
    ----------
    dates
        Days (T,).
    closes
        (T, N), NaN where there is none.
    adjusted
        Whether a column's closes are adjusted for its actions up to its last close (N,).
    actions
        What they are adjusted for: splits, and dividends where those were adjusted for too.

    Notes
    -----
    Going back in time, a split of ratio s multiplies the closes before it by s. A dividend d
    had multiplied them by 1 − d / c, c being the quoted close before the ex-date (the factor
    of CRSP and of Yahoo's adjusted close); of the close x that is adjusted for it alone
    c = x + d, so that the closes before are multiplied by (x + d) / x.
    """
    found = closes.copy()
    for place in np.argsort(actions.day, kind="stable")[::-1]:
        column, ratio = int(actions.symbol[place]), float(actions.ratio[place])
        if not adjusted[column]:
            continue
        series = found[:, column]
        row = int(np.searchsorted(dates, actions.day[place]))
        there = np.flatnonzero(np.isfinite(series))
        if not len(there) or row > there[-1]:
            continue
        series[:row] *= ratio
        before, dividend = there[there < row], float(actions.dividend[place])
        if dividend > 0.0 and len(before):
            last = series[before[-1]]
            series[:row] *= (last + dividend) / last
    return found


def splits_in(transactions: Transactions) -> Actions:
    """Return the splits among transactions."""
    mine = np.flatnonzero(transactions.kind == Kind.SPLIT)
    return Actions(
        transactions.day[mine],
        transactions.symbol[mine],
        transactions.quantity[mine],
        np.zeros(len(mine)),
    )


def look_adjusted(actions: Actions, dates: DateArray, closes: FloatArray) -> BoolArray:
    """Tell from the closes around splits whether they were adjusted for them (N,).

    Where a split of 2 for 1 was not adjusted for, the close falls by half on its day. The
    votes of a symbol's splits of at least :data:`CLEAR_RATIO` decide; without any, false.
    """
    votes = np.zeros(closes.shape[1])
    for place in range(len(actions.day)):
        ratio, column = float(actions.ratio[place]), int(actions.symbol[place])
        if max(ratio, 1.0 / ratio) < CLEAR_RATIO:
            continue
        row = int(np.searchsorted(dates, actions.day[place]))
        series = closes[:, column]
        before = np.flatnonzero(np.isfinite(series[:row]))
        after = np.flatnonzero(np.isfinite(series[row:]))
        if len(before) and len(after):
            jump = np.log(series[before[-1]] / series[row + after[0]])
            votes[column] += 1.0 if abs(jump) < abs(jump - np.log(ratio)) else -1.0
    found: BoolArray = votes > 0.0
    return found
