"""Follows what is written into the conversation that is shown, here or by another run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from quant_tui.services.chat_events import AnswerText, ChatEvent
from quant_tui.ui.screens.chat.answering import Answering

if TYPE_CHECKING:
    from textual.worker import Worker

LOOKS_ELSEWHERE = 1.0
"""Seconds between two looks at an answer that another run of the program writes."""

ELSEWHERE = "written by another run of the program"

Spawn = Callable[[Callable[[], Awaitable[object]], str], "Worker[None]"]


class Following:
    """Listens to one answer at a time.

    Parameters
    ----------
    answering
        Shows what happens.
    spawn
        Runs work of a group; the newer of one group ends the older.
    settle
        Shows a conversation as it is kept; whether it is shown still, and something of it is
        being written.
    look
        Says anew how things stand.
    """

    def __init__(
        self,
        answering: Answering,
        *,
        spawn: Spawn,
        settle: Callable[[str], Awaitable[bool]],
        look: Callable[[], None],
    ) -> None:
        self._answering = answering
        self._spawn = spawn
        self._settle = settle
        self._look = look
        self._worker: Worker[None] | None = None

    def leave(self) -> None:
        """Listen no more."""
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        self._answering.forget()

    def listen(self, events: AsyncIterator[ChatEvent], session_id: str) -> None:
        """Follow what is said from now on; a listener of before ends."""
        self._worker = self._spawn(partial(self._follow, events, session_id), "listen")

    def watch(self, session_id: str) -> None:
        """Look now and then at an answer that another run writes, or wrote until it ended."""
        self._worker = self._spawn(partial(self._watch, session_id), "listen")

    async def _follow(self, events: AsyncIterator[ChatEvent], session_id: str) -> None:
        async for event in events:
            await self._answering.take(event)
            if not isinstance(event, AnswerText):
                self._look()
        self._answering.forget()
        await self._watch(session_id)

    async def _watch(self, session_id: str) -> None:
        while await self._settle(session_id):
            self._answering.note = ELSEWHERE
            await asyncio.sleep(LOOKS_ELSEWHERE)
        self._answering.note = ""
        self._look()
