"""Valuing a large portfolio: 10,000 transactions of 100 symbols over 20 years."""

from __future__ import annotations

import time

import numpy as np

from quant_tui.engine.portfolio.lots import keep_book
from quant_tui.engine.portfolio.returns import daily_returns
from quant_tui.engine.portfolio.transactions import Kind, Transactions
from quant_tui.engine.portfolio.valuation import value_by_day

BUDGET_SECONDS = 0.5


def test_ten_thousand_transactions_of_a_hundred_symbols_over_twenty_years() -> None:
    random = np.random.default_rng(1)
    count, symbols = 10_000, 100
    dates = np.busday_offset("2005-01-03", np.arange(5_040), roll="forward")
    closes = 50.0 * np.exp(np.cumsum(random.normal(0, 0.02, (5_040, symbols)), axis=0))
    rows = np.sort(random.integers(0, 5_040, count))
    kind = np.where(random.random(count) < 0.5, Kind.SELL, Kind.BUY)
    kind[0] = Kind.DEPOSIT
    symbol = random.integers(0, symbols, count)
    symbol[0] = -1
    made = Transactions(
        day=dates[rows],
        kind=kind,
        symbol=symbol,
        quantity=random.uniform(1, 100, count),
        price=np.full(count, 50.0),
        commission=np.ones(count),
        amount=np.where(kind == Kind.DEPOSIT, 1e7, 0.0),
    )
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        book = keep_book(made, allow_short=True)
        valuation = value_by_day(made, book, dates, closes)
        daily_returns(valuation)
        taken.append(time.perf_counter() - began)
    assert min(taken) < BUDGET_SECONDS, f"{min(taken):.3f} s"
