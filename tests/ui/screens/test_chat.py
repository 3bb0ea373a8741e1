"""The chat by keys, over real services and a server that speaks by a script."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual.widgets import Static

from quant_tui.domain.base import utc_now
from quant_tui.domain.genai import ChatMessage
from quant_tui.domain.trading import Backtest
from quant_tui.domain.vocabulary import MessageRole, MessageStatus, RunStatus
from quant_tui.genai.tools import Consent
from quant_tui.services.composition import Services
from quant_tui.services.conversation import shown, to_document
from quant_tui.ui.screens.chat.conversation import Conversation
from quant_tui.ui.screens.chat.items import Answer, CitationLine, ToolLine
from quant_tui.ui.screens.chat.pane import ChatPane
from quant_tui.ui.screens.chat.proposal import ProposalBox
from tests.chat_server import (
    ChatServer,
    called,
    calls,
    chat_server,
    delta,
    silence,
    status,
    stream,
    text,
)

from .conftest import Driver, Open
from .test_pictures import stock

SIZES = ((80, 24), (120, 36), (200, 60))
ANSWER = """\
## 골든크로스 요약

**골든크로스 전략** buys when the short average crosses the long one: 단기 이동평균이 장기
이동평균을 위로 넘을 때 매수합니다.

| Figure | Value | 비고 |
|:--|--:|:--|
| Sessions | 252 | 1년 |
| Made up | 98.7654 % | 출처 없음 |

```yaml
entry: cross_above(sma(close, 15), sma(close, 50))
```

