"""An answer by a language model: asked, asked again, and helped with tools."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from quant_tui.config.chat import ChatSettings
from quant_tui.domain.base import Document
from quant_tui.domain.errors import LanguageModelError
from quant_tui.domain.genai import ChatMessage
from quant_tui.genai.actions import ActionReader
from quant_tui.genai.client import ChatClient
from quant_tui.genai.endpoint import Completion, Endpoint, TextPiece, ToolRequest
from quant_tui.genai.failures import answered_nothing, too_long
from quant_tui.genai.knowledge import cutoff_note
from quant_tui.genai.thoughts import Thoughts
from quant_tui.genai.token_estimates import tokens_of
from quant_tui.services.chat_draft import Draft, known_of_messages
from quant_tui.services.chat_events import Retrying, Trimmed
from quant_tui.services.chat_request import Request, offer_of, request_of
from quant_tui.services.chat_token_count import TokenCount
from quant_tui.services.chat_tool_use import Tools, use

MOST_ROUNDS = 8
"""How often one answer may call tools before it has to end."""

MOST_TRIES = 3
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
"""Longer than this nobody is kept waiting: it is said instead."""

Pause = Callable[[float], Awaitable[None]]


class ModelAnswer:
    """One answer by a model.

    Parameters
    ----------
    tools
        None when none are offered.
    pause
        How it waits between tries.
    """

    def __init__(
        self,
        client: ChatClient,
        endpoint: Endpoint,
        profile: ChatSettings,
        tools: Tools | None,
        session_id: str,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._profile = profile
        self._tools = tools
        self._session_id = session_id
        self._pause = pause
        self._as_text = profile.tools == "json"
        self._spent = TokenCount(profile)
        self._trimmed = 0

    async def write(self, draft: Draft, history: Sequence[ChatMessage]) -> None:
        """Write the answer to the last question of ``history``.

        Raises
        ------
        LanguageModelError
            There is none, or it broke off; what came is in the draft.
        """
        draft.checked = True
        draft.known += known_of_messages(history)
        if self._tools:
            await self._tools.load()
        # in a thread: the first time it imports all tools
        offer = await asyncio.to_thread(offer_of, self._profile, self._tools)
        if offer.tokens and not offer.schemas:
            draft.note(
                f"No tools were offered: to describe them takes about {offer.tokens:,} tokens of a "
                f"context window of {self._profile.context_window:,}."
            )
        try:
            for number in range(MOST_ROUNDS):
                last = number == MOST_ROUNDS - 1
                requests = await self._round(draft, history, () if last else offer.schemas, number)
                if not requests or self._tools is None:
                    if not draft.text.strip():
                        raise answered_nothing(self._endpoint)
                    return
                if await use(self._tools, requests, draft, self._session_id):
                    return
            draft.note(f"The answer was ended after {MOST_ROUNDS} rounds of tools.")
        finally:
            draft.count(self._spent.tokens, self._spent.cost)
            warning = cutoff_note(
                draft.periods, self._profile.knowledge_cutoff, self._profile.model
            )
            if warning:
                draft.note(warning)

    async def _round(
        self,
        draft: Draft,
        history: Sequence[ChatMessage],
        schemas: Sequence[Document],
        number: int,
    ) -> Sequence[ToolRequest]:
        request = request_of(self._profile, [*history, draft.snapshot()], schemas)
        if request.size > self._profile.context_window:
            raise too_long(
                self._endpoint,
                f"about {request.size:,} tokens of at most {self._profile.context_window:,}.",
            )
        if request.left_out > self._trimmed:
            self._trimmed = request.left_out
            draft.emit(Trimmed(request.left_out))
            draft.note(
                f"The first {request.left_out} messages were left out: they do not fit into the "
                "context window."
            )
        return await self._asked(draft, request, number)

    async def _asked(self, draft: Draft, request: Request, number: int) -> Sequence[ToolRequest]:
        """Ask once, and again where that may help and nothing was written yet."""
        for attempt in range(1, MOST_TRIES + 1):
            before = len(draft.text)
            try:
                return await self._streamed(draft, request, number)
            except LanguageModelError as error:
                wait = error.retry_after
                if wait is None or attempt == MOST_TRIES or len(draft.text) > before:
                    raise
                seconds = max(wait, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
                if seconds > LONGEST_WAIT_SECONDS:
                    raise LanguageModelError(
                        f"{error.message} It asks to wait {seconds:,.0f} seconds.",
                        title=error.title,
                        hint=error.hint,
                    ) from error
                draft.emit(Retrying(seconds, error.message))
            await self._pause(seconds)
        raise AssertionError("the last try returns or raises")

    async def _streamed(self, draft: Draft, request: Request, number: int) -> Sequence[ToolRequest]:
        reader = ActionReader() if self._as_text and self._tools else None
        thoughts = Thoughts()
        before, raw = len(draft.text), 0
        end: Completion | None = None
        try:
            async with contextlib.aclosing(
                self._client.stream(self._endpoint, request.messages, request.schemas)
            ) as pieces:
                async for piece in pieces:
                    if isinstance(piece, TextPiece):
                        raw += len(piece.text)
                        text = thoughts.add(piece.text)
                        draft.write(reader.add(text) if reader else text)
                    else:
                        end = piece
        finally:
            last = thoughts.end()
            draft.write(reader.add(last) if reader else last)
            requests = self._rest(draft, reader, number)
            self._add(end, request.size, draft.text[before:], raw)
        return [*requests, *(end.requests if end else ())]

    def _rest(
        self, draft: Draft, reader: ActionReader | None, number: int
    ) -> Sequence[ToolRequest]:
        if reader is None:
            return ()
        text, request = reader.end(number)
        draft.write(text)
        return (request,) if request else ()

    def _add(self, end: Completion | None, size: int, text: str, raw: int) -> None:
        if raw or end is not None:
            self._spent.add(end.usage if end else None, size, tokens_of(text))
