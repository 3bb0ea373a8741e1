"""Tools about portfolios: reading them, and proposing other target weights."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from pydantic import Field

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import Portfolio
from quant_tui.genai.tools import Citation, Permission, ToolArguments, ToolResult
from quant_tui.services.chat_tools.answers import difference, facts, table
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.tool import Change, ChangingTool, ReadingTool, Tool
from quant_tui.services.portfolio_document import report_document, summary_document
from quant_tui.services.portfolio_rebalance import checked_targets, rules_of, targets_of

LISTED = 50
"""Positions and transactions that a model is given."""


class ListPortfolios(ToolArguments):
    """What to list."""

    search: str = Field("", description="Part of a name.")


class OnePortfolio(ToolArguments):
    """Which portfolio."""

    portfolio_id: str = Field(description="Id of a portfolio, as list_portfolios gives it.")


class SetTargets(OnePortfolio):
    """Which portfolio, and its target weights."""

    targets: dict[str, float] = Field(
        description="Weight by symbol as a fraction; together at most 1.", min_length=1,
        max_length=200,
    )  # fmt: skip


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "list_portfolios", "List portfolios",
            "List the user's portfolios with value, cash and profit.",
            ListPortfolios, partial(_list, context),
        ),
        ReadingTool(
            "show_portfolio", "Show a portfolio",
            "Show a portfolio's positions, figures, allocation, performance, risk and warnings.",
            OnePortfolio, partial(_show, context),
        ),
        ReadingTool(
            "portfolio_orders", "Show a portfolio's rebalancing orders",
            "Work out the orders that would reach a portfolio's target weights; nothing is sent.",
            OnePortfolio, partial(_orders, context),
        ),
        ChangingTool(
            "set_portfolio_targets", "Set a portfolio's target weights",
            "Propose other target weights. The user sees the difference and decides.",
            SetTargets, Permission.WRITE, partial(_targets, context),
        ),
    )  # fmt: skip


def cite(portfolio: Portfolio) -> Citation:
    """Return what an answer about a portfolio points at."""
    return Citation("portfolio", portfolio.id, portfolio.name)


async def _list(context: ToolContext, given: ListPortfolios) -> ToolResult:
    found = await context.portfolios.list(given.search, limit=100)
    rows = [summary_document(one) for one in found]
    return table("Portfolios", rows, [cite(one) for one in found], kind="portfolios")


async def _show(context: ToolContext, given: OnePortfolio) -> ToolResult:
    report = await context.portfolios.report(given.portfolio_id)
    document = report_document(report)
    left_out = ("value", "closed", "undefined", "rebalancing")
    shown: Document = {key: value for key, value in document.items() if key not in left_out}
    shown["positions"] = document["positions"][:LISTED]
    return facts("Portfolio", shown, [cite(report.portfolio)], kind="portfolio")


async def _orders(context: ToolContext, given: OnePortfolio) -> ToolResult:
    portfolio = await context.portfolios.get(given.portfolio_id)
    plan = await context.portfolios.plan(given.portfolio_id)
    rows = [asdict(one) for one in plan.orders]
    beside = {"cash_after": plan.cash_after, "costs": plan.costs, "notes": list(plan.notes)}
    return table("Orders", rows, [cite(portfolio)], kind="orders", beside=beside)


async def _targets(context: ToolContext, given: SetTargets) -> Change:
    portfolio = await context.portfolios.get(given.portfolio_id)
    targets = checked_targets(given.targets, allow_short=portfolio.allow_short)
    await context.market_data.require(list(targets), field="targets")
    change = difference(_lines(targets_of(portfolio)), _lines(targets))
    if not change:
        raise InvalidInput(f"{portfolio.name} has these targets already.", field="targets")

    async def make() -> ToolResult:
        made = await context.portfolios.set_targets(portfolio.id, targets, rules_of(portfolio))
        return facts("Changed", {"portfolio_id": made.id, "targets": targets}, [cite(made)])

    title = f"Set target weights of {portfolio.name}"
    return Change(title, change, make, portfolio.updated_at.isoformat())


def _lines(targets: dict[str, float]) -> str:
    return "\n".join(f"{symbol}: {weight:.2%}" for symbol, weight in sorted(targets.items()))
