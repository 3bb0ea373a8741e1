"""Answers under way: each belongs to its conversation, and goes on when its readers leave."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    QuantError,
    StoreUnavailable,
)
from quant_tui.domain.genai import ChatMessage
from quant_tui.domain.vocabulary import MessageStatus
from quant_tui.services.chat_draft import Draft
from quant_tui.services.chat_events import (
    AnswerBegun,
    AnswerEnded,
    AnswerFailed,
    AnswerText,
    ChatEvent,
)
from quant_tui.services.conversation import SAVE_SECONDS

ALIVE_SECONDS = 5.0
"""How often an answer is stored that nothing is added to, to say that it is alive."""

STORE_TRIES = 4

log = logging.getLogger(__name__)


class KeepsMessages(Protocol):
    """Where messages are stored."""

    async def put_message(self, session_id: str, message: Document) -> None:
        """Write a message in the place of the one with its id."""


class Reader:
    """What one reader is told: an iterator that ends with the answer."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[ChatEvent | None] = asyncio.Queue()

    def tell(self, event: ChatEvent | None) -> None:
        """Tell an event; None ends it."""
        self._queue.put_nowait(event)

    def __aiter__(self) -> AsyncIterator[ChatEvent]:
        return self

    async def __anext__(self) -> ChatEvent:
        event = await self._queue.get()
        if event is None:
            self._queue.put_nowait(None)
            raise StopAsyncIteration
        return event


class Run:
    """One answer under way.

    Attributes
    ----------
    draft
        What is written; None until the question is kept.
    deciding
        The answer whose proposal is being carried out; None when there is none.
    """

    def __init__(self, session_id: str, keep: KeepsMessages, as_document: AsDocument) -> None:
        self.session_id = session_id
        self.draft: Draft | None = None
        self.deciding: ChatMessage | None = None
        self.final: ChatMessage | None = None
        self._keep = keep
        self._as_document = as_document
        self._readers: list[Reader] = []
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._writing = asyncio.Lock()

    def start(self, work: Work, done: Callable[[Run], None]) -> None:
        """Begin to answer."""
        self._task = asyncio.create_task(self._whole(work), name=f"chat {self.session_id}")
        self._task.add_done_callback(lambda _: self._ended(done))  # also when stopped at once

    def _ended(self, done: Callable[[Run], None]) -> None:
        done(self)
        self.emit(None)

    def reader(self) -> Reader:
        """Return a reader; one that comes later is told first what there is."""
        reader = Reader()
        if self.draft is not None:
            reader.tell(AnswerBegun(self.draft.id, self.draft.parent))
            if text := self.draft.text:
                reader.tell(AnswerText(text))
        self._readers.append(reader)
        return reader

    def emit(self, event: ChatEvent | None) -> None:
        """Tell every reader."""
        for reader in self._readers:
            reader.tell(event)

    async def put(self, message: ChatMessage) -> None:
        """Write a message in its place, after a save that is under way.

        Raises
        ------
        NotFound
            The conversation is gone.
        """
        async with self._writing:
            await self._keep.put_message(self.session_id, self._as_document(message))

    async def stop(self) -> None:
        """End the answer where it is, and wait until it is kept."""
        if self._task is not None and not self._task.done():
            if not self._stopping:
                self._stopping = True
                self._task.cancel()
            await asyncio.wait([self._task])

    async def _whole(self, work: Work) -> None:
        saver = asyncio.create_task(self._save_now_and_then())
        try:
            outcome = await self._outcome(work)
            self._stopping = True  # too late to end it: what is left is to keep it
            self.deciding = None
            async with self._writing:
                saver.cancel()
            await self._end(outcome)
        finally:
            saver.cancel()

    async def _outcome(self, work: Work) -> tuple[MessageStatus, AnswerFailed | None]:
        try:
            await work(self)
        except asyncio.CancelledError:
            return MessageStatus.STOPPED, None
        except QuantError as error:
            return MessageStatus.FAILED, AnswerFailed(error.title, error.message, error.hint)
        except Exception:  # a defect of ours must not lose what was written
            log.exception("an answer failed")
            return MessageStatus.FAILED, AnswerFailed(
                "Unexpected error", "The answer could not be finished.", "The log says more."
            )
        return MessageStatus.DONE, None

    async def _end(self, outcome: tuple[MessageStatus, AnswerFailed | None]) -> None:
        status, failed = outcome
        if self.draft is not None:
            error = (
                {"title": failed.title, "cause": failed.cause, "hint": failed.hint}
                if failed
                else None
            )
            try:
                await self.draft.mark()
            except Exception:  # an answer without marks is better than none
                log.exception("the figures of an answer could not be compared")
            message = await self._kept(self.draft.end(status, error))
            if message is None and failed is None:
                failed = AnswerFailed(
                    "Answer not kept",
                    "The database does not take the answer.",
                    "It stays here until the program ends; copy it, or ask again later.",
                )
            elif message is not None and failed is None:
                self.emit(AnswerEnded(message))
        if failed is not None:
            self.emit(failed)

    async def _kept(self, message: ChatMessage) -> ChatMessage | None:
        """Store an answer as it ended; None when that cannot be done now."""
        for attempt in range(STORE_TRIES):
            self.final = message
            try:
                await self.put(message)
            except StoreUnavailable as error:
                log.warning("an answer could not be stored: %s", error)
                if attempt + 1 < STORE_TRIES:
                    await asyncio.sleep(attempt + 0.2)
                continue
            except InvalidInput as error:  # its text is not lost for what a tool was given
                log.exception("the calls of an answer could not be stored")
                note = f"Its calls of tools could not be stored: {error.message}"
                message = message.model_copy(
                    update={"tool_calls": [], "notes": [*message.notes, note]}
                )
                continue
            except NotFound:
                log.info("the conversation of an answer is gone")
            self.draft, self.final = None, None
            return message
        return None

    async def _save_now_and_then(self) -> None:
        """Store what came, at most so much of the time that a crash loses."""
        waited = 0.0
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            waited += SAVE_SECONDS
            if not (waited >= ALIVE_SECONDS or (self.draft is not None and self.draft.changed)):
                continue
            waited = 0.0
            try:
                await self._save()
            except QuantError as error:
                log.warning("an answer could not be stored: %s", error)

    async def _save(self) -> None:
        """Store the answer as it is now, or that it is still alive."""
        if (draft := self.draft) is not None:
            draft.changed = False
            try:
                await self.put(draft.snapshot())
            except QuantError:
                draft.changed = True
                raise
        elif self.deciding is not None:
            self.deciding.saved_at = utc_now()
            await self.put(self.deciding)


