"""``quant-tui model``: train, list, show, promote, rollback, predict, and what belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from quant_tui.cli import backtest_options as options
from quant_tui.cli import experiment, scenario
from quant_tui.cli.context import CommandContext
from quant_tui.cli.model_options import Interval, JsonOption, Model, names_of
from quant_tui.cli.model_output import (
    print_model,
    print_models,
    print_predictions,
    print_runs,
)
from quant_tui.cli.optimize_space import FORMS, parse_space
from quant_tui.cli.output import finished, print_deleted
from quant_tui.cli.strategy import parse_parameters
from quant_tui.domain.base import Document
from quant_tui.services.composition import Services

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import MLModel
    from quant_tui.services.training_request import TrainingRequest

commands = typer.Typer(help="Train models, keep them, and put them to use.", no_args_is_help=True)
commands.add_typer(scenario.commands, name="scenario")
commands.add_typer(experiment.commands, name="experiment")
_JUDGING, _LEARNING, _SEARCH = "Judging", "Learning", "Search"


@commands.command(
    "train",
    epilog="Examples:  quant-tui model train --type lightgbm --symbols SPX,IXIC  ·  "
    "quant-tui model train --name trend --symbols SPX,IXIC --target direction:10"
    " --features momentum,rsi_14@1.2.0 --split walk_forward --folds 6  ·  "
    "quant-tui model train --symbols SPX --trials 30 --space num_leaves=int:4:64:log",
)
def train(
    context: typer.Context,
    symbols: options.Symbols,
    model_type: Annotated[
        str, typer.Option("--type", help="lightgbm, catboost, prophet or lstm.")
    ] = "lightgbm",
    name: Annotated[str, typer.Option(help="Of the model; the version is counted on.")] = "signal",
    target: Annotated[
        str,
        typer.Option(
            help="return, direction, volatility, triple_barrier or ranking, with :BARS ahead.",
            metavar="KIND[:BARS]",
        ),
    ] = "return:5",
    barrier: Annotated[
        float, typer.Option(help="Distance of the triple barrier, in deviations.")
    ] = 1.0,
    features: Annotated[
        str,
        typer.Option(
            help="Features with commas between, each NAME or NAME@1.2.0; all of yours without,"
            " and six to begin with where there is none."
        ),
    ] = "",
    interval: Interval = "1d",
    start: options.Start = "",
    end: options.End = "",
    split: Annotated[
        Literal["holdout", "purged_kfold", "walk_forward"],
        typer.Option(help="What it is judged on.", rich_help_panel=_JUDGING),
    ] = "holdout",
    folds: Annotated[
        int, typer.Option(help="Parts of the other two.", rich_help_panel=_JUDGING)
    ] = 5,
    test_share: Annotated[
        float, typer.Option(help="Share of the dates judged on.", rich_help_panel=_JUDGING)
    ] = 0.3,
    embargo: Annotated[
        int,
        typer.Option(help="Bars after a test part not learned from.", rich_help_panel=_JUDGING),
    ] = 0,
    rolling: Annotated[
        bool,
        typer.Option(
            "--rolling", help="Let walk_forward roll on instead of grow.", rich_help_panel=_JUDGING
        ),
    ] = False,
    param: Annotated[
        list[str] | None,
        typer.Option(help="A parameter of the type, name=value.", rich_help_panel=_LEARNING),
    ] = None,
    balanced: Annotated[
        bool,
        typer.Option("--balanced", help="Weigh classes alike.", rich_help_panel=_LEARNING),
    ] = False,
    patience: Annotated[
        int,
        typer.Option(
            help="Rounds without progress after which it stops; 0 never.",
            rich_help_panel=_LEARNING,
        ),
    ] = 20,
    seed: Annotated[
        int, typer.Option(help="The same gives the same model.", rich_help_panel=_LEARNING)
    ] = 0,
    threads: Annotated[int, typer.Option(help="More seldom help.", rich_help_panel=_LEARNING)] = 1,
    trials: Annotated[
        int,
        typer.Option(help="Parameters tried first; 0 takes those given.", rich_help_panel=_SEARCH),
    ] = 0,
    space: Annotated[
        list[str] | None,
        typer.Option(
            help=f"{FORMS}. Without any, the usual ones of the type.",
            metavar="RANGE",
            rich_help_panel=_SEARCH,
        ),
    ] = None,
    metric: Annotated[
        str,
        typer.Option(help="What the search looks for, as rank_ic.", rich_help_panel=_SEARCH),
    ] = "",
    experiment: Annotated[str, typer.Option(help="Group that the run belongs to.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be given again.")] = None,
    notes: Annotated[str, typer.Option(help="Notes to keep with it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Train a model and print its figures beside forecasts that take no model."""
    command: CommandContext = context.obj
    parameters, ranges = parse_parameters(param), parse_space(space)
    first, last = options.parse_date(start, "--start"), options.parse_date(end, "--end")
    if (ranges or metric) and not trials:
        raise typer.BadParameter("--space and --metric belong to a search: give --trials.")

    def request() -> TrainingRequest:
        from quant_tui.ml.splits import Split
        from quant_tui.ml.targets import Target
        from quant_tui.services.training_request import SearchPlan, TrainingRequest

        aim = Target.parse(target)
        return TrainingRequest(
            name=name,
            symbols=tuple(symbols.split(",")),
            model_type=model_type,
            features=tuple(features.split(",")) if features else (),
            interval=interval,
            start=first,
            end=last,
            target=Target(aim.kind, aim.horizon, barrier, aim.window),
            split=Split(split, folds, test_share, embargo, not rolling),
            parameters=parameters,
            class_weight="balanced" if balanced else "none",
            patience=patience,
            seed=seed,
            threads=threads,
            search=SearchPlan(trials, ranges, metric) if trials else None,
            experiment=experiment,
            tags=tuple(tag or ()),
            notes=notes,
        )

    async def work(services: Services) -> Document:
        job = await services.training.start(request())
        return _document(services, await finished(services.jobs, job))

    print_model(command.run(work), as_json=as_json)


