"""All commands, put together."""

from __future__ import annotations

import typer

from quant_tui.cli import backtest, data, doctor, strategy
from quant_tui.cli.context import CommandContext


def build() -> typer.Typer:
    """Return the whole command tree."""
    application = typer.Typer(
        name="quant-tui",
        help=(
            "A terminal for quantitative traders. Without a command it opens the app.\n\n"
            "Global options, anywhere on the line: --home DIR keeps all data, configuration and "
            "logs under one folder; --set section.key=value overrides a setting."
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
    application.command("doctor", epilog="Example:  quant-tui doctor --json")(doctor.doctor)
    application.add_typer(data.commands, name="data")
    application.add_typer(strategy.commands, name="strategy")
    application.add_typer(backtest.commands, name="backtest")
    return application


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
