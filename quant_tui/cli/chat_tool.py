"""``quant-tui chat tool``: what the assistant may call, deciding about it, and what it called."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.genai.tools import Consent
from quant_tui.services.composition import Services

commands = typer.Typer(help="Tools that the assistant may call.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group ``chat``."""
    group.add_typer(commands, name="tool")


@commands.command("list", epilog="Example:  quant-tui chat tool list --json")
def list_(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the tools with what they do and what you have decided about them."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        await services.toolbox.load()
        found = await asyncio.to_thread(services.toolbox.permissions)
        return [
            {
                "name": spec.name,
                "title": spec.title,
                "does": str(spec.permission),
                "permission": str(consent),
                "description": spec.description,
            }
            for spec, consent in found.items()
        ]

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("tool", "title", "does", "permission"),
        [(one["name"], one["title"], one["does"], one["permission"]) for one in found],
        "There are no tools.",
    )


@commands.command("permit", epilog="Example:  quant-tui chat tool permit run_backtest allow")
def permit(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a tool.")],
    permission: Annotated[Consent, typer.Argument(help="allow, ask or never.")],
    as_json: JsonOption = False,
) -> None:
    """Decide about a tool; one that changes something is asked for, or never called."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        await services.toolbox.permit(name, permission)
        return {"name": name, "permission": str(permission)}

    found = command.run(work)
    if as_json:
        print_json(found)
    else:
        print(f"{found['name']}: {found['permission']}.")


@commands.command("log", epilog="Example:  quant-tui chat tool log --limit 20")
def log(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most calls to list.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List what was called, the newest first: when, with what, and what came of it."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        found = await services.toolbox.log(limit)
        return [one.model_dump(mode="json", exclude={"id", "user_id"}) for one in found]

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("when", "tool", "outcome", "characters", "seconds", "detail"),
        [
            (
                one["called_at"][:19].replace("T", " "),
                one["tool"],
                one["outcome"],
                one["characters"],
                one["seconds"],
                plain(one["detail"])[:80],
            )
            for one in found
        ],
        "Nothing was called yet.",
    )
