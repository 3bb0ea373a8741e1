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
from quant_tui.domain.errors import (
    Cancelled,
    InvalidInput,
    NotSignedIn,
    QuantError,
    StoreUnavailable,
)
from quant_tui.domain.redaction import RedactingFilter

if TYPE_CHECKING:
    from quant_tui.services.composition import Services

T = TypeVar("T")

LOG_BYTES = 2_000_000
ACCOUNT_VARIABLE = "QUANT_TUI_ACCOUNT"


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """Options that stand anywhere on the command line."""

    home: Path | None = None
    flags: dict[str, str] = field(default_factory=dict)


def split_global_options(arguments: Sequence[str]) -> tuple[GlobalOptions, list[str]]:
    """Take ``--home DIR``, ``--set section.key=value`` and ``--cluster ADDRESS`` out.

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
        if name not in ("--home", "--set", "--cluster"):
            rest.append(argument)
            continue
        if not equals:
            value = next(waiting, "")
        if not value:
            raise InvalidInput(f"{name} needs a value.", field=name)
        if name == "--home":
            home = Path(value)
            continue
        if name == "--cluster":
            flags["jobs.cluster"] = value
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

    @cached_property
    def _given_account(self) -> tuple[str, str] | None:
        """Name and password that the environment and stdin give for this command alone."""
        name = os.environ.get(ACCOUNT_VARIABLE, "").strip()
        if not name:
            return None
        from quant_tui.cli.passwords import ask_password

        return name, ask_password(f"Password of {name}")

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
        handler.addFilter(RedactingFilter())
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        # A full disk must not write tracebacks of the log over the app or on stderr.
        logging.raiseExceptions = False
        for chatty in ("pymongo", "chromadb", "httpx2", "asyncio"):
            logging.getLogger(chatty).setLevel(logging.WARNING)

    @contextlib.asynccontextmanager
    async def services(
        self, *, signed_in: bool = True, given: tuple[str, str] | None = None
    ) -> AsyncIterator[Services]:
        """Open the services, signed in, and close them after; see :meth:`run`."""
        from quant_tui.cli.passphrase import terminal_asker
        from quant_tui.services.composition import open_services

        services = await open_services(self.settings)
        services.secrets.asker = terminal_asker()
        try:
            if signed_in:
                await _sign_in(services, given)
            yield services
            if services.user is not None and services.mine.has("learning"):
                await _score_arrivals(services)
        finally:
            await services.close()

    def run(self, work: Callable[[Services], Awaitable[T]], *, signed_in: bool = True) -> T:
        """Run one command's work over open services.

        ctrl+c, SIGTERM and SIGHUP cancel it and leave the stores clean.

        Parameters
        ----------
        signed_in
            Whether the work needs a user: the account of ``QUANT_TUI_ACCOUNT`` for this
            command alone, whoever is signed in, or at a private store its one account.

        Raises
        ------
        NotSignedIn
            There is no such user.
        Cancelled
            After ctrl+c.
        """
        given = self._given_account if signed_in else None

        async def over_services() -> T:
            async with self.services(signed_in=signed_in, given=given) as services:
                return await work(services)

        return self.run_plain(over_services)

    def run_plain(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run one command's work that opens no services, as :meth:`run` does otherwise.

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
            return await work()

        try:
            return asyncio.run(whole())
        except asyncio.CancelledError:
            raise Cancelled from None


async def _score_arrivals(services: Services) -> None:
    """Have deployed models speak of the bars that a command has brought, as the app does."""
    try:
        made = await services.scoring.finish()
    except QuantError as error:  # the bars are in the store all the same
        print(f"quant-tui: deployed models were not asked: {error}", file=sys.stderr)
        return
    if made:
        count = f"{len(made)} date{'s' if len(made) > 1 else ''}"
        print(f"Deployed models were asked: {count} written down.", file=sys.stderr)


async def _sign_in(services: Services, given: tuple[str, str] | None) -> None:
    """Make sure that somebody is signed in, at a shared store never unasked."""
    accounts = services.accounts
    if given is not None:
        await services.sign_in(await accounts.sign_in(*given, keep=False))
    elif services.user is None:
        # once more, now that the passphrase of an encrypted file can be asked for
        known = await accounts.recognise()
        if known is None and accounts.private and await accounts.is_new():
            known = await accounts.create_local()
        # Another instance may have made the account after the first question.
        if known is None and (known := await accounts.recognise()) is None:
            unread = accounts.sessions.unread
            raise NotSignedIn(
                f"Whether you are signed in cannot be read: {unread}"
                if unread
                else "Nobody is signed in at this store.",
                hint="Run quant-tui account sign-in NAME, or account sign-up.",
            )
        await services.sign_in(known)
