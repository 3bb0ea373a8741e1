"""The command palette: every action by name, and every object to jump to.

Names begin with a noun: ``view: Backtests``, ``strategy: Golden cross``. What is offered
depends on the state: the keys that work on the screen below, and, once the services
are open, every strategy, backtest and symbol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import Matcher

from quant_tui.domain.errors import QuantError
from quant_tui.services.names import matching
from quant_tui.ui.reporting import logger
from quant_tui.ui.workspaces import WORKSPACES

if TYPE_CHECKING:
    from quant_tui.services.composition import Services
    from quant_tui.ui.app import QuantApp

NAME_WIDTH = 34
"""Cells of the palette's first column."""

ABOUT_WIDTH = 37
"""Cells of its second."""

MOST_CHATS = 200
"""Conversations that the palette offers: pinned ones, then those last changed."""

MOST_MODELS = 200
"""Models that the palette offers: those last changed."""

SYMBOL_NOUN = "symbol: "
MOST_SYMBOLS = 30
"""Symbols that are offered for one query."""


class Command(NamedTuple):
    """One line of the palette."""

    name: str
    """Noun, colon, what: ``view: Jobs``."""
    about: str
    run: Callable[[], object]


def views(app: QuantApp) -> Iterator[Command]:
    """Offer every workspace."""
    for entry in WORKSPACES:
        about = f"Key {entry.key}" if entry.key else ""
        yield Command(f"view: {entry.title}", about, partial(app.go_to, entry.code))


def frame(app: QuantApp) -> Iterator[Command]:
    """Offer what the frame itself does."""
    yield Command("help: All keys", "Key ?", app.action_help)
    yield Command("rule language: functions", "What rules can call, searchable",
                  app.action_functions)  # fmt: skip
    yield Command("theme: Choose …", "Change the colours", app.action_change_theme)
    yield Command("screen: Save a picture", "An SVG file in the downloads folder",
                  app.deliver_screenshot)  # fmt: skip
    yield Command("screen: Redraw", "Paint the screen anew", app.action_redraw)
    yield Command("app: Quit", "Key q", app.action_ask_quit)
    if app.services is None and app.services_error is not None:
        yield Command("stores: Open again", "Try once more", app.open_services)


def account(app: QuantApp) -> Iterator[Command]:
    """Offer what concerns who works here."""
    yield Command("account: Sign out", "End the session of this machine", app.action_sign_out)
    yield Command("account: Lock the screen", "Key ctrl+\\", app.action_lock)
    for target, what, about in (
        ("password", "Change the password", "Or set the first one"),
        ("verify", "Verify the address", "By a one-time code"),
        ("edit", "Change name or address", "A new address is verified anew"),
        ("deactivate", "Deactivate", "Close the account; what it has is kept"),
    ):
        yield Command(f"account: {what}", about, partial(app.go_to, "account", target=target))


def data(app: QuantApp) -> Iterable[Command]:
    """Offer what brings market data in."""
    from quant_tui.ui.screens.data_import.workspace import data_commands

    return data_commands(app.go_to)


def settings(app: QuantApp) -> Iterable[Command]:
    """Offer keys, backups and restoring."""
    from quant_tui.ui.screens.settings.workspace import settings_commands

    return settings_commands(app.go_to)


def chat(app: QuantApp) -> Iterator[Command]:
    """Offer the chat, beside and as a whole."""
    go = partial(app.go_to, "chat")
    yield Command("chat: Ask beside", "Key ctrl+a", partial(app.in_background, app.beside.ask))
    for target, what, about in (
        ("new", "New conversation", "In workspace 8"),
        ("prompts", "Prompts", "The library: use, write, change them"),
        ("generated", "Written strategies", "What the model has written: read, approve"),
        ("tools", "Tools and their log", "What may be called, and what was"),
        ("model", "Set up the language model", "Address, name, key; and try it"),
    ):
        yield Command(f"chat: {what}", about, partial(go, target=target))


def themes(app: QuantApp) -> Iterator[Command]:
    """Offer every theme."""
    for name in sorted(app.available_themes):
        about = app.theme_store.descriptions.get(name, "")
        mark = "  ✓" if name == app.theme else ""
        yield Command(f"theme: {name}{mark}", about, partial(app.use_theme, name))


def keys_here(app: QuantApp) -> Iterator[Command]:
    """Offer what the keys on the screen below do now."""
    seen: set[str] = set()
    screen = app.screen_stack[-1]
    if screen.has_class("--textual-command-palette") and len(app.screen_stack) > 1:
        screen = app.screen_stack[-2]
    for key, active in screen.active_bindings.items():
        binding, node = active.binding, active.node
        name = binding.action
        if node is app or not binding.tooltip or not active.enabled or name in seen:
            continue
        seen.add(name)
        noun = (binding.id or "").partition(".")[0] or type(node).__name__.lower()
        yield Command(
            f"{noun}: {binding.description or binding.tooltip}",
            f"{binding.tooltip} · key {app.get_key_display(binding)}",
            partial(screen.simulate_key, key)
            if hasattr(screen, "simulate_key")
            else partial(app.simulate_key, key),
        )


def of_workspaces(app: QuantApp) -> Iterator[Command]:
    """Offer what the workspaces say they can do from anywhere."""
    for workspace in app.built_workspaces:
        yield from workspace.commands()


