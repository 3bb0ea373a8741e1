"""Calls that may block for ever, such as one to a keyring that waits for its owner."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_own_thread(work: Callable[[], T], seconds: float) -> T:
    """Run ``work`` in a thread of its own and wait ``seconds`` for it.

    A call that never comes back keeps its thread, which does not keep the program from
    ending, as one of asyncio's own threads would.

    Raises
    ------
    TimeoutError
        When it has not come back in time.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(set_: Callable[[], None]) -> None:
        if not answer.done():
            set_()

    def whole() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 -- handed to who waits
            failure = error
            tell = lambda: answer.set_exception(failure)  # noqa: E731
        else:
            tell = lambda: answer.set_result(result)  # noqa: E731
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, tell)

    threading.Thread(target=whole, name="keyring", daemon=True).start()
    return await asyncio.wait_for(answer, seconds)
