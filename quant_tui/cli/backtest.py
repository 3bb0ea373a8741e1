"""``quant-tui backtest``: run, list, show, compare, export, rerun."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli import backtest_options as options
from quant_tui.cli.backtest_output import print_comparison, print_report, print_rerun
from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import finished, percent, print_json, print_table, ratio
from quant_tui.cli.shared_options import ForceOption
from quant_tui.cli.strategy import parse_parameters
from quant_tui.domain.base import Document
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.backtest_rerun import compare_rerun, rerun_bundle
from quant_tui.services.composition import Services
from quant_tui.services.strategy_files import read_text

commands = typer.Typer(help="Run strategies over past bars.", no_args_is_help=True)
ChartOption = Annotated[
    bool, typer.Option("--chart", help="Draw the equity and its drawdown, too.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
IdArgument = Annotated[str, typer.Argument(help="The backtest's id.", metavar="ID")]


@commands.command(
    "run",
    epilog="Examples:  quant-tui backtest run --strategy SMA_CROSSOVER --symbols SPX,IXIC "
    "--start 2010-01-01 --end 2018-12-31  ·  quant-tui backtest run --file mine.yaml --symbols SPX"
    "  ·  quant-tui backtest run --file short.yaml --symbols SPX --allow-short --borrow-rate 0.03"
    "  ·  quant-tui backtest run --id 6741… --symbols SPX --sizing volatility_target:0.15",
)
def run(
    context: typer.Context,
    symbols: options.Symbols,
    strategy: options.Template = "",
    strategy_id: options.StrategyId = "",
    file: options.RulesFile = None,
    start: options.Start = "",
    end: options.End = "",
    warm_up: Annotated[
        bool,
        typer.Option(
            "--warm-up/--no-warm-up",
            help="Take the bars that the rules need first from before --start, so that the"
            " first session can trade; otherwise trading begins after the first bars.",
        ),
    ] = False,
    capital: options.Capital = 100_000.0,
    commission: options.Commission = 0.001,
    commission_per_share: options.CommissionPerShare = 0.0,
    commission_minimum: options.CommissionMinimum = 0.0,
    slippage_model: options.SlippageModel = "fraction",
    slippage: options.Slippage = 0.0,
    volume_impact: options.VolumeImpact = 0.0,
    borrow_rate: options.BorrowRate = 0.0,
    cash_rate: options.CashRate = 0.0,
    fill: options.Fill = "next_open",
    shares: options.Shares = "fractional",
    participation_cap: options.ParticipationCap = None,
    intrabar: options.Intrabar = "pessimistic",
    sizing: options.Sizing = "auto",
    sizing_window: options.SizingWindow = 20,
    allow_short: options.AllowShort = False,
    max_leverage: options.MaxLeverage = 1.0,
    param: Annotated[list[str] | None, typer.Option(help="A parameter, name=value.")] = None,
    benchmark: Annotated[str, typer.Option(help="A symbol to compare with.")] = "",
    seed: Annotated[int, typer.Option(help="For what is random; kept with the result.")] = 0,
    name: Annotated[str, typer.Option(help="What to call the run.")] = "",
    no_save: Annotated[bool, typer.Option("--no-save", help="Keep nothing of it.")] = False,
    chart: ChartOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a backtest and print its results."""
    command: CommandContext = context.obj
    wanted = options.RunOptions.of(locals(), read_text(file) if file else None)
    parameters = parse_parameters(param)

    async def work(services: Services) -> BacktestReport:
        from quant_tui.services.backtest_request import BacktestRequest

        request = BacktestRequest(
            symbols=wanted.symbols,
            strategy_id=wanted.strategy_id,
            strategy_type=wanted.strategy_type,
            document=wanted.document(),
            params=parameters,
            start=wanted.start,
            end=wanted.end,
            config=wanted.config(),
            benchmark=benchmark,
            name=name,
            warm_up=warm_up,
        )
        backtests = services.backtests
        job = await (backtests.run_unsaved(request) if no_save else backtests.start(request))
        return await finished(services.jobs, job)

    print_report(command.run(work).to_document(), as_json=as_json, chart=chart)