class Running:
    """The answers under way, at most one of each conversation."""

    def __init__(self, keep: KeepsMessages, as_document: AsDocument) -> None:
        self._keep = keep
        self._as_document = as_document
        self._runs: dict[str, Run] = {}
        self._unkept: dict[str, ChatMessage] = {}

    def start(self, session_id: str, work: Work) -> Reader:
        """Begin to answer and return what tells of it.

        Raises
        ------
        Conflict
            An answer of the same conversation is under way.
        """
        if session_id in self._runs:
            raise Conflict(
                "An answer is still being written here.", hint="Wait for it, or stop it first."
            )
        run = Run(session_id, self._keep, self._as_document)
        self._runs[session_id] = run
        reader = run.reader()
        run.start(work, self._done)
        return reader

    def subscribe(self, session_id: str) -> AsyncIterator[ChatEvent]:
        """Return what is told of the answer under way; nothing when there is none."""
        if (run := self._runs.get(session_id)) is not None:
            return run.reader()
        reader = Reader()
        reader.tell(None)
        return reader

    def is_answering(self, session_id: str) -> bool:
        """Return whether an answer is under way."""
        return session_id in self._runs

    @property
    def sessions(self) -> frozenset[str]:
        """Conversations whose answers are under way."""
        return frozenset(self._runs)

    def live(self, session_id: str) -> list[ChatMessage]:
        """Return messages that are newer here than in the store."""
        run = self._runs.get(session_id)
        kept = self._unkept.get(session_id)
        draft = run.draft if run is not None else None
        return [*([kept] if kept else []), *([draft.snapshot()] if draft else [])]

    async def stop(self, session_id: str) -> None:
        """End the answer under way, when there is one, and wait until it is kept."""
        if (run := self._runs.get(session_id)) is not None:
            await run.stop()

    async def stop_all(self) -> None:
        """End every answer under way and wait until they are kept."""
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*(run.stop() for run in list(self._runs.values())))

    def _done(self, run: Run) -> None:
        self._runs.pop(run.session_id, None)
        if run.final is not None:
            self._unkept[run.session_id] = run.final


AsDocument = Callable[[ChatMessage], Document]
Work = Callable[[Run], Awaitable[None]]
