"""Commissions, slippage, volume, interest and sizing by volatility, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig, run_backtest
from quant_tui.engine.simulation.orders import Stops, from_signals
from quant_tui.engine.simulation.simulator import simulate

FLAT = [100.0, 100, 100, 100]


def reasons(found):
    return found.drops.reasons()


def test_commission_a_share_and_its_minimum(bars_of, simulated):
    bars = bars_of(FLAT)
    costs = {"sizing": "fixed_shares", "sizing_value": 4.0, "commission_per_share": 0.5}
    found, _ = simulated(bars, [0], [1], **costs, commission=0.01)
    assert found.fills.commission.tolist() == [4 * 0.5 + 400 * 0.01] * 2
    found, trips = simulated(bars, [0], [1], **costs, commission_minimum=3.0)
    assert found.fills.commission.tolist() == [3.0, 3.0]
    assert found.equity.tolist() == [1000, 997, 994, 994]
    assert trips.pnl.tolist() == [-6.0]


@pytest.mark.parametrize("costs", [
    {"commission_minimum": 5.0}, {"commission_per_share": 2.0},
    {"commission": 0.01, "commission_minimum": 2.0, "commission_per_share": 0.1},
])  # fmt: skip
def test_all_in_leaves_nothing_and_owes_nothing(bars_of, simulated, costs):
    found, _ = simulated(bars_of(FLAT), [0], **costs)
    assert found.fills.cash[0] == pytest.approx(0, abs=1e-9)
    assert len(found.drops) == 0
    paid = found.fills.quantity[0] * 100
    assert paid + found.fills.commission[0] == pytest.approx(1000)


def test_a_sale_worth_less_than_its_commission_is_a_debt_and_a_ruin(bars_of, simulated):
    bars = bars_of([100, 100, 0.01, 0.01, 0.01, 100])
    found, _ = simulated(bars, [0, 3], [2], commission_minimum=5.0)
    assert found.fills.cash[1] == pytest.approx(9.95 * 0.01 - 5)
    assert found.ruin_row == 3
    assert reasons(found) == {"rejected: the account was ruined": 1}
    assert np.isfinite(found.equity).all()


def test_half_of_the_spread_is_paid(bars_of, simulated):
    found, _ = simulated(
        bars_of(FLAT), [0], [1], slippage_model="spread", slippage=0.02,
        sizing="fixed_shares", sizing_value=2.0,
    )  # fmt: skip
    assert found.fills.price.tolist() == [101.0, 99.0]
    assert found.fills.slippage.tolist() == [2.0, 2.0]


def test_slippage_grows_with_the_square_of_the_share_of_volume(bars_of, simulated):
    bars = bars_of(FLAT, volume=[20.0, 20, 20, 20])
    found, _ = simulated(
        bars, [0], [1], slippage_model="volume_share", volume_impact=0.1, slippage=0.01,
        sizing="fixed_shares", sizing_value=5.0,
    )  # fmt: skip
    worse = 0.01 + 0.1 * 0.25**2
    assert found.fills.price == pytest.approx([100 * (1 + worse), 100 * (1 - worse)])
    all_in, _ = simulated(bars, [0], slippage_model="volume_share", volume_impact=0.1)
    assert 0 <= all_in.fills.cash[0] < 2  # sized at a price that is a little too dear
    assert len(all_in.drops) == 0


def test_what_passes_the_share_of_volume_is_cut_and_counted(bars_of, simulated):
    bars = bars_of(FLAT, volume=[8.0, 8, 4, 8])
    found, _ = simulated(bars, [0], [1], participation_cap=0.5)
    assert found.fills.quantity.tolist() == [4.0, -2.0]
    assert reasons(found) == {"cut: more than the share of the bar's volume allowed": 2}
    assert [(one.side, one.wanted, one.filled) for one in map(found.drops.__getitem__, (0, 1))] == [
        ("BUY", 10.0, 4.0), ("SELL", 4.0, 2.0),
    ]  # fmt: skip
    assert found.equity[-1] == pytest.approx(1000)
    whole, _ = simulated(bars, [0], participation_cap=0.2, shares="whole")
    assert whole.fills.quantity.tolist() == [1.0]


def test_without_volume_nothing_is_bought_and_an_unknown_one_sets_no_cap(bars_of, simulated):
    none, _ = simulated(bars_of(FLAT, volume=[0.0] * 4), [0], participation_cap=0.5)
    assert len(none.fills) == 0
    assert reasons(none) == {"rejected: more than the share of the bar's volume allowed": 1}
    nan = float("nan")
    found, _ = simulated(bars_of(FLAT, volume=[nan] * 4), [0], participation_cap=0.5)
    assert found.fills.quantity.tolist() == [10.0]
    assert found.unknown_volume == 1


def test_the_warning_about_unknown_volume_is_in_the_report(bars_of):
    bars = bars_of(FLAT, volume=[float("nan")] * 4)
    report = run_backtest(bars, "BUY_AND_HOLD", config=BacktestConfig(participation_cap=0.1))
    assert any("volume is not known" in warning for warning in report.warnings)


def test_the_fills_of_a_bar_share_its_volume(bars_of, simulated):
    bars = bars_of([100.0, 90, 80, 80], [100.0, 100, 90, 80], volume=[8.0, 8, 8, 8])
    found, _ = simulated(bars, [0], participation_cap=0.5, stops={"stop_loss": 0.05})
    # row 1: 4 bought at the open, none left for the stop; row 2: 4 sold at the open of 90
    assert found.fills.row.tolist() == [1, 2]
    assert found.fills.price.tolist() == [100.0, 90.0]
    assert reasons(found)["rejected: more than the share of the bar's volume allowed"] == 1


def test_idle_cash_earns_interest_by_calendar_days(bars_of, simulated):
    dates = np.array(["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06"], dtype="M8[D]")
    bars = bars_of(FLAT, dates=dates)
    found, _ = simulated(bars, cash_rate=0.365)
    assert found.equity == pytest.approx([1000, 1001, 1001 * 1.003, 1001 * 1.003 * 1.001])
    assert found.interest == pytest.approx(found.equity[-1] - 1000)
    half, trips = simulated(bars, [0], cash_rate=0.365, sizing="fixed_cash", sizing_value=600.0)
    cash = [1000, 401, 401 * 1.003, 401 * 1.003 * 1.001]
    assert half.cash == pytest.approx(cash)
    assert trips.pnl.sum() + half.interest == pytest.approx(half.equity[-1] - 1000)


def test_volatility_target_sizes_by_the_last_returns(bars_of, simulated):
    close = np.array([100, 110, 99, 108.9, 120, 120.0])
    found, _ = simulated(
        bars_of(close), [1, 3], sizing="volatility_target", sizing_value=0.3, sizing_window=3,
        fill="close",
    )  # fmt: skip
    volatility = np.std([0.1, -0.1, 0.1], ddof=1) * np.sqrt(252)
    assert found.fills.row.tolist() == [3]
    assert found.fills.quantity[0] * 108.9 == pytest.approx(1000 * 0.3 / volatility)
    assert reasons(found) == {"rejected: the symbol's volatility is not known yet": 1}
    still, _ = simulated(
        bars_of([100.0] * 5), [3], sizing="volatility_target", sizing_value=0.3, sizing_window=3
    )
    assert len(still.fills) == 0
    calm, _ = simulated(
        bars_of(close), [3], sizing="volatility_target", sizing_value=10.0, sizing_window=3,
        fill="close",
    )  # fmt: skip
    assert calm.fills.quantity[0] * 108.9 == pytest.approx(1000)  # at most max_leverage
    assert len(calm.drops) == 0


def test_volatility_target_counts_a_symbols_own_bars(bars_of):
    nan = float("nan")
    close = np.array([[100, 50.0], [110, 50], [nan, 50], [99, 50], [108.9, 50], [108.9, 50]])
    bars = bars_of(close)
    config = BacktestConfig(
        initial_capital=1000.0, sizing="volatility_target", sizing_value=0.3, sizing_window=3,
        fill="close",
    ).resolve(symbols=2, annualization=252)  # fmt: skip
    entry = np.zeros((6, 2), dtype=bool)
    entry[4, 0] = True
    found = simulate(bars, config, from_signals(bars, config, entry, np.zeros_like(entry)))
    volatility = np.std([0.1, -0.1, 0.1], ddof=1) * np.sqrt(252)
    assert found.fills.quantity[0] * 108.9 == pytest.approx(1000 / 2 * 0.3 / volatility)


def test_equal_weight_does_not_buy_back_what_a_stop_sold(bars_of):
    close = np.array([[10, 10.0], [10, 10], [8, 10], [8, 10], [8, 10], [8, 10]])
    bars = bars_of(close)
    config = BacktestConfig(initial_capital=1000.0, sizing="equal_weight", fill="close")
    config = config.resolve(symbols=2, annualization=252)
    entry = np.zeros(close.shape, dtype=bool)
    entry[0, 0] = entry[3, 1] = True
    stops = Stops(stop_loss=np.full(close.shape, 0.1))
    found = simulate(
        bars, config, from_signals(bars, config, entry, np.zeros_like(entry), stops=stops)
    )
    assert found.fills.symbol.tolist() == [0, 0, 1]
    assert found.fills.quantity.tolist() == pytest.approx([100, -100, 40])