@commands.command("list", epilog="Example:  quant-tui model list --json")
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a name or a tag.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List your models, the last changed first."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        from quant_tui.services.model_documents import summary_document

        return [summary_document(one) for one in await services.models.list(search)]

    print_models(command.run(work), as_json=as_json)


@commands.command("show", epilog="Example:  quant-tui model show signal@prod")
def show(context: typer.Context, model: Model, as_json: JsonOption = False) -> None:
    """Show a model: figures, importance, lineage."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _document(services, await services.models.get(model))

    print_model(command.run(work), as_json=as_json)


@commands.command(
    "predict",
    epilog="Example:  quant-tui model predict signal@prod --symbols SPX --start 2018-06-01",
)
def predict(
    context: typer.Context,
    model: Model,
    symbols: Annotated[
        str, typer.Option(help="Symbols, with commas between; without, those it learned from.")
    ] = "",
    start: options.Start = "",
    end: options.End = "",
    as_json: JsonOption = False,
) -> None:
    """Print what a model foretells, out of sample alone."""
    command: CommandContext = context.obj
    first, last = options.parse_date(start, "--start"), options.parse_date(end, "--end")
    names = names_of(symbols)

    async def work(services: Services) -> Document:
        from quant_tui.services.model_documents import predictions_document

        return predictions_document(
            await services.predictions.predict(model, names, start=first, end=last)
        )

    print_predictions(command.run(work), as_json=as_json)


@commands.command("alias", epilog="Example:  quant-tui model alias signal@1.2.0 challenger")
def alias(
    context: typer.Context,
    model: Model,
    name: Annotated[Literal["champion", "challenger"], typer.Argument(help="The alias.")],
    as_json: JsonOption = False,
) -> None:
    """Call a version champion or challenger; no other of its name is, then."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _document(services, await services.models.set_alias(model, name))

    print_model(command.run(work), as_json=as_json)


@commands.command(
    "note",
    epilog='Example:  quant-tui model note signal --tag daily --notes "after the split"',
)
def note(
    context: typer.Context,
    model: Model,
    tag: Annotated[list[str] | None, typer.Option(help="Tags instead of those it has.")] = None,
    notes: Annotated[str | None, typer.Option(help="Notes instead of those it has.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Keep tags and notes with a model."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _document(services, await services.models.describe(model, notes=notes, tags=tag))

    print_model(command.run(work), as_json=as_json)


@commands.command("archive", epilog="Example:  quant-tui model archive signal@0.1.0")
def archive(context: typer.Context, model: Model, as_json: JsonOption = False) -> None:
    """Set a model aside that is not deployed."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _document(services, await services.models.archive(model))

    print_model(command.run(work), as_json=as_json)


@commands.command("delete", epilog="Example:  quant-tui model delete signal@0.1.0")
def delete(context: typer.Context, model: Model, as_json: JsonOption = False) -> None:
    """Delete a model with its artifact."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        gone = await services.models.delete(model)
        return {"deleted": gone.id, "name": gone.name, "version": gone.version}

    gone = command.run(work)
    print_deleted(gone, called=f"{gone['name']}@{gone['version']}", as_json=as_json)


@commands.command("runs", epilog='Example:  quant-tui model runs "first tries" --json')
def runs(
    context: typer.Context,
    of: Annotated[
        str, typer.Argument(help="Its name or id; all models without.", metavar="EXPERIMENT")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Compare the runs of an experiment: what differs, beside the figures."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        from quant_tui.services.experiments import run_parameters
        from quant_tui.services.model_documents import summary_document

        found = await services.experiments.runs(of)
        return {
            "experiment": found.experiment.name,
            "parameters": list(found.parameters),
            "differing": [one for one in found.parameters if one in found.differing],
            "metrics": list(found.metrics),
            "runs": [summary_document(one) | {"run": run_parameters(one)} for one in found.models],
        }

    print_runs(command.run(work), as_json=as_json)


def _document(services: Services, model: MLModel) -> Document:
    from quant_tui.services.model_documents import model_document

    return model_document(model, services.models.artifact_place(model))
