"""The command palette: every action by name, and every object to jump to.

Names begin with a noun: ``view: Backtests``, ``strategy: Golden cross``. What is offered
depends on the state: the keys that work on the screen below, and, once the services
are open, every strategy, backtest and symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from quant_tui.domain.errors import QuantError
from quant_tui.ui.reporting import logger
from quant_tui.ui.workspaces import WORKSPACES

if TYPE_CHECKING:
    from quant_tui.services.composition import Services
    from quant_tui.ui.app import QuantApp

NAME_WIDTH = 34
"""Cells of the palette's first column."""

ABOUT_WIDTH = 37
"""Cells of its second."""


class Command(NamedTuple):
    """One line of the palette."""

    name: str
    """Noun, colon, what: ``view: Jobs``."""
    about: str
    run: Callable[[], object]


def views(app: QuantApp) -> Iterator[Command]:
    """Offer every workspace."""
    for entry in WORKSPACES:
        yield Command(f"view: {entry.title}", f"Key {entry.key}", partial(app.go_to, entry.code))


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


def data(app: QuantApp) -> Iterable[Command]:
    """Offer what brings market data in."""
    from quant_tui.ui.screens.data_import.workspace import data_commands

    return data_commands(app.go_to)


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
    """Offer every strategy, backtest and symbol."""
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
        Command(f"symbol: {one.symbol}", f"a new backtest · {one.first} to {one.last}",
                partial(go, "backtests", target=f"symbol:{one.symbol}"))
        for one in await services.market_data.symbols()
    ]  # fmt: skip
    return found


class Commands(Provider):
    """Everything."""

    _commands: tuple[Command, ...] = ()
    _objects: tuple[Command, ...] = ()

    async def startup(self) -> None:
        """Collect what there is as the palette opens."""
        app = cast("QuantApp", self.app)
        self._commands = tuple(_once([*keys_here(app), *of_workspaces(app), *views(app),
                                      *data(app), *frame(app), *themes(app)]))  # fmt: skip
        if app.services is not None:
            try:
                self._objects = tuple(await objects(app.services, app.go_to))
            except QuantError:
                logger.exception("the palette could not list what there is to jump to")

    async def discover(self) -> Hits:
        """Show the actions before anything is typed; objects would drown them."""
        for command in self._commands:
            if not command.name.startswith("theme: ") or command.name.endswith("…"):
                yield DiscoveryHit(_line(Content(command.name), command), command.run, command.name)

    async def search(self, query: str) -> Hits:
        """Search actions and objects."""
        matcher = self.matcher(query)
        for command in (*self._commands, *self._objects):
            score, offsets = matcher.fuzzy_search.match(matcher.query, command.name)
            if score > 0:
                shown = Content(command.name)
                for offset in offsets:
                    if not command.name[offset].isspace():
                        shown = shown.stylize(matcher.match_style, offset, offset + 1)
                yield Hit(score, _line(shown, command), command.run, command.name)


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


def _once(commands: Iterable[Command]) -> Iterator[Command]:
    seen: set[str] = set()
    for command in commands:
        if command.name not in seen:
            seen.add(command.name)
            yield command
