"""Lots, splits, valuation and returns by hand, and against scipy and empyrical."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from quant_tui.engine.portfolio.actions import (
    Actions,
    apply_actions,
    look_adjusted,
    quoted_closes,
    splits_in,
)
from quant_tui.engine.portfolio.exposure import concentration, largest_share, risk_shares
from quant_tui.engine.portfolio.lots import Oversold, keep_book
from quant_tui.engine.portfolio.returns import daily_returns, money_weighted_return
from quant_tui.engine.portfolio.transactions import Kind
from quant_tui.engine.portfolio.valuation import value_by_day

from .ledgers import START, buy, money, sell, split, transactions, walk


def test_fifo_and_average_cost_by_hand() -> None:
    lines = [buy(0, 0, 100, 10, 10), buy(1, 0, 100, 20), sell(2, 0, 150, 30, 15)]
    fifo = keep_book(transactions(lines))
    # 100 at 10.10, then 50 at 20, sold at 29.90
    assert fifo.realised.sum() == pytest.approx(100 * (29.9 - 10.1) + 50 * (29.9 - 20))
    assert fifo.lots.cost.tolist() == [20.0]
    assert fifo.closures.quantity.tolist() == [100, 50]
    assert fifo.closures.returns[1] == pytest.approx(9.9 / 20)
    average = keep_book(transactions(lines), method="average")
    assert average.realised.sum() == pytest.approx(150 * (29.9 - 15.05))
    assert average.lots.cost.tolist() == [pytest.approx(15.05)]
    assert fifo.cash.sum() == average.cash.sum() == pytest.approx(-1010 - 2000 + 4485)


def test_a_short_position_is_refused_unless_it_is_allowed() -> None:
    lines = [buy(0, 0, 10, 10), sell(1, 0, 25, 12), buy(2, 0, 30, 8)]
    with pytest.raises(Oversold, match="25 shares are sold and 10 are held") as caught:
        keep_book(transactions(lines))
    assert caught.value.place == 1
    book = keep_book(transactions(lines), allow_short=True)
    assert book.position.tolist() == [10, -15, 15]
    assert book.realised.tolist() == [0, 20, 15 * 4]
    assert book.closures.quantity.tolist() == [10, -15]
    assert (book.closures.pnl > 0).all()


def test_a_recorded_split_and_the_announced_one_are_one() -> None:
    lines = [buy(0, 0, 10, 100), split(6, 0, 2), sell(7, 0, 20, 55)]
    announced = Actions(
        np.array([START + 5, START + 5]), np.array([0, 1]), np.array([2.0, 3.0]), np.zeros(2)
    )
    applied = apply_actions(transactions(lines), announced, splits=True, dividends=False)
    assert (applied.transactions.kind == Kind.SPLIT).sum() == 2
    assert applied.transactions.day[1:3].tolist() == [(START + 5).item()] * 2
    assert applied.source.tolist() == [0, 1, -1, 2]
    assert keep_book(applied.transactions).position.tolist() == [10, 20, 0, 0]
    left_out = apply_actions(transactions(lines), announced, splits=False, dividends=False)
    assert len(left_out.transactions) == 3


def test_an_announced_dividend_is_paid_on_what_is_held_unless_it_was_recorded() -> None:
    announced = Actions(np.array([START + 5]), np.array([0]), np.ones(1), np.array([0.5]))
    held = [buy(0, 0, 10, 100), buy(5, 0, 90, 100)]  # bought on the ex-date: no dividend
    applied = apply_actions(transactions(held), announced, splits=True, dividends=True)
    assert keep_book(applied.transactions).cash.sum() == pytest.approx(-10_000 + 5)
    paid = [*held, money(30, Kind.DIVIDEND, 4.2, 0)]
    applied = apply_actions(transactions(paid), announced, splits=True, dividends=True)
    assert keep_book(applied.transactions).cash.sum() == pytest.approx(-10_000 + 4.2)


def test_the_closes_tell_whether_they_were_adjusted() -> None:
    made = transactions([buy(0, 0, 1, 1), split(3, 0, 4), split(3, 1, 0.1), split(3, 2, 1.05)])
    closes = np.array([[100, 1, 9], [101, 1, 9], [99, 1, 9], [25, 10.1, 9], [26, 10, 9]])
    dates = START + np.arange(5)
    assert look_adjusted(splits_in(made), dates, closes).tolist() == [False, False, False]
    closes[:3, :2] = [[25, 10], [25, 10], [26, 10]]
    assert look_adjusted(splits_in(made), dates, closes).tolist() == [True, True, False]


def test_prices_are_carried_and_say_from_when_they_are() -> None:
    made = transactions([money(0, Kind.DEPOSIT, 1000), buy(1, 0, 10, 20), buy(3, 1, 5, 8)])
    nan = np.nan
    closes = np.array([[nan, nan], [nan, nan], [21, nan], [nan, nan], [nan, nan]])
    valuation = value_by_day(made, keep_book(made), START + np.arange(5), closes)
    assert valuation.value.tolist() == [1000, 1000, 1010, 1010, 1010]
    assert valuation.priced_row.tolist() == [2, 3]
    assert valuation.priced_by_close.tolist() == [True, False]
    assert valuation.pnl.tolist() == [0, 0, 10, 0, 0]


def test_a_return_is_that_of_the_day_however_much_came_and_went() -> None:
    made = transactions(
        [
            money(0, Kind.DEPOSIT, 100),
            buy(0, 0, 10, 10),
            money(2, Kind.DEPOSIT, 1e6),
            money(3, Kind.WITHDRAWAL, 1e6),
            sell(4, 0, 10, 12.1),
            money(4, Kind.WITHDRAWAL, 121),
        ]
    )
    closes = np.array([[10.0], [11.0], [11.0], [11.0], [12.1], [99.0]])
    valuation = value_by_day(made, keep_book(made), START + np.arange(6), closes)
    found = daily_returns(valuation)
    assert found[1] == pytest.approx(0.1)
    assert found[2] == found[3] == 0.0
    assert found[4] == pytest.approx(0.1)
    assert np.isnan(found[5])  # nothing is invested any more


@pytest.mark.parametrize("seed", range(8))
def test_the_money_weighted_return_is_scipys_root(seed: int) -> None:
    random = np.random.default_rng(seed)
    days = START + np.sort(random.integers(0, 3000, 12))
    flows = -random.uniform(1, 100, 12)
    flows[-1] = -flows[:-1].sum() * random.uniform(0.3, 5)
    years = (days - days[0]).astype(float) / 365
    wanted = brentq(lambda rate: float(np.sum(flows * (1 + rate) ** -years)), -0.99, 100)
    assert money_weighted_return(days, flows) == pytest.approx(wanted, abs=1e-10)


def test_the_money_weighted_return_of_a_spreadsheet() -> None:
    # the example of Microsoft's documentation of XIRR
    days = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]
    flows = np.array([-10_000.0, 2750, 4250, 3250, 2750])
    found = money_weighted_return(np.array(days, dtype="datetime64[D]"), flows)
    assert found == pytest.approx(0.373362535, abs=1e-8)


def test_a_money_weighted_return_may_not_exist() -> None:
    one = np.array([START])
    assert money_weighted_return(one, np.array([-1.0])) is None
    assert money_weighted_return(np.array([START, START]), np.array([-1.0, 2.0])) is None
    assert money_weighted_return(np.array([START, START + 9]), np.array([-1.0, -2.0])) is None


def test_contributions_add_up_to_the_volatility() -> None:
    returns = np.diff(np.log(walk(3, 300, 4, gaps=False)), axis=0)
    weights = np.array([0.5, 0.4, -0.2, 0.1])
    found = risk_shares(weights, returns, 252)
    assert found is not None
    assert found.contribution.sum() == pytest.approx(found.volatility)
    whole = (returns @ weights).std(ddof=1) * np.sqrt(252)
    assert found.volatility == pytest.approx(whole)
    np.testing.assert_allclose(found.correlation, np.corrcoef(returns, rowvar=False))
    assert risk_shares(weights, returns[:10], 252) is None
    returns[:, 1] = 0.0
    still = risk_shares(weights, returns, 252)
    assert still is not None
    assert np.isnan(still.correlation[1]).all()


def test_concentration() -> None:
    assert concentration(np.array([0.25] * 4)) == pytest.approx(0.25)
    assert concentration(np.array([0.3, -0.3])) == pytest.approx(0.5)
    assert concentration(np.zeros(2)) == 0.0
    assert largest_share(np.array([0.1, 0.2, -0.5, 0.2]), 2) == pytest.approx(0.7)


def test_closes_adjusted_for_splits_and_dividends_are_brought_back() -> None:
    """As the sample data and Yahoo adjust: each factor from the quoted close before."""
    quoted = np.array([[100.0], [104.0], [50.0], [51.0], [np.nan], [40.0]])
    factor = (1 - 2 / 51) * (1 / 2) * (1 - 4 / 100)
    later = (1 - 2 / 51) * (1 / 2)
    adjusted = quoted * np.array([[factor], [later], [1 - 2 / 51], [1 - 2 / 51], [1], [1]])
    actions = Actions(
        START + np.array([2, 5, 1]), np.zeros(3, np.int64), np.array([2.0, 1, 1]),
        np.array([0.0, 2, 4]),
    )  # fmt: skip
    found = quoted_closes(START + np.arange(6), adjusted, np.array([True]), actions)
    np.testing.assert_allclose(found, quoted)
    same = quoted_closes(START + np.arange(6), adjusted, np.array([False]), actions)
    np.testing.assert_array_equal(same, adjusted)
