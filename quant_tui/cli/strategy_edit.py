"""``quant-tui strategy edit | duplicate | archive | unarchive``: what one says about a strategy."""

from __future__ import annotations

from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json
from quant_tui.cli.strategy import JsonOption, parse_parameters
from quant_tui.cli.strategy_versions import StrategyId, commands
from quant_tui.domain.base import Document
from quant_tui.services.composition import Services

__all__ = ["commands"]


@commands.command(
    "edit",
    epilog="Examples:  quant-tui strategy edit 6741… --tags 'trend, index' --notes 'Weak in 2011'"
    "  ·  quant-tui strategy edit 6741… --param short_window=10",
)
def edit(
    context: typer.Context,
    strategy_id: StrategyId,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    tags: Annotated[str | None, typer.Option(help="Tags, with commas between.")] = None,
    notes: Annotated[str | None, typer.Option(help="Notes of your own.")] = None,
    param: Annotated[list[str] | None, typer.Option(help="A parameter, name=value.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Change a strategy; what is not given stays. Other parameters make a new version."""
    command: CommandContext = context.obj
    parameters = parse_parameters(param)
    given = {"name": name, "description": description, "notes": notes}
    changes: Document = {key: value for key, value in given.items() if value is not None}
    if tags is not None:
        changes["tags"] = tags.split(",")

    async def work(services: Services) -> Document:
        strategy = await services.strategies.find(strategy_id)
        new = {**changes, "parameters": {**strategy.parameters, **parameters}}
        changed = await services.strategies.update(strategy.model_copy(update=new))
        return changed.model_dump(mode="json")

    _say(command.run(work), "Changed", as_json=as_json)


@commands.command("duplicate", epilog="Example:  quant-tui strategy duplicate 6741… --name Slow")
def duplicate(
    context: typer.Context,
    strategy_id: StrategyId,
    name: Annotated[str, typer.Option(help="Of the copy; without it the old one and “copy”.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Make another strategy of the same rules and parameters."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        strategy = await services.strategies.find(strategy_id)
        copy = await services.strategies.duplicate(strategy.id, name or f"{strategy.name} copy")
        return copy.model_dump(mode="json")

    _say(command.run(work), "Made", as_json=as_json)


@commands.command("archive", epilog="Example:  quant-tui strategy archive 6741…")
def archive(context: typer.Context, strategy_id: StrategyId, as_json: JsonOption = False) -> None:
    """Put a strategy out of the way: lists hide it, its backtests stay."""
    _say(_archive(context, strategy_id, archived=True), "Archived", as_json=as_json)


@commands.command("unarchive", epilog="Example:  quant-tui strategy unarchive 6741…")
def unarchive(context: typer.Context, strategy_id: StrategyId, as_json: JsonOption = False) -> None:
    """Bring an archived strategy back."""
    _say(_archive(context, strategy_id, archived=False), "Brought back", as_json=as_json)


def _archive(context: typer.Context, strategy_id: str, *, archived: bool) -> Document:
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        strategy = await services.strategies.find(strategy_id)
        kept = await services.strategies.archive(strategy.id, archived=archived)
        return kept.model_dump(mode="json")

    return command.run(work)


def _say(strategy: Document, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(strategy)
    else:
        print(f"{what} {strategy['name']} ({strategy['id']}).")
