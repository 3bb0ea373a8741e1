"""What every command works with: settings, the log, services, a running loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from quant_tui.config.settings import Settings, load_settings
from quant_tui.domain.errors import Cancelled, InvalidInput, StoreUnavailable

if TYPE_CHECKING:
    from quant_tui.services.composition import Services

T = TypeVar("T")

LOG_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """Options that stand anywhere on the command line."""

    home: Path | None = None
    flags: dict[str, str] = field(default_factory=dict)


def split_global_options(arguments: Sequence[str]) -> tuple[GlobalOptions, list[str]]:
    """Take ``--home DIR`` and ``--set section.key=value`` out of the arguments.

    Raises
    ------
    InvalidInput
        When one of them lacks its value.
    """
    home: Path | None = None
    flags: dict[str, str] = {}
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += ["--", *waiting]
            break
        name, equals, value = argument.partition("=")
        if name not in ("--home", "--set"):
            rest.append(argument)
            continue
        if not equals:
            value = next(waiting, "")
        if not value:
            raise InvalidInput(f"{name} needs a value.", field=name)
        if name == "--home":
            home = Path(value)
            continue
        key, equals, setting = value.partition("=")
        if not equals:
            raise InvalidInput("--set needs section.key=value.", field="--set")
        flags[key] = setting
    return GlobalOptions(home, flags), rest


class CommandContext:
    """What one command works with."""

    def __init__(self, options: GlobalOptions) -> None:
        self.options = options

    @cached_property
    def settings(self) -> Settings:
        """The settings; mistakes in file and environment were noted in them."""
        return load_settings(self.options.home, flags=self.options.flags)

    def start_log(self, settings: Settings | None = None) -> None:
        """Send log records to the log file, private to the user."""
        from logging.handlers import RotatingFileHandler

        settings = settings or self.settings
        root = logging.getLogger()
        if any(isinstance(handler, RotatingFileHandler) for handler in root.handlers):
            return
        os.umask(0o077)
        settings.locations.create()
        log_file = settings.locations.log_file
        try:
            handler = RotatingFileHandler(
                log_file, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8"
            )
        except OSError as error:
            raise StoreUnavailable(
                f"The log {log_file} cannot be written: {error.strerror}.",
                hint="Choose another folder with --home or QUANT_TUI_HOME.",
            ) from error
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
        )
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        # A full disk must not write tracebacks of the log over the app or on stderr.
        logging.raiseExceptions = False
        for chatty in ("pymongo", "chromadb", "httpx2", "asyncio"):
            logging.getLogger(chatty).setLevel(logging.WARNING)

    @contextlib.asynccontextmanager
    async def services(self) -> AsyncIterator[Services]:
        """Open the services, signed in as the local account, and close them after."""
        from quant_tui.services.composition import open_services

        services = await open_services(self.settings)
        try:
            if services.user is None:
                await services.sign_in(await services.accounts.create_local())
            yield services
        finally:
            await services.close()

    def run(self, work: Callable[[Services], Awaitable[T]]) -> T:
        """Run one command's work over open services.

        ctrl+c, SIGTERM and SIGHUP cancel it and leave the stores clean.

        Raises
        ------
        Cancelled
            After ctrl+c.
        """
        self.start_log()
        for problem in self.settings.problems:
            print(f"quant-tui: {problem}", file=sys.stderr)

        async def whole() -> T:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 -- we are inside one
            loop = asyncio.get_running_loop()
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                if number is not None and sys.platform != "win32":
                    loop.add_signal_handler(number, task.cancel)
            async with self.services() as services:
                return await work(services)

        try:
            return asyncio.run(whole())
        except asyncio.CancelledError:
            raise Cancelled from None
