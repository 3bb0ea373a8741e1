"""A portfolio's history: its transactions with what was announced, valued day by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import Portfolio, PortfolioTransaction
from quant_tui.engine.arrays import BoolArray, DateArray, FloatArray
from quant_tui.engine.portfolio.actions import (
    Actions,
    Applied,
    apply_actions,
    look_adjusted,
    quoted_closes,
    split_growth,
    splits_in,
)
from quant_tui.engine.portfolio.lots import Book, Oversold, keep_book
from quant_tui.engine.portfolio.transactions import Kind, Transactions
from quant_tui.engine.portfolio.valuation import Valuation, value_by_day
from quant_tui.services.portfolio_ledger import Ledger, describe, to_entity
from quant_tui.services.portfolio_market import Market

FAR_OFF = 1.5
"""Ratio between a trade's price and the day's close from which a split may be missing."""


class TransactionOversold(InvalidInput):
    """A recorded sale is of more than is held; ``transaction`` is that sale."""

    def __init__(self, transaction: PortfolioTransaction, error: Oversold) -> None:
        super().__init__(
            f"{describe(transaction)}: only {error.held:g} are held.",
            field="quantity",
            hint=error.hint,
        )
        self.transaction = transaction


@dataclass(frozen=True, slots=True)
class History:
    """What a ledger comes to under the closes there are.

    Attributes
    ----------
    ledger
        The recorded transactions.
    applied
        They and the announced ones, in the order of effect.
    book
        Their lots and cash.
    valuation
        By day, from the first transaction to the last close or transaction.
    has_close
        Where there is a close (T, N); elsewhere a price is carried or that of a trade.
    levels
        Closes of the symbols and the benchmark by session, splits taken out and carried
        forward, from some time before the first transaction on (S, N or N + 1).
    benchmark
        Level of the benchmark on the days of the valuation (T,); None without one.
    """

    ledger: Ledger
    applied: Applied
    book: Book
    valuation: Valuation
    has_close: BoolArray
    levels: FloatArray
    benchmark: FloatArray | None


def book_of(
    portfolio: Portfolio, ledger: Ledger, actions: Actions, end: np.datetime64
) -> tuple[Applied, Book]:
    """Follow a ledger with the announced splits and dividends up to ``end``.

    Raises
    ------
    TransactionOversold
        Naming the transaction that sells more than is held.
    """
    made = ledger.transactions
    known = (actions.symbol < len(ledger.symbols)) & (actions.day <= end)
    applied = apply_actions(
        made,
        actions.take(known & (actions.day >= made.day[0])),
        splits=portfolio.apply_splits,
        dividends=portfolio.apply_dividends,
    )
    try:
        book = keep_book(
            applied.transactions, method=portfolio.cost_method, allow_short=portfolio.allow_short
        )
    except Oversold as error:
        sale = to_entity(ledger.documents[int(applied.source[error.place])])
        raise TransactionOversold(sale, error) from error
    return applied, book


def history_of(portfolio: Portfolio, ledger: Ledger, market: Market) -> History:
    """Value a ledger of at least one transaction day by day.

    Parameters
    ----------
    market
        Of the ledger's symbols, in their order, the benchmark after them or among them.

    Raises
    ------
    InvalidInput
        There is no transaction.
    TransactionOversold
        As :func:`book_of`.
    """
    if not len(ledger):
        raise InvalidInput("There are no transactions yet.", field="transactions")
    made, width = ledger.transactions, len(ledger.symbols)
    last = max(made.day[-1], market.dates[-1]) if len(market.dates) else made.day[-1]
    applied, book = book_of(portfolio, ledger, market.actions, last)
    everything = applied.transactions
    splits = splits_in(everything)
    adjusted = _adjusted(market, splits)
    closes = quoted_closes(
        market.dates,
        market.closes,
        adjusted,
        splits.joined(_adjusted_dividends(portfolio, market)),
    )[:, :width]
    sessions = market.dates[market.dates >= made.day[0]]
    dates = np.union1d(sessions, everything.day)
    own = np.full((len(dates), width), np.nan)
    own[np.searchsorted(dates, sessions)] = closes[len(market.dates) - len(sessions) :]
    levels = _levels(made, market)
    return History(
        ledger=ledger,
        applied=applied,
        book=book,
        valuation=value_by_day(everything, book, dates, own),
        has_close=np.isfinite(own),
        levels=levels,
        benchmark=_benchmark(portfolio, market, levels, dates),
    )


def far_off_prices(history: History) -> dict[str, tuple[str, float]]:
    """Return, by symbol, the first trade whose price is far from the day's close, and the ratio."""
    made, valuation = history.ledger.transactions, history.valuation
    found: dict[str, tuple[str, float]] = {}
    trades = np.flatnonzero(np.isin(made.kind, (Kind.BUY, Kind.SELL)) & (made.price > 0.0))
    rows, columns = np.searchsorted(valuation.dates, made.day[trades]), made.symbol[trades]
    ratio = made.price[trades] / valuation.price[rows, columns]
    off = (np.maximum(ratio, 1.0 / ratio) > FAR_OFF) & history.has_close[rows, columns]
    for at in np.flatnonzero(off):
        symbol = history.ledger.symbols[columns[at]]
        if symbol not in found:
            line = describe(to_entity(history.ledger.documents[trades[at]]))
            found[symbol] = (line, float(ratio[at]))
    return found


def _adjusted(market: Market, splits: Actions) -> BoolArray:
    """Tell which closes were adjusted for splits: as imports say, else as the closes look."""
    found = look_adjusted(splits, market.dates, market.closes)
    for at, said in enumerate(market.adjustment):
        parts = {part.strip() for part in said.split(",") if part.strip()}
        if parts == {"none"}:
            found[at] = False
        elif parts and all(part.startswith("splits") for part in parts):
            found[at] = True
    return found


def _adjusted_dividends(portfolio: Portfolio, market: Market) -> Actions:
    """Return the dividends that closes are adjusted for and are to be brought back from.

    Where splits are not applied, transactions are in the units of the bars, which then stay.
    """
    if not portfolio.apply_splits:
        return Actions.empty()
    named = np.array(["dividends" in said for said in market.adjustment], dtype=np.bool_)
    actions = market.actions
    mine = actions.take((actions.dividend > 0.0) & named[actions.symbol])
    return Actions(mine.day, mine.symbol, np.ones(len(mine.day)), mine.dividend)


def _levels(made: Transactions, market: Market) -> FloatArray:
    """Return closes with the jumps of every known split taken out, carried forward (S, M)."""
    recorded = made.take(np.flatnonzero(made.kind == Kind.SPLIT))
    announced = apply_actions(recorded, market.actions, splits=True, dividends=False)
    splits = splits_in(announced.transactions)
    growth = split_growth(splits, market.dates, len(market.symbols))
    raw = ~_adjusted(market, splits)
    levels = np.where(raw, market.closes * growth, market.closes)
    rows = np.where(np.isfinite(levels), np.arange(len(levels))[:, None], 0)
    return np.take_along_axis(levels, np.maximum.accumulate(rows, axis=0), axis=0)


def _benchmark(
    portfolio: Portfolio, market: Market, levels: FloatArray, dates: DateArray
) -> FloatArray | None:
    if portfolio.benchmark not in market.symbols:
        return None
    rows = np.searchsorted(market.dates, dates, side="right") - 1
    found = np.full(len(dates), np.nan)
    known = rows >= 0
    found[known] = levels[rows[known], market.symbols.index(portfolio.benchmark)]
    return found
