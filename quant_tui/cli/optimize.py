"""``quant-tui optimize``: run, resume, list, show, apply, undo, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from quant_tui.cli import backtest_options as options
from quant_tui.cli.context import CommandContext
from quant_tui.cli.optimize_output import SHOWN_TRIALS, print_studies, print_study
from quant_tui.cli.optimize_space import FORMS, parse_objectives, parse_space, parse_split
from quant_tui.cli.output import finished, print_deleted, print_json
from quant_tui.cli.shared_options import ForceOption
from quant_tui.cli.strategy import parse_parameters
from quant_tui.domain.base import Document
from quant_tui.services.composition import Services
from quant_tui.services.strategy_files import read_text

commands = typer.Typer(
    help="Search a strategy's parameters, and see what is luck.", no_args_is_help=True
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
IdArgument = Annotated[str, typer.Argument(help="The study's id.", metavar="ID")]
_JUDGING, _SEARCH = "Judging", "Search"


@commands.command(
    "run",
    epilog="Examples:  quant-tui optimize run --strategy SMA_CROSSOVER --symbols SPX"
    " --space short_window=int:5:50 --space long_window=int:20:200 --trials 200  ·  "
    "quant-tui optimize run --id 6741… --symbols SPX,IXIC --sampler nsga2"
    " --metric sharpe_ratio --metric max_drawdown:max  ·  "
    "quant-tui optimize run --strategy RSI_MEAN_REVERSION --symbols SPX --sampler grid"
    " --space rsi_period=int:5:30:5 --space oversold=float:10:40:5"
    ' --metric "cagr - 2 * abs(max_drawdown)" --out-of-sample 2015-01-01',
)
def run(
    context: typer.Context,
    symbols: options.Symbols,
    strategy: options.Template = "",
    strategy_id: options.StrategyId = "",
    file: options.RulesFile = None,
    space: Annotated[
        list[str] | None,
        typer.Option(
            help=f"{FORMS}. Without any, every parameter from a quarter to four times its value.",
            metavar="RANGE",
            rich_help_panel=_SEARCH,
        ),
    ] = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option(
            help='A condition beside the strategy\'s: "short_window < long_window".',
            rich_help_panel=_SEARCH,
        ),
    ] = None,
    sampler: Annotated[
        Literal["tpe", "grid", "cmaes", "random", "qmc", "nsga2"],
        typer.Option(
            help="tpe learns where good trials lie; grid tries all; cmaes moves towards good"
            " numbers; random and qmc draw; nsga2 evolves several metrics.",
            rich_help_panel=_SEARCH,
        ),
    ] = "tpe",
    trials: Annotated[
        int, typer.Option(help="How many; grid tries all.", rich_help_panel=_SEARCH)
    ] = 100,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="A metric or a rule over metrics, with :min for less; sharpe_ratio without.",
            metavar="RULE[:min]",
            rich_help_panel=_SEARCH,
        ),
    ] = None,
    min_trades: Annotated[
        int,
        typer.Option(
            help="Closed trades below which a trial may not be chosen.", rich_help_panel=_SEARCH
        ),
    ] = 10,
    penalty: Annotated[
        float | None,
        typer.Option(
            help="Instead, what a trial without any trade loses of its value; with some, in"
            " proportion to those missing.",
            rich_help_panel=_SEARCH,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="The same gives the same study.", rich_help_panel=_SEARCH)
    ] = 0,
    jobs: Annotated[
        int,
        typer.Option(help="Threads; they do not change the study.", rich_help_panel=_SEARCH),
    ] = 2,
    out_of_sample: Annotated[
        str,
        typer.Option(
            help="Share of the bars kept out of the search, at the end; or their first day; or"
            " none.",
            rich_help_panel=_JUDGING,
        ),
    ] = "0.3",
    walk_forward: Annotated[
        int, typer.Option(help="Windows; 0 for none.", rich_help_panel=_JUDGING)
    ] = 6,
    train_share: Annotated[
        float,
        typer.Option(help="Share of the bars a window chooses in.", rich_help_panel=_JUDGING),
    ] = 0.4,
    anchored: Annotated[
        bool,
        typer.Option(
            "--anchored", help="Let windows grow instead of rolling on.", rich_help_panel=_JUDGING
        ),
    ] = False,
    start: options.Start = "",
    end: options.End = "",
    warm_up: Annotated[
        bool,
        typer.Option(
            "--warm-up/--no-warm-up", help="Take the bars that the rules need from before --start."
        ),
    ] = False,
    capital: options.Capital = 100_000.0,
    commission: options.Commission = 0.001,
    slippage: options.Slippage = 0.0,
    fill: options.Fill = "next_open",
    shares: options.Shares = "fractional",
    sizing: options.Sizing = "auto",
    allow_short: options.AllowShort = False,
    max_leverage: options.MaxLeverage = 1.0,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter that is not searched, name=value.")
    ] = None,
    name: Annotated[str, typer.Option(help="What to call the study.")] = "",
    notes: Annotated[str, typer.Option(help="Notes to keep with it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Search a strategy's parameters and print what to choose, and how far to believe it."""
    command: CommandContext = context.obj
    wanted = options.RunOptions.of(locals(), read_text(file) if file else None)
    ranges, split = parse_space(space), parse_split(out_of_sample)
    parameters = parse_parameters(param)

    async def work(services: Services) -> Document:
        from quant_tui.services.study_request import StudyRequest, WalkForwardPlan

        request = StudyRequest(
            symbols=wanted.symbols,
            space=ranges,
            strategy_id=wanted.strategy_id,
            strategy_type=wanted.strategy_type,
            document=wanted.document(),
            params=parameters,
            start=wanted.start,
            end=wanted.end,
            name=name,
            constraints=tuple(constraint or ()),
            sampler=sampler,
            objectives=parse_objectives(metric or ["sharpe_ratio"]),
            trials=trials,
            min_trades=min_trades,
            penalty=penalty,
            seed=seed,
            workers=jobs,
            out_of_sample=split,
            walk_forward=WalkForwardPlan(walk_forward, train_share, anchored)
            if walk_forward
            else None,
            config=wanted.config(),
            notes=notes,
            warm_up=warm_up,
        )
        job = await services.studies.start(request)
        return (await finished(services.jobs, job)).to_document()

    print_study(command.run(work), as_json=as_json)


