"""What holds for any transactions and prices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quant_tui.engine.portfolio.actions import Actions, apply_actions, quoted_closes
from quant_tui.engine.portfolio.lots import Oversold, keep_book
from quant_tui.engine.portfolio.returns import daily_returns, growth_index
from quant_tui.engine.portfolio.transactions import Kind, Transactions
from quant_tui.engine.portfolio.valuation import value_by_day

from .ledgers import DAYS, LINES, START, SYMBOLS, Line, transactions, walk

METHODS = st.sampled_from(["fifo", "average"])
DATES = START + np.arange(DAYS)


def signed(made: Transactions) -> np.ndarray:
    return np.select([made.kind == Kind.BUY, made.kind == Kind.SELL], [1.0, -1.0]) * made.quantity


@given(LINES, METHODS)
@settings(max_examples=150, deadline=None)
def test_cash_is_what_came_in_less_what_went_out(lines: list[Line], method: str) -> None:
    made = transactions(lines)
    book = keep_book(made, method=method, allow_short=True)
    came = {Kind.DEPOSIT: 1, Kind.INTEREST: 1, Kind.DIVIDEND: 1, Kind.WITHDRAWAL: -1, Kind.FEE: -1}
    wanted = sum(came.get(Kind(k), 0) * a for k, a in zip(made.kind, made.amount, strict=True))
    wanted -= float(signed(made) @ made.price) + float(made.commission.sum())
    assert book.cash.sum() == pytest.approx(wanted, rel=1e-9, abs=1e-6)


@given(LINES, METHODS)
@settings(max_examples=150, deadline=None)
def test_no_share_is_lost(lines: list[Line], method: str) -> None:
    made = transactions(lines)
    book = keep_book(made, method=method, allow_short=True)
    for symbol in range(SYMBOLS):
        held = 0.0
        turned = 0.0
        for place in np.flatnonzero(made.symbol == symbol):
            held = held * made.quantity[place] if made.kind[place] == Kind.SPLIT else held
            held += signed(made)[place]
            turned = max(turned, abs(held), made.quantity[place])
        mine = book.lots.symbol == symbol
        assert book.lots.quantity[mine].sum() == pytest.approx(held, rel=1e-6, abs=1e-6 * turned)
        # lots of one symbol are all long or all short
        assert len(set(np.sign(book.lots.quantity[mine]))) <= 1
        if method == "average":
            assert mine.sum() <= 1


@given(LINES, METHODS, st.integers(0, 5))
@settings(max_examples=150, deadline=None)
def test_profit_is_change_of_value_less_flows(lines: list[Line], method: str, seed: int) -> None:
    made = transactions(lines)
    book = keep_book(made, method=method, allow_short=True)
    valuation = value_by_day(made, book, DATES, walk(seed))
    flows = float(valuation.flows.sum())
    scale = 1e-9 * (1.0 + float(np.abs(book.cash).sum()) + float(valuation.gross.max()))
    assert valuation.pnl.sum() == pytest.approx(valuation.value[-1] - flows, abs=scale)
    income = sum(
        (-1.0 if k == Kind.FEE else 1.0) * a
        for k, a in zip(made.kind, made.amount, strict=True)
        if k in (Kind.DIVIDEND, Kind.FEE, Kind.INTEREST)
    )
    price = valuation.price[-1]
    lots = book.lots
    unrealised = float((lots.quantity * (price[lots.symbol] - lots.cost)).sum())
    whole = book.realised.sum() + unrealised + income
    assert whole == pytest.approx(valuation.pnl.sum(), rel=1e-6, abs=1e3 * scale)
    assert book.closures.pnl.sum() == pytest.approx(book.realised.sum(), rel=1e-9, abs=scale)


@given(LINES, METHODS, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_what_is_apart_does_not_matter(lines, method, random) -> None:
    """Lines of different days or symbols may be recorded in any order."""
    seen, apart = set(), []
    for line in lines:
        if (line[0], line[2]) not in seen:
            seen.add((line[0], line[2]))
            apart.append(line)
    shuffled = apart[:]
    random.shuffle(shuffled)
    first, second = (
        keep_book(transactions(one), method=method, allow_short=True) for one in (apart, shuffled)
    )
    np.testing.assert_allclose(first.lots.quantity, second.lots.quantity)
    np.testing.assert_allclose(first.lots.cost, second.lots.cost)
    assert first.realised.sum() == pytest.approx(second.realised.sum())


@given(LINES, METHODS, st.integers(0, 5), st.integers(1, DAYS - 1), st.sampled_from([0.25, 2, 7]))
@settings(max_examples=100, deadline=None)
def test_a_split_changes_no_value_whichever_way_the_bars_came(
    lines: list[Line], method: str, seed: int, day: int, ratio: float
) -> None:
    """The same history told three ways: no split; one with raw bars; one with adjusted bars."""
    lines = [line for line in lines if line[1] != Kind.SPLIT]
    assume(lines)
    plain = transactions(lines)
    closes = walk(seed)
    wanted = value_by_day(plain, keep_book(plain, method=method, allow_short=True), DATES, closes)
    after = plain.day >= START + day
    after &= np.isin(plain.kind, (Kind.BUY, Kind.SELL)) & (plain.symbol == 0)
    as_traded = Transactions(
        plain.day,
        plain.kind,
        plain.symbol,
        np.where(after, plain.quantity * ratio, plain.quantity),
        np.where(after, plain.price / ratio, plain.price),
        plain.commission,
        plain.amount,
    )
    one = Actions(DATES[day : day + 1], np.array([0]), np.array([ratio]), np.zeros(1))
    applied = apply_actions(as_traded, one, splits=True, dividends=False).transactions
    raw = closes.copy()
    raw[day:, 0] /= ratio
    adjusted = closes.copy()
    adjusted[:, 0] /= ratio  # all of it in today's shares
    for bars, flags in ((raw, [False] * SYMBOLS), (adjusted, [True] + [False] * (SYMBOLS - 1))):
        if not np.isfinite(bars[day:, 0]).any():
            continue
        quoted = quoted_closes(DATES, bars, np.array(flags), one)
        book = keep_book(applied, method=method, allow_short=True)
        found = value_by_day(applied, book, DATES, quoted)
        scale = 1.0 + float(np.abs(wanted.value).max())
        np.testing.assert_allclose(found.value, wanted.value, rtol=1e-9, atol=1e-7 * scale)
        np.testing.assert_allclose(found.pnl, wanted.pnl, rtol=1e-9, atol=1e-7 * scale)


@given(LINES, st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_returns_do_not_see_flows(lines: list[Line], seed: int) -> None:
    """Twice the money from the first day on, all of it in the same shares: the same returns."""
    lines = [line for line in lines if line[1] in (Kind.BUY, Kind.DEPOSIT)]
    lines = [(0, Kind.DEPOSIT, -1, 0.0, 0.0, 0.0, 1e9), *((d, *rest) for d, *rest in lines)]
    made = transactions(lines)
    valuation = value_by_day(made, keep_book(made), DATES, walk(seed, gaps=False))
    doubled = Transactions(
        made.day, made.kind, made.symbol, made.quantity * 2, made.price,
        made.commission * 2, made.amount * 2,
    )  # fmt: skip
    other = value_by_day(doubled, keep_book(doubled), DATES, walk(seed, gaps=False))
    np.testing.assert_allclose(daily_returns(valuation), daily_returns(other), atol=1e-9)
    index = growth_index(daily_returns(valuation))
    assert (index >= 0.0).all()


@given(LINES)
@settings(max_examples=150, deadline=None)
def test_nothing_is_sold_that_is_not_held(lines: list[Line]) -> None:
    made = transactions(lines)
    refused: Oversold | None = None
    try:
        book = keep_book(made)
    except Oversold as error:
        refused = error
        book = keep_book(made.take(np.arange(error.place)))
    assert book.position.min(initial=0.0) >= 0.0
    if refused is not None:
        assert made.kind[refused.place] == Kind.SELL
        assert refused.wanted > refused.held >= 0.0
