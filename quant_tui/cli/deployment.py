"""``quant-tui model``: put models to use, and watch what they say there."""

from __future__ import annotations

from typing import Annotated

import typer

from quant_tui.cli import backtest_options as options
from quant_tui.cli.context import CommandContext
from quant_tui.cli.deployment_output import (
    print_deployment,
    print_drift,
    print_history,
    print_log,
    print_scored,
)
from quant_tui.cli.model import commands
from quant_tui.cli.model_options import Environment, EnvironmentFilter, JsonOption, Model, Name
from quant_tui.cli.output import finished
from quant_tui.domain.base import Document
from quant_tui.services.composition import Services

__all__ = ["commands"]


@commands.command(
    "promote",
    epilog="Examples:  quant-tui model promote signal --to staging  ·  "
    'quant-tui model promote signal@1.2.0 --reason "better in two crises" --force',
)
def promote(
    context: typer.Context,
    model: Model,
    to: Annotated[Environment, typer.Option(help="Where.")] = "prod",
    reason: Annotated[str, typer.Option(help="Why; needed with --force.")] = "",
    metric: Annotated[
        str, typer.Option(help="Figure that may not be worse than the standing version's.")
    ] = "",
    scenario: Annotated[
        str,
        typer.Option(
            help="Scenario to compare in; own for the dates that each was judged on. Without, the"
            " one made with --gate."
        ),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Pass gates that are closed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a version to use: dev, staging, or prod, where strategies ask it."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        from quant_tui.services.model_documents import deployment_document

        return deployment_document(
            await services.deployments.promote(
                model, to, reason=reason, metric=metric, scenario=scenario, force=force
            ),
            stands=True,
        )

    print_deployment(command.run(work), as_json=as_json)


@commands.command("rollback", epilog="Example:  quant-tui model rollback signal")
def rollback(
    context: typer.Context,
    name: Name,
    in_: Annotated[Environment, typer.Option("--in", help="Where.")] = "prod",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Put back the version that stood before."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        from quant_tui.services.model_documents import deployment_document

        made = await services.deployments.roll_back(name, in_, reason=reason)
        return deployment_document(made, stands=True)

    print_deployment(command.run(work), as_json=as_json)


@commands.command(
    "history",
    epilog="Examples:  quant-tui model history signal  ·  "
    "quant-tui model history signal --in prod --on 2026-11-01",
)
def history(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the model; all without.")] = "",
    in_: EnvironmentFilter = "",
    on: Annotated[str, typer.Option(help="A day, YYYY-MM-DD: what stood at its end.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show what was deployed when, by whom and why, or what stood on a day."""
    command: CommandContext = context.obj
    day = options.parse_date(on, "--on")
    if day is not None and not name:
        raise typer.BadParameter("--on needs the name of a model.")

    async def work(services: Services) -> list[Document]:
        from quant_tui.services.model_documents import deployment_document

        if day is not None:
            stood = await services.deployments.on(name, in_ or "prod", day)
            found = [stood] if stood else []
        else:
            found = await services.deployments.list(name, in_)
        standing = {one.id for one in await services.deployments.standing()}
        return [deployment_document(one, stands=one.id in standing) for one in found]

    print_history(command.run(work), as_json=as_json)


@commands.command("score", epilog="Example:  quant-tui model score --json")
def score(context: typer.Context, as_json: JsonOption = False) -> None:
    """Ask the deployed models about the newest bars, and write down what they say.

    The app does so by itself as bars arrive.
    """
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        job = services.scoring.start()
        found = await finished(services.jobs, job)
        return {
            "dates": [
                {
                    "model": f"{one.model_name}@{one.model_version}",
                    "environment": str(one.environment),
                    "date": one.date,
                    "predictions": dict(zip(one.symbols, one.values, strict=True)),
                }
                for one in found.records
            ],
            "warnings": [one.to_document() for one in await services.scoring.warnings()],
        }

    print_scored(command.run(work), as_json=as_json)


@commands.command(
    "predictions",
    epilog="Examples:  quant-tui model predictions signal  ·  "
    "quant-tui model predictions signal --in prod --dates 20 --json",
)
def predictions(
    context: typer.Context,
    name: Name,
    in_: EnvironmentFilter = "",
    dates: Annotated[int, typer.Option(help="Newest dates, at most.", min=1)] = 250,
    as_json: JsonOption = False,
) -> None:
    """Show what a model said while it was deployed, beside what came true."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        found = await services.prediction_logs.read(name, environment=in_, limit=dates)
        return found.to_document()

    print_log(command.run(work), as_json=as_json)


@commands.command("drift", epilog="Example:  quant-tui model drift signal@prod")
def drift(context: typer.Context, model: Model, as_json: JsonOption = False) -> None:
    """Compare what a model sees and says now with the dates that it learned from."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return (await services.scoring.drift(model)).to_document()

    print_drift(command.run(work), as_json=as_json)
