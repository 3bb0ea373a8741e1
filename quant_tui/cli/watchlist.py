"""``quant-tui watchlist``: lists of symbols with their quotes."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import percent, print_json, print_table, ratio
from quant_tui.cli.plain import plain
from quant_tui.cli.shared_options import ForceOption
from quant_tui.domain.base import Document
from quant_tui.domain.errors import DataImportError
from quant_tui.domain.user import Watchlist
from quant_tui.services.composition import Services
from quant_tui.services.quotes import Quote
from quant_tui.services.rule_values import check_rule
from quant_tui.services.watchlist_csv import export_list, import_list
from quant_tui.services.watchlist_edits import details_of
from quant_tui.services.watchlists import symbols_in

commands = typer.Typer(help="Lists of symbols that you follow.", no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
NameArgument = Annotated[str, typer.Argument(help="The list's name or id.", metavar="LIST")]
SymbolsArgument = Annotated[
    list[str], typer.Argument(help="Symbols, with blanks or commas between.")
]
UnknownOption = Annotated[
    bool, typer.Option("--unknown", help="Add also symbols that have no bars and no company.")
]
SHOWN_PROBLEMS = 20


def to_document(watchlist: Watchlist) -> Document:
    """Return a list as its JSON has it."""
    document = watchlist.model_dump(mode="json", exclude={"user_id", "metadata"})
    return {**document, **details_of(watchlist).model_dump(mode="json")}


@commands.command("list", epilog="Example:  quant-tui watchlist list --json")
def list_(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the watchlists."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Watchlist]:
        return await services.watchlists.list()

    found = command.run(work)
    if as_json:
        print_json([to_document(one) for one in found])
        return
    print_table(
        ("name", "symbols", "alerts", "description", "id"),
        [
            (one.name, len(one.symbols), len(details_of(one).alerts), one.description, one.id)
            for one in found
        ],
        "No watchlists yet. Make one: quant-tui watchlist create NAME SYMBOL…",
    )


@commands.command(
    "show",
    epilog="Examples:  quant-tui watchlist show Tech  ·  "
    "quant-tui watchlist show Tech --column 'rsi(close, 14) < 30' --json",
)
def show(
    context: typer.Context,
    name: NameArgument,
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", help="One more column: an expression of the rule language."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a list with its quotes and the columns of your own."""
    command: CommandContext = context.obj
    given = [(text, check_rule(text)) for text in columns or []]

    async def work(services: Services) -> tuple[Watchlist, list[Quote], list[str], list[Document]]:
        watchlist = await services.watchlists.find(name)
        rules = [(one.title, check_rule(one.rule)) for one in details_of(watchlist).rules] + given
        quotes = await services.quotes.quotes(watchlist.symbols)
        values = await services.rule_values.evaluate([rule for _, rule in rules], watchlist.symbols)
        own: list[Document] = [
            {
                title: by_symbol[one].last
                for (title, _), by_symbol in zip(rules, values, strict=True)
            }
            for one in watchlist.symbols
        ]
        return watchlist, quotes, [title for title, _ in rules], own

    watchlist, quotes, titles, own = command.run(work)
    entries = details_of(watchlist).by_symbol()
    if as_json:
        print_json(
            {
                **to_document(watchlist),
                "quotes": [
                    {**dataclasses.asdict(quote), "rules": rules}
                    for quote, rules in zip(quotes, own, strict=True)
                ],
            }
        )
        return
    print_table(
        ("symbol", "last", "change", "volume / 20", "RSI 14", "to SMA 50", "to SMA 200",
         "52 weeks", "date", *titles, "group", "note"),
        [
            (one.symbol, one.last, percent(one.change_fraction), ratio(one.volume_ratio),
             ratio(one.rsi), percent(one.from_sma_50), percent(one.from_sma_200),
             ratio(one.place), one.date, *(_figure(rules[title]) for title in titles),
             entries[one.symbol].group if one.symbol in entries else "",
             entries[one.symbol].note if one.symbol in entries else "")
            for one, rules in zip(quotes, own, strict=True)
        ],
        f"{plain(watchlist.name)} is empty. Add to it: quant-tui watchlist add NAME SYMBOL…",
    )  # fmt: skip