@commands.command("list", epilog="Example:  quant-tui backtest list --json")
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a name.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List your backtests, the newest first."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        return [one.to_document() for one in await services.backtests.list(search)]

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "status", "return", "sharpe", "max drawdown", "trades", "made"),
        [
            (
                one["backtest_id"],
                one["name"],
                one["status"],
                percent(one["total_return"]),
                ratio(one["sharpe_ratio"]),
                percent(one["max_drawdown"]),
                one["total_trades"],
                one["created_at"][:16].replace("T", " "),
            )
            for one in found
        ],
        f"No backtest has {search!r} in its name."
        if search
        else "No backtests yet. Run one with: "
        "quant-tui backtest run --strategy SMA_CROSSOVER --symbols SPX",
    )


@commands.command("show", epilog="Example:  quant-tui backtest show 6741… --json")
def show(
    context: typer.Context,
    backtest_id: IdArgument,
    chart: ChartOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show a backtest with everything."""
    command: CommandContext = context.obj

    async def work(services: Services) -> BacktestReport:
        return await services.backtests.show(backtest_id)

    print_report(command.run(work).to_document(), as_json=as_json, chart=chart)


@commands.command("compare", epilog="Example:  quant-tui backtest compare 6741… 6742… 6743… --json")
def compare(
    context: typer.Context,
    backtest_ids: Annotated[
        list[str], typer.Argument(help="Two to six backtests' ids.", metavar="ID ID...")
    ],
    as_json: JsonOption = False,
) -> None:
    """Compare two to six backtests: figures, and what differs between them."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return (await services.backtests.compare(backtest_ids)).to_document()

    found = command.run(work)
    if as_json:
        print_json(found)
    else:
        print_comparison(found)


@commands.command(
    "export",
    epilog="Examples:  quant-tui backtest export 6741… run.html --format html  ·  "
    "quant-tui backtest export 6741… run.zip --format bundle",
)
def export(
    context: typer.Context,
    backtest_id: IdArgument,
    out: Annotated[Path, typer.Argument(help="A file; for csv a folder.")],
    file_format: Annotated[
        str,
        typer.Option(
            "--format",
            help="json; csv, a file a table; html, one page that needs nothing else; bundle, a"
            " ZIP with the very bars, which backtest rerun runs anywhere.",
        ),
    ] = "json",
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a backtest to files."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[str]:
        written = await services.backtests.export(
            backtest_id, out, file_format=file_format, overwrite=force
        )
        return [str(path) for path in written]

    written = command.run(work)
    if as_json:
        print_json({"files": written})
    else:
        print("\n".join(written))


@commands.command(
    "rerun",
    epilog="Examples:  quant-tui backtest rerun 6741…  ·  quant-tui backtest rerun run.zip --json",
)
def rerun(
    context: typer.Context,
    source: Annotated[
        str, typer.Argument(help="A backtest's id, or a bundle's file.", metavar="ID|BUNDLE.zip")
    ],
    as_json: JsonOption = False,
) -> None:
    """Run a backtest again and say whether it gives the same.

    An id runs on the bars that are stored now, and keeps the new result. A bundle runs on
    the bars in it; nothing is kept, and no store is needed.
    """
    command: CommandContext = context.obj
    if source.lower().endswith(".zip") or "/" in source or Path(source).is_file():
        print_rerun(rerun_bundle(Path(source)).to_document(), as_json=as_json)
        return

    async def work(services: Services) -> Document:
        backtests = services.backtests
        before = await backtests.show(source)
        job = await backtests.rerun(source)
        after = await finished(services.jobs, job)
        if before.result is None:
            return {**after.to_document(), "rerun": None}
        return compare_rerun(before, after).to_document()

    print_rerun(command.run(work), as_json=as_json)
