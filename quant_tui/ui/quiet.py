"""Whether everything that a key set off has been handled.

A key goes from part to part of the screen as messages, and each part has a queue and a
task of its own. Only when all of them wait for their next message is it known what the
key came to: what has the focus now, what is to be painted, what is being loaded.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual._queue import Queue
    from textual.app import App
    from textual.message import Message
    from textual.message_pump import MessagePump

PATIENCE = 40
"""Turns of the event loop before waiting in steps of :data:`STEP_SECONDS` instead."""

STEP_SECONDS = 0.002


def is_quiet(app: App[None], *, app_too: bool = True, callbacks_too: bool = True) -> bool:
    """Return whether no message is under way on the screen.

    Parameters
    ----------
    app_too
        Whether the app's own queue counts; False where it is the app that asks, from
        within a message of its own.
    callbacks_too
        Whether what was put off until after the next painting counts; False for those
        who do the painting.
    """
    screen = app.screen
    if (app_too and _at_work(app)) or _at_work(screen):
        return False
    if callbacks_too and screen._callbacks:
        return False
    return not any(_at_work(node) for node in screen.walk_children())


async def until_quiet(app: App[None], seconds: float, *, callbacks_too: bool = True) -> bool:
    """Wait until no message is under way; return False when that took too long."""
    give_up = perf_counter() + seconds
    turns = 0
    while not is_quiet(app, callbacks_too=callbacks_too):
        if perf_counter() > give_up:
            return False
        turns += 1
        await asyncio.sleep(0 if turns < PATIENCE else STEP_SECONDS)
    return True


def _at_work(pump: MessagePump) -> bool:
    queue: Queue[Message | None] = pump._message_queue
    # nobody waits for the queue's next message: one is being handled
    return not (queue.empty() and queue.ready_event._waiters)
