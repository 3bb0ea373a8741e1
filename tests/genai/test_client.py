"""Every way in which an endpoint answers, or does not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence

import pytest

from quant_tui.domain.base import Document
from quant_tui.domain.errors import LanguageModelError
from quant_tui.genai.client import ChatClient
from quant_tui.genai.endpoint import Completion, Endpoint, Piece, TextPiece, Usage
from tests.chat_server import (
    ChatServer,
    Reply,
    calls,
    delta,
    end,
    page,
    silence,
    status,
    stream,
    text,
    torn,
    usage,
)

QUESTION: Sequence[Document] = [{"role": "user", "content": "hello"}]


@pytest.fixture
async def client() -> AsyncIterator[ChatClient]:
    made = ChatClient()
    yield made
    await made.close()


def at(server: ChatServer, **changes: object) -> Endpoint:
    values = {"name": "test", "address": server.url, "model": "m", "timeout_seconds": 60.0}
    return Endpoint(**{**values, **changes})  # type: ignore[arg-type]


async def answer(
    client: ChatClient, endpoint: Endpoint, tools: Sequence[Document] = ()
) -> tuple[str, Completion | None, LanguageModelError | None]:
    """Return the text, the end, and the failure of one answer."""
    pieces: list[Piece] = []
    failure: LanguageModelError | None = None
    try:
        async with contextlib.aclosing(client.stream(endpoint, QUESTION, tools)) as found:
            async for piece in found:
                pieces.append(piece)  # noqa: PERF401 -- kept also when it breaks off
    except LanguageModelError as error:
        failure = error
    words = "".join(one.text for one in pieces if isinstance(one, TextPiece))
    ends = [one for one in pieces if isinstance(one, Completion)]
    return words, (ends[0] if ends else None), failure


async def test_an_answer_comes_in_pieces_with_its_tokens(
    server: ChatServer, client: ChatClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.replies = [text("안녕", " wor", "ld", tokens=(7, 3))]
    words, finished, failure = await answer(client, at(server, key="sk-secret-123"))
    assert (words, failure) == ("안녕 world", None)
    assert finished == Completion((), Usage(7, 3))
    assert server.asked[0]["stream"] is True
    assert server.asked[0]["messages"] == QUESTION
    assert "tools" not in server.asked[0]
    assert server.keys == ["Bearer sk-secret-123"]
    assert not any(one in caplog.text for one in ("sk-secret", "hello", "world")), "never logged"


async def test_an_answer_commands_no_terminal(server: ChatServer, client: ChatClient) -> None:
    """Escape sequences lose what makes them act, half a character goes, lines and tabs stay."""
    server.replies = [text("a\x1b]52;c;eA==\x1b\\", "\x9b2J\ud83d", "\n\tb")]
    words, _, failure = await answer(client, at(server))
    assert (words, failure) == ("a]52;c;eA==\\2J\n\tb", None)


async def test_a_server_without_keys_gets_a_dummy(server: ChatServer, client: ChatClient) -> None:
    server.replies = [text("yes")]
    assert (await answer(client, at(server)))[0] == "yes"
    assert server.keys == ["Bearer none"]


async def test_tools_are_called_with_their_arguments(
    server: ChatServer, client: ChatClient
) -> None:
    long = {"text": "x" * 60_000}
    server.replies = [
        calls(("list_backtests", {"limit": 3}), ("show", "{broken"), ("x", "[1]"), ("y", long))
    ]
    _, finished, failure = await answer(client, at(server), [{"type": "function"}])
    assert failure is None
    assert finished is not None
    first, broken, listed, too_long = finished.requests
    assert (first.id, first.name, first.arguments, first.problem) == (
        "c0", "list_backtests", {"limit": 3}, "",
    )  # fmt: skip
    assert "not JSON" in broken.problem
    assert "not a JSON object" in listed.problem
    assert "at most 50,000" in too_long.problem
    assert too_long.arguments == {}, "it is not sent back"
    assert server.asked[0]["tools"] == [{"type": "function"}]


HELLO = delta(content="hello")
FAILURES: dict[str, tuple[Reply, str, str, str, bool]] = {
    # reply, text that came, title, part of the whole message, whether asking again may help
    "401": (status(401), "", "Key refused", "quant-tui secret set openai_api_key", False),
    "403": (status(403, "region"), "", "Not allowed", "region", False),
    "404": (status(404, "nope"), "", "Model not found", "chat.model", False),
    "429": (status(429, "slow"), "", "Request limit", "too many requests", True),
    "429 no money": (status(429, "x", "insufficient_quota"), "", "No credit", "Top up", False),
    "500": (status(500, "oops"), "", "Endpoint has trouble", "oops", True),
    "503": (status(503, "loading model"), "", "Endpoint has trouble", "loading model", True),
    "400": (status(400, "bad tools"), "", "Question refused", "chat.tools", False),
    "too long": (
        status(400, "This model's maximum context length is 8192 tokens"),
        "", "Too long", "chat.context_window", False,
    ),
    "filtered at once": (status(400, "x", "content_filter"), "", "Withheld", "other words", False),
    "filtered later": (
        stream(HELLO, end("content_filter")), "hello", "Withheld", "content filter", False,
    ),
    "refused": (
        stream(delta(refusal="I cannot"), end()), "I cannot", "Refused", "other words", False,
    ),
    "cut at its limit": (
        stream(HELLO, end("length")), "hello", "Answer too long", "go on", False,
    ),
    "no finish reason": (stream(HELLO), "hello", "Answer cut off", "broke off", True),
    "torn": (torn(HELLO), "hello", "Answer cut off", "what came is kept", True),
    "broken JSON": (stream(HELLO, '{"choices": ['), "hello", "Broken answer", "not JSON", False),
    "no object": (stream(HELLO, "[1, 2]"), "hello", "Broken answer", "[1, 2]", False),
    "no choices": (stream({"choices": None}), "", "Broken answer", "no choices", False),
    "error in the stream": (
        stream(HELLO, {"error": {"message": "GPU lost"}}), "hello", "No answer", "GPU lost", True,
    ),
    "a page": (page(), "", "Not a language model", "sign in to the company proxy", False),
    "a plain text": (page("text/plain"), "", "Not a language model", "/v1", False),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
async def test_every_failure_is_one_clear_line(
    name: str, server: ChatServer, client: ChatClient
) -> None:
    reply, came, title, part, again = FAILURES[name]
    server.replies = [reply]
    words, finished, failure = await answer(
        client, at(server, key="sk-secret-123", key_name="openai_api_key")
    )
    assert failure is not None
    assert (words, finished) == (came, None)
    assert failure.title == title
    assert part in str(failure)
    assert (failure.retry_after is not None) == again
    assert failure.hint, "says what to do"
    assert "\n" not in str(failure)
    assert failure.message.endswith("."), "the hint follows as a sentence of its own"
    assert "Error code" not in str(failure)
    assert "sk-secret-123" not in str(failure)
    assert len(server.asked) == 1, "nothing is tried again where nobody sees it"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("soon", 0.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)],
)
async def test_the_server_says_how_long_to_wait(
    header: str, seconds: float, server: ChatServer, client: ChatClient
) -> None:
    server.replies = [status(429, retry_after=header)]
    failure = (await answer(client, at(server)))[2]
    assert failure is not None
    assert failure.retry_after == seconds


async def test_silence_ends_after_the_time_out(server: ChatServer, client: ChatClient) -> None:
    for reply in (silence(), silence(delta(content="hel"))):
        server.replies = [reply]
        failure = (await answer(client, at(server, timeout_seconds=0.2)))[2]
        assert failure is not None
        assert failure.title == "Time-out"
        assert "0.2 seconds" in failure.message


async def test_nobody_listens(client: ChatClient) -> None:
    nobody = Endpoint("test", "http://127.0.0.1:9/v1", "m", timeout_seconds=5.0)
    failure = (await answer(client, nobody))[2]
    assert failure is not None
    assert failure.title == "No connection"
    assert "http://127.0.0.1:9/v1" in failure.hint


async def test_older_servers_do_not_count_tokens(server: ChatServer, client: ChatClient) -> None:
    server.replies = [status(400, "Unknown field: stream_options"), stream(HELLO, end())]
    words, finished, failure = await answer(client, at(server))
    assert (words, finished, failure) == ("hello", Completion(), None)
    assert "stream_options" not in server.asked[1]


async def test_leaving_ends_the_request_at_the_server(
    server: ChatServer, client: ChatClient
) -> None:
    server.replies = [silence(delta(content="hel"))]

    async def read() -> None:
        async with contextlib.aclosing(client.stream(at(server), QUESTION)) as found:
            async for _ in found:
                begun.set()

    begun = asyncio.Event()
    task = asyncio.create_task(read())
    await asyncio.wait_for(begun.wait(), 60)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(server.gone.wait, 60), "the server works on for nobody"


async def test_odd_parts_of_a_stream_do_no_harm(server: ChatServer, client: ChatClient) -> None:
    server.replies = [
        stream(
            {"choices": []},
            {"choices": [{"index": 0, "delta": None}]},
            {"choices": [{"index": 1, "delta": {"content": "another choice"}}]},
            {"choices": ["?", {"index": 0, "delta": {"content": 7, "tool_calls": ["?"]}}]},
            {"choices": None, "usage": {"prompt_tokens": "many", "completion_tokens": -1}},
            delta(tool_calls=[{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}]),
            HELLO,
            end("tool_calls"),
            usage(2, 1),
        )
    ]
    words, finished, failure = await answer(client, at(server))
    assert failure is None
    assert finished is not None
    assert (words, finished.usage) == ("hello", Usage(2, 1))
    assert finished.requests[0].arguments == {"x": 1}
