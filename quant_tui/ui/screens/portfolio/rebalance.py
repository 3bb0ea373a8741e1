"""Rebalance: targets, and the orders that reach them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.domain.errors import QuantError
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.portfolio import writing
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.services.portfolio_rebalance import RebalanceLine, RebalancePlan
    from quant_tui.services.portfolio_report import PortfolioReport

Plan = Callable[[str], Awaitable["RebalancePlan"]]
"""From a portfolio's id to the orders for its targets."""


def _order(value: object) -> str:
    line = cast("RebalanceLine", value)
    if not line.action:
        return "too small" if line.skipped else fmt.NOTHING
    return f"{line.action} {writing.shares(abs(line.quantity))}"


def _order_role(value: object) -> str:
    return {"BUY": "up", "SELL": "down"}.get(cast("RebalanceLine", value).action, "muted")


def _order_size(value: object) -> float:
    return cast("RebalanceLine", value).value


COLUMNS = (
    Column("Symbol", 10, grow=1),
    Column("Now", 7, "right", write=writing.weight, first="descending"),
    Column("Target", 7, "right", write=writing.weight, first="descending"),
    Column("Order", 15, write=_order, role=_order_role, sort=_order_size, first="descending"),
    Column("Value", 12, "right", write=writing.gain, first="descending"),
    Column("Costs", 8, "right", write=writing.some, first="descending"),
    Column("After", 7, "right", write=writing.weight, first="descending"),
    Column("Off", 7, "right", write=lambda value: fmt.percent(cast("float | None", value), 2)),
    Column("Held", 10, "right", write=writing.shares, first="descending"),
    Column("Price", 10, "right", write=writing.price, first="descending"),
)
NO_TARGETS = Notice(
    "No target weights yet",
    "Say what share of the value each symbol should have: the orders that reach it, with their "
    "costs and what is left over, stand here then.",
    (("e", "Set targets and how to reach them"),),
)


class RebalancePart(Vertical):
    """The table of orders, and under it costs, cash and what is left.

    Parameters
    ----------
    plan
        Works the orders out.
    """

    DEFAULT_CSS = """
    RebalancePart {
        height: 1fr;
        & > Static { height: auto; max-height: 6; padding: 0 1; }
    }
    """

    def __init__(self, plan: Plan, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._plan = plan
        self.shown: RebalancePlan | None = None
        """The orders on the screen."""
        self.table = Table(COLUMNS, empty=NO_TARGETS, openable=False, id="rebalance-table")
        self.foot = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out table and foot."""
        yield self.table
        yield self.foot

    def focus_first(self) -> None:
        """Give the keys to the table."""
        self.table.focus()

    async def show_report(self, report: PortfolioReport) -> None:
        """Work out and show the orders for the targets that a portfolio keeps."""
        self.shown = None
        self.foot.display = False
        if not report.portfolio.target_weights:
            self.table.set_rows(())
            return
        try:
            plan = await self._plan(report.portfolio.id)
        except QuantError as error:
            self.table.show_error(error)
            return
        self.shown = plan
        self.table.set_rows(
            Row(
                one.symbol,
                (
                    one.symbol, one.now, one.target, one, one.value,
                    one.commission + one.slippage, one.weight, one.residual, one.held, one.price,
                ),
            )
            for one in plan.lines
        )  # fmt: skip
        self.foot.display = True
        self.foot.update(_foot(plan))


def _foot(plan: RebalancePlan) -> Content:
    rules = plan.rules
    parts = [f"{rules.shares} shares"]
    if rules.only_buy:
        parts.append("only buying")
    if rules.keep_others:
        parts.append("others left")
    if rules.cash_buffer:
        parts.append(f"{fmt.percent(rules.cash_buffer, 1)} kept in cash")
    if rules.minimum_trade:
        parts.append(f"no order below {fmt.number(rules.minimum_trade)}")
    lines = [
        Content.assemble(
            (f"{len(plan.orders)} orders", "bold"),
            ("   costs ", "$text-muted"), (fmt.number(plan.costs), "bold"),
            ("   cash ", "$text-muted"), (fmt.number(plan.cash_before), "bold"),
            (" → ", "$text-muted"), (fmt.number(plan.cash_after), "bold"),
            ("   off target ", "$text-muted"), (fmt.percent(plan.residual, 2), "bold"),
        ),
        Content.styled(f"Prices of {plan.as_of} · {' · '.join(parts)}", "$text-muted"),
    ]  # fmt: skip
    lines += [Content.styled(f"! {one}", "$text-warning") for one in plan.notes]
    return Content("\n").join(lines)