async def objects(services: Services, go: Callable[..., None]) -> list[Command]:
    """Offer every strategy, backtest, watchlist, portfolio, and the newest models."""
    found: list[Command] = []
    if services.user is not None:
        found += [
            Command(f"strategy: {one.name}", str(one.strategy_type),
                    partial(go, "strategies", target=one.id))
            for one in await services.strategies.list()
        ]  # fmt: skip
        found += [
            Command(f"backtest: {one.name}", f"{', '.join(one.symbols)} · {one.status}",
                    partial(go, "backtests", target=one.id))
            for one in await services.backtests.list()
        ]  # fmt: skip
        found += [
            Command(f"watchlist: {one.name}", f"{len(one.symbols):,} symbols",
                    partial(go, "watchlists", target=one.id))
            for one in await services.watchlists.list()
        ]  # fmt: skip
        found += [
            Command(f"portfolio: {one.name}", f"{len(one.positions):,} positions",
                    partial(go, "portfolio", target=one.id))
            for one in await services.portfolios.list()
        ]  # fmt: skip
        found += [
            Command(f"feature: {one.name}", one.expression,
                    partial(go, "models", target=f"features:{one.id}"))
            for one in await services.features.list()
        ]  # fmt: skip
        found += [
            Command(f"chat: {one.title or 'New conversation'}", "A conversation",
                    partial(go, "chat", target=one.session_id))
            for one in (await services.chat.list())[:MOST_CHATS]
        ]  # fmt: skip
        found += [
            Command(f"model: {one.title}", f"{one.model_type} · {one.status}",
                    partial(go, "models", target=f"models:{one.id}"))
            for one in await services.models.list(limit=MOST_MODELS)
        ]  # fmt: skip
    return found


def symbol_commands(names: tuple[str, ...], query: str, go: Callable[..., None]) -> list[Command]:
    """Offer the symbols that a query fits, a few of them.

    They are found by the letters that they hold in a row: there can be thousands, and
    matching all of them letter by letter at each key would take a tenth of a second.
    """
    wanted = query.strip().casefold()
    wanted = wanted.removeprefix(SYMBOL_NOUN.strip()).strip()
    if not wanted:
        return []
    return [
        Command(f"{SYMBOL_NOUN}{name}", "Chart, figures, company, news",
                partial(go, "symbol", target=name))
        for name in matching(names, wanted, limit=MOST_SYMBOLS)
    ]  # fmt: skip


class Commands(Provider):
    """Everything."""

    _commands: tuple[Command, ...] = ()
    _objects: tuple[Command, ...] = ()
    _symbols: tuple[str, ...] = ()
    _reading: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Collect what can be done as the palette opens, and begin to read what there is.

        It waits for nothing: the palette ends a search at the next letter, and with it the
        startup that the search waits for, after which it would find nothing any more.
        """
        app = cast("QuantApp", self.app)
        offered = (keys_here, of_workspaces, views, data, settings, account, chat, frame, themes)
        self._commands = tuple(_once(command for offer in offered for command in offer(app)))
        if app.services is not None:
            self._reading = asyncio.create_task(self._read(app.services), name="palette-objects")

    async def shutdown(self) -> None:
        """Stop reading with the palette."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self, services: Services) -> None:
        try:
            self._objects = tuple(await objects(services, cast("QuantApp", self.app).go_to))
            found = await services.market_data.symbols()
            self._symbols = tuple(dict.fromkeys(one.symbol for one in found))
        except QuantError:
            logger.exception("the palette could not list what there is to jump to")

    async def discover(self) -> Hits:
        """Show the actions before anything is typed; objects would drown them."""
        for command in self._commands:
            if not command.name.startswith("theme: ") or command.name.endswith("…"):
                yield DiscoveryHit(_line(Content(command.name), command), command.run, command.name)

    async def search(self, query: str) -> Hits:
        """Search actions, then objects as soon as they are read."""
        matcher = self.matcher(query)
        for hit in _matches(matcher, self._commands):
            yield hit
        if self._reading is not None:
            await asyncio.shield(self._reading)
        symbols = symbol_commands(self._symbols, query, cast("QuantApp", self.app).go_to)
        for hit in _matches(matcher, (*self._objects, *symbols)):
            yield hit


class Themes(Commands):
    """The themes alone."""

    async def startup(self) -> None:
        """Collect the themes."""
        self._commands = tuple(themes(cast("QuantApp", self.app)))

    async def discover(self) -> Hits:
        """Show all of them."""
        for command in self._commands:
            yield DiscoveryHit(_line(Content(command.name), command), command.run, command.name)


def _line(shown: Content, command: Command) -> Content:
    """Put name and explanation on one line: twice as many fit."""
    shown = shown.truncate(NAME_WIDTH, ellipsis=True)
    gap = NAME_WIDTH + 2 - shown.cell_length
    about = Content.styled(command.about, "not bold $text-muted")
    return Content.assemble(shown, " " * gap, about.truncate(ABOUT_WIDTH, ellipsis=True))


def _matches(matcher: Matcher, commands: Iterable[Command]) -> Iterator[Hit]:
    for command in commands:
        score, offsets = matcher.fuzzy_search.match(matcher.query, command.name)
        if score > 0:
            shown = Content(command.name)
            for offset in offsets:
                if not command.name[offset].isspace():
                    shown = shown.stylize(matcher.match_style, offset, offset + 1)
            yield Hit(score, _line(shown, command), command.run, command.name)


def _once(commands: Iterable[Command]) -> Iterator[Command]:
    seen: set[str] = set()
    for command in commands:
        if command.name not in seen:
            seen.add(command.name)
            yield command