1. Look at the costs first.
"""
RULES = """\
name: 새 전략
entry: cross_above(sma(close, 10), sma(close, 30))
exit: cross_below(sma(close, 10), sma(close, 30))
"""

Pictures = Callable[..., Awaitable[None]]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def pictures(snapshot: Any, monkeypatch: pytest.MonkeyPatch) -> Pictures:
    """Compare the screen with its kept pictures at every size that must look right."""
    monkeypatch.setattr("quant_tui.ui.status.PROBE_AFTER_SECONDS", 3600)
    monkeypatch.setattr("quant_tui.ui.screens.chat.answering.monotonic", lambda: 0.0)
    # what the descriptions of the tools come to is not for the pictures to say
    for name in ("_model_answer.tokens_of", "_request.tokens_of", "_request.tokens_of_messages"):
        monkeypatch.setattr(f"quant_tui.services.chat{name}", lambda _: 10)
    kept = snapshot.use_extension(SVGImageExtension)

    async def compare(driver: Driver, name: str, sizes: Sequence[tuple[int, int]] = SIZES) -> None:
        await driver.still()
        for width, height in sizes:
            await driver.pilot.resize_terminal(width, height)
            await driver.settle()
            assert driver.app.export_screenshot() == kept(name=f"{name}-{width}x{height}")
        await driver.pilot.resize_terminal(120, 36)
        await driver.settle()

    return compare


def words(answer: str) -> Any:
    return text(*(f"{word} " for word in answer.split(" ")))


def endpoint(server: ChatServer, prepare: Callable[[Services], Awaitable[None]]) -> Any:
    async def before(services: Services) -> None:
        await prepare(services)
        values = {"base_url": server.url, "model": "scripted"}
        await services.chat_endpoints.keep("default", values)

    return before


def conversation(driver: Driver) -> Conversation:
    """Return the conversation that can be seen."""
    pane = driver.app.beside.pane
    shown: ChatPane | Any = driver.front("chat") if pane is None else pane
    found: Conversation = shown.conversation
    return found


async def answered(driver: Driver, said: str) -> None:
    await driver.until(lambda: said in driver.text)
    await driver.until(lambda: conversation(driver).answering.seconds is None)
    await driver.settle()


async def test_beside_a_backtest(open_app: Open, server: ChatServer, pictures: Pictures) -> None:
    """It takes no keys by itself, sends what is chosen, and leads to what it cites."""
    async with open_app(before=endpoint(server, stock)) as driver:
        await driver.press("4", "ctrl+a")
        table = driver.front("backtests").table
        assert table.has_keys
        chosen = driver.front("backtests").selection()
        await driver.until(lambda: "sends backtest" in driver.text)
        await driver.press("ctrl+a")
        assert not table.has_keys
        shown = json.dumps({"backtest_id": chosen.id})
        server.replies = [calls(("show_backtest", shown)), words(ANSWER)]
        await driver.type("Why?")
        await driver.press("enter")
        # The model's name stands there before it is asked: first for the call, then for the answer.
        await driver.until(lambda: len(server.asked) == 2)
        await answered(driver, "scripted")
        asked = server.asked[0]["messages"][-1]["content"]
        assert chosen.text.splitlines()[0] in asked
        assert "Why?" in asked
        await pictures(driver, "beside")
        link = driver.app.query(CitationLine).first()
        link.focus()
        await driver.press("enter")
        await driver.until(lambda: driver.front("backtests").shown_page == "result")
        call = driver.app.query(ToolLine).first()
        call.focus()
        await driver.press("enter")
        await driver.settle()
        assert call.size.height > len(call.plain.splitlines()) > 40, "all of it"
        await driver.services.backtests.delete(chosen.id)
        link.open()
        await driver.until(lambda: "has been deleted" in driver.text)
        assert "(deleted)" in str(link.query_one(Static).content)
        await driver.press("ctrl+t")
        assert "without backtest" in driver.text
        await driver.press("escape", "escape")  # to the field and the workspace; the chat stays
        assert driver.app.beside.next_step == "enter"
        await driver.press("ctrl+a", "ctrl+a")
        assert driver.app.beside.pane is None
        await driver.pilot.resize_terminal(80, 24)
        await driver.press("ctrl+a")  # no room for both: it fills the screen, and has the keys
        assert driver.app.beside.has_keys
        assert driver.app.beside.fills
        await driver.press("escape")
        assert driver.app.beside.pane is None


async def test_conversations(open_app: Open, server: ChatServer, pictures: Pictures) -> None:
    """Begun, answered while something else is done, changed, found again, deleted, brought back."""

    async def nothing(_services: Services) -> None:
        pass

    async with open_app(stocked=False, before=endpoint(server, nothing)) as driver:
        await driver.press("8")
        await driver.until(lambda: "No conversations yet" in driver.text)
        await pictures(driver, "empty")
        for key, says in (("w", "No model has written"), ("T", "Nothing was called yet")):
            await driver.press(key)
            await driver.until(lambda says=says: says in driver.text)
            await pictures(driver, f"nothing-{key}", SIZES[:1])
            await driver.press("escape")
        server.replies = [silence(*(delta(content=f"{word} ") for word in ANSWER.split(" ")))]
        await driver.press("n")
        await driver.type("요약?")
        await driver.press("enter")
        await driver.until(lambda: "Look at the costs" in driver.text)
        await pictures(driver, "streaming")
        await driver.press("escape")
        await answered(driver, "■ stopped")

        server.replies = [words(ANSWER)]
        await driver.press("shift+tab", "r")  # the last part is the answer
        await answered(driver, "‹ 2 of 2 ›")
        await driver.press("shift+tab", "left")
        await answered(driver, "‹ 1 of 2 ›")
        await driver.press("y")
        assert driver.app.clipboard.startswith("## 골든크로스")

        server.replies = [calls(("create_strategy", {"text": RULES})), text("Done.")]
        await driver.press("escape")
        await driver.type("make it")
        conversation(driver).field.action_send()
        await driver.press("enter")  # twice: once is enough
        await answered(driver, "A approve")
        assert "make it" not in conversation(driver).field.text
        await pictures(driver, "proposal")
        await driver.type("AX")  # written into the field, not decided
        assert not await driver.services.strategies.list()
        await driver.press("backspace", "backspace", "escape", "escape")
        assert driver.front("chat").table.has_keys, "one can leave it for later"
        await driver.press("enter", "escape")
        await driver.press("enter")
        assert not await driver.services.strategies.list()
        await driver.press("A")
        await answered(driver, "Done.")
        (made,) = await driver.services.strategies.list()
        assert made.name == "새 전략"
        assert "✓ done" in driver.text

        twice = {"text": RULES.replace("새 전략", "second")}
        both = stream(
            delta(content="I propose both."),
            *called(("create_strategy", {"text": RULES}), ("create_strategy", twice)),
        )
        server.replies = [both, text("As you like.")]
        await driver.press("escape")
        await driver.type("two")
        conversation(driver).field.action_send()
        conversation(driver).field.action_send()  # once is enough
        await answered(driver, "2 proposals wait")
        with pytest.MonkeyPatch.context() as slow:
            slow.setattr("quant_tui.ui.screens.chat.proposal.MEANT_SECONDS", 3600.0)
            first = conversation(driver).transcript.open_proposal
            assert first is not None
            first.focus()
            await driver.settle()
            corner = first.query_one(ProposalBox).region.bottom_left
            await driver.pilot.click(offset=(corner.x + 18, corner.y - 2))  # X reject
            await driver.press("X")  # of a key that is held down, once counts
            await answered(driver, "✗ rejected")
            waiting = conversation(driver).transcript.open_proposal
            assert waiting is not None
            assert waiting.has_focus, "the keys went on to the other one"
            assert "second" in waiting.plain
            await driver.press("X", "A")
            assert waiting.waits
            waiting._deaf_until = 0.0
        await driver.services.toolbox.permit("create_strategy", Consent.NEVER)
        await driver.press("A")
        await answered(driver, "As you like.")
        assert driver.text.count("I propose both.") == 1
        assert "✗ not done: Create a strategy is not allowed any more" in driver.text
        parts = [one for one in conversation(driver).transcript.items if isinstance(one, Answer)]
        kept = shown(await driver.services.chat.get(conversation(driver).session_id))
        assert [one.message_id for one in parts[-2:]] == [kept[-2].id, kept[-1].id]

        server.replies = [status(401, "bad key")]
        await driver.press("escape")
        await driver.type("again")
        await driver.press("enter")
        await answered(driver, "✗")
        await driver.press("escape", "p")
        await driver.until(lambda: "★" in driver.text)
        await driver.press("slash")
        await driver.type("costs first")  # said in it, not in its title
        await driver.until(lambda: "요약" in driver.text)
        await driver.press("enter", "escape", "d", "y")
        await driver.until(lambda: "No conversations yet" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "★" in driver.text)

        # another run of the program is writing here, or was when it ended
        chat, other = driver.services.chat, (await driver.services.chat.create("other")).session_id
        message = ChatMessage(
            id="m", role=MessageRole.ASSISTANT, status=MessageStatus.STREAMING, content="So far",
            saved_at=utc_now(),
        )  # fmt: skip
        await chat._chats.add_message(other, to_document(message))
        conversation(driver).open(other)
        await driver.until(lambda: "written by another run" in driver.text)
        assert "So far" in driver.text
        assert conversation(driver).answering.seconds is None
        message = message.model_copy(update={"status": MessageStatus.DONE, "content": "It ended."})
        await chat._chats.put_message(other, to_document(message))
        await driver.until(lambda: "It ended." in driver.text)
        await driver.until(lambda: "written by another run" not in driver.text)

        # another view of it
        later = {"id": "n", "parent": "m", "content": "Said beside."}
        await chat._chats.add_message(other, to_document(message.model_copy(update=later)))
        driver.front("chat").shown()
        await driver.until(lambda: "Said beside." in driver.text)
        await chat.delete(other)
        driver.front("chat").shown()
        await driver.until(lambda: conversation(driver).session_id == "")

        # a text of the library has to do with none of the others; a typing error is kept
        before = len(await chat.list())
        driver.front("chat").write_into_field("/nonsense")
        await driver.until(lambda: conversation(driver).session_id == "")
        conversation(driver).field.action_send()
        await driver.until(lambda: "There is no command /nonsense" in driver.text)
        assert conversation(driver).field.text == "/nonsense"
        assert len(await chat.list()) == before


async def test_what_a_proposal_started_tells_its_end_after_a_restart(open_app: Open) -> None:
    async with open_app() as driver:
        backtests, chat = driver.services.backtests, driver.services.chat
        user_id = driver.services.user.id
        done, lost = [
            await backtests._backtests.create(Backtest(name="run", status=one, user_id=user_id))
            for one in (RunStatus.COMPLETED, RunStatus.FAILED)
        ]
        session_id = (await chat.create("Runs")).session_id
        cards = [("done", done.id), ("lost", lost.id), ("gone", "5f0000000000000000000000")]
        message = ChatMessage(
            id="m", role=MessageRole.ASSISTANT, content="Three runs.",
            tool_calls=[
                {"name": "run_backtest", "state": "started",
                 "citations": [{"kind": "backtest", "id": key, "title": name}],
                 "proposal": {"id": name, "title": name, "change": "", "permission": "cost"}}
                for name, key in cards
            ],
        )  # fmt: skip
        await chat._chats.add_message(session_id, to_document(message))
        await driver.press("8")
        conversation(driver).open(session_id)
        for told in ("started: it has ended", "started: it failed", "started: it was deleted"):
            await driver.until(lambda told=told: told in driver.text)
        opening = conversation(driver)._opening
        await driver.until(lambda: opening is None or opening.is_finished)
