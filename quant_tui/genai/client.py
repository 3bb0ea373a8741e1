"""Asking a language model: one question, its answer as a stream of pieces.

Speaks Chat Completions through the ``openai`` package, which is imported in a thread when
it is first needed. Nothing is retried here: whoever asks does so where it can be seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import LanguageModelError
from quant_tui.genai.endpoint import Endpoint, Piece
from quant_tui.genai.failures import cut_off, failure_of, key_hint, one_line, sentence
from quant_tui.genai.parts import Assembly

if TYPE_CHECKING:
    import openai

DUMMY_KEY = "none"
"""What servers without keys are sent: the client insists on one."""

CONNECT_SECONDS = 10.0
LONGEST_PAGE = 65_536


class ChatClient:
    """Asks endpoints; keeps one client for each."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, str, float], openai.AsyncOpenAI] = {}

    async def stream(
        self, endpoint: Endpoint, messages: Sequence[Document], tools: Sequence[Document] = ()
    ) -> AsyncGenerator[Piece, None]:
        """Yield the answer as it comes; the last piece is a :class:`Completion`.

        Closing the iterator, or cancelling the task, ends the request at the server too.

        Parameters
        ----------
        messages
            The conversation as the API has it.
        tools
            Function schemas that the model may call; none are offered without.

        Raises
        ------
        LanguageModelError
            There is no usable answer, or it broke off; what was yielded before holds.
        """
        client = await self._client(endpoint)
        body: Document = {
            "model": endpoint.model,
            "messages": list(messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            **({"tools": list(tools)} if tools else {}),
        }
        import openai

        has_begun = False
        try:
            try:
                stream = await _begin(client, body)
            except openai.BadRequestError as error:
                if "stream_options" not in str(error):
                    raise
                del body["stream_options"]  # an older server, which does not count tokens
                stream = await _begin(client, body)
            async with stream:
                async for piece in _pieces(stream, endpoint):
                    has_begun = True
                    yield piece
        except openai.APIConnectionError as error:
            # a time-out says more than that the line is gone
            if has_begun and not isinstance(error, openai.APITimeoutError):
                raise cut_off(endpoint) from error
            raise failure_of(error, endpoint) from error
        except openai.OpenAIError as error:
            raise failure_of(error, endpoint) from error

    async def close(self) -> None:
        """Let go of all connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    async def _client(self, endpoint: Endpoint) -> openai.AsyncOpenAI:
        key = (endpoint.address, endpoint.key, endpoint.timeout_seconds)
        if key not in self._clients:
            made = await asyncio.to_thread(_make, endpoint)
            self._clients.setdefault(key, made)
        return self._clients[key]


def load() -> None:
    """Import what asking needs; in a thread, for it takes a second."""
    import_module("openai.resources.chat")
    with contextlib.suppress(ImportError):  # would be imported on the event loop otherwise
        import_module("anyio._backends._asyncio")


def _make(endpoint: Endpoint) -> openai.AsyncOpenAI:
    """Build a client; in a thread, since imports and certificates take their time."""
    load()
    import httpx2
    import openai

    timeout = httpx2.Timeout(
        endpoint.timeout_seconds, connect=min(CONNECT_SECONDS, endpoint.timeout_seconds)
    )
    # a connection of its own for each question: servers close kept ones just as they are used
    limits = httpx2.Limits(max_keepalive_connections=0)
    try:
        return openai.AsyncOpenAI(
            api_key=endpoint.key or DUMMY_KEY,
            base_url=endpoint.address,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(timeout=timeout, limits=limits),
        )
    except (openai.OpenAIError, ValueError, httpx2.InvalidURL) as error:
        raise LanguageModelError(
            f"{endpoint.name} cannot be asked at {endpoint.address}: {error}",
            hint="Correct chat.base_url.",
        ) from error


async def _begin(client: openai.AsyncOpenAI, body: Document) -> openai.AsyncStream[object]:
    import openai

    return await client.post(
        "/chat/completions",
        cast_to=object,  # as it comes: servers send what the package's models do not expect
        body=body,
        stream=True,
        stream_cls=openai.AsyncStream[object],
    )


async def _pieces(
    stream: openai.AsyncStream[object], endpoint: Endpoint
) -> AsyncGenerator[Piece, None]:
    kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind != "text/event-stream":
        raise await _page(stream, endpoint, kind)
    answer = Assembly(endpoint)
    chunks = aiter(stream)
    while True:
        try:
            async with asyncio.timeout(endpoint.timeout_seconds):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise LanguageModelError(
                f"{endpoint.name} said nothing for {endpoint.timeout_seconds:g} seconds.",
                title="Time-out",
                hint="Ask again, or raise chat.timeout_seconds.",
                retry_after=0.0,
            ) from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise LanguageModelError(
                f"{endpoint.name} sent something that is not JSON: {sentence(str(error))}",
                title="Broken answer",
                hint="Ask again; when it stays so, the server or a proxy before it is at fault.",
            ) from error
        if chunk is None:
            break
        if piece := answer.add(chunk):
            yield piece
    yield answer.completion()


async def _page(
    stream: openai.AsyncStream[object], endpoint: Endpoint, kind: str
) -> LanguageModelError:
    """Return the error of what came in the place of a stream, most often a proxy's page."""
    import httpx2

    page = bytearray()
    with contextlib.suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(endpoint.timeout_seconds):
            async for part in stream.response.aiter_bytes():
                page += part
                if len(page) > LONGEST_PAGE:
                    break
    text = page[:LONGEST_PAGE].decode(errors="replace")
    return LanguageModelError(
        f"{endpoint.name} answered with {kind or 'something else'} in the place of a stream: "
        f"{sentence(one_line(text)[:120])}",
        title="Not a language model",
        hint=f"Is {endpoint.address} right? It often ends in /v1. A proxy or a sign-in page may "
        "stand before it.",
    )


def missing_key(endpoint: Endpoint) -> LanguageModelError:
    """Return the error of an endpoint whose key is not set."""
    return LanguageModelError(
        f"The key of {endpoint.name} is not set.", title="No key", hint=key_hint(endpoint)
    )