@commands.command(
    "resume",
    epilog="Examples:  quant-tui optimize resume 6741…  ·  "
    "quant-tui optimize resume 6741… --more 100",
)
def resume(
    context: typer.Context,
    study_id: IdArgument,
    more: Annotated[int, typer.Option(help="Trials on top of those it was to have.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Go on with a study that was stopped, paused or killed, or let it grow."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        job = await services.studies.resume(study_id, more)
        return (await finished(services.jobs, job)).to_document()

    print_study(command.run(work), as_json=as_json)


@commands.command("list", epilog="Example:  quant-tui optimize list --json")
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a name.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List your studies, the newest first."""
    from quant_tui.services.study_report import summary_document

    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        return [summary_document(one) for one in await services.studies.list(search)]

    print_studies(command.run(work), as_json=as_json)


@commands.command("show", epilog="Example:  quant-tui optimize show 6741… --trials 20")
def show(
    context: typer.Context,
    study_id: IdArgument,
    trials: Annotated[int, typer.Option(help="How many of the best to list.")] = SHOWN_TRIALS,
    as_json: JsonOption = False,
) -> None:
    """Show a study: what to choose, the trust card, the best trials."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return (await services.studies.report(study_id)).to_document()

    print_study(command.run(work), as_json=as_json, trials=trials)


@commands.command(
    "export",
    epilog="Examples:  quant-tui optimize export 6741… trials.csv  ·  "
    "quant-tui optimize export 6741… study.json --format json",
)
def export(
    context: typer.Context,
    study_id: IdArgument,
    out: Annotated[Path, typer.Argument(help="A file.")],
    file_format: Annotated[
        str, typer.Option("--format", help="csv, a row a trial; json, the whole study.")
    ] = "csv",
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a study's trials to a file."""
    command: CommandContext = context.obj

    async def work(services: Services) -> str:
        written = await services.studies.export(
            study_id, out, file_format=file_format, overwrite=force
        )
        return str(written)

    written = command.run(work)
    if as_json:
        print_json({"files": [written]})
    else:
        print(written)


@commands.command(
    "apply",
    epilog="Examples:  quant-tui optimize apply 6741…  ·  quant-tui optimize apply 6741…"
    " --trial 42  ·  quant-tui optimize apply 6741… --undo",
)
def apply(
    context: typer.Context,
    study_id: IdArgument,
    trial: Annotated[
        int | None, typer.Option(help="Number of a trial; the suggested one without.")
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Give the strategy back what it had.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a trial's parameters into the strategy; one is made where none is kept."""
    command: CommandContext = context.obj
    if undo and trial is not None:
        raise typer.BadParameter("Give --trial or --undo.")

    async def work(services: Services) -> Document:
        if undo:
            strategy = await services.studies.undo_apply(study_id)
        else:
            strategy = await services.studies.apply(study_id, trial)
        if strategy is None:
            return {"strategy_id": None, "name": None, "parameters": None}
        return {
            "strategy_id": strategy.id,
            "name": strategy.name,
            "parameters": strategy.parameters,
        }

    found = command.run(work)
    if as_json:
        print_json(found)
    elif found["strategy_id"] is None:
        print("The strategy that had been made is gone again.")
    else:
        values = ", ".join(f"{name} {value}" for name, value in found["parameters"].items())
        print(f"{found['name']}  {found['strategy_id']}\n{values}")


@commands.command("delete", epilog="Example:  quant-tui optimize delete 6741…")
def delete(context: typer.Context, study_id: IdArgument, as_json: JsonOption = False) -> None:
    """Delete a study with its trials."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        gone = await services.studies.delete(study_id)
        return {"deleted": study_id, "name": gone.name}

    print_deleted(command.run(work), as_json=as_json)