@commands.command("create", epilog="Example:  quant-tui watchlist create Tech GOOG MSFT")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The new list's name.", metavar="NAME")],
    symbols: Annotated[list[str] | None, typer.Argument(help="Symbols to begin with.")] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    unknown: UnknownOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a list."""

    async def work(services: Services) -> Watchlist:
        wanted = symbols_in(" ".join(symbols or []))
        found = await services.watchlists.checked(wanted, unknown=unknown)
        return await services.watchlists.create(name, found, description)

    _tell(context.obj.run(work), as_json, "made")


@commands.command(
    "add",
    epilog="Examples:  quant-tui watchlist add Tech GOOG,MSFT NVDA  ·  "
    "quant-tui watchlist add Tech TSM --group Chips/Foundries",
)
def add(
    context: typer.Context,
    name: NameArgument,
    symbols: SymbolsArgument,
    group: Annotated[str, typer.Option(help="Group of the list, as Chips/Foundries.")] = "",
    unknown: UnknownOption = False,
    as_json: JsonOption = False,
) -> None:
    """Add symbols to a list; unknown ones are named, and nothing is added then."""

    async def work(services: Services) -> Watchlist:
        watchlist = await services.watchlists.find(name)
        wanted = symbols_in(" ".join(symbols))
        return await services.watchlists.add(watchlist.id, wanted, group=group, unknown=unknown)

    _tell(context.obj.run(work), as_json, "holds")


@commands.command("remove", epilog="Example:  quant-tui watchlist remove Tech GOOG")
def remove(
    context: typer.Context,
    name: NameArgument,
    symbols: SymbolsArgument,
    as_json: JsonOption = False,
) -> None:
    """Take symbols out of a list, with their notes."""

    async def work(services: Services) -> Watchlist:
        watchlist = await services.watchlists.find(name)
        await services.watchlists.remove(watchlist.id, symbols_in(" ".join(symbols)))
        return await services.watchlists.get(watchlist.id)

    _tell(context.obj.run(work), as_json, "holds")


@commands.command(
    "import",
    epilog="Example:  quant-tui watchlist import tech.csv --name Tech "
    "(columns: symbol,group,note,tags)",
)
def import_(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A CSV file.")],
    name: Annotated[str, typer.Option(help="The list; otherwise named as the file.")] = "",
    unknown: UnknownOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read a list from a CSV file: all of it, or nothing, with each bad row named."""

    async def work(services: Services) -> Watchlist:
        try:
            return await import_list(services.watchlists, path, name=name, unknown=unknown)
        except DataImportError as error:
            for problem in error.problems[:SHOWN_PROBLEMS]:
                print(plain(str(problem)), file=sys.stderr)
            raise

    _tell(context.obj.run(work), as_json, "holds")


@commands.command("export", epilog="Example:  quant-tui watchlist export Tech tech.csv")
def export(
    context: typer.Context,
    name: NameArgument,
    out: Annotated[Path, typer.Argument(help="The CSV file to write, or a folder.")],
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a list to a CSV file, which imports back the same."""

    async def work(services: Services) -> tuple[Watchlist, Path]:
        watchlist = await services.watchlists.find(name)
        return watchlist, export_list(watchlist, out, overwrite=force)

    watchlist, path = context.obj.run(work)
    if as_json:
        print_json({"path": str(path), "symbols": len(watchlist.symbols)})
        return
    print(f"{len(watchlist.symbols):,} symbols of {plain(watchlist.name)} in {path}")


@commands.command("delete", epilog="Example:  quant-tui watchlist delete Tech")
def delete(context: typer.Context, name: NameArgument, as_json: JsonOption = False) -> None:
    """Delete a list with its notes and alerts; the log of its alerts stays."""

    async def work(services: Services) -> Watchlist:
        return await services.watchlists.delete((await services.watchlists.find(name)).id)

    _tell(context.obj.run(work), as_json, "deleted; it held")


def _figure(value: object) -> object:
    return f"{value:,.4f}" if isinstance(value, float) else value


def _tell(watchlist: Watchlist, as_json: bool, verb: str) -> None:
    if as_json:
        print_json(to_document(watchlist))
        return
    count = len(watchlist.symbols)
    end = "symbol" if count == 1 else "symbols"
    print(f"{plain(watchlist.name)} {verb}{': ' if verb == 'made' else ' '}{count:,} {end}.")
