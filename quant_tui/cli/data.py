"""``quant-tui data``: bars in and out."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli import data_fetch, data_files, data_quality, data_show
from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import finished, print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.errors import DataImportError
from quant_tui.providers.options import ReadOptions
from quant_tui.services.composition import Services
from quant_tui.services.market_data import ImportReport, ImportRequest
from quant_tui.services.sample_data import SampleReport
from quant_tui.services.watched_folders import FolderRound

commands = typer.Typer(
    help="Market data: import and fetch, see what there is.", no_args_is_help=True
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
SHOWN_PROBLEMS = 20


@commands.command(
    "import",
    epilog="Examples:  quant-tui data import prices.csv --symbol GOOG --source yahoo  ·  "
    "quant-tui data import --sample",
)
def import_(
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(help="A CSV or Parquet file, an export, or a folder of files.")
    ] = None,
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
    """Import bars from a file: all of it, or nothing.

    An export of this program, a file or a folder, comes back with its own sources. Of another
    folder every file is imported, as its .quant-tui.toml says (see: data watch --help).
    """
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
        return await finished(services.jobs, job)

    async def load_path(services: Services) -> ImportReport | FolderRound:
        assert path is not None  # noqa: S101 -- checked above
        if await data_files.is_plain_folder(path):
            return await data_files.import_folder(services, path)
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
        try:
            return await finished(services.jobs, job)
        except DataImportError as error:
            for problem in error.problems[:SHOWN_PROBLEMS]:
                print(plain(str(problem)), file=sys.stderr)
            raise

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
    report = command.run(load_path)
    if isinstance(report, FolderRound):
        data_files.report_round(report, as_json=as_json)
        return
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


commands.command("show", epilog=data_show.EPILOG)(data_show.show)
commands.command("export", epilog=data_files.EXPORT_EPILOG)(data_files.export)
commands.command("watch", epilog=data_files.WATCH_EPILOG)(data_files.watch)
commands.command("quality", epilog=data_quality.EPILOG)(data_quality.quality)
commands.command("fetch", epilog=data_fetch.FETCH_EPILOG)(data_fetch.fetch)
commands.command(
    "search",
    epilog="Examples:  quant-tui data search samsung  ·  quant-tui data search --listed REIT",
)(data_fetch.search)
commands.command("providers", epilog="Example:  quant-tui data providers")(data_fetch.providers)
commands.command("budget", epilog="Example:  quant-tui data budget --json")(data_fetch.budget)
