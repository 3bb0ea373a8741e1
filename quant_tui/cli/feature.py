"""``quant-tui feature``: features, their versions, their cards, and the leakage check."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from quant_tui.cli import backtest_options as options
from quant_tui.cli.context import CommandContext
from quant_tui.cli.feature_output import (
    card_document,
    history_document,
    leak_document,
    print_card,
    print_history,
    print_leak,
    summary_row,
)
from quant_tui.cli.model_options import Interval, JsonOption
from quant_tui.cli.output import finished, print_deleted, print_json, print_table
from quant_tui.domain.base import Document
from quant_tui.domain.vocabulary import FeatureType
from quant_tui.services.composition import Services
from quant_tui.services.feature_cards import FeatureCard, FeatureScope
from quant_tui.services.feature_leaks import LeakReport
from quant_tui.services.feature_records import FeatureHistory
from quant_tui.services.feature_versions import FeatureDifference

commands = typer.Typer(
    help="Features: named inputs of models, with versions and cards.", no_args_is_help=True
)
NameArgument = Annotated[str, typer.Argument(help="The feature's name or id.", metavar="NAME")]
VersionArgument = Annotated[
    str, typer.Argument(help="NAME, or NAME@1.2.0 for one version.", metavar="NAME[@VERSION]")
]
VersionOption = Annotated[str, typer.Option("--version", help="Which version, as 1.2.0.")]
SymbolsOption = Annotated[
    str, typer.Option(help="Symbols, with commas between; those of the store without.")
]


@commands.command("list", epilog="Example:  quant-tui feature list --json")
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a name, text or expression.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List your features by name."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[FeatureHistory]:
        wanted = {one.id for one in await services.features.list(search)}
        return [one for one in await services.features.histories() if one.feature.id in wanted]

    found = command.run(work)
    if as_json:
        print_json([history_document(one) for one in found])
        return
    print_table(
        ("name", "version", "status", "expression", "rank IC", "mean", "std", "changed"),
        [summary_row(one) for one in found],
        f"No feature has {search!r} in its name, description or expression."
        if search
        else "No features yet. Make one with: "
        "quant-tui feature create momentum_20 'close / sma(close, 20) - 1'",
    )


@commands.command(
    "show",
    epilog="Examples:  quant-tui feature show momentum_20  ·  "
    "quant-tui feature show momentum_20@0.2.0 --card --symbols SPX,IXIC --start 2010-01-01",
)
def show(
    context: typer.Context,
    name: VersionArgument,
    card: Annotated[
        bool, typer.Option("--card", help="Work out its card: spread, IC, drift, leakage.")
    ] = False,
    symbols: SymbolsOption = "",
    start: options.Start = "",
    end: options.End = "",
    interval: Interval = "1d",
    split: Annotated[
        str, typer.Option(help="First session of the later period of the drift.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show a feature with its versions, or its card on some bars."""
    command: CommandContext = context.obj
    scope = _scope(symbols, start, end, interval, split)
    if not card and scope != FeatureScope():
        raise typer.BadParameter("--symbols, --start, --end, --interval and --split need --card.")

    async def look(services: Services) -> FeatureHistory:
        version = await services.features.version(name)
        return await services.features.history(version.feature_id)

    async def work(services: Services) -> FeatureCard:
        await _require(services, scope)
        job = await services.feature_cards.start(name, scope)
        return await finished(services.jobs, job)

    if not card:
        history = command.run(look)
        if as_json:
            print_json(history_document(history))
        else:
            print_history(history)
        return
    found = command.run(work)
    if as_json:
        print_json(card_document(found))
    else:
        print_card(found)


@commands.command(
    "create",
    epilog="Examples:  quant-tui feature create momentum_20 'close / sma(close, 20) - 1'  ·  "
    "quant-tui feature create flow order_flow --type function",
)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What to call it: letters, figures and _.")],
    expression: Annotated[
        str, typer.Argument(help="An expression of the rule language, or a function's name.")
    ],
    description: Annotated[str, typer.Option(help="What it measures.")] = "",
    feature_type: Annotated[
        Literal["expression", "function"],
        typer.Option("--type", help="expression, or function of an installed package."),
    ] = "expression",
    as_json: JsonOption = False,
) -> None:
    """Make a feature; its first version, 0.1.0, is a draft."""
    command: CommandContext = context.obj

    async def work(services: Services) -> FeatureHistory:
        made = await services.features.create(
            name, expression, description=description, feature_type=FeatureType(feature_type)
        )
        return await services.features.history(made.id)

    _say(command.run(work), "Made", as_json=as_json)


