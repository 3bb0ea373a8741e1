"""``quant-tui strategy versions | restore | export | import``: its history, and it as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.cli.shared_options import ForceOption
from quant_tui.cli.strategy import JsonOption, commands
from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.services.composition import Services
from quant_tui.services.strategy_files import read_text
from quant_tui.services.strategy_rules import exported_text
from quant_tui.services.strategy_versions import difference
from quant_tui.services.whole_file import write_export

__all__ = ["commands"]

StrategyId = Annotated[str, typer.Argument(help="The strategy's id, or name.", metavar="ID")]


@commands.command(
    "versions",
    epilog="Examples:  quant-tui strategy versions 6741…  ·  quant-tui strategy versions 6741… "
    "--diff 1 3",
)
def versions(
    context: typer.Context,
    strategy_id: StrategyId,
    diff: Annotated[
        tuple[int, int] | None,
        typer.Option(help="Two numbers: what changed from the first to the second."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List a strategy's versions with what their backtests gave, or compare two of them."""
    command: CommandContext = context.obj

    async def compare(services: Services, one: int, other: int) -> list[str]:
        strategy = await services.strategies.find(strategy_id)
        found = {each.number: each for each in await services.strategies.versions(strategy.id)}
        for number in (one, other):
            if number not in found:
                raise InvalidInput(
                    f"The strategy has no version {number}.",
                    field="diff",
                    hint=f"Its versions are 1 to {max(found)}.",
                )
        return difference(found[one], found[other])

    async def overview(services: Services) -> list[Document]:
        strategy = await services.strategies.find(strategy_id)
        found = await services.strategies.versions(strategy.id)
        given = await services.strategies.version_results(strategy.id, found)
        return [
            {
                **version.model_dump(mode="json", exclude={"user_id"}),
                "backtests": [one.to_document() for one in given.get(version.number, [])],
            }
            for version in found
        ]

    if diff is not None:
        one, other = diff
        lines = command.run(lambda services: compare(services, one, other))
        if as_json:
            print_json({"from": one, "to": other, "lines": lines})
        else:
            print("\n".join(lines) or f"Versions {one} and {other} are the same.")
        return
    found = command.run(overview)
    if as_json:
        print_json(found)
        return
    print_table(
        ("version", "made", "reason", "parameters", "backtests", "last return"),
        [
            (
                one["number"],
                one["created_at"][:16].replace("T", " "),
                " ".join(filter(None, (one["reason"], one["note"]))),
                "  ".join(f"{key}={value}" for key, value in one["parameters"].items()),
                len(one["backtests"]),
                _last_return(one["backtests"]),
            )
            for one in found
        ],
        "There are no versions.",
    )


@commands.command("restore", epilog="Example:  quant-tui strategy restore 6741… 2")
def restore(
    context: typer.Context,
    strategy_id: StrategyId,
    number: Annotated[int, typer.Argument(help="The version's number.", min=1)],
    as_json: JsonOption = False,
) -> None:
    """Give a strategy the rules and parameters of a version; that becomes its newest one."""
    command: CommandContext = context.obj

    async def work(services: Services) -> tuple[Document, int]:
        strategy = await services.strategies.find(strategy_id)
        restored = await services.strategies.restore_version(strategy.id, number)
        newest = (await services.strategies.versions(strategy.id))[0]
        return restored.model_dump(mode="json"), newest.number

    restored, newest = command.run(work)
    if as_json:
        print_json({**restored, "version": newest})
    else:
        print(f"{restored['name']} is as in version {number} again: version {newest}.")


@commands.command("export", epilog="Example:  quant-tui strategy export 6741… crossover.yaml")
def export(
    context: typer.Context,
    strategy_id: StrategyId,
    file: Annotated[Path | None, typer.Argument(help="Where to; none prints it.")] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a strategy as a rule document that ``strategy check`` and ``import`` read.

    Its parameters become the defaults. What you typed is kept to the letter where the
    name, description and defaults in it are the strategy's; otherwise comments are lost.
    """
    command: CommandContext = context.obj

    async def work(services: Services) -> str:
        strategy = await services.strategies.find(strategy_id)
        return exported_text(strategy)

    text = command.run(work)
    if file is not None:
        write_export(file, text.encode("utf-8"), overwrite=force, field="file")
    if as_json:
        print_json({"file": str(file) if file else None, "text": text})
    elif file is None:
        print(text, end="")
    else:
        print(f"Wrote {file}.")


@commands.command("import", epilog="Example:  quant-tui strategy import crossover.yaml")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A rule document, YAML or JSON.")],
    as_json: JsonOption = False,
) -> None:
    """Make a strategy of a rule document, comments included."""
    command: CommandContext = context.obj
    text = read_text(file)

    async def work(services: Services) -> tuple[Document, int]:
        made = await services.strategies.save_text(text, {})
        names = [one.name for one in await services.strategies.list()]
        return made.model_dump(mode="json"), names.count(made.name)

    made, named = command.run(work)
    if named > 1:
        print(f"{named} strategies are called {plain(made['name'])} now.", file=sys.stderr)
    if as_json:
        print_json(made)
    else:
        print(f"Made {made['name']} ({made['id']}).")


def _last_return(backtests: list[Document]) -> str:
    value = next(
        (one["total_return"] for one in backtests if one["total_return"] is not None), None
    )
    return "–" if value is None else f"{value:+.1%}"
