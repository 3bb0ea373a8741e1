"""Orders that reach target weights, within the money there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.portfolio.rebalance import RebalanceRules, rebalance

NAN = np.nan


def arrays(*values: object) -> list[np.ndarray]:
    return [np.array(one, dtype=float) for one in values]


def test_weights_are_met_exactly_without_costs() -> None:
    held, prices, targets = arrays([10, 0, 5], [100, 50, 20], [0.5, 0.3, 0.0])
    orders = rebalance(held, prices, 400.0, targets, RebalanceRules(shares="fractional"))
    assert orders.weight.tolist() == pytest.approx([0.5, 0.3, 0.0])
    assert orders.cash == pytest.approx(0.2 * 1500)
    assert orders.quantity.tolist() == pytest.approx([-2.5, 9, -5])


def test_costs_and_a_buffer_are_left_out_of_what_is_invested() -> None:
    rules = RebalanceRules(
        commission=0.001, commission_minimum=1.0, slippage=0.002, shares="fractional",
        cash_buffer=0.05,
    )  # fmt: skip
    orders = rebalance(*arrays([0, 0], [100, 50]), 10_000.0, *arrays([0.5, 0.5]), rules)
    costs = float((orders.commission + orders.slippage).sum())
    assert costs == pytest.approx(0.003 * orders.value.sum())
    assert orders.cash == pytest.approx(500.0)
    assert orders.value.sum() == pytest.approx(9_500 - costs)
    few = rebalance(*arrays([0], [100]), 1_000.0, *arrays([0.001]), rules)
    assert few.commission.tolist() == [1.0]


def test_whole_shares_are_rounded_towards_no_trade() -> None:
    orders = rebalance(*arrays([7, 0], [100, 300]), 300.0, *arrays([0.35, 0.65]), RebalanceRules())
    assert orders.quantity.tolist() == [-3, 2]
    assert orders.cash == pytest.approx(0.0)


def test_buying_only_sells_nothing_and_spends_no_more_than_there_is() -> None:
    rules = RebalanceRules(only_buy=True, shares="fractional")
    orders = rebalance(*arrays([90, 0, 0], [10, 10, 10]), 100.0, *arrays([0.4, 0.4, 0.2]), rules)
    # short of 400 and 200, with 100 to spend: shared in that proportion
    assert orders.value.tolist() == pytest.approx([0, 200 / 3, 100 / 3])
    assert orders.cash == pytest.approx(0.0, abs=1e-6)


def test_what_has_no_target_may_stay() -> None:
    orders = rebalance(*arrays([10, 10], [10, 10]), 100.0, *arrays([NAN, 1 / 3]), RebalanceRules())
    assert orders.quantity.tolist() == [0, 0]


def test_small_orders_are_left_out_and_said() -> None:
    rules = RebalanceRules(minimum_trade=50.0)
    orders = rebalance(*arrays([10, 10], [10, 10]), 0.0, *arrays([0.55, 0.45]), rules)
    assert orders.quantity.tolist() == [0, 0]
    assert orders.skipped.tolist() == [True, True]


def test_short_targets() -> None:
    orders = rebalance(*arrays([0, 0], [10, 20]), 1_000.0, *arrays([1.3, -0.3]), RebalanceRules())
    assert orders.quantity.tolist() == [130, -15]
    assert orders.cash == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("field", "value"), [("commission", -1), ("cash_buffer", 2), ("slippage", NAN), ("shares", "x")]
)
def test_rules_that_make_no_sense(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        RebalanceRules(**{field: value})  # type: ignore[arg-type]  # on purpose
    assert caught.value.field == field


_n = st.shared(st.integers(1, 6), key="n")


@given(
    _n.flatmap(lambda n: st.lists(st.floats(0, 1e4), min_size=n, max_size=n)),
    _n.flatmap(lambda n: st.lists(st.floats(0.5, 1e3), min_size=n, max_size=n)),
    _n.flatmap(lambda n: st.lists(st.floats(0, 1), min_size=n, max_size=n)),
    st.floats(0, 1e6),
    st.builds(
        RebalanceRules,
        commission=st.floats(0, 0.02),
        commission_per_share=st.floats(0, 0.02),
        commission_minimum=st.floats(0, 5),
        slippage=st.floats(0, 0.01),
        shares=st.sampled_from(["whole", "fractional"]),
        minimum_trade=st.floats(0, 500),
        cash_buffer=st.floats(0, 0.5),
        only_buy=st.booleans(),
    ),
)
@settings(max_examples=200, deadline=None)
def test_orders_keep_within_cash_and_rules(held, prices, targets, cash, rules) -> None:
    held, prices, targets = arrays(held, prices, targets)
    targets /= max(1.0, targets.sum())
    orders = rebalance(held, prices, cash, targets, rules)
    value = cash + float(held @ prices)
    costs = float((orders.commission + orders.slippage).sum())
    # money is conserved
    assert orders.cash == pytest.approx(cash - float(orders.value.sum()) - costs, abs=1e-6 * value)
    after = orders.cash + float(orders.after @ prices)
    assert after == pytest.approx(value - costs, abs=1e-6 * (1 + value))
    if (orders.quantity > 0).any():
        assert orders.cash >= rules.cash_buffer * value - 1e-6 * (1 + value)
    assert (orders.after >= -1e-9 * (1 + held)).all()
    traded = orders.quantity != 0
    assert (np.abs(orders.value[traded]) >= rules.minimum_trade).all()
    if rules.only_buy:
        assert (orders.quantity >= 0).all()
    if rules.shares == "whole":
        assert (orders.quantity == np.round(orders.quantity)).all()
