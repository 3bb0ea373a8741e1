"""Waits for an app's messages, where Textual's pilot waits for a process that does nothing.

With work on another thread the process is never idle: every key then takes the two seconds
after which the pilot gives up, and how far the app is depends on how busy the machine was.
"""

from __future__ import annotations

from asyncio import sleep
from typing import Any

from textual._context import active_app
from textual.app import App
from textual.message_pump import MessagePump

from quant_tui.ui.quiet import until_quiet

PAINTED = 0.02
"""Seconds in which what a key changed is painted once, as the pilot waits at least."""

ROUNDS = 3
"""How often in a row nothing may be on its way: what a handler sets off comes a round later."""

MOST_ROUNDS = 400
"""Rounds after which a handler is taken for one that waits for what the test does next.

Not a time: a busy machine may take a second for the first step of what a key sets off.
"""

LONGEST_ARRIVAL = 2.0
"""Seconds after which a handler is taken for one that waits for what the test does next."""


async def messages_handled(_min_sleep: float = 0.0, _max_sleep: float = 1.0) -> None:
    """Wait until no widget has a message to handle, at most :data:`MOST_ROUNDS` rounds."""
    app = active_app.get(None)
    calm = 0
    await sleep(PAINTED)
    for _ in range(MOST_ROUNDS):
        await sleep(0.002)
        pumps: list[MessagePump] = [] if app is None else [app, *app._registry]
        calm = 0 if any(map(is_busy, pumps)) else calm + 1
        if calm == ROUNDS:
            return


async def arrived(app: App[Any]) -> None:
    """Wait until what was just seen can be worked with: mounted, laid out, and given the keys.

    A dialog is in front before it is made of anything, and a key pressed then is lost.
    """
    if not app._exit:
        await until_quiet(app, LONGEST_ARRIVAL)


def is_busy(pump: MessagePump) -> bool:
    """Tell whether a message waits or is being handled, or something waits for its end."""
    if pump._task is None or pump._task.done():
        return False
    queue = pump._message_queue
    # a pump that has nothing else to do waits for its next message
    at_rest = bool(queue.ready_event._waiters) and queue.empty()
    return bool(pump._next_callbacks) or not at_rest
