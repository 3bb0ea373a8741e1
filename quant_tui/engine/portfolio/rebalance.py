"""The orders that bring a portfolio to target weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

import numpy as np

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.arrays import BoolArray, FloatArray

ROUNDS = 60
"""Most passes in which weights and the costs of reaching them are brought together."""


@dataclass(frozen=True, slots=True)
class RebalanceRules:
    """How orders are made; costs as :class:`~quant_tui.engine.config.BacktestConfig` has them.

    Attributes
    ----------
    commission
        Fraction of an order's value.
    commission_per_share
        Money for every share, on top.
    commission_minimum
        Least money that an order's commission comes to.
    slippage
        Fraction by which the fill is worse than the last price.
    shares
        ``fractional`` or ``whole``.
    minimum_trade
        Orders below this much money are not made.
    cash_buffer
        Fraction of the value that stays in cash.
    only_buy
        Whether nothing may be sold.
    keep_others
        Whether positions without a target stay as they are; otherwise they are sold.
    """

    commission: float = 0.0
    commission_per_share: float = 0.0
    commission_minimum: float = 0.0
    slippage: float = 0.0
    shares: str = "whole"
    minimum_trade: float = 0.0
    cash_buffer: float = 0.0
    only_buy: bool = False
    keep_others: bool = False

    def __post_init__(self) -> None:
        """Check every field."""
        for name, most in (
            ("commission", 0.5), ("commission_per_share", 1e9), ("commission_minimum", 1e9),
            ("slippage", 0.5), ("minimum_trade", 1e15), ("cash_buffer", 1.0),
        ):  # fmt: skip
            value = getattr(self, name)
            good = isinstance(value, Real) and not isinstance(value, bool)
            if not good or not math.isfinite(value) or not 0.0 <= value <= most:
                raise InvalidInput(f"{name} must be from 0 to {most:g}.", field=name)
        if self.shares not in ("fractional", "whole"):
            raise InvalidInput("shares must be fractional or whole.", field="shares")


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders (N,) of N symbols, 0 where there is nothing to do.

    Attributes
    ----------
    quantity
        Shares, above zero to buy, below to sell.
    value
        Shares x last price, signed.
    commission, slippage
        Money that each costs.
    skipped
        Whether an order was left out because it was below the least trade or one share.
    after
        Shares held afterwards.
    weight
        Value afterwards / value of the portfolio afterwards.
    cash
        Money left.
    """

    quantity: FloatArray
    value: FloatArray
    commission: FloatArray
    slippage: FloatArray
    skipped: BoolArray
    after: FloatArray
    weight: FloatArray
    cash: float


def rebalance(
    held: FloatArray, prices: FloatArray, cash: float, targets: FloatArray, rules: RebalanceRules
) -> Orders:
    """Find the orders that bring positions to target weights.

    Parameters
    ----------
    held
        Shares (N,), signed.
    prices
        Last price (N,), above zero.
    cash
        Money there is.
    targets
        Weight of each (N,), fractions of the value after costs; NaN leaves a position as it
        is. Where they, the buffer and what is left as it is are more than everything, they
        are all made smaller in proportion.
    rules
        Costs and limits.

    Returns
    -------
    Orders
        Never more than the cash, the sales and the buffer allow: purchases are cut evenly
        when they would.

    Notes
    -----
    Costs lower the value that weights are fractions of, so weights and costs are brought
    together in passes. Whole shares are rounded towards no trade.
    """
    kept = np.isnan(targets)
    value = cash + float(held @ prices)
    reserve = rules.cash_buffer * max(value, 0.0)
    scale = _scale(held, prices, value, targets, rules)
    costs, wanted = 0.0, np.zeros(len(held))
    for _ in range(ROUNDS):
        budget = max(0.0, value - costs) * scale
        desired = np.where(kept, held, np.nan_to_num(targets) * budget / prices)
        wanted = desired - held
        if rules.only_buy:
            wanted = np.maximum(wanted, 0.0)
        paid = float(np.sum(_costs(_rounded(wanted, prices, rules), prices, rules)))
        if abs(paid - costs) <= 1e-12 * max(1.0, abs(value)):
            break
        costs = paid
    sales = _rounded(np.minimum(wanted, 0.0), prices, rules)
    room = cash - reserve - float(sales @ prices) - float(_costs(sales, prices, rules).sum())
    buys = _affordable(np.maximum(wanted, 0.0), prices, room, rules)
    quantity = sales + buys
    commission, slippage = _commission(quantity, prices, rules), _slippage(quantity, prices, rules)
    after = held + quantity
    left = cash - float(quantity @ prices) - float((commission + slippage).sum())
    total = left + float(after @ prices)
    return Orders(
        quantity=quantity,
        value=quantity * prices,
        commission=commission,
        slippage=slippage,
        skipped=(quantity == 0.0) & (np.abs(wanted) * prices > 1e-9 * max(1.0, abs(value))),
        after=after,
        weight=after * prices / total if total > 0.0 else np.zeros(len(held)),
        cash=left,
    )


def _scale(
    held: FloatArray, prices: FloatArray, value: float, targets: FloatArray, rules: RebalanceRules
) -> float:
    """Return what targets are multiplied by so that buffer and kept positions find room."""
    kept = np.isnan(targets)
    wanted = float(np.nansum(targets))
    stays = float(held[kept] @ prices[kept]) / value if value > 0.0 else 0.0
    room = max(0.0, 1.0 - rules.cash_buffer - stays)
    return min(1.0, room / wanted) if wanted > 0.0 else 1.0


def _affordable(
    wanted: FloatArray, prices: FloatArray, room: float, rules: RebalanceRules
) -> FloatArray:
    """Cut purchases evenly until they and their costs fit into the money there is."""

    def needs(share: float) -> tuple[FloatArray, float]:
        orders = _rounded(wanted * share, prices, rules)
        return orders, float(orders @ prices) + float(_costs(orders, prices, rules).sum())

    orders, cost = needs(1.0)
    if cost <= room + 1e-9 * max(1.0, abs(room)):
        return orders
    low, high = 0.0, 1.0
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        if needs(middle)[1] <= room:
            low = middle
        else:
            high = middle
    return needs(low)[0]


def _rounded(quantity: FloatArray, prices: FloatArray, rules: RebalanceRules) -> FloatArray:
    if rules.shares == "whole":
        # 2.9999999 shares of a float sum are three.
        quantity = np.trunc(quantity + np.sign(quantity) * 1e-9)
    small = np.abs(quantity) * prices < max(rules.minimum_trade, 1e-9)
    found: FloatArray = np.where(small, 0.0, quantity)
    return found


def _commission(quantity: FloatArray, prices: FloatArray, rules: RebalanceRules) -> FloatArray:
    size = np.abs(quantity)
    found = rules.commission * size * prices + rules.commission_per_share * size
    return np.where(size > 0.0, np.maximum(found, rules.commission_minimum), 0.0)


def _slippage(quantity: FloatArray, prices: FloatArray, rules: RebalanceRules) -> FloatArray:
    return np.abs(quantity) * prices * rules.slippage


def _costs(quantity: FloatArray, prices: FloatArray, rules: RebalanceRules) -> FloatArray:
    return _commission(quantity, prices, rules) + _slippage(quantity, prices, rules)
