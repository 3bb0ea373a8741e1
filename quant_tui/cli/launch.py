"""Into the app: the user's own home, or a throw-away one for the demo.

Nothing here imports a store, the engine or pandas before the app's first paint.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.cli.context import CommandContext
from quant_tui.config.settings import Settings
from quant_tui.domain.errors import InvalidInput

if TYPE_CHECKING:
    from quant_tui.services.composition import Services

DEMO_PREFIX = "quant-tui-demo-"
OWNER_LOCK = "owner.lock"
SERVER_STOP_SECONDS = 5.0
ABANDONED_SECONDS = 60.0


def launch(context: CommandContext) -> int:
    """Open the app on the user's home and return the exit code."""

    async def open_services(settings: Settings) -> Services:
        import asyncio

        composition = await asyncio.to_thread(_import_composition)
        return await composition(settings)

    return _run_app(context, open_services)


def launch_demo(context: CommandContext) -> int:
    """Open the app on a throw-away home with sample data, signed in."""

    async def open_services(settings: Settings) -> Services:
        import asyncio

        composition = await asyncio.to_thread(_import_composition)
        services = await composition(settings)
        try:
            if services.user is None:
                await services.sign_in(await services.accounts.create_local("demo"))
            await services.sample_data.load_bars()
            services.jobs.start("import", "Economic series", services.sample_data.load_economic)
        except BaseException:
            await services.close()
            raise
        return services

    with _throw_away_home() as home:
        # a configured server is shared with others: nobody is signed in there unasked
        own = {"mongodb.uri": "", "mongodb.linger_seconds": "0"}
        flags = {**own, **context.options.flags}
        options = replace(context.options, home=home, flags=flags)
        return _run_app(CommandContext(options), open_services)


def _import_composition() -> Callable[[Settings], Awaitable[Services]]:
    """Import the services, which takes most of a second, away from the event loop.

    pyarrow too: its first import fails when two threads begin it at the same moment, as
    loading the sample and keeping a result would.
    """
    import pyarrow.parquet  # noqa: F401 -- for its effect, as said above

    from quant_tui.services.composition import import_services, open_services

    import_services()
    return open_services


def _run_app(
    context: CommandContext, open_services: Callable[[Settings], Awaitable[Services]]
) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidInput(
            "The app needs a terminal.", hint="In scripts use the commands; see --help."
        )
    from quant_tui.ui.slow_line import is_slow, prepare

    settings = context.settings
    prepare(is_slow(settings.ui.slow_line), settings.ui.max_fps)  # before Textual is imported
    from quant_tui.ui.app import QuantApp
    from quant_tui.ui.output import survive_dropped_lines
    from quant_tui.ui.terminal_guard import TerminalGuard

    survive_dropped_lines()
    context.start_log()
    guard = TerminalGuard()

    async def open_behind_the_first_paint() -> Services:
        import asyncio

        await asyncio.to_thread(guard.start)
        return await open_services(settings)

    app = QuantApp(settings, open_behind_the_first_paint)
    try:
        app.run()
    finally:
        guard.release()
        # what was set apart is let go with the rest: DuckDB tells the terminal of what is not
        gc.unfreeze()
    return app.return_code or 0


@contextlib.contextmanager
def _throw_away_home() -> Iterator[Path]:
    """Make a home that goes when the program does, and remove those of killed ones."""
    _remove_abandoned_homes()
    home = Path(tempfile.mkdtemp(prefix=DEMO_PREFIX))
    with (home / OWNER_LOCK).open("w") as lock:
        _lock(lock.fileno())
        try:
            yield home
        finally:
            _wait_for_server(home / "data" / "mongodb" / "server.lock")
            _remove_home(home)


def _wait_for_server(lock_file: Path) -> None:
    """Wait until no server holds its lock: one that writes would undo the removal."""
    if not lock_file.exists():
        return
    give_up = time.monotonic() + SERVER_STOP_SECONDS
    with lock_file.open("r+") as lock:
        while time.monotonic() < give_up:
            try:
                _lock(lock.fileno())
            except OSError:
                time.sleep(0.02)
            else:
                return


def _remove_abandoned_homes() -> None:
    """Remove demo homes whose owner was killed: nobody holds their lock any more."""
    for home in Path(tempfile.gettempdir()).glob(f"{DEMO_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = home.stat()
            if sys.platform != "win32" and found.st_uid != os.geteuid():
                continue
            if not (home / OWNER_LOCK).exists():
                # being made just now, or left by one that was killed while it removed it
                if time.time() - found.st_mtime > ABANDONED_SECONDS:
                    shutil.rmtree(home, ignore_errors=True)
                continue
            with (home / OWNER_LOCK).open("r+") as lock:
                _lock(lock.fileno())
                _remove_home(home)


def _remove_home(home: Path) -> None:
    """Remove a home, its lock last, so that one cut off is found by the next demo."""
    for one in home.iterdir():
        if one.name == OWNER_LOCK:
            continue
        if one.is_dir():
            shutil.rmtree(one, ignore_errors=True)
        else:
            one.unlink(missing_ok=True)
    shutil.rmtree(home, ignore_errors=True)


def _lock(descriptor: int) -> None:
    """Lock a file without waiting; OSError when somebody else has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
