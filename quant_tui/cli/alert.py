"""``quant-tui alert`` and ``quant-tui watch``: conditions on lists, and what they told."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.domain.errors import QuantError
from quant_tui.domain.watchlist import AlertEvent, ListAlert
from quant_tui.services.composition import Services
from quant_tui.services.fetch_plan import FetchRequest
from quant_tui.services.watching import POLL_SECONDS, Watching
from quant_tui.services.watchlist_edits import details_of
from quant_tui.services.watchlists import symbols_in

FETCH_SECONDS = 3600.0
"""Time between two fetches of a watch."""

MAKE_ONE = "Make one: quant-tui alert add 'rsi(close, 14) < 30' --list LIST"

commands = typer.Typer(help="Conditions on the symbols of lists.", no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@commands.command("list", epilog="Example:  quant-tui alert list")
def list_(
    context: typer.Context,
    watchlist: Annotated[str, typer.Option("--list", help="Only of this list.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the alerts of all lists, or of one."""

    async def work(services: Services) -> list[Document]:
        service = services.watchlists
        lists = [await service.find(watchlist)] if watchlist else await service.list()
        return [_document(one.name, alert) for one in lists for alert in details_of(one).alerts]

    found = context.obj.run(work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "list", "name", "rule", "symbols", "since", "active"),
        [
            (one["id"], one["watchlist"], one["name"], one["rule"],
             ", ".join(one["symbols"]) or "all", one["since"], one["active"])
            for one in found
        ],
        f"No alerts yet. {MAKE_ONE}",
    )  # fmt: skip


@commands.command(
    "add",
    epilog="Examples:  quant-tui alert add 'rsi(close, 14) < 30' --list Tech --name oversold  ·  "
    "quant-tui alert add 'cross_above(close, sma(close, 200))' --list Tech --symbols GOOG,MSFT",
)
def add(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(help="A condition of the rule language, on daily bars.")],
    watchlist: Annotated[str, typer.Option("--list", help="The list that it is on.")],
    symbols: Annotated[str, typer.Option(help="Symbols of the list; otherwise all.")] = "",
    name: Annotated[str, typer.Option(help="What it is called; otherwise its rule.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Be told when a condition becomes true on new bars."""

    async def work(services: Services) -> tuple[str, ListAlert]:
        found = await services.watchlists.find(watchlist)
        made = await services.alerts.add(found.id, rule, name=name, symbols=symbols_in(symbols))
        return found.name, made

    on, alert = context.obj.run(work)
    if as_json:
        print_json(_document(on, alert))
        return
    after = f" after {alert.since}" if alert.since else ""
    print(f"{alert.id}: {plain(alert.name)} on {plain(on)}, for sessions{after or ' to come'}.")


@commands.command("remove", epilog="Example:  quant-tui alert remove 3f2a9c01")
def remove(
    context: typer.Context,
    alert_id: Annotated[str, typer.Argument(help="The alert's id.", metavar="ID")],
    as_json: JsonOption = False,
) -> None:
    """Take an alert away; what it told stays in the log."""

    async def work(services: Services) -> tuple[str, ListAlert]:
        watchlist = await services.alerts.list_of(alert_id)
        return watchlist.name, await services.alerts.remove(watchlist.id, alert_id)

    on, alert = context.obj.run(work)
    if as_json:
        print_json(_document(on, alert))
        return
    print(f"{plain(alert.name)} is no longer on {plain(on)}.")


@commands.command("log", epilog="Example:  quant-tui alert log --limit 20 --json")
def log(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show what the alerts told, the newest first."""

    async def work(services: Services) -> list[AlertEvent]:
        return await services.alerts.log(limit)

    found = context.obj.run(work)
    if as_json:
        print_json([event_document(one) for one in found])
        return
    print_table(
        ("session", "symbol", "close", "alert", "list", "told"),
        [
            (one.bar_date, one.symbol, one.close, one.name, one.watchlist,
             one.fired_at.astimezone().strftime("%Y-%m-%d %H:%M"))
            for one in found
        ],
        "No alert has told anything yet.",
    )  # fmt: skip


def watch(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    every: Annotated[
        float, typer.Option(min=0.2, help="Seconds between looks for new bars.")
    ] = POLL_SECONDS,
    fetch: Annotated[
        str,
        typer.Option(
            metavar="PROVIDER",
            help="Fetch what is missing of the watched symbols, at first and every hour.",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line an alert.")] = False,
) -> None:
    """Print a line for every alert that fires, until ctrl+c; no screen is needed.

    Bars that other windows and commands bring in are noticed by themselves. Signing out
    from elsewhere ends it.
    """
    command: CommandContext = context.obj

    def tell(events: Sequence[AlertEvent]) -> None:
        for event in events:
            tell_one(event)

    def tell_one(event: AlertEvent) -> None:
        if as_json:
            line = json.dumps(event_document(event), ensure_ascii=False, allow_nan=False)
        else:
            line = plain(
                f"{event.bar_date}  {event.symbol}  {event.close:,.2f}  {event.name}"
                f"  ({event.watchlist})"
            )
        print(line, flush=True)

    def warn(problem: str) -> None:
        say(f"quant-tui: {plain(problem)}")

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    async def work(services: Services) -> None:
        watched = len(await services.alerts.watched())
        if not watched:
            say(f"No alert is active. {MAKE_ONE}")
        elif not once:
            say(f"Watching {watched:,} symbol(s); ctrl+c ends it.")
        watching = Watching(services.stores.bars, services.stores.duck.path)
        services.alert_feed.subscribe(tell)
        fetch_at = time.monotonic()
        while True:
            if services.user is not None:  # ends when the session was ended from elsewhere
                services.user = await services.accounts.sessions.check(services.user)
            if fetch and time.monotonic() >= fetch_at:
                fetch_at += FETCH_SECONDS
                try:
                    await _fetch(services, fetch)
                except QuantError as error:
                    warn(str(error))
            if await watching.has_news():
                fired = await services.alerts.look()
                if once and watched and not fired.events:
                    say("Nothing new became true.")
                for problem in watching.new_problems(fired.problems):
                    warn(problem)
            if once:
                return
            await asyncio.sleep(every)

    command.run(work)


async def _fetch(services: Services, provider: str) -> None:
    """Fetch the bars that are due of the symbols that alerts look at."""
    symbols = await services.alerts.watched()
    if symbols:
        job = services.fetching.start(FetchRequest(symbols, provider=provider))
        try:
            report = await job.wait()
        finally:
            if not job.status.is_final:
                job.cancel()
        for item in report.failed:
            print(f"quant-tui: {plain(f'{item.name}: {item.error}')}", file=sys.stderr)


def event_document(event: AlertEvent) -> Document:
    """Return an alert that fired as its JSON has it."""
    return event.model_dump(mode="json", exclude={"user_id"})


def _document(on: str, alert: ListAlert) -> Document:
    return {"watchlist": on, **alert.model_dump(mode="json")}
