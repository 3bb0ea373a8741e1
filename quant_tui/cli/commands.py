"""All commands, put together; a command's module is imported when it is called."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import typer
from typer.core import TyperCommand, TyperGroup

from quant_tui.cli.context import CommandContext

if TYPE_CHECKING:
    from typer._click import Command, Context

_MODULES = "quant_tui.cli"


@dataclass(frozen=True)
class Place:
    """Where a command, or a group of them, is found.

    Attributes
    ----------
    name
        What is typed.
    found
        ``module:attribute`` below ``quant_tui.cli``: a function, or a group of commands.
    about
        The first paragraph of its help, for the list of commands.
    epilog
        Examples of a single command; a group's commands have their own.
    """

    name: str
    found: str
    about: str
    epilog: str = ""

    def load(self) -> Command:
        """Import the command."""
        module, _, attribute = self.found.partition(":")
        found = getattr(import_module(f"{_MODULES}.{module}"), attribute)
        command: Command
        if isinstance(found, typer.Typer):
            command = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(self.name, epilog=self.epilog or None)(found)
            command = typer.main.get_command(alone)
        command.name = self.name
        return command


PLACES = (
    Place(
        "doctor",
        "doctor:doctor",
        "Show versions, stores, health, keys found, data freshness and disk use.",
        "Example:  quant-tui doctor --json",
    ),
    Place(
        "backup",
        "backup:backup",
        "Write everything to one checked file, while quant-tui may be running; never secrets.",
        "Examples:  quant-tui backup ~/backups  ·  quant-tui backup all.backup.zip",
    ),
    Place(
        "restore",
        "backup:restore",
        "Bring back what a backup holds: all of it, or nothing.",
        "Examples:  quant-tui --home ~/second restore all.backup.zip  ·  "
        "quant-tui restore all.backup.zip --replace",
    ),
    Place(
        "watch",
        "alert:watch",
        "Print a line for every alert that fires, until ctrl+c; no screen is needed.",
        "Examples:  quant-tui watch --json  ·  quant-tui watch --once",
    ),
    Place(
        "account",
        "account:commands",
        "Sign up, in and out, change the password, prove the address.",
    ),
    Place("data", "data:commands", "Market data: import and fetch, see what there is."),
    Place("strategy", "strategy_edit:commands", "Strategies and the templates they start from."),
    Place("backtest", "backtest:commands", "Run strategies over past bars."),
    Place("optimize", "optimize:commands", "Search a strategy's parameters, and see what is luck."),
    Place(
        "feature",
        "feature:commands",
        "Features: named inputs of models, with versions and cards.",
    ),
    Place("model", "deployment:commands", "Train models, keep them, and put them to use."),
    Place("watchlist", "watchlist:commands", "Lists of symbols that you follow."),
    Place("alert", "alert:commands", "Conditions on the symbols of lists."),
    Place(
        "secret",
        "secret:commands",
        "API keys and passwords: see which are set, set and remove them.",
    ),
    Place(
        "portfolio",
        "portfolio:commands",
        "Portfolios: positions from transactions, value, risk, rebalancing.",
    ),
    Place(
        "chat",
        "assistant:commands",
        "Ask the assistant, keep its conversations, and find your own work.",
    ),
)


class Root(TyperGroup):
    """The command line; it lists every command, and imports the one that is called."""

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Find the command that ``args`` begin with."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _loaded(name) if name in _BY_NAME else command, rest


_BY_NAME = {place.name: place for place in PLACES}


@cache
def _loaded(name: str) -> Command:
    with _not_collecting():
        return _BY_NAME[name].load()


@contextmanager
def _not_collecting() -> Iterator[None]:
    """Look for no garbage while modules are imported, and pass over them afterwards.

    They make a great many objects and hardly any garbage, and every collection looks at all
    of them: an eighth of the time that a short command takes.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


@cache
def build() -> TyperGroup:
    """Return the whole command line."""
    application = typer.Typer(
        name="quant-tui",
        cls=Root,
        help=(
            "A terminal for quantitative traders. Without a command it opens the app.\n\n"
            "Global options, anywhere on the line: --home DIR keeps all data, configuration and "
            "logs under one folder; --set section.key=value overrides a setting; --cluster ADDRESS "
            "runs long work on a Dask cluster."
        ),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Examples:  quant-tui demo  ·  quant-tui doctor --json  ·  "
        "quant-tui --home ~/research data import --sample",
    )
    application.callback(invoke_without_command=True)(_options)
    application.command("app")(_app)
    application.command("demo")(_demo)
    root = typer.main.get_group(application)
    for place in PLACES:
        root.add_command(TyperCommand(place.name, help=place.about))
    return root


def _options(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"quant-tui {installed('quant-tui')}")
        raise typer.Exit


def _app(context: typer.Context) -> None:
    """Open the app, as no command does."""
    from quant_tui.cli.launch import launch

    raise typer.Exit(launch(context.find_object(CommandContext) or context.obj))


def _demo(context: typer.Context) -> None:
    """Open the app on a throw-away home with sample data, signed in."""
    from quant_tui.cli.launch import launch_demo

    raise typer.Exit(launch_demo(context.find_object(CommandContext) or context.obj))
