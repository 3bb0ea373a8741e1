"""Short positions, borrowing, leverage and ruin, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig
from quant_tui.engine.simulation.orders import from_weights
from quant_tui.engine.simulation.round_trips import round_trips
from quant_tui.engine.simulation.simulator import simulate

SHORT = {"allow_short": True, "fill": "close"}


def test_a_short_position_wins_when_the_price_falls(bars_of, simulated):
    bars = bars_of([100, 100, 90, 80.0], high=[100, 100, 110, 90], low=[100, 100, 75, 80])
    found, trips = simulated(bars, short_entry=[0], short_exit=[3], **SHORT)
    assert found.fills.quantity.tolist() == [-10.0, 10.0]
    assert found.equity.tolist() == [1000, 1000, 1100, 1200]
    assert found.cash.tolist() == [2000, 2000, 2000, 1200]
    assert found.invested.tolist() == [-1000, -1000, -900, 0]
    assert found.gross.tolist() == [1000, 1000, 900, 0]
    assert trips.short.tolist() == [True]
    assert trips.pnl.tolist() == [200.0]
    assert trips.return_.tolist() == [0.2]
    assert (trips.entry_price[0], trips.exit_price[0], trips.quantity[0]) == (100, 80, 10)
    assert trips.mae[0] == pytest.approx(-0.1)
    assert trips.mfe[0] == pytest.approx(0.25)


def test_costs_of_a_short_position(bars_of, simulated):
    found, trips = simulated(
        bars_of([100, 100, 90.0]), short_entry=[0], short_exit=[2], commission=0.01, slippage=0.02,
        sizing="fixed_shares", sizing_value=5.0, **SHORT,
    )  # fmt: skip
    assert found.fills.price == pytest.approx([98, 91.8])
    assert found.fills.commission == pytest.approx([4.9, 4.59])
    assert trips.pnl[0] == pytest.approx(5 * (98 - 91.8) - 4.9 - 4.59)
    assert found.equity[-1] == pytest.approx(1000 + trips.pnl[0])


def test_borrowing_accrues_by_calendar_days_on_the_value_at_the_last_close(bars_of, simulated):
    dates = np.array(["2024-01-05", "2024-01-08", "2024-01-09"], dtype="M8[D]")
    bars = bars_of([100, 90, 80.0], dates=dates)
    found, trips = simulated(bars, short_entry=[0], short_exit=[2], borrow_rate=0.365, **SHORT)
    cost = 1000 * 0.001 * 3 + 900 * 0.001
    assert found.fills.borrowed == pytest.approx([0, cost])
    assert found.equity == pytest.approx([1000, 1100 - 3, 1200 - cost])
    assert trips.pnl[0] == pytest.approx(200 - cost)
    still, open_trips = simulated(bars, short_entry=[0], borrow_rate=0.365, **SHORT)
    assert still.borrowed[0] == pytest.approx(cost)
    assert open_trips.pnl[0] == pytest.approx(200 - cost)
    idle, _ = simulated(bars, short_entry=[0], cash_rate=0.365, **SHORT)
    assert idle.interest == pytest.approx(3 + (2003 - 900) * 0.001)  # not on the proceeds


def test_a_reversal_closes_then_opens(bars_of, simulated):
    bars = bars_of([100, 100, 125, 125, 100.0])
    found, trips = simulated(bars, [0], short_entry=[2], **SHORT)
    assert found.fills.quantity.tolist() == [10.0, -10.0, -10.0]
    assert found.fills.position.tolist() == [10.0, 0.0, -10.0]
    assert found.equity[-1] == pytest.approx(1500)
    assert trips.short.tolist() == [False, True]
    assert trips.pnl.tolist() == [250.0, 250.0]
    back, _ = simulated(bars, [2], short_entry=[0], **SHORT)
    assert back.fills.quantity.tolist() == [-10.0, 10.0, 6.0]  # 750 left after the loss


def test_both_exits_on_one_bar_close_whichever_side_is_held(bars_of, simulated):
    bars = bars_of([100.0, 100, 100, 100])
    for entry in ({"entry": [0]}, {"short_entry": [0]}):
        found, _ = simulated(bars, exit_=[2], **{"short_exit": [2], **entry}, **SHORT)
        assert found.fills.row.tolist() == [0, 2]
        assert found.fills.position[-1] == 0.0


def test_both_entries_on_one_bar_do_nothing(bars_of, simulated):
    found, _ = simulated(bars_of([100.0, 100]), [0], short_entry=[0], **SHORT)
    assert len(found.fills) == 0


def weights(bars_of, close, targets, **config):
    bars = bars_of(close)
    made = BacktestConfig(initial_capital=1000.0, fill="close", sizing="all_in", **config)
    made = made.resolve(symbols=len(bars.symbols), annualization=252)
    targets = np.array(targets, dtype=float).reshape(bars.close.shape)
    orders = from_weights(bars, made, targets, np.ones(len(bars), dtype=bool))
    found = simulate(bars, made, orders)
    return found, round_trips(bars, made, found)


def test_negative_weights_are_gone_to_where_shorts_are_allowed(bars_of):
    close, targets = [100, 100, 100, 100.0], [0.5, -0.5, -0.2, 0.3]
    found, trips = weights(bars_of, close, targets, allow_short=True)
    assert found.fills.quantity.tolist() == [5.0, -5.0, -5.0, 3.0, 2.0, 3.0]
    assert trips.short.tolist() == [False, True, False]
    plain, _ = weights(bars_of, close, targets)
    assert plain.fills.quantity.tolist() == [5.0, -5.0, 3.0]


def test_long_and_short_together_stay_below_the_leverage(bars_of):
    close = [[100, 50.0], [100, 50]]
    found, _ = weights(bars_of, close, [[0.6, -0.6], [0.6, -0.6]], allow_short=True)
    assert found.fills.quantity[:2].tolist() == pytest.approx([6.0, -8.0])
    assert found.drops[0].reason == "cut to the cash there was"
    free, _ = weights(
        bars_of, close, [[1.0, -1.0], [1.0, -1.0]], allow_short=True, max_leverage=2.0
    )
    assert free.fills.quantity.tolist() == [10.0, -20.0]
    assert len(free.drops) == 0


def test_leverage_buys_with_borrowed_cash_which_costs(bars_of, simulated):
    bars = bars_of([100, 110, 110.0])
    found, trips = simulated(
        bars, [0], fill="close", max_leverage=2.0, borrow_rate=0.365, commission=0.01
    )
    bought = 2000 / (100 * (1 + 2 * 0.01))  # the commission comes off the equity, twice levered
    assert found.fills.quantity[0] == pytest.approx(bought)
    debt = 1000 - bought * 101
    assert found.cash[0] == pytest.approx(debt)
    assert found.gross[0] / found.equity[0] == pytest.approx(2)
    assert found.cash[2] == pytest.approx(debt * 1.001**2)
    assert found.interest == pytest.approx(debt * (1.001**2 - 1))
    assert found.equity[-1] == pytest.approx(1000 + trips.pnl[0] + found.interest)


def test_a_ruined_account_is_closed_for_good_and_flagged(bars_of, simulated):
    bars = bars_of([100, 150, 210, 300, 50, 40.0])
    found, trips = simulated(bars, short_entry=[0, 3, 4], **SHORT)
    assert found.ruin_row == 2
    assert found.equity.tolist() == [1000, 500, -100, -100, -100, -100]
    assert found.fills.quantity.tolist() == [-10.0, 10.0]
    assert trips.open.tolist() == [False]
    assert found.drops.reasons() == {"rejected: the account was ruined": 2}


def test_a_delisting_covers_an_open_short_at_its_last_price(bars_of, simulated):
    nan = float("nan")
    close = np.array([[100, 10], [90, 10], [nan, 10], [nan, 10.0]])
    found, trips = simulated(
        bars_of(close), short_entry=[0], sizing="all_in", slippage=0.1, **SHORT
    )
    assert found.fills.row.tolist() == [0, 1]
    assert found.fills.price[1] == 90.0
    assert trips.delisted.tolist() == [True]
    assert found.invested[-1] == 0.0


@pytest.mark.parametrize(("finalize", "price"), [("close", 80 * 1.1), ("last_open", 85 * 1.1)])
def test_the_end_covers_a_short(bars_of, simulated, finalize, price):
    bars = bars_of([100, 90, 80.0], [100, 95, 85.0])
    found, _ = simulated(
        bars, short_entry=[0], finalize=finalize, slippage=0.1, allow_short=True,
        sizing="fixed_shares", sizing_value=1.0,
    )  # fmt: skip
    assert found.fills.price[1] == pytest.approx(price)


def test_a_late_short_order_is_unfilled_as_a_sale(bars_of, simulated):
    found, _ = simulated(bars_of([100.0, 100]), short_entry=[1], allow_short=True)
    assert (found.drops[0].outcome, found.drops[0].side) == ("unfilled", "SELL")
    cover, _ = simulated(bars_of([100.0] * 3), short_entry=[0], short_exit=[2], allow_short=True)
    assert cover.drops[0].side == "BUY"


@pytest.mark.parametrize("leverage", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("side", [1, -1])
def test_the_least_commission_and_a_worse_price_stay_within_the_leverage(
    simulated, bars_of, leverage, side
):
    """All that the equity bears is opened, whole costs taken off, and nothing is called cut."""
    found, _ = simulated(
        bars_of([10.0, 10.0, 10.0]), **{"entry" if side > 0 else "short_entry": [0]},
        allow_short=True, max_leverage=leverage, slippage=0.01, commission_minimum=25.0,
    )  # fmt: skip
    (quantity,), (price,), (cash,) = found.fills.quantity, found.fills.price, found.fills.cash
    assert price == pytest.approx(10.0 * (1 + side * 0.01))
    equity = cash + quantity * 10.0
    assert equity == pytest.approx(1000.0 - 25.0 - abs(quantity) * 0.1)
    assert abs(quantity) * 10.0 == pytest.approx(leverage * equity)
    assert len(found.drops.wanted) == 0
