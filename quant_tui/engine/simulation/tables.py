"""The tables that the kernel reads and writes: named tuples of scalars and arrays."""

from __future__ import annotations

from typing import NamedTuple

from quant_tui.engine.arrays import FloatArray, IntArray


class Market(NamedTuple):
    """What is known of prices.

    Attributes
    ----------
    open, high, low, volume
        (T, N), NaN where the symbol has no bar or its volume is not known.
    last_close
        Close carried forward over rows without a bar (T, N); NaN before the first bar.
    days
        Calendar days from the date before (T,); 0 on the first row.
    by_name
        Columns (N,) in the order of the symbols' names.
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    volume: FloatArray
    last_close: FloatArray
    days: FloatArray
    by_name: IntArray


class OrderBook(NamedTuple):
    """Orders (K,), sorted by the row they fill on and by precedence within it.

    Attributes
    ----------
    decided, due
        Rows of the deciding bar and of the fill.
    symbol, kind
        Column, and what is asked.
    weight
        Fraction of the equity to go to; of an entry sized by volatility, to enter with.
    reference, decision_price
        Price of the fill before slippage, and close of the deciding bar.
    since
        Row of the signal that a weight rests on; −1 where it stands by itself.
    stop_loss, take_profit, trailing_stop
        Fractions read on the deciding bar, 0 for none; all of length 0 where no order
        has any.
    """

    decided: IntArray
    due: IntArray
    symbol: IntArray
    kind: IntArray
    weight: FloatArray
    reference: FloatArray
    decision_price: FloatArray
    since: IntArray
    stop_loss: FloatArray
    take_profit: FloatArray
    trailing_stop: FloatArray


class Forced(NamedTuple):
    """Positions that are closed without a signal, sorted by row and name: (F,) each."""

    row: IntArray
    symbol: IntArray
    kind: IntArray
    price: FloatArray


class Terms(NamedTuple):
    """How orders are sized and what they cost.

    Attributes
    ----------
    commission, per_share, minimum
        Fraction of the value, money a share, least money a fill.
    slippage, impact
        Fraction of the price, and of taking the bar's whole volume.
    cap
        Largest share of a bar's volume; infinite for none.
    sizing, sizing_value
        Code of the sizing of entries, and its number.
    borrow_rate, cash_rate
        Annual fractions.
    leverage
        Most that positions may be of the equity.
    initial
        Initial capital.
    margin
        Whether positions may be short or borrowed for.
    at_close
        Whether orders fill at the close of their row instead of its open.
    values_equity, whole, decided, reject
        Whether sizes need the equity, shares are whole, sizes are made at the decision,
        and orders that pass the cash are rejected instead of cut.
    stops, optimistic
        Whether any order has a stop or target, and what is assumed inside a bar.
    ends_at_open
        Whether what is left is sold at the open of the last bar.
    accrues
        Whether interest or borrowing costs accrue.
    """

    commission: float
    per_share: float
    minimum: float
    slippage: float
    impact: float
    cap: float
    sizing: int
    sizing_value: float
    borrow_rate: float
    cash_rate: float
    leverage: float
    initial: float
    margin: bool
    at_close: bool
    values_equity: bool
    whole: bool
    decided: bool
    reject: bool
    stops: bool
    optimistic: bool
    ends_at_open: bool
    accrues: bool


class Account(NamedTuple):
    """Where the account stands, and what happened; the kernel goes on from there.

    Attributes
    ----------
    cursor
        Counts, by the kernel's codes: next row, order and forced sale; fills and drops so
        far; positions held; row of the ruin or −1.
    money
        By the kernel's codes: cash, interest received; equity and value of all positions
        when last asked for.
    symbols
        (N, 13), columns by the kernel's codes: signed position, mean price of the
        purchases (short: sales), best price since the entry; the fractions of stop loss,
        take profit and trailing stop, 0 for none; prices that a bar must touch for any of
        them to act; 1 where the position is still there by an assumption; borrowing costs
        since the last fill; shares taken of the volume of a row, and that row; row of the
        last stop.
    fills
        (C, 12) with room for more: row, deciding row, column, kind, 1 where it rests on
        an assumption; signed quantity, price, reference, commission, borrowing costs
        since the symbol's fill before; cash and position afterwards.
    drops
        (D, 6) with room for more: deciding row, column, reason, side; quantity wanted and
        filled.
    """

    cursor: IntArray
    money: FloatArray
    symbols: FloatArray
    fills: FloatArray
    drops: FloatArray
