"""The configured language model as what writes strategies: messages in, a whole answer out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from quant_tui.config.chat import ChatSettings
from quant_tui.domain.errors import LanguageModelError
from quant_tui.genai.endpoint import Completion, Endpoint, TextPiece
from quant_tui.genai.generation import LONGEST_ANSWER, Message
from quant_tui.genai.token_estimates import tokens_of, tokens_of_messages
from quant_tui.services.chat_endpoints import ChatEndpoints
from quant_tui.services.chat_token_count import TokenCount

TRIES = 3
"""How often one round is asked for, where asking again may help."""

LONGEST_PAUSE = 30.0
"""Seconds that a server may ask for before the next try."""


class EndpointModel:
    """A model at an endpoint.

    Parameters
    ----------
    endpoints
        Where models are.
    settings
        Which of them, and its model.
    told
        Hears when the model is asked again, and why.

    Attributes
    ----------
    spent
        What all its answers took.

    Raises
    ------
    LanguageModelError
        It names no model.
    """

    def __init__(
        self,
        endpoints: ChatEndpoints,
        settings: ChatSettings,
        told: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._endpoints = endpoints
        self._settings = settings
        self._told = told
        self.spent = TokenCount(settings)
        if not self._settings.model:
            raise LanguageModelError(
                "No language model is configured.",
                hint="Open Settings, section Chat, or run: quant-tui chat endpoint --help",
            )

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._settings.model

    async def __call__(self, messages: list[Message]) -> str:
        """Ask and return the whole answer; it is cut where it is longer than any strategy.

        Raises
        ------
        LanguageModelError
            There is no usable answer, also after trying again.
        """
        endpoint = await self._endpoints.endpoint(self._settings)
        for left in reversed(range(TRIES)):
            try:
                return await self._whole(endpoint, messages)
            except LanguageModelError as error:
                pause = error.retry_after
                if not left or pause is None or pause > LONGEST_PAUSE:
                    raise
                self._told(f"{error.title}: asking again in {pause:.0f} s")
                await asyncio.sleep(pause)
        raise AssertionError("unreachable: the last try returns or raises")

    async def _whole(self, endpoint: Endpoint, messages: list[Message]) -> str:
        parts: list[str] = []
        length = 0
        end: Completion | None = None
        stream = self._endpoints.client.stream(endpoint, messages)
        try:
            async for piece in stream:
                if isinstance(piece, TextPiece):
                    parts.append(piece.text)
                    length += len(piece.text)
                    if length > LONGEST_ANSWER:
                        break
                else:
                    end = piece
        finally:
            await stream.aclose()
            if parts or end is not None:
                written = tokens_of("".join(parts))
                self.spent.add(end.usage if end else None, tokens_of_messages(messages), written)
        return "".join(parts)
