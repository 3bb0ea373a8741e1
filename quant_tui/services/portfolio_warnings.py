"""What is doubtful about a portfolio's figures, in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quant_tui.domain.trading import Portfolio
from quant_tui.engine.portfolio.transactions import Kind
from quant_tui.services.portfolio_history import History, far_off_prices
from quant_tui.services.portfolio_market import Market

NAMED = 5
"""Symbols that one warning names."""

CENT = 0.005
"""Cash down to this far below zero is rounding."""


def warnings_of(portfolio: Portfolio, history: History, market: Market) -> tuple[str, ...]:
    """Return what is doubtful, most important first."""
    return (
        *_cash(portfolio, history),
        *_prices(history, market),
        *_splits(portfolio, history, market),
    )


def _cash(portfolio: Portfolio, history: History) -> Iterator[str]:
    cash, dates = history.valuation.cash, history.valuation.dates
    below = np.flatnonzero(cash < -CENT)
    if len(below):
        lowest = int(np.argmin(cash))
        yield (
            f"Cash is below zero from {dates[below[0]]} on {len(below):,} days, at its lowest "
            f"{cash[lowest]:,.2f} {portfolio.base_currency} on {dates[lowest]}. "
            "Record the deposits that paid for the purchases: returns count from them."
        )


def _prices(history: History, market: Market) -> Iterator[str]:
    valuation, symbols = history.valuation, history.ledger.symbols
    held = valuation.quantity[-1] != 0.0
    without = [one for at, one in enumerate(symbols) if held[at] and not market.adjustment[at]]
    if without:
        yield f"No bars of {_named(without)}: valued at the last trade's price."
    last = market.dates[-1] if len(market.dates) else valuation.dates[-1]
    priced = valuation.dates[np.maximum(valuation.priced_row, 0)]
    stale = [
        f"{one} ({priced[at]})"
        for at, one in enumerate(symbols)
        if held[at] and market.adjustment[at] and priced[at] < last
    ]
    if stale:
        yield f"Stale on {last}, the last close known carried: {_named(stale)}."
    if history.benchmark is not None and not np.isfinite(history.benchmark).any():
        yield "No bars of the benchmark in this time: it is not compared with."


def _splits(portfolio: Portfolio, history: History, market: Market) -> Iterator[str]:
    symbols = history.ledger.symbols
    for symbol, (line, ratio) in sorted(far_off_prices(history).items()):
        times = ratio if ratio > 1.0 else 1.0 / ratio
        side = "above" if ratio > 1.0 else "below"
        yield (
            f"{symbol}: {line} is {times:.1f} times {side} the day's close. "
            "Is a split missing, or the price mistyped?"
        )
    traded = {int(one) for one in np.unique(history.ledger.transactions.symbol) if one >= 0}
    mixed = [
        one
        for at, one in enumerate(symbols)
        if at in traded and "none" in (parts := market.adjustment[at].split(", ")) and parts[1:]
    ]
    if mixed:
        yield (
            f"Bars of {_named(mixed)} are partly adjusted and partly not: "
            "value by day is doubtful around splits."
        )
    paid = np.isin(history.applied.transactions.kind, (Kind.DIVIDEND, Kind.SHARE_DIVIDEND))
    total = [
        one
        for at, one in enumerate(symbols)
        if not portfolio.apply_splits
        and "dividends" in market.adjustment[at]
        and bool((history.applied.transactions.symbol[paid] == at).any())
    ]
    if total:
        yield (
            f"Bars of {_named(total)} are adjusted for dividends, which are recorded here too: "
            "value by day before a dividend is too low."
        )


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:NAMED])
    more = len(names) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
