"""Transactions made by hand and by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from quant_tui.engine.portfolio.transactions import Kind, Transactions

START = np.datetime64("2024-01-01")

Line = tuple[int, Kind, int, float, float, float, float]
"""Day from the start, kind, symbol, quantity, price, commission, amount."""


def transactions(lines: Sequence[Line]) -> Transactions:
    """Return lines as transactions, in the order of effect."""
    days, kinds, symbols, *numbers = zip(*lines, strict=True) if lines else ((),) * 7
    made = Transactions(
        START + np.array(days, dtype=np.int64),
        np.array(kinds, dtype=np.int64),
        np.array(symbols, dtype=np.int64),
        *(np.array(one, dtype=np.float64) for one in numbers),
    )
    return made.take(made.order())


def buy(day: int, symbol: int, quantity: float, price: float, commission: float = 0.0) -> Line:
    return (day, Kind.BUY, symbol, quantity, price, commission, 0.0)


def sell(day: int, symbol: int, quantity: float, price: float, commission: float = 0.0) -> Line:
    return (day, Kind.SELL, symbol, quantity, price, commission, 0.0)


def money(day: int, kind: Kind, amount: float, symbol: int = -1) -> Line:
    return (day, kind, symbol, 0.0, 0.0, 0.0, amount)


def split(day: int, symbol: int, ratio: float) -> Line:
    return (day, Kind.SPLIT, symbol, ratio, 0.0, 0.0, 0.0)


DAYS, SYMBOLS = 40, 3
_day = st.integers(0, DAYS - 1)
_symbol = st.integers(0, SYMBOLS - 1)
_shares = st.floats(0.01, 1e4)
_price = st.floats(0.01, 1e4)
_fee = st.floats(0.0, 50.0)
LINES: st.SearchStrategy[list[Line]] = st.lists(
    st.one_of(
        st.builds(buy, _day, _symbol, _shares, _price, _fee),
        st.builds(sell, _day, _symbol, _shares, _price, _fee),
        st.builds(split, _day, _symbol, st.sampled_from([0.1, 0.5, 1.5, 2.0, 20.0])),
        st.builds(
            money,
            _day,
            st.sampled_from([Kind.DEPOSIT, Kind.WITHDRAWAL, Kind.FEE, Kind.INTEREST]),
            st.floats(0.01, 1e6),
        ),
        st.builds(money, _day, st.just(Kind.DIVIDEND), st.floats(0.01, 1e3), _symbol),
    ),
    min_size=1,
    max_size=40,
)
"""Any transactions; sales may exceed what is held."""


def walk(seed: int, days: int = DAYS, symbols: int = SYMBOLS, *, gaps: bool = True) -> np.ndarray:
    """Return closes (T, N), some of them missing."""
    random = np.random.default_rng(seed)
    closes = 50.0 * np.exp(np.cumsum(random.normal(0, 0.02, (days, symbols)), axis=0))
    if gaps:
        closes[random.random(closes.shape) < 0.1] = np.nan
    return closes
