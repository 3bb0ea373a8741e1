"""Stops and targets inside a bar, each by a case worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine.simulation.results import KIND_NAMES


def made(found):
    """Fills as (row, kind, signed quantity, price)."""
    fills = found.fills
    return [
        (row, KIND_NAMES[kind], pytest.approx(quantity), pytest.approx(price))
        for row, kind, quantity, price in zip(
            fills.row.tolist(), fills.kind.tolist(), fills.quantity.tolist(),
            fills.price.tolist(), strict=True,
        )
    ]  # fmt: skip


def bars_with(bars_of, *bars):
    """Bars given as (open, high, low, close)."""
    open_, high, low, close = np.array(bars, dtype=float).T
    return bars_of(close, open_, high=high, low=low)


QUIET = (100, 100, 100, 100)


def test_a_stop_fills_at_its_level(bars_of, simulated):
    bars = bars_with(bars_of, QUIET, QUIET, (98, 101, 94, 97), QUIET)
    found, trips = simulated(bars, [0], stops={"stop_loss": 0.05})
    assert made(found) == [(1, "entry", 10, 100), (2, "stop loss", -10, 95)]
    assert found.equity[-1] == pytest.approx(950)
    assert trips.pnl[0] == pytest.approx(-50)
    assert trips.mae[0] == pytest.approx(-0.05)  # not the bar's low, which came later or never
    assert not found.fills.assumed.any()


def test_a_gap_through_a_level_fills_at_the_open(bars_of, simulated):
    down = bars_with(bars_of, QUIET, QUIET, (90, 101, 89, 97), QUIET)
    found, _ = simulated(down, [0], stops={"stop_loss": 0.05, "take_profit": 0.005})
    assert made(found)[1] == (2, "stop loss", -10, 90)
    assert not found.fills.assumed.any()  # the open came first: nothing is assumed
    up = bars_with(bars_of, QUIET, QUIET, (108, 109, 80, 97), QUIET)
    found, _ = simulated(up, [0], stops={"stop_loss": 0.05, "take_profit": 0.05})
    assert made(found)[1] == (2, "take profit", -10, 108)
    assert not found.fills.assumed.any()


@pytest.mark.parametrize(
    ("intrabar", "kind", "price"),
    [("pessimistic", "stop loss", 95), ("optimistic", "take profit", 105)],
)
def test_a_bar_that_touches_both_rests_on_the_assumption(bars_of, simulated, intrabar, kind, price):
    bars = bars_with(bars_of, QUIET, QUIET, (100, 106, 94, 97), QUIET)
    levels = {"stop_loss": 0.05, "take_profit": 0.05}
    found, _ = simulated(bars, [0], stops=levels, intrabar=intrabar)
    assert made(found)[1] == (2, kind, -10, price)
    assert found.fills.assumed.tolist() == [False, True]


def test_the_range_of_the_entry_bar_counts_after_an_entry_at_its_open(bars_of, simulated):
    bars = bars_with(bars_of, QUIET, (100, 100, 90, 99), QUIET)
    found, trips = simulated(bars, [0], stops={"stop_loss": 0.05})
    assert made(found) == [(1, "entry", 10, 100), (1, "stop loss", -10, 95)]
    assert trips.bars.tolist() == [0]


def test_the_range_of_the_entry_bar_does_not_count_after_an_entry_at_its_close(bars_of, simulated):
    bars = bars_with(bars_of, (100, 120, 80, 100), (100, 104, 96, 103), (100, 101, 94, 100))
    found, _ = simulated(bars, [0], stops={"stop_loss": 0.05}, fill="close")
    assert made(found) == [(0, "entry", 10, 100), (2, "stop loss", -10, 95)]


def test_a_stop_comes_before_an_order_at_the_close_and_the_symbol_can_be_bought_again(
    bars_of, simulated
):
    bars = bars_with(bars_of, QUIET, (100, 100, 94, 96), QUIET)
    found, _ = simulated(bars, [0, 1], stops={"stop_loss": 0.05}, fill="close")
    bought = 950 / 96
    assert made(found) == [
        (0, "entry", 10, 100), (1, "stop loss", -10, 95), (1, "entry", bought, 96),
    ]  # fmt: skip


def test_a_trailing_stop_follows_the_best_price_of_the_bars_before(bars_of, simulated):
    bars = bars_with(
        bars_of, QUIET, (100, 104, 100, 104), (104, 120, 110, 112), (112, 113, 107, 110), QUIET
    )
    found, _ = simulated(bars, [0], stops={"trailing_stop": 0.1})
    # 10 % below 120, which row 2 made; its own low of 110 was above 10 % below 104
    assert made(found)[1] == (3, "trailing stop", -10, 108)
    assert not found.fills.assumed.any()


@pytest.mark.parametrize(("intrabar", "price"), [("pessimistic", 93.6), ("optimistic", 108)])
def test_a_bar_that_makes_a_new_best_and_then_falls_rests_on_the_assumption(
    bars_of, simulated, intrabar, price
):
    bars = bars_with(bars_of, QUIET, (100, 104, 100, 104), (104, 120, 93, 94), QUIET)
    found, _ = simulated(bars, [0], stops={"trailing_stop": 0.1}, intrabar=intrabar)
    assert made(found)[1] == (2, "trailing stop", -10, price)
    assert found.fills.assumed.tolist() == [False, True]


def test_a_position_that_is_still_there_by_an_assumption_ends_in_a_tagged_fill(bars_of, simulated):
    bars = bars_with(
        bars_of, QUIET, (100, 104, 100, 104), (104, 120, 105, 119), (119, 119, 107, 110), QUIET
    )
    found, _ = simulated(bars, [0], stops={"trailing_stop": 0.1})
    assert made(found)[1] == (3, "trailing stop", -10, 108)
    assert found.fills.assumed.tolist() == [False, True]  # 105 may have come after the 120


def test_the_nearer_of_stop_loss_and_trailing_stop_acts(bars_of, simulated):
    bars = bars_with(bars_of, QUIET, (100, 101, 94, 95), QUIET)
    found, _ = simulated(bars, [0], stops={"stop_loss": 0.05, "trailing_stop": 0.1})
    assert made(found)[1] == (1, "stop loss", -10, 95)


def test_stops_of_a_short_position_lie_above_and_targets_below(bars_of, simulated):
    up = bars_with(bars_of, QUIET, QUIET, (100, 106, 99, 104), QUIET)
    found, trips = simulated(up, short_entry=[0], allow_short=True, stops={"stop_loss": 0.05})
    assert made(found) == [(1, "short entry", -10, 100), (2, "stop loss", 10, 105)]
    assert trips.pnl[0] == pytest.approx(-50)
    down = bars_with(bars_of, QUIET, QUIET, (100, 101, 90, 93), QUIET)
    found, _ = simulated(down, short_entry=[0], allow_short=True, stops={"take_profit": 0.08})
    assert made(found)[1] == (2, "take profit", 10, 92)
    trail = bars_with(bars_of, QUIET, (100, 100, 80, 82), (82, 89, 82, 85), QUIET)
    found, _ = simulated(trail, short_entry=[0], allow_short=True, stops={"trailing_stop": 0.1})
    assert made(found)[1] == (2, "trailing stop", 10, 88)


def test_slippage_and_commission_fall_on_stops_too(bars_of, simulated):
    bars = bars_with(bars_of, QUIET, QUIET, (98, 101, 90, 97), QUIET)
    found, _ = simulated(
        bars, [0], stops={"stop_loss": 0.05}, sizing="fixed_shares", sizing_value=5.0,
        slippage=0.01, commission=0.1,
    )  # fmt: skip
    level = 101 * 0.95  # below the entry price, slippage included
    assert made(found)[1] == (2, "stop loss", -5, level * 0.99)
    assert found.fills.commission[1] == pytest.approx(5 * level * 0.99 * 0.1)


def test_a_halt_is_passed_over_and_the_gap_after_it_fills_at_the_open(bars_of, simulated):
    nan = float("nan")
    close = np.array([[100, 10], [100, 10], [nan, 10], [90, 10], [91, 10.0]])
    found, _ = simulated(bars_of(close), [0], stops={"stop_loss": 0.05}, sizing="all_in")
    assert made(found)[1] == (3, "stop loss", -10, 90)


def test_stops_are_read_on_the_deciding_bar_and_none_is_set_where_they_are_undefined(
    bars_of, simulated
):
    bars = bars_with(bars_of, QUIET, QUIET, (98, 101, 50, 97), QUIET)
    for undefined in (np.nan, 0.0, -0.1):
        found, _ = simulated(bars, [0], stops={"stop_loss": undefined})
        assert len(found.fills) == 1
    varying = np.array([[0.05], [0.01], [0.01], [0.01]])
    found, _ = simulated(bars, [0], stops={"stop_loss": varying})
    assert made(found)[1] == (2, "stop loss", -10, 95)


def test_equal_weight_leaves_a_stopped_symbol_alone_until_its_next_entry(bars_of, simulated):
    close = np.array([[10, 10.0], [10, 10], [8, 10], [8, 10], [8, 10], [8, 10]])
    bars = bars_of(close)
    found, _ = simulated(bars, [0], stops={"stop_loss": 0.1}, sizing="equal_weight", fill="close")
    assert made(found) == [(0, "rebalance", 100, 10), (2, "stop loss", -100, 8)]
    again, _ = simulated(
        bars, [0, 4], [3], stops={"stop_loss": 0.1}, sizing="equal_weight", fill="close"
    )
    assert made(again)[2] == (4, "rebalance", 100, 8)
