"""Having the engine's machine code ready before the first backtest asks for it."""

from __future__ import annotations

import asyncio
import sys
import threading

from quant_tui.ui.reporting import logger

COMPILE = (sys.executable, "-m", "quant_tui.engine.warming")
"""Compiles to the disk in a process of its own, at the lowest priority."""

SECONDS = 2.0
"""What the stores and the first screen have for themselves."""


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
        if await asyncio.to_thread(_is_kept) or await self._compile():
            try:
                await asyncio.to_thread(self._load)
            except Exception as error:  # noqa: BLE001 -- loops are then made when first run
                logger.warning("The engine could not be warmed", exc_info=error)

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


def _is_kept() -> bool:
    from quant_tui.engine.warming import is_kept

    return is_kept()