@commands.command(
    "edit",
    epilog="Examples:  quant-tui feature edit momentum_20 --expression "
    "'close / sma(close, 50) - 1'  ·  quant-tui feature edit momentum_20 --name momentum_50",
)
def edit(
    context: typer.Context,
    name: NameArgument,
    expression: Annotated[
        str | None, typer.Option(help="The new expression: a minor version, or a major one.")
    ] = None,
    description: Annotated[
        str | None, typer.Option(help="The new description: a patch version.")
    ] = None,
    feature_type: Annotated[
        Literal["expression", "function"] | None,
        typer.Option("--type", help="expression, or function of an installed package."),
    ] = None,
    new_name: Annotated[str | None, typer.Option("--name", help="The new name.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Change a feature; the change becomes its next version, a draft.

    The first figure of the version is raised when a number becomes a condition or the other
    way round, or an expression a function; the second when the expression changed; the third
    when only the description did.
    """
    command: CommandContext = context.obj
    if expression is None and description is None and feature_type is None and new_name is None:
        raise typer.BadParameter("Give --expression, --description, --type or --name.")

    async def work(services: Services) -> FeatureHistory:
        changed = await services.features.edit(
            name,
            expression=expression,
            description=description,
            feature_type=FeatureType(feature_type) if feature_type else None,
            name=new_name,
        )
        return await services.features.history(changed.id)

    _say(command.run(work), "Kept", as_json=as_json)


@commands.command("diff", epilog="Example:  quant-tui feature diff momentum_20 0.1.0 0.2.0")
def diff(
    context: typer.Context,
    name: NameArgument,
    older: Annotated[str, typer.Argument(help="A version, as 0.1.0.")],
    newer: Annotated[str, typer.Argument(help="Another one.")],
    as_json: JsonOption = False,
) -> None:
    """Show what differs between two versions."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[FeatureDifference]:
        return await services.features.difference(name, older, newer)

    found = command.run(work)
    if as_json:
        changes = [{"field": one.field, "older": one.older, "newer": one.newer} for one in found]
        print_json({"name": name, "from": older, "to": newer, "changes": changes})
        return
    for one in found:
        print(f"{one.field}\n  - {one.older}\n  + {one.newer}")
    if not found:
        print(f"{older} and {newer} say the same.")


@commands.command(
    "promote",
    epilog="Examples:  quant-tui feature promote momentum_20  ·  "
    "quant-tui feature promote momentum_20 --version 0.2.0",
)
def promote(
    context: typer.Context, name: NameArgument, version: VersionOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Put a version into production, the newest draft without --version.

    A version that looks ahead is refused, and so is a package's function that was not
    checked.
    """
    command: CommandContext = context.obj

    async def work(services: Services) -> FeatureHistory:
        changed = await services.features.promote(name, version)
        return await services.features.history(changed.id)

    _say(command.run(work), "In production:", as_json=as_json)


@commands.command(
    "rollback",
    epilog="Examples:  quant-tui feature rollback momentum_20  ·  "
    "quant-tui feature rollback momentum_20 --version 0.1.0",
)
def rollback(
    context: typer.Context, name: NameArgument, version: VersionOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Put the version back into production that was there before, or the one named."""
    command: CommandContext = context.obj

    async def work(services: Services) -> FeatureHistory:
        changed = await services.features.roll_back(name, version)
        return await services.features.history(changed.id)

    _say(command.run(work), "In production again:", as_json=as_json)


@commands.command(
    "pin",
    epilog="Examples:  quant-tui feature pin momentum_20 --version 0.1.0  ·  "
    "quant-tui feature pin momentum_20 --release",
)
def pin(
    context: typer.Context,
    name: NameArgument,
    version: VersionOption = "",
    release: Annotated[bool, typer.Option("--release", help="Pin it no longer.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let the bare name mean one version, whatever is made or promoted."""
    command: CommandContext = context.obj
    if bool(version) == release:
        raise typer.BadParameter("Give --version or --release.")

    async def work(services: Services) -> FeatureHistory:
        changed = await services.features.pin(name, version)
        return await services.features.history(changed.id)

    _say(command.run(work), "In use:", as_json=as_json)


@commands.command(
    "check",
    epilog="Example:  quant-tui feature check order_flow --symbols SPX,IXIC",
)
def check(
    context: typer.Context,
    name: VersionArgument,
    symbols: SymbolsOption = "",
    start: options.Start = "",
    end: options.End = "",
    interval: Interval = "1d",
    as_json: JsonOption = False,
) -> None:
    """Check whether a feature looks ahead; exit code 1 when it does.

    Its values are computed again on bars that end earlier, and must be the same.
    """
    command: CommandContext = context.obj
    scope = _scope(symbols, start, end, interval)

    async def work(services: Services) -> LeakReport:
        await _require(services, scope)
        job = await services.feature_cards.start_check(name, scope)
        return await finished(services.jobs, job)

    found = command.run(work)
    if as_json:
        print_json(leak_document(found))
    else:
        print_leak(found, name)
    if found.leaks:
        raise typer.Exit(1)


@commands.command("delete", epilog="Example:  quant-tui feature delete momentum_20")
def delete(context: typer.Context, name: NameArgument, as_json: JsonOption = False) -> None:
    """Delete a feature with its versions; refused while a model was trained on it."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        gone = (await services.features.delete(name)).feature
        return {"deleted": gone.id, "name": gone.name}

    print_deleted(command.run(work), as_json=as_json)


def _scope(symbols: str, start: str, end: str, interval: str, split: str = "") -> FeatureScope:
    return FeatureScope(
        symbols=tuple(one.strip() for one in symbols.split(",") if one.strip()),
        interval=interval,
        start=options.parse_date(start, "--start"),
        end=options.parse_date(end, "--end"),
        split=options.parse_date(split, "--split"),
    )


async def _require(services: Services, scope: FeatureScope) -> None:
    if scope.symbols:
        await services.market_data.require(scope.symbols, field="symbols")


def _say(history: FeatureHistory, verb: str, *, as_json: bool) -> None:
    if as_json:
        print_json(history_document(history))
        return
    shown = history.used
    if verb in ("Made", "Kept"):
        shown = history.versions[0]
    elif verb.startswith("In production"):
        shown = history.production or shown
    name = f"{history.feature.name} {shown.version}"
    print(f"{verb} {name} ({shown.status}): {shown.expression}")
    if history.feature.pinned and shown.version != history.used.version:
        print(f"The bare name is pinned and goes on meaning {history.used.version}.")
