"""``quant-tui strategy``: templates, strategies, and checking a rule document."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput, StrategyError
from quant_tui.services.composition import Services
from quant_tui.services.strategies import StrategyService, language_reference

commands = typer.Typer(help="Strategies and the templates they start from.", no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def parse_parameters(pairs: list[str] | None) -> dict[str, object]:
    """Read ``name=value`` pairs; numbers, true and false as such, anything else as text.

    Raises
    ------
    typer.BadParameter
        When a pair has no ``=``.
    """
    parameters: dict[str, object] = {}
    for pair in pairs or []:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"--param needs name=value, not {pair!r}.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        parameters[name] = value if isinstance(value, int | float | bool) else text
    return parameters


def read_text(path: Path) -> str:
    """Read a strategy file.

    Raises
    ------
    InvalidInput
        When it cannot be read or is no text.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # whoever opens a pipe waits for its writer
            raise InvalidInput(
                f"{path} is a pipe or a device, not a file.",
                field="file",
                hint="Save it to a file first.",
            )
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 text (byte {error.start}).") from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error


@commands.command("templates", epilog="Example:  quant-tui strategy templates")
def templates(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the templates with their parameters."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        found = await services.strategies.templates()
        return [one.model_dump(mode="json") for one in found]

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("type", "name", "parameters", "used"),
        [
            (
                one["strategy_type"],
                one["name"],
                "  ".join(f"{key}={value}" for key, value in one["default_parameters"].items()),
                one["usage_count"],
            )
            for one in found
        ],
        "There are no templates.",
    )


@commands.command("list", epilog="Example:  quant-tui strategy list --json")
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a name or type.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List your strategies, the last changed first."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        found = await services.strategies.list(search)
        return [one.model_dump(mode="json") for one in found]

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "type", "parameters", "changed"),
        [
            (
                one["id"],
                one["name"],
                one["strategy_type"],
                "  ".join(f"{key}={value}" for key, value in one["parameters"].items()),
                one["updated_at"][:10],
            )
            for one in found
        ],
        f"No strategy has {search!r} in its name, description or type."
        if search
        else "No strategies yet. Make one with: "
        "quant-tui strategy create --type SMA_CROSSOVER --name 'My crossover'",
    )


@commands.command("show", epilog="Example:  quant-tui strategy show 6741…")
def show(
    context: typer.Context,
    strategy_id: Annotated[str, typer.Argument(help="The strategy's id.", metavar="ID")],
    as_json: JsonOption = False,
) -> None:
    """Show one strategy with its rules."""
    command: CommandContext = context.obj

    async def work(services: Services) -> tuple[Document, str]:
        strategy = await services.strategies.get(strategy_id)
        rules = services.strategies.document_of(strategy).canonical()
        return strategy.model_dump(mode="json"), rules

    strategy, rules = command.run(work)
    if as_json:
        print_json({**strategy, "canonical": rules})
        return
    for key in ("id", "name", "strategy_type", "description", "parameters", "updated_at"):
        print(f"{key:<14} {strategy[key]}")
    print(rules)


@commands.command(
    "create",
    epilog="Example:  quant-tui strategy create --type SMA_CROSSOVER --name Fast "
    "--param short_window=10 --param long_window=30",
)
def create(
    context: typer.Context,
    strategy_type: Annotated[str, typer.Option("--type", help="A template's type.")],
    name: Annotated[str, typer.Option(help="What to call it.")],
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    param: Annotated[list[str] | None, typer.Option(help="A parameter, name=value.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a strategy from a template."""
    command: CommandContext = context.obj
    parameters = parse_parameters(param)

    async def work(services: Services) -> Document:
        made = await services.strategies.create(name, strategy_type, parameters, description)
        return made.model_dump(mode="json")

    made = command.run(work)
    if as_json:
        print_json(made)
    else:
        print(f"Made {made['name']} ({made['id']}).")


@commands.command("check", epilog="Example:  quant-tui strategy check crossover.yaml")
def check(
    file: Annotated[Path, typer.Argument(help="A rule document, YAML or JSON.")],
    as_json: JsonOption = False,
) -> None:
    """Check a rule document: its canonical form and warm-up, or what is wrong with it."""
    text = read_text(file)
    try:
        checked = StrategyService.check(text)
    except StrategyError as error:
        if as_json:
            findings = [dataclasses.asdict(one) for one in error.findings]
            print_json({"ok": False, "findings": findings})
        for finding in error.findings or (error.message,):
            print(finding, file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        print_json({"ok": True, "findings": [], **dataclasses.asdict(checked)})
        return
    print(checked.canonical.rstrip())
    print(f"# warm-up: {checked.warm_up} bars")


@commands.command("format", epilog="Example:  quant-tui strategy format crossover.yaml --write")
def format_(
    file: Annotated[Path, typer.Argument(help="A rule document, YAML or JSON.")],
    write: Annotated[bool, typer.Option("--write", help="Write it back to the file.")] = False,
) -> None:
    """Write a rule document the one way, as YAML; comments are not kept."""
    try:
        formatted = StrategyService.format(read_text(file))
    except StrategyError as error:
        for finding in error.findings or (error.message,):
            print(finding, file=sys.stderr)
        raise typer.Exit(1) from None
    if write:
        file.write_text(formatted, encoding="utf-8")
    else:
        print(formatted, end="")


@commands.command("functions", epilog="Example:  quant-tui strategy functions rsi")
def functions(
    name: Annotated[str, typer.Argument(help="A function, or words to look for.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List what the rule language can call and name, with units, source and arguments."""
    entries = language_reference(name)
    if as_json:
        print_json([one.to_document() for one in entries])
        return
    if len(entries) == 1:
        one = entries[0]
        print(f"{one.signature}\n{one.help}\n{one.group}; {one.result}, {one.units}")
        return
    print_table(
        ("name", "group", "units", "what it is"),
        [(one.name, one.group, one.units, one.help) for one in entries],
        "",
    )
