"""Tools about watchlists and their alerts."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from pydantic import Field

from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.user import Watchlist
from quant_tui.genai.tools import Citation, Permission, ToolArguments, ToolResult
from quant_tui.services.chat_tools.answers import added, difference, facts, table
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.tool import Change, ChangingTool, ReadingTool, Tool
from quant_tui.services.watchlist_edits import details_of

NAME = Field(description="Name or id of a watchlist, as list_watchlists gives it.")
SYMBOLS = Field(description="Symbols.", min_length=1, max_length=100)


class NoArguments(ToolArguments):
    """Nothing."""


class OneWatchlist(ToolArguments):
    """Which watchlist."""

    watchlist: str = NAME


class NewWatchlist(ToolArguments):
    """What to make."""

    name: str = Field(description="Name of the new watchlist.", min_length=1, max_length=200)
    symbols: list[str] = SYMBOLS
    description: str = Field("", description="What it is for.")


class ListSymbols(OneWatchlist):
    """Which watchlist, and which symbols."""

    symbols: list[str] = SYMBOLS


class AlertLog(ToolArguments):
    """How much of the log."""

    limit: int = Field(20, ge=1, le=100, description="Most alerts to list.")


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "list_watchlists", "List watchlists",
            "List the user's watchlists with their symbols.",
            NoArguments, partial(_list, context),
        ),
        ReadingTool(
            "show_watchlist", "Show a watchlist",
            "Show a watchlist: quotes of its symbols, groups, notes, tags and alerts.",
            OneWatchlist, partial(_show, context),
        ),
        ReadingTool(
            "alert_log", "Show fired alerts",
            "List the alerts that fired, the newest first.",
            AlertLog, partial(_alerts, context),
        ),
        ChangingTool(
            "create_watchlist", "Create a watchlist",
            "Propose a new watchlist. The user decides.",
            NewWatchlist, Permission.WRITE, partial(_create, context),
        ),
        ChangingTool(
            "add_to_watchlist", "Add to a watchlist",
            "Propose to add symbols to a watchlist. The user decides.",
            ListSymbols, Permission.WRITE, partial(_add, context),
        ),
        ChangingTool(
            "remove_from_watchlist", "Remove from a watchlist",
            "Propose to take symbols out of a watchlist. The user decides.",
            ListSymbols, Permission.WRITE, partial(_remove, context),
        ),
    )  # fmt: skip


def cite(watchlist: Watchlist) -> Citation:
    """Return what an answer about a watchlist points at."""
    return Citation("watchlist", watchlist.id, watchlist.name)


async def _list(context: ToolContext, given: NoArguments) -> ToolResult:
    del given
    found = await context.watchlists.list()
    rows = [
        {
            "watchlist_id": one.id,
            "name": one.name,
            "description": one.description,
            "symbols": one.symbols[:50],
            "count": len(one.symbols),
        }
        for one in found
    ]
    return table("Watchlists", rows, [cite(one) for one in found], kind="watchlists")


async def _show(context: ToolContext, given: OneWatchlist) -> ToolResult:
    watchlist = await context.watchlists.find(given.watchlist)
    details = details_of(watchlist)
    said = details.by_symbol()
    rows = []
    for quote in await context.quotes.quotes(watchlist.symbols[:100]):
        entry = said.get(quote.symbol)
        row = {key: value for key, value in asdict(quote).items() if key != "closes"}
        row["group"] = entry.group if entry else ""
        row["note"] = entry.note if entry else ""
        row["tags"] = list(entry.tags) if entry else []
        rows.append(row)
    beside = {"alerts": [one.model_dump(mode="json") for one in details.alerts]}
    return table(
        "Watchlist", rows, [cite(watchlist)], total=len(watchlist.symbols), kind="watchlist",
        beside=beside,
    )  # fmt: skip


async def _alerts(context: ToolContext, given: AlertLog) -> ToolResult:
    found = await context.alerts.log(given.limit)
    rows = [one.model_dump(mode="json", exclude={"id", "user_id", "alert_id"}) for one in found]
    citations = {one.watchlist_id: one.watchlist for one in found}
    cited = [Citation("watchlist", key, name) for key, name in citations.items()]
    return table("Alerts", rows, cited, kind="alerts")


async def _create(context: ToolContext, given: NewWatchlist) -> Change:
    symbols = await context.watchlists.checked(given.symbols)
    if given.name.casefold() in {one.name.casefold() for one in await context.watchlists.list()}:
        raise InvalidInput(f"There is a watchlist {given.name} already.", field="name")

    async def make() -> ToolResult:
        made = await context.watchlists.create(given.name, symbols, given.description)
        return facts("Created", {"watchlist_id": made.id, "name": made.name}, [cite(made)])

    heading = [f"description: {given.description}"] if given.description else []
    return Change(f"Create watchlist {given.name}", added([*heading, *symbols]), make)


async def _add(context: ToolContext, given: ListSymbols) -> Change:
    watchlist = await context.watchlists.find(given.watchlist)
    checked = await context.watchlists.checked(given.symbols)
    fresh = [one for one in checked if one not in watchlist.symbols]
    if not fresh:
        raise InvalidInput(f"{watchlist.name} has them all already.", field="symbols")

    async def make() -> ToolResult:
        made = await context.watchlists.add(watchlist.id, fresh)
        return facts("Added", {"watchlist_id": made.id, "symbols": fresh}, [cite(made)])

    change = difference("\n".join(watchlist.symbols), "\n".join([*watchlist.symbols, *fresh]))
    return Change(f"Add to watchlist {watchlist.name}", change, make, _state(watchlist))


async def _remove(context: ToolContext, given: ListSymbols) -> Change:
    watchlist = await context.watchlists.find(given.watchlist)
    absent = [one for one in given.symbols if one not in watchlist.symbols]
    if absent:
        raise InvalidInput(f"{watchlist.name} has no {absent[0]}.", field="symbols")

    async def make() -> ToolResult:
        await context.watchlists.remove(watchlist.id, given.symbols)
        document = {"watchlist_id": watchlist.id, "removed": list(given.symbols)}
        return facts("Removed", document, [cite(watchlist)])

    stay = [one for one in watchlist.symbols if one not in given.symbols]
    change = difference("\n".join(watchlist.symbols), "\n".join(stay))
    return Change(f"Remove from watchlist {watchlist.name}", change, make, _state(watchlist))


def _state(watchlist: Watchlist) -> str:
    return watchlist.updated_at.isoformat()
