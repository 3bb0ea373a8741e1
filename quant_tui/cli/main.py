"""The command line: global options, the way to the app, errors to exit codes."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.cli.context import CommandContext, split_global_options
from quant_tui.cli.plain import plain
from quant_tui.domain.errors import Cancelled, InvalidInput, QuantError
from quant_tui.domain.redaction import redact

if TYPE_CHECKING:
    from typer.core import TyperGroup

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CANCELLED = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    0 done, 1 failed with a one-line cause on stderr, 2 wrong usage, 130 cancelled by
    ctrl+c after clean-up.
    """
    context: CommandContext | None = None
    if sys.stdin is None:  # it was closed (`<&-`): nothing can be read, which is no defect
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a narrow terminal encoding loses no command
            stream.reconfigure(errors="backslashreplace")
    try:
        options, rest = split_global_options(arguments)
    except InvalidInput as error:
        print(f"quant-tui: {error}", file=sys.stderr)
        return EXIT_USAGE
    try:
        context = CommandContext(options)
        if rest in ([], ["demo"]):
            # Straight to the app: typer and the commands are not needed for its first paint.
            from quant_tui.cli.launch import launch, launch_demo

            return launch_demo(context) if rest else launch(context)
        from quant_tui.cli.commands import build

        return _run_typer(build(), rest, context)
    except (Cancelled, KeyboardInterrupt):
        print("Cancelled.", file=sys.stderr)
        return EXIT_CANCELLED
    except QuantError as error:
        print(f"quant-tui: {_place(error)}{plain(str(error))}", file=sys.stderr)
        return EXIT_FAILED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is left to say.
        sys.stderr.close()
        return EXIT_FAILED
    except Exception as error:  # noqa: BLE001 -- the one place where a command's defect ends
        return _unexpected(error, context)


def _place(error: QuantError) -> str:
    """Return the field that an error is about, where its message does not name it."""
    field = error.field if isinstance(error, InvalidInput) else ""
    return f"{field}: " if field and field not in error.message else ""


def _run_typer(command: TyperGroup, rest: Sequence[str], context: CommandContext) -> int:
    import typer

    try:
        code = command.main(
            args=list(rest), prog_name="quant-tui", standalone_mode=False, obj=context
        )
    except typer.Abort:
        raise Cancelled from None
    except typer.Exit as stop:
        return int(stop.exit_code)
    except Exception as error:
        shower = getattr(error, "show", None)
        if shower is None or not hasattr(error, "exit_code"):
            raise
        shower()  # click's usage errors know how to print themselves
        return EXIT_USAGE
    return code if isinstance(code, int) else 0


def _unexpected(error: Exception, context: CommandContext | None) -> int:
    """Say a defect of ours in one line; the traceback goes to the log."""
    import logging

    details = ""
    if context is not None:
        try:
            context.start_log()
            details = f" Details: {context.settings.locations.log_file}"
        except (QuantError, OSError) as failure:
            details = f" There is no log of it: {failure}"
    logger = logging.getLogger("quant_tui")
    logger.addHandler(logging.NullHandler())  # without a log file it would go to stderr
    logger.critical("unexpected error", exc_info=error)
    cause = f"{type(error).__name__}: {plain(redact(str(error)))}"
    print(f"quant-tui: Unexpected error ({cause}).{details}", file=sys.stderr)
    return EXIT_FAILED
