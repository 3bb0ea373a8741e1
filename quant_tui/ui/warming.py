"""Having the engine's machine code ready before the first backtest asks for it."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading

from quant_tui.ui.reporting import logger

COMPILE = (sys.executable, "-m", "quant_tui.engine.warming")
"""Compiles to the disk in a process of its own, at the lowest priority."""

SECONDS = 2.0
"""What the stores and the first screen have for themselves."""

MANY_MODULES = 50
"""Imports that are worth setting apart."""

FULL_AFTER = 50
"""Smaller collections until a full one; Python's own is 10."""

_APART = {"modules": 0}
"""How many there were the last time; of the process, as the collector is."""


class Warming:
    """Compiles in another process where that was not done yet, then loads in a thread.

    Parameters
    ----------
    command
        What compiles.
    seconds
        How long to wait first.
    """

    def __init__(self, command: tuple[str, ...] = COMPILE, seconds: float = SECONDS) -> None:
        self._command = command
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None
        self._ended = threading.Event()

    def begin(self) -> None:
        """Warm in the background."""
        self._task = asyncio.create_task(self._warm(), name="warm-engine")

    async def close(self) -> None:
        """Stop, and leave no process behind."""
        self._ended.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _warm(self) -> None:
        await asyncio.sleep(self._seconds)
        set_apart()
        if await asyncio.to_thread(_is_kept) or await self._compile():
            try:
                await asyncio.to_thread(self._load)
            except Exception as error:  # noqa: BLE001 -- loops are then made when first run
                logger.warning("The engine could not be warmed", exc_info=error)
        set_apart()

    async def _compile(self) -> bool:
        nowhere = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=nowhere, stdout=nowhere, stderr=nowhere
        )
        try:
            return await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _load(self) -> None:
        from quant_tui.engine.warming import warm

        warm(self._ended.is_set)


def set_apart() -> None:
    """Let the garbage collector pass over what was loaded so far: the program is not garbage.

    A full collection stops everything, the keys too, for 100 to 170 ms when it looks through
    all that was imported; through what came since it takes a few milliseconds. Nothing is
    done where little was imported since the last time: what is garbage now would stay. Full
    ones become rarer as well: that they wait until a quarter is new counts what was set
    apart no more.
    """
    loaded = len(sys.modules)
    if loaded - _APART["modules"] >= MANY_MODULES:
        _APART["modules"] = loaded
        gc.freeze()
        often, middle, _ = gc.get_threshold()
        gc.set_threshold(often, middle, FULL_AFTER)


def _is_kept() -> bool:
    from quant_tui.engine.warming import is_kept

    return is_kept()
