"""``quant-tui model experiment``: groups of training runs, with notes."""

from __future__ import annotations

from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.model_options import JsonOption
from quant_tui.cli.output import print_deleted, print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.domain.ml_platform import Experiment
from quant_tui.services.composition import Services

commands = typer.Typer(help="Experiments: groups of runs, with notes.", no_args_is_help=True)
Named = Annotated[str, typer.Argument(help="Its name or id.", metavar="EXPERIMENT")]


@commands.command("list", epilog="Example:  quant-tui model experiment list --json")
def list_experiments(context: typer.Context, as_json: JsonOption = False) -> None:
    """List your experiments, the newest first; model runs NAME compares the runs of one."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        return [_document(one) for one in await services.experiments.list()]

    found = command.run(work)
    if as_json:
        print_json(found)
    else:
        print_table(
            ("name", "since", "notes"),
            [(plain(one["name"]), one["created_at"][:10], plain(one["notes"])) for one in found],
            "No experiments yet: model train --experiment NAME begins one.",
        )


@commands.command(
    "change",
    epilog='Example:  quant-tui model experiment change "first tries" --notes "too few rounds"',
)
def change(
    context: typer.Context,
    experiment: Named,
    name: Annotated[str, typer.Option(help="Another name.")] = "",
    notes: Annotated[str | None, typer.Option(help="Notes instead of those it has.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Give an experiment another name or notes."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _document(await services.experiments.describe(experiment, name=name, notes=notes))

    _print_one(command.run(work), as_json=as_json)


@commands.command("delete", epilog='Example:  quant-tui model experiment delete "first tries"')
def delete(context: typer.Context, experiment: Named, as_json: JsonOption = False) -> None:
    """Delete an experiment without runs."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        gone = await services.experiments.delete(experiment)
        return {"deleted": gone.id, "name": gone.name}

    print_deleted(command.run(work), as_json=as_json)


def _document(one: Experiment) -> Document:
    return {
        "id": one.id,
        "name": one.name,
        "notes": one.notes,
        "created_at": one.created_at.isoformat(),
    }


def _print_one(document: Document, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        print(f"{plain(document['name'])}  {plain(document['notes'])}".rstrip())
