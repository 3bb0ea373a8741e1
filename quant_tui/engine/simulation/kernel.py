"""The loop that turns orders into fills: scalars and arrays only, so that it can be compiled.

It is given every order that signals ask for, sorted by the row they fill on, and
visits nothing else. Whether an order acts (an entry while flat, an exit while held)
is decided here: a symbol's position changes through its own orders alone, so that the
state before its fill is the state at its decision.
"""

from __future__ import annotations

import math

from quant_tui.engine.arrays import FloatArray, IntArray

EXIT, ENTRY, WEIGHT, DELISTED, FINAL = 0, 1, 2, 3, 4
"""Kinds of order: sell all, buy by the sizing, go to a weight, and two forced sales."""

ALL_IN, FRACTION, FIXED_CASH, FIXED_SHARES = 0, 1, 2, 3
"""Codes of the sizings of an entry."""

NO_CASH, CUT, BELOW_ONE_SHARE = 0, 1, 2
"""Why an order was not filled, or not wholly."""

_DUST = 1e-9
"""Share of the equity, or of the initial capital, below which nothing is traded."""


def execute(
    start: int,
    stop: int,
    due: IntArray,
    symbol: IntArray,
    kind: IntArray,
    weight: FloatArray,
    reference: FloatArray,
    decision_price: FloatArray,
    mark: FloatArray,
    by_name: IntArray,
    position: FloatArray,
    state: FloatArray,
    count: IntArray,
    fill_order: IntArray,
    fill_quantity: FloatArray,
    fill_price: FloatArray,
    fill_cash: FloatArray,
    fill_position: FloatArray,
    drop_order: IntArray,
    drop_reason: IntArray,
    drop_wanted: FloatArray,
    commission: float,
    slippage: float,
    sizing: int,
    sizing_value: float,
    values_equity: bool,
    whole: bool,
    decided: bool,
    reject: bool,
) -> None:
    """Execute the orders from ``start`` to ``stop``, which both lie on borders of rows.

    Parameters
    ----------
    start, stop
        Range of orders.
    due, symbol, kind, weight, reference, decision_price
        Orders (K,), sorted by ``due`` row and, within it, by precedence: column of the
        symbol, what is asked, target weight, reference price of the fill, close of the
        deciding bar.
    mark
        Price (T, N) at which a position is valued when orders of the row are sized; not
        read unless ``values_equity``.
    by_name
        Columns (N,) in the order in which their values are summed.
    position, state, count
        Quantities held (N,); cash and initial capital (2,); number of fills and of drops
        so far (2,). All three are updated.
    fill_order, fill_quantity, fill_price, fill_cash, fill_position
        Fills (K,): the order, signed quantity, price with slippage, cash and position
        of the symbol afterwards.
    drop_order, drop_reason, drop_wanted
        Orders not (wholly) filled (K,): the order, why, the quantity wanted.
    commission, slippage
        Fractions.
    sizing, sizing_value
        Code of the sizing of entries, and its number.
    values_equity, whole, decided, reject
        Whether sizes need the equity, shares are whole, sizes are made at the decision,
        and orders that pass the cash are rejected instead of cut.
    """
    cash = state[0]
    dust = state[1] * _DUST
    fills = count[0]
    drops = count[1]
    first = start
    while first < stop:
        row = due[first]
        last = first + 1
        while last < stop and due[last] == row:
            last += 1
        equity = cash
        if values_equity:
            for place in range(by_name.shape[0]):
                column = by_name[place]
                if position[column] > 0.0:
                    equity += position[column] * mark[row, column]
        for phase in range(3):
            for order in range(first, last):
                what = kind[order]
                column = symbol[order]
                held = position[column]
                price = reference[order]
                quantity = 0.0
                if phase == 0:
                    if held <= 0.0:
                        continue
                    if what == EXIT:
                        quantity = held
                    elif what == WEIGHT:
                        sized = decision_price[order] if decided else price
                        target = weight[order] * equity
                        if target <= 0.0:
                            quantity = held
                        elif held * sized - target > equity * _DUST:
                            keep = target / sized
                            if whole:
                                keep = math.floor(keep)
                            quantity = held - keep
                    if quantity <= 0.0:
                        continue
                    price = price * (1.0 - slippage)
                elif phase == 2:
                    if what < DELISTED or held <= 0.0:
                        continue
                    quantity = held
                    if what == FINAL:
                        price = price * (1.0 - slippage)
                else:
                    price = price * (1.0 + slippage)
                    cost = price * (1.0 + commission)
                    sized = decision_price[order] if decided else cost
                    if what == ENTRY:
                        if held > 0.0:
                            continue
                        if sizing == ALL_IN:
                            quantity = cash / sized
                        elif sizing == FRACTION:
                            quantity = sizing_value * equity / sized
                        elif sizing == FIXED_CASH:
                            quantity = sizing_value / sized
                        else:
                            quantity = sizing_value
                    elif what == WEIGHT:
                        worth = held * (decision_price[order] if decided else reference[order])
                        gap = weight[order] * equity - worth
                        if gap <= equity * _DUST:
                            continue
                        quantity = gap / sized
                    else:
                        continue
                    wanted = quantity
                    if whole:
                        quantity = float(math.floor(quantity))
                    affordable = cash / cost
                    if whole:
                        affordable = float(math.floor(affordable))
                    short = quantity > affordable * (1.0 + 1e-12)
                    if decided and reject:
                        ticket = quantity * decision_price[order] * (1.0 + commission)
                        short = short or ticket > cash * (1.0 + 1e-12)
                    if short:
                        if reject or affordable * cost <= dust:
                            drop_order[drops] = order
                            drop_reason[drops] = NO_CASH
                            drop_wanted[drops] = wanted
                            drops += 1
                            continue
                        drop_order[drops] = order
                        drop_reason[drops] = CUT
                        drop_wanted[drops] = wanted
                        drops += 1
                        quantity = affordable
                    elif quantity > affordable:
                        quantity = affordable
                    if quantity * cost <= dust:
                        if what == ENTRY:
                            drop_order[drops] = order
                            drop_reason[drops] = (
                                BELOW_ONE_SHARE if whole and cash > dust else NO_CASH
                            )
                            drop_wanted[drops] = wanted
                            drops += 1
                        continue
                value = quantity * price
                if phase == 1:
                    cash -= value + value * commission
                    if abs(cash) < dust * 1e-3:
                        cash = 0.0
                    position[column] = held + quantity
                    fill_quantity[fills] = quantity
                else:
                    cash += value - value * commission
                    left = held - quantity
                    position[column] = left if left > 0.0 else 0.0
                    fill_quantity[fills] = -quantity
                fill_order[fills] = order
                fill_price[fills] = price
                fill_cash[fills] = cash
                fill_position[fills] = position[column]
                fills += 1
        first = last
    state[0] = cash
    count[0] = fills
    count[1] = drops
