"""``quant-tui strategy``: templates, strategies, and checking a rule document."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli import backtest_options as options
from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import finished, print_json, print_table
from quant_tui.cli.strategy_output import print_card
from quant_tui.domain.base import Document
from quant_tui.domain.errors import StrategyError
from quant_tui.domain.trading import StrategyCheck
from quant_tui.services.composition import Services
from quant_tui.services.rule_reference import language_reference
from quant_tui.services.strategy_files import read_text
from quant_tui.services.strategy_rules import check_text, rules_of

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


@commands.command("templates", epilog="Example:  quant-tui strategy templates")
def templates(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the templates with their parameters, your own after the built-in ones."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        found = [*await services.templates.list(), *await services.templates.own()]
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
    search: Annotated[str, typer.Argument(help="Part of a name, type, tag or note.")] = "",
    tag: Annotated[str, typer.Option(help="Only those with this tag.")] = "",
    archived: Annotated[
        bool, typer.Option("--archived", help="Only those that are archived.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List your strategies, the last changed first; archived ones only when asked for."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        found = await services.strategies.list(search, tag=tag, archived=archived)
        return [one.model_dump(mode="json") for one in found]

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "type", "tags", "parameters", "changed"),
        [
            (
                one["id"],
                one["name"],
                one["strategy_type"],
                ", ".join(one["tags"]),
                "  ".join(f"{key}={value}" for key, value in one["parameters"].items()),
                one["updated_at"][:10],
            )
            for one in found
        ],
        "No strategy fits what you asked for."
        if search or tag or archived
        else "No strategies yet. Make one with: "
        "quant-tui strategy create --type SMA_CROSSOVER --name 'My crossover'",
    )


@commands.command("show", epilog="Example:  quant-tui strategy show 6741…")
def show(
    context: typer.Context,
    strategy_id: Annotated[str, typer.Argument(help="The strategy's id, or name.", metavar="ID")],
    as_json: JsonOption = False,
) -> None:
    """Show one strategy with its rules."""
    command: CommandContext = context.obj

    async def work(services: Services) -> tuple[Document, str]:
        strategy = await services.strategies.find(strategy_id)
        rules = rules_of(strategy).canonical()
        return strategy.model_dump(mode="json"), rules

    strategy, rules = command.run(work)
    if as_json:
        print_json({**strategy, "canonical": rules})
        return
    for key in ("id", "name", "strategy_type", "description", "parameters", "updated_at"):
        print(f"{key:<14} {strategy[key]}")
    if strategy["tags"]:
        print(f"{'tags':<14} {', '.join(strategy['tags'])}")
    if strategy["notes"]:
        print(f"{'notes':<14} {strategy['notes']}")
    if not strategy["is_active"]:
        print(f"{'archived':<14} yes")
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
        checked = check_text(text)
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


@commands.command(
    "stress",
    epilog="Examples:  quant-tui strategy stress 6741… --symbols SPX,IXIC  ·  quant-tui strategy "
    "stress mine.yaml --symbols SPX --only cost_stress --only jitter --figures",
)
def stress(
    context: typer.Context,
    strategy: Annotated[
        str,
        typer.Argument(help="A strategy's id, a rule document's file, or a template's type."),
    ],
    symbols: Annotated[str, typer.Option(help="Symbols, with commas between.")],
    start: Annotated[str, typer.Option(help="First session, YYYY-MM-DD.")] = "",
    end: Annotated[str, typer.Option(help="Last session, YYYY-MM-DD.")] = "",
    commission: options.Commission = 0.001,
    slippage: options.Slippage = 0.0,
    param: Annotated[list[str] | None, typer.Option(help="A parameter, name=value.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Make this check alone: look_ahead, warm_up, cost_stress, start_dates, plateau,"
            " jitter, leave_one_out or bootstrap; may be given again."
        ),
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Print the figures of each check, too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a strategy anew in every way that could break it, and say what breaks.

    Look-ahead, warm-up, costs times 0 to 4, later start dates, near parameters, each symbol
    left out, resampled days. All checks of a strategy of yours are kept with it.
    """
    command: CommandContext = context.obj
    parameters = parse_parameters(param)
    first, last = options.parse_date(start, "--start"), options.parse_date(end, "--end")
    is_file = strategy.endswith((".yaml", ".yml", ".json")) or Path(strategy).exists()
    text = read_text(Path(strategy)) if is_file else ""

    async def work(services: Services) -> StrategyCheck:
        from quant_tui.engine import BacktestConfig
        from quant_tui.engine.rules import parse_document
        from quant_tui.engine.templates import TEMPLATES
        from quant_tui.services.backtest_request import BacktestRequest

        is_type = strategy in TEMPLATES
        request = BacktestRequest(
            symbols=tuple(symbols.split(",")),
            strategy_id="" if is_file or is_type else strategy,
            strategy_type=strategy if is_type and not is_file else "",
            document=parse_document(text).to_document() if is_file else {},
            params=parameters,
            start=first,
            end=last,
            config=BacktestConfig(commission=commission, slippage=slippage),
        )
        job = await services.checks.start(request, only or ())
        return await finished(services.jobs, job)

    found = command.run(work)
    if as_json:
        print_json(found.model_dump(mode="json", exclude={"user_id"}))
    else:
        print_card(found.card, figures=figures)


@commands.command("format", epilog="Example:  quant-tui strategy format crossover.yaml --write")
def format_(
    file: Annotated[Path, typer.Argument(help="A rule document, YAML or JSON.")],
    write: Annotated[bool, typer.Option("--write", help="Write it back to the file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a rule document the one way, as YAML; comments are not kept."""
    from quant_tui.engine.rules import format_document

    try:
        formatted = format_document(read_text(file))
    except StrategyError as error:
        for finding in error.findings or (error.message,):
            print(finding, file=sys.stderr)
        raise typer.Exit(1) from None
    if write:
        file.write_text(formatted, encoding="utf-8")
    if as_json:
        print_json({"file": str(file), "text": formatted, "written": write})
    elif not write:
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
