"""Target weights of a portfolio, and the orders that reach them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import Portfolio
from quant_tui.engine.portfolio.rebalance import RebalanceRules, rebalance
from quant_tui.providers.options import is_symbol
from quant_tui.services.portfolio_report import PortfolioReport

SUM_TOLERANCE = 1e-6
LARGEST_WEIGHT = 10.0
ORDER_COLUMNS = (
    "symbol", "action", "quantity", "price", "value", "commission", "slippage", "target", "weight",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RebalanceLine:
    """One symbol of a plan.

    Attributes
    ----------
    held, price, now
        Shares, last price, and present weight.
    target
        Weight wanted; None for a position that stays as it is.
    quantity, value, commission, slippage
        The order: shares (above zero to buy), money, and what it costs.
    weight, residual
        Weight afterwards, and how far it is from the target (None without one).
    skipped
        Whether an order was wanted but is below the least trade or one share.
    """

    symbol: str
    held: float
    price: float
    now: float
    target: float | None
    quantity: float
    value: float
    commission: float
    slippage: float
    weight: float
    residual: float | None
    skipped: bool

    @property
    def action(self) -> str:
        """``BUY``, ``SELL``, or "" when there is nothing to do."""
        return "" if self.quantity == 0.0 else "BUY" if self.quantity > 0.0 else "SELL"


@dataclass(frozen=True, slots=True)
class RebalancePlan:
    """Orders that bring a portfolio to its targets.

    Attributes
    ----------
    cash_before, cash_after
        Money.
    costs
        Commissions and slippage of all orders.
    residual
        Sum of the distances between weights afterwards and targets, halved: the share of the
        value that is not where it should be.
    as_of
        Day of the prices.
    notes
        What was left out or cannot be met.
    """

    lines: tuple[RebalanceLine, ...]
    rules: RebalanceRules
    cash_before: float
    cash_after: float
    costs: float
    residual: float
    as_of: str
    notes: tuple[str, ...]

    @property
    def orders(self) -> tuple[RebalanceLine, ...]:
        """Lines with an order, sales first: they pay for the purchases."""
        return tuple(sorted((o for o in self.lines if o.action), key=lambda o: o.quantity > 0.0))

    def to_document(self) -> Document:
        """Return the plan as JSON has it."""
        return {
            "as_of": self.as_of,
            "orders": [_order(one) for one in self.orders],
            "lines": [asdict(one) for one in self.lines],
            "cash_before": self.cash_before,
            "cash_after": self.cash_after,
            "costs": self.costs,
            "residual": self.residual,
            "rules": asdict(self.rules),
            "notes": list(self.notes),
        }

    def to_csv(self) -> str:
        """Return the orders as CSV, as brokers' order tickets have them."""
        text = io.StringIO()
        writer = csv.DictWriter(text, ORDER_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_order(one) for one in self.orders)
        return text.getvalue()


def _order(line: RebalanceLine) -> Document:
    return {
        "symbol": line.symbol,
        "action": line.action,
        "quantity": abs(line.quantity),
        "price": line.price,
        "value": abs(line.value),
        "commission": line.commission,
        "slippage": line.slippage,
        "target": line.target,
        "weight": line.weight,
    }


def rules_of(portfolio: Portfolio) -> RebalanceRules:
    """Return the rules that a portfolio keeps."""
    known = {one.name for one in fields(RebalanceRules)}
    return RebalanceRules(**{k: v for k, v in portfolio.rebalancing.items() if k in known})


def targets_of(portfolio: Portfolio) -> dict[str, float]:
    """Return the target weights that a portfolio keeps, by symbol."""
    return {str(one["symbol"]): float(one["weight"]) for one in portfolio.target_weights}


def parse_targets(given: Sequence[str]) -> dict[str, float]:
    """Read ``GOOG=0.6`` or ``GOOG=60%``, one each.

    Raises
    ------
    InvalidInput
        Naming the one that is wrong.
    """
    found: dict[str, float] = {}
    for text in given:
        symbol, equals, weight = (part.strip() for part in text.partition("="))
        try:
            value = float(weight.removesuffix("%")) / (100.0 if weight.endswith("%") else 1.0)
        except ValueError:
            value = math.nan
        if not equals or not is_symbol(symbol) or not math.isfinite(value):
            raise InvalidInput(
                f"{text!r} is not a target.", field="target", hint="Write GOOG=0.6 or GOOG=60%."
            )
        if symbol in found:
            raise InvalidInput(f"{symbol} is given twice.", field="target")
        found[symbol] = value
    return found


