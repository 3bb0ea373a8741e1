"""Fills, cash and positions, each by a small case worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig, parse_document, run_backtest

NAN = float("nan")
UP_DOWN = parse_document({"entry": "close > 10", "exit": "close < 10"})
"""Buys above 10, sells below 10, does nothing at 10."""


def run(bars, document=UP_DOWN, **config):
    return run_backtest(
        bars, document, config=BacktestConfig(**{"initial_capital": 1000.0, **config})
    )


def trades(report):
    return [
        (int(row), report.bars.symbols[symbol], quantity, price)
        for row, symbol, quantity, price in zip(
            report.fills.row, report.fills.symbol, report.fills.quantity.tolist(),
            report.fills.price.tolist(), strict=True,
        )
    ]  # fmt: skip


def test_an_order_decided_at_the_close_fills_at_the_next_open(bars_of):
    bars = bars_of([10, 11, 12, 9, 8.0], [10, 10.5, 11.5, 10.0, 8.5])
    report = run(bars)
    bought = 1000 / 11.5
    assert trades(report) == [(2, "A", bought, 11.5), (4, "A", -bought, 8.5)]
    np.testing.assert_allclose(
        report.equity_curve.value, [1000, 1000, bought * 12, bought * 9, bought * 8.5]
    )
    np.testing.assert_allclose(report.equity_curve.cash, [1000, 1000, 0, 0, bought * 8.5])
    assert report.fills.decided_row.tolist() == [1, 3]


def test_an_order_can_fill_at_the_deciding_close(bars_of):
    report = run(bars_of([10, 11, 12, 9, 8.0]), fill="close")
    assert trades(report) == [(1, "A", 1000 / 11, 11.0), (3, "A", -1000 / 11, 9.0)]


def test_costs_fall_on_every_fill(bars_of):
    report = run(bars_of([10, 20, 20, 5.0]), fill="close", commission=0.01, slippage=0.1)
    price = 20 * 1.1
    bought = 1000 / 1.01 / price
    sold = bought * 5 * 0.9
    np.testing.assert_allclose(report.fills.price, [price, 4.5])
    np.testing.assert_allclose(report.fills.quantity, [bought, -bought])
    np.testing.assert_allclose(report.fills.commission, [bought * price * 0.01, sold * 0.01])
    np.testing.assert_allclose(report.fills.slippage, [bought * 2, bought * 0.5])
    assert report.equity_curve.value[-1] == pytest.approx(sold * 0.99)
    assert report.performance["fees_paid"] == pytest.approx(bought * price * 0.01 + sold * 0.01)
    trip = report.round_trips
    assert trip.pnl[0] == pytest.approx(sold * 0.99 - 1000)
    assert trip.return_[0] == pytest.approx((sold * 0.99 - 1000) / (bought * price))


def test_whole_shares_are_rounded_down_and_none_is_told(bars_of):
    report = run(bars_of([10, 30, 30, 9.0]), fill="close", shares="whole", commission=0.001)
    assert report.fills.quantity.tolist() == [33, -33]
    dear = run(bars_of([10, 3000, 3000.0]), fill="close", shares="whole")
    assert len(dear.fills) == 0
    assert dear.orders["reasons"] == {"rejected: less than one share": 2}


@pytest.mark.parametrize(
    ("sizing", "value", "quantity"),
    [
        ("all_in", None, 50.0), ("fraction", 0.25, 12.5), ("fixed_cash", 300.0, 15.0),
        ("fixed_shares", 7.0, 7.0), ("equal_weight", None, 50.0),
    ],
)  # fmt: skip
def test_sizings(bars_of, sizing, value, quantity):
    report = run(bars_of([10, 20, 20.0]), fill="close", sizing=sizing, sizing_value=value)
    assert report.fills.quantity.tolist() == pytest.approx([quantity])
    assert report.config.sizing == sizing


def test_a_budget_includes_the_commission(bars_of):
    report = run(
        bars_of([10, 20, 20.0]), fill="close", sizing="fraction", sizing_value=0.5, commission=0.01
    )
    paid = report.fills.quantity[0] * 20 * 1.01
    assert paid == pytest.approx(500)


def test_a_size_made_at_the_decision_takes_its_price_and_may_pass_the_cash(bars_of):
    bars = bars_of([10, 20, 21, 21.0], [10, 20, 25, 21.0])
    made = {"size_at": "decision", "sizing": "fraction"}
    small = run(bars, sizing_value=0.5, **made)
    assert small.fills.quantity.tolist() == [25.0]  # 500 / the close of 20, filled at 25
    rejected = run(bars, sizing_value=0.9, cash_short="reject", **made)
    assert rejected.fills.row.tolist() == [3]  # the next signal, sized at 21, is filled at 21
    assert rejected.orders["reasons"] == {"rejected: not enough cash": 1}
    cut = run(bars, sizing_value=0.9, **made)
    assert cut.fills.quantity.tolist() == [40.0]  # 45 wanted, 1000 / 25 afforded
    assert cut.orders["listed"][0]["quantity_wanted"] == 45.0
    assert cut.orders["listed"][0]["quantity_filled"] == 40.0


def test_entry_and_exit_on_one_bar_do_nothing(bars_of):
    both = parse_document({"entry": "close > 10", "exit": "close > 11"})
    report = run(bars_of([10, 12, 11, 12, 12.0]), both, fill="close")
    assert trades(report) == [(2, "A", 1000 / 11, 11.0)]


def test_sales_come_first_then_purchases_by_rank_then_by_name(bars_of):
    close = np.array([[10, 10, 10.0], [20, 10, 10], [5, 20, 40], [5, 20, 40]])
    ranked = parse_document({"entry": "close > 10", "exit": "close < 10", "rank": "close"})
    bars = bars_of(close, symbols=["Z", "Y", "X"])
    report = run(bars, ranked, fill="close", sizing="all_in")
    assert trades(report) == [(1, "Z", 50.0, 20.0), (2, "Z", -50.0, 5.0), (2, "X", 6.25, 40.0)]
    assert report.orders["rejected"] == 2  # Y found no cash on either of the last rows
    by_name = run(bars, fill="close", sizing="fixed_cash", sizing_value=200.0)
    assert [symbol for _, symbol, _, _ in trades(by_name)] == ["Z", "Z", "X", "Y"]


def test_many_symbols_share_the_equity_by_default(bars_of):
    close = np.array([[10, 10.0], [20, 10], [40, 20], [40, 20]])
    report = run(bars_of(close), fill="close")
    assert (report.config.sizing, report.config.sizing_value) == ("fraction", 0.5)
    # half of 1000 buys 25 A at 20; half of the equity of 1500 is cut to the cash of 500
    assert trades(report) == [(1, "A", 25.0, 20.0), (2, "B", 25.0, 20.0)]
    assert report.orders["cut"] == 1
    assert report.warnings == ("1 order(s) were cut by more than 1 % to the cash there was.",)


def test_equal_weight_follows_the_set_of_symbols(bars_of):
    close = np.array([[10, 10.0], [20, 10], [20, 20], [9, 20], [9, 20]])
    report = run(bars_of(close), fill="close", sizing="equal_weight")
    assert trades(report) == [
        (1, "A", 50.0, 20.0), (2, "A", -25.0, 20.0), (2, "B", 25.0, 20.0),
        (3, "A", -25.0, 9.0), (3, "B", pytest.approx(225 / 20), 20.0),
    ]  # fmt: skip
    trip = report.round_trips
    assert trip.quantity.tolist() == pytest.approx([50.0, 36.25])
    assert trip.exit_price[0] == pytest.approx((25 * 20 + 25 * 9) / 50)
    assert trip.open.tolist() == [False, True]


def test_target_weights_are_gone_to_on_rebalances_only(bars_of):
    dates = np.array(["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"], dtype="M8[D]")
    close = np.array([[10, 10.0], [20, 10], [20, 10], [30, 10]])
    weights = parse_document({"weight": "0.5 if close >= 10 else 0", "rebalance": "month_start"})
    report = run(bars_of(close, dates=dates), weights, fill="close")
    assert trades(report) == [
        (0, "A", 50.0, 10.0), (0, "B", 50.0, 10.0), (2, "A", -12.5, 20.0), (2, "B", 25.0, 10.0),
    ]  # fmt: skip


def test_weights_without_a_rebalance_act_when_they_change(bars_of):
    weights = parse_document({"weight": "1 if close > 10 else 0"})
    report = run(bars_of([10, 20, 25, 9, 9.0]), weights, fill="close")
    assert trades(report) == [(1, "A", 50.0, 20.0), (3, "A", -50.0, 9.0)]


def test_the_strategys_own_sizing_holds_when_the_config_leaves_it_open(bars_of):
    own = parse_document({"entry": "close > 10", "sizing": {"fraction": 0.1}})
    bars = bars_of([10, 20, 20.0])
    assert run(bars, own, fill="close").fills.quantity.tolist() == [5.0]
    assert run(bars, own, fill="close", sizing="all_in").fills.quantity.tolist() == [50.0]


def test_an_order_waits_over_a_halt_for_the_symbols_own_next_bar(bars_of):
    close = np.array([[10, 10.0], [11, 10], [NAN, 10], [NAN, 10], [12, 10], [12, 10]])
    report = run(bars_of(close), sizing="all_in")
    assert trades(report) == [(4, "A", 1000 / 12, 12.0)]
    assert report.fills.decided_row.tolist() == [1]


def test_a_position_is_valued_at_the_last_close_during_a_halt(bars_of):
    close = np.array([[11, 10.0], [12, 10], [NAN, 10], [15, 10]])
    report = run(bars_of(close), sizing="all_in", fill="close")
    held = 1000 / 11
    np.testing.assert_allclose(report.equity_curve.value, [1000, held * 12, held * 12, held * 15])


def test_a_late_listing_trades_from_its_own_first_bar(bars_of):
    close = np.array([[10, NAN], [10, NAN], [10, 11], [10, 12]])
    opens = np.array([[10, NAN], [10, NAN], [10, 10.5], [10, 11.5]])
    report = run(bars_of(close, opens), sizing="all_in")
    assert trades(report) == [(3, "B", 1000 / 11.5, 11.5)]


def test_what_stops_trading_is_sold_at_its_last_price_and_flagged(bars_of):
    close = np.array([[10, 10.0], [11, 10], [12, 10], [NAN, 11], [NAN, 12]])
    report = run(bars_of(close), sizing="all_in", commission=0.01, slippage=0.1)
    bought = 1000 / (12 * 1.1 * 1.01)
    assert trades(report)[:2] == [
        (2, "A", pytest.approx(bought), pytest.approx(13.2)),
        (2, "A", pytest.approx(-bought), 12.0),
    ]  # fmt: skip
    assert report.round_trips.delisted.tolist() == [True, False]
    assert report.to_document()["trades"][1]["reason"] == "delisted"
    assert trades(report)[2][:2] == (4, "B")  # the cash is free again
    assert report.warnings[0] == (
        "A stopped trading on 2024-01-03; the position was closed at its last price."
    )


def test_an_order_of_a_symbol_that_stopped_is_unfilled(bars_of):
    close = np.array([[10, 10.0], [11, 10], [NAN, 10]])
    report = run(bars_of(close))
    assert len(report.fills) == 0
    assert report.orders["reasons"] == {"unfilled: the symbol stopped trading": 1}


def test_a_gap_shorter_than_asked_for_is_no_delisting(bars_of):
    close = np.array([[11, 10.0], [12, 10], [NAN, 10]])
    report = run(bars_of(close), sizing="all_in", fill="close", delist_after=2)
    assert report.round_trips.open.tolist() == [True]


def test_an_order_after_the_last_bar_is_unfilled(bars_of):
    report = run(bars_of([10, 10, 11.0]))
    assert len(report.fills) == 0
    assert report.orders["unfilled"] == 1
    assert report.orders["listed"] == [
        {"outcome": "unfilled", "reason": "no bar after the last one", "decided": "2024-01-03",
         "symbol": "A", "action": "BUY", "quantity_wanted": None, "quantity_filled": None},
    ]  # fmt: skip
    held = run(bars_of([11, 11, 9.0]))
    assert held.orders["listed"][0]["action"] == "SELL"


def test_a_rebalance_after_the_last_bar_is_unfilled_only_where_it_would_trade(bars_of):
    weights = parse_document({"weight": "0.5 if close > 10 else 0", "rebalance": "day_start"})
    close = np.array([[11, 11, 10.0], [11, 11, 10], [11, 10, 20]])
    report = run(bars_of(close, symbols=["A", "B", "C"]), weights)
    listed = [(one["symbol"], one["action"]) for one in report.orders["listed"]]
    assert listed == [("B", "SELL"), ("C", "BUY")]  # A went to its weight on the last open
    still = run(bars_of([[11, 11.0], [11, 11], [11, 11]]), weights)
    assert still.orders["unfilled"] == 0


@pytest.mark.parametrize(
    ("finalize", "price"), [("mark", None), ("close", 15 * 0.9), ("last_open", 14 * 0.9)]
)
def test_the_end(bars_of, finalize, price):
    bars = bars_of([11, 12, 15.0], [11, 12, 14.0])
    report = run(bars, finalize=finalize, slippage=0.1)
    held = 1000 / (12 * 1.1)
    if price is None:
        assert report.round_trips.open.tolist() == [True]
        assert report.performance["open_trades"] == 1
        assert report.performance["total_trades"] == 0
        assert report.equity_curve.value[-1] == pytest.approx(held * 15)
        assert report.round_trips.pnl[0] == pytest.approx(held * 15 - 1000)
        document = report.to_document()["round_trips"][0]
        assert document["open"] is True
        assert document["exit_date"] is None
        assert document["exit_price"] is None
    else:
        assert report.round_trips.open.tolist() == [False]
        assert report.equity_curve.value[-1] == pytest.approx(held * price)
        assert report.to_document()["trades"][-1]["reason"] == "end"


def test_excursions_count_only_what_the_position_saw(bars_of):
    bars = bars_of(
        [10, 11, 12, 9, 10.0], [10, 11, 12, 11, 10.0],
        high=[99, 99, 18, 15, 99], low=[1, 1, 9, 6, 1.0],
    )  # fmt: skip
    opens = run(bars).round_trips  # from the open of row 2 to the open of row 4
    assert (opens.mae[0], opens.mfe[0]) == pytest.approx((6 / 12 - 1, 18 / 12 - 1))
    closes = run(bars, fill="close").round_trips  # from the close of row 1 to that of row 3
    assert (closes.mae[0], closes.mfe[0]) == pytest.approx((6 / 11 - 1, 18 / 11 - 1))
    same_bar = run(bars_of([10, 11, 12, 9.0], high=[10, 11, 99, 12], low=[10, 11, 1, 9.0]),
                   fill="next_open", finalize="last_open").round_trips  # fmt: skip
    assert same_bar.mfe[0] == pytest.approx(99 / 12 - 1)


def test_nothing_traded_is_told(bars_of):
    report = run(bars_of([10, 10, 10.0]))
    assert report.warnings == ("The strategy never traded.",)
    assert report.performance["sharpe_ratio"] is None
    assert report.undefined["sharpe_ratio"] == "the equity did not move"
    assert report.undefined["win_rate"] == "no closed round trip"


def test_a_ruined_account_stays_a_number(bars_of):
    report = run(bars_of([11, 1e-12, 1e-12, 11.0]), fill="close", commission=0.5, slippage=0.5)
    assert np.isfinite(report.equity_curve.value).all()
    assert report.performance["total_return"] == pytest.approx(-1, abs=1e-6)
