"""Taking parts of the screen away to the end, whatever becomes of those who wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

from textual._callback import invoke
from textual.await_remove import AwaitRemove


class LastingRemove(AwaitRemove):
    """Waits until parts are gone, and lets them go on when the wait is cancelled.

    Textual waits with :func:`asyncio.gather`, which hands a cancellation on to what it waits
    for: the parts themselves. Work that was cancelled while it closed a form left a dead form
    on the screen, whose place no other could take and with which the app could not end.

    Parameters
    ----------
    removal
        Textual's own wait for the same parts.
    """

    def __init__(self, removal: AwaitRemove) -> None:
        super().__init__(removal._tasks, removal._post_remove)

    def __await__(self) -> Generator[None, None, None]:
        """Wait for all but the part that itself waits here."""
        waiting = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not waiting]

        async def gone() -> None:
            await asyncio.gather(*tasks)
            if self._post_remove is not None:
                await invoke(self._post_remove)

        return asyncio.shield(asyncio.create_task(gone(), name="removal")).__await__()
