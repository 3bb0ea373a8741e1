"""``quant-tui data``: bars in and out."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import ProgressLine, print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.errors import DataImportError
from quant_tui.providers.options import ReadOptions
from quant_tui.services.composition import Services
from quant_tui.services.market_data import ImportReport, ImportRequest
from quant_tui.services.sample_data import SampleReport

commands = typer.Typer(help="Market data: import files, see what there is.", no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
SHOWN_PROBLEMS = 20


@commands.command(
    "import",
    epilog="Examples:  quant-tui data import prices.csv --symbol GOOG --source yahoo  ·  "
    "quant-tui data import --sample",
)
def import_(
    context: typer.Context,
    path: Annotated[Path | None, typer.Argument(help="A CSV or Parquet file.")] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Load the sample data that ship with the program.")
    ] = False,
    symbol: Annotated[
        str, typer.Option(help="The symbol, for a file of one without a symbol column.")
    ] = "",
    source: Annotated[str, typer.Option(help="Where the figures are from.")] = "file",
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="Our column=the file's, for example --map close=Last."),
    ] = None,
    adjustment: Annotated[
        str, typer.Option(help="What prices were adjusted for, kept as provenance.")
    ] = "",
    date_format: Annotated[
        str, typer.Option(help="dmy or mdy for dates that do not say, or a format as %d.%m.%y.")
    ] = "",
    encoding: Annotated[str, typer.Option(help="For example cp949.")] = "",
    timezone: Annotated[str, typer.Option(help="Zone of the exchange, as Asia/Seoul.")] = "",
    interval: Annotated[str, typer.Option(help="1d, 1wk, 1mo, or as 5m and 1h.")] = "",
    delimiter: Annotated[str, typer.Option(help="Between cells, as ';'.")] = "",
    decimal: Annotated[str, typer.Option(help="The decimal mark, '.' or ','.")] = "",
    adjust: Annotated[
        bool, typer.Option("--adjust", help="Scale prices by adjusted close over close.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Import bars from a file: all of it, or nothing."""
    command: CommandContext = context.obj
    if sample == (path is not None):
        raise typer.BadParameter("Give a PATH or --sample, one of the two.")
    mapping = {}
    for pair in columns or []:
        ours, equals, theirs = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"--map needs ours=theirs, not {pair!r}.")
        mapping[ours] = theirs

    async def load_sample(services: Services) -> SampleReport:
        job = services.jobs.start("import", "Sample data", services.sample_data.load)
        services.jobs.subscribe(ProgressLine())
        return await job.wait()

    async def load_file(services: Services) -> ImportReport:
        assert path is not None  # noqa: S101 -- checked above
        options = ReadOptions(
            mapping=mapping,
            symbol=symbol,
            encoding=encoding,
            date_format=date_format,
            timezone=timezone,
            interval=interval,
            delimiter=delimiter,
            decimal=decimal,
            adjust=adjust,
        )
        request = ImportRequest(path, options, source, adjustment)
        job = services.market_data.start_import(request)
        services.jobs.subscribe(ProgressLine())
        try:
            return await job.wait()
        except DataImportError as error:
            for problem in error.problems[:SHOWN_PROBLEMS]:
                print(plain(str(problem)), file=sys.stderr)
            raise
        finally:
            if not job.status.is_final:
                job.cancel()

    if sample:
        loaded = command.run(load_sample)
        if as_json:
            print_json(dataclasses.asdict(loaded))
        else:
            print(
                f"{loaded.symbols} symbols, {loaded.bars:,} bars, {loaded.companies} companies, "
                f"{loaded.economic_values:,} economic values in {loaded.seconds:.1f} s."
            )
        return
    report = command.run(load_file)
    if as_json:
        document = dataclasses.asdict(report)
        document["problems"] = [dataclasses.asdict(one) for one in report.problems]
        print_json(document)
        return
    for problem in report.problems[:SHOWN_PROBLEMS]:
        print(plain(str(problem)), file=sys.stderr)
    print(
        f"{report.rows:,} rows of {plain(', '.join(report.symbols[:5]))}"
        f"{' …' if len(report.symbols) > 5 else ''} from {report.first} to {report.last}: "
        f"{report.inserted:,} new, {report.updated:,} changed, {report.unchanged:,} unchanged "
        f"({report.seconds:.1f} s)."
    )


@commands.command("list", epilog="Example:  quant-tui data list --json")
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a symbol.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the symbols that have bars."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[dict[str, object]]:
        found = await services.market_data.symbols(search)
        return [dataclasses.asdict(one) for one in found]

    symbols = command.run(work)
    if as_json:
        print_json(symbols)
        return
    columns = ("symbol", "first", "last", "rows", "interval", "source", "adjustment", "synthetic")
    print_table(
        columns,
        [[one[column] for column in columns] for one in symbols],
        f"No symbol has {search!r} in its name."
        if search
        else "No bars yet. Load some with: quant-tui data import --sample",
    )