def checked_targets(targets: Mapping[str, float], *, allow_short: bool) -> dict[str, float]:
    """Return targets that make sense: each within limits, all together at most everything.

    Raises
    ------
    InvalidInput
        Naming the symbol.
    """
    for symbol, weight in targets.items():
        if not is_symbol(symbol):
            raise InvalidInput(f"{symbol!r} is not a symbol.", field="target")
        if not math.isfinite(weight) or abs(weight) > LARGEST_WEIGHT:
            raise InvalidInput(f"{symbol}: the weight {weight!r} makes no sense.", field="target")
        if weight < 0.0 and not allow_short:
            raise InvalidInput(
                f"{symbol}: a weight below zero is a short position.", field="target",
                hint="Allow short positions in the portfolio's settings.",
            )  # fmt: skip
    total = sum(targets.values())
    if total > 1.0 + SUM_TOLERANCE:
        raise InvalidInput(
            f"The targets add up to {total:.2%}, more than everything.", field="target",
            hint="A target is a fraction of the portfolio's value, as 0.25.",
        )  # fmt: skip
    return dict(targets)


def make_plan(
    report: PortfolioReport,
    targets: Mapping[str, float],
    rules: RebalanceRules,
    prices: Mapping[str, float],
) -> RebalancePlan:
    """Find the orders that bring a portfolio to targets at its last prices.

    Parameters
    ----------
    prices
        Last prices of symbols that were never in the portfolio.

    Raises
    ------
    InvalidInput
        There are no targets, a symbol has no price, or there is no money.
    """
    if not targets:
        raise InvalidInput("There are no target weights.", field="target", hint="Set some first.")
    checked_targets(targets, allow_short=report.portfolio.allow_short)
    cash = float(report.figures.get("cash") or 0.0)
    value = float(report.figures.get("value") or 0.0)
    if value <= 0.0:
        raise InvalidInput(
            "The portfolio's value is not above zero.", field="portfolio",
            hint="Record a deposit first.",
        )  # fmt: skip
    known = {one.symbol: one for one in report.positions}
    symbols = list(dict.fromkeys([one.symbol for one in report.held] + list(targets)))
    found = []
    for symbol in symbols:
        price = known[symbol].last if symbol in known else prices.get(symbol)
        if not price:
            raise InvalidInput(f"There is no price of {symbol}.", field="target",
                               hint="Import its bars first.")  # fmt: skip
        found.append(price)
    price_of = np.array(found, dtype=np.float64)
    held = np.array([known[one].quantity if one in known else 0.0 for one in symbols])
    without = np.nan if rules.keep_others else 0.0
    wanted = np.array([targets.get(one, without) for one in symbols])
    orders = rebalance(held, price_of, cash, wanted, rules)
    lines = tuple(
        RebalanceLine(
            symbol=symbol,
            held=float(held[at]),
            price=float(price_of[at]),
            now=float(held[at] * price_of[at] / value),
            target=None if np.isnan(wanted[at]) else float(wanted[at]),
            quantity=float(orders.quantity[at]),
            value=float(orders.value[at]),
            commission=float(orders.commission[at]),
            slippage=float(orders.slippage[at]),
            weight=float(orders.weight[at]),
            residual=None if np.isnan(wanted[at]) else float(orders.weight[at] - wanted[at]),
            skipped=bool(orders.skipped[at]),
        )
        for at, symbol in enumerate(symbols)
    )
    off = sum(abs(one.residual) for one in lines if one.residual is not None)
    return RebalancePlan(
        lines=lines,
        rules=rules,
        cash_before=cash,
        cash_after=orders.cash,
        costs=float((orders.commission + orders.slippage).sum()),
        residual=off / 2.0,
        as_of=str(report.figures.get("as_of") or ""),
        notes=tuple(_notes(report, lines, orders.cash)),
    )


def _notes(report: PortfolioReport, lines: Sequence[RebalanceLine], cash: float) -> list[str]:
    notes = []
    skipped = [one.symbol for one in lines if one.skipped]
    if skipped:
        notes.append(f"No order of {', '.join(skipped)}: below the least trade or one share, "
                     "or the cash does not reach.")  # fmt: skip
    stale = [one.symbol for one in report.held if one.stale]
    if stale:
        notes.append(f"Prices of {', '.join(stale)} are stale.")
    if cash < -0.005:
        notes.append(f"Cash stays below zero: {cash:,.2f}.")
    return notes
