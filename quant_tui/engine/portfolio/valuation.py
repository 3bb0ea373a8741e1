"""What a portfolio is worth day by day, and what it won."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, DateArray, FloatArray, IntArray
from quant_tui.engine.portfolio.actions import split_growth, splits_in
from quant_tui.engine.portfolio.lots import Book
from quant_tui.engine.portfolio.transactions import Kind, Transactions


@dataclass(frozen=True, slots=True)
class Valuation:
    """A portfolio by day: T days, N symbols.

    Attributes
    ----------
    dates
        ``datetime64[D]`` (T,).
    quantity
        Shares held at each close (T, N), signed.
    price
        Last known price in each day's units (T, N), NaN before the first.
    priced_row
        Row of the last known price at the end (N,), −1 for none.
    priced_by_close
        Whether that price is a close, and not the price of a transaction (N,).
    cash
        (T,).
    deposits, withdrawals
        Money from and to outside (T,), both above zero.
    value
        Cash and positions (T,).
    growth
        Shares that one share of the start has become by splits (T, N).
    """

    dates: DateArray
    quantity: FloatArray
    price: FloatArray
    priced_row: IntArray
    priced_by_close: BoolArray
    cash: FloatArray
    deposits: FloatArray
    withdrawals: FloatArray
    value: FloatArray
    growth: FloatArray

    @property
    def holdings(self) -> FloatArray:
        """Money in each position at each close (T, N), below zero for short ones.

        What never had a price is worth nothing.
        """
        return self.quantity * np.nan_to_num(self.price)

    @property
    def flows(self) -> FloatArray:
        """Deposits less withdrawals (T,)."""
        return self.deposits - self.withdrawals

    @property
    def pnl(self) -> FloatArray:
        """Money won on each day (T,): change of the value less flows."""
        before = np.concatenate(([0.0], self.value[:-1]))
        return self.value - before - self.flows

    @property
    def gross(self) -> FloatArray:
        """Value of all positions, short ones counted above zero (T,)."""
        found: FloatArray = np.abs(self.holdings).sum(axis=1)
        return found


def value_by_day(
    transactions: Transactions, book: Book, dates: DateArray, closes: FloatArray
) -> Valuation:
    """Value a portfolio at the close of every day.

    Parameters
    ----------
    transactions
        In the order of effect, each day of them among ``dates``.
    book
        What :func:`~quant_tui.engine.portfolio.lots.keep_book` made of them.
    dates
        ``datetime64[D]`` (T,), rising, from the first transaction on.
    closes
        As quoted on each day (T, N), NaN where there is none.

    Notes
    -----
    A position is valued at its last known price: the day's close, else the price of that
    day's last trade, else the last of either before, carried over splits.
    """
    rows = np.searchsorted(dates, transactions.day)
    days, width = closes.shape
    growth = split_growth(splits_in(transactions), dates, width)
    quantity = _last_of_day(rows, transactions, book.position, (days, width))
    traded = np.isin(transactions.kind, (Kind.BUY, Kind.SELL)) & (transactions.price > 0.0)
    known = closes.copy()
    deals = np.full((days, width), np.nan)
    deals[rows[traded], transactions.symbol[traded]] = transactions.price[traded]
    without = np.isnan(known)
    known[without] = deals[without]
    level, row_of = _carried(known * growth)
    with np.errstate(invalid="ignore"):
        price = level / growth
    priced_row = row_of[-1] if days else np.full(width, -1, dtype=np.int64)
    last = np.maximum(priced_row, 0)
    by_close = ~without[last, np.arange(width)] & (priced_row >= 0)
    cash = np.cumsum(_by_day(rows, book.cash, days))
    flow = transactions.cash_flow
    return Valuation(
        dates=dates,
        quantity=quantity,
        price=price,
        priced_row=priced_row,
        priced_by_close=by_close,
        cash=cash,
        deposits=_by_day(rows, np.maximum(flow, 0.0), days),
        withdrawals=_by_day(rows, np.maximum(-flow, 0.0), days),
        value=cash + (quantity * np.nan_to_num(price)).sum(axis=1),
        growth=growth,
    )


def _by_day(rows: IntArray, money: FloatArray, days: int) -> FloatArray:
    """Sum money by row (T,)."""
    return np.bincount(rows, weights=money, minlength=days).astype(np.float64)


def _last_of_day(
    rows: IntArray, transactions: Transactions, values: FloatArray, shape: tuple[int, int]
) -> FloatArray:
    """Spread what each transaction left, the last of a day standing until the next."""
    spread = np.full(shape, np.nan)
    own = transactions.symbol >= 0
    # Later ones overwrite earlier ones of the same day: numpy assigns in order.
    spread[rows[own], transactions.symbol[own]] = values[own]
    return np.nan_to_num(_carried(spread)[0])


def _carried(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Carry known values down over NaN; return them with the row each came from, −1 for none."""
    rows = np.where(np.isfinite(values), np.arange(len(values))[:, None], -1)
    np.maximum.accumulate(rows, axis=0, out=rows)
    found = np.take_along_axis(values, np.maximum(rows, 0), axis=0)
    found[rows < 0] = np.nan
    return found, rows.astype(np.int64)
