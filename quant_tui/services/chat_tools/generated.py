"""Tools about strategies that a model writes: trying one, reading them, approving one."""

from __future__ import annotations

from functools import partial

from pydantic import Field

from quant_tui.domain.base import Document
from quant_tui.domain.genai import GeneratedStrategy
from quant_tui.engine.rules import parse_document
from quant_tui.genai.tools import Citation, Permission, ToolArguments, ToolResult
from quant_tui.services.backtest_figures import figures_in, write_figure
from quant_tui.services.chat_tools.answers import added, facts, table
from quant_tui.services.chat_tools.context import SESSION, ToolContext
from quant_tui.services.chat_tools.runs import MOST_SYMBOLS
from quant_tui.services.chat_tools.strategies import namesakes
from quant_tui.services.chat_tools.tool import Change, ChangingTool, ReadingTool, Tool

SHOWN = ("total_return", "sharpe_ratio", "max_drawdown", "total_trades", "benchmark_return")
"""Figures of a preview that an approval shows."""


class TryStrategy(ToolArguments):
    """Which rules, for what, and on what to try them."""

    text: str = Field(description="A whole rule document as YAML or JSON.", min_length=1)
    request: str = Field("", description="What the user asked for, in the user's words.")
    symbols: list[str] = Field(
        default_factory=list, max_length=MOST_SYMBOLS, description="What to try it on."
    )
    benchmark: str = Field("", description="A symbol to compare with.")


class AllGenerated(ToolArguments):
    """What to list."""

    search: str = Field("", description="Part of a name or request.")
    limit: int = Field(10, ge=1, le=50, description="Most to list.")


class OneGenerated(ToolArguments):
    """Which generated strategy."""

    generated_id: str = Field(description="Id, as try_strategy and list_generated give it.")


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "list_generated", "List generated strategies",
            "List strategies that a model has written, with their preview figures.",
            AllGenerated, partial(_list, context),
        ),
        ReadingTool(
            "show_generated", "Show a generated strategy",
            "Show a generated strategy: rules, checks, preview against the benchmark.",
            OneGenerated, partial(_show, context),
        ),
        ChangingTool(
            "try_strategy", "Try a new strategy",
            "Use this when the user wants a new strategy: propose to check rules, try them in a "
            "preview backtest and keep them as a generated strategy.",
            TryStrategy, Permission.COST, partial(_try, context),
        ),
        ChangingTool(
            "approve_generated", "Make a strategy of a generated one",
            "Propose to make a strategy of a generated one. The user sees rules and preview.",
            OneGenerated, Permission.WRITE, partial(_approve, context),
        ),
    )  # fmt: skip


def cite(generated: GeneratedStrategy) -> Citation:
    """Return what an answer about a generated strategy points at."""
    return Citation("generated", generated.id, generated.name)


def _facts(generated: GeneratedStrategy) -> Document:
    preview = {key: value for key, value in generated.preview.items() if key != "curve"}
    return {
        "generated_id": generated.id,
        "name": generated.name,
        "description": generated.description,
        "status": str(generated.status),
        "request": generated.request,
        "rules": generated.code,
        "checks": [f"{one['title']}: {one['verdict']} - {one['text']}"
                   for one in generated.validation],
        "preview": preview,
        "strategy_id": generated.strategy_id or None,
        "backtest_id": generated.backtest_id or None,
    }  # fmt: skip


async def _list(context: ToolContext, given: AllGenerated) -> ToolResult:
    found = await context.generation.list(given.search, limit=given.limit)
    rows = [
        {
            "generated_id": one.id,
            "name": one.name,
            "status": str(one.status),
            "created_at": one.created_at,
            **{key: one.preview.get("figures", {}).get(key) for key in SHOWN},
        }
        for one in found
    ]
    return table("Generated strategies", rows, [cite(one) for one in found], kind="generated")


async def _show(context: ToolContext, given: OneGenerated) -> ToolResult:
    found = await context.generation.get(given.generated_id)
    return facts("Generated strategy", _facts(found), [cite(found)], kind="generated")


async def _try(context: ToolContext, given: TryStrategy) -> Change:
    document = parse_document(given.text)
    if given.symbols:
        await context.market_data.require(given.symbols, field="symbols")
    session_id = SESSION.get()

    async def make() -> ToolResult:
        made = await context.generation.keep(
            given.text,
            request=given.request,
            model=context.model_name(),
            symbols=given.symbols,
            benchmark=given.benchmark,
            session_id=session_id,
        )
        note = "It is no strategy yet: approve_generated proposes that."
        return facts("Tried", _facts(made), [cite(made)], kind="generated", note=note)

    where = f"on {', '.join(given.symbols)}" if given.symbols else "on the usual symbols"
    title = f"Check {document.name} and try it {where} in a preview backtest"
    return Change(title, added(given.text.splitlines()), make)


async def _approve(context: ToolContext, given: OneGenerated) -> Change:
    generated = await context.generation.require_open(given.generated_id)
    figures = generated.preview.get("figures", {})
    about = [f"  {one['title']}: {one['verdict']} - {one['text']}" for one in generated.validation]
    shown = {name: figures[name] for name in SHOWN if figures.get(name) is not None}
    if symbols := generated.preview.get("symbols"):
        first, last = generated.preview.get("first"), generated.preview.get("last")
        about.append(f"  Preview on {', '.join(symbols)}, {first} to {last}")
    about += [
        f"  Preview, {figure.title}: {write_figure(value, figure.unit)}"
        for figure, value in figures_in(shown, {})
    ]

    async def make() -> ToolResult:
        made = await context.generation.approve(generated.id)
        document = {"strategy_id": made.id, "name": made.name}
        return facts("Created", document, [Citation("strategy", made.id, made.name)])

    again = await namesakes(context, generated.name)
    change = "\n".join([*again, added(generated.code.splitlines()), *about])
    return Change(f"Create strategy {generated.name}", change, make,
                  generated.updated_at.isoformat())  # fmt: skip
