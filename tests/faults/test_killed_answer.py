"""A process killed while an answer streams has kept the question, and all but the last second."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

from quant_tui.config.settings import Settings
from quant_tui.domain.genai import ChatSession
from quant_tui.services.conversation import shown
from quant_tui.storage.mongo.migrations import migrate
from quant_tui.storage.mongo.repositories import Repositories
from quant_tui.storage.mongo.store import MetadataStore
from tests.chat_server import Handler, chat_server, delta
from tests.storage.mongo.samples import USER

ASKER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from quant_tui.config.chat import ChatSettings
from quant_tui.config.settings import load_settings
from quant_tui.services.chat import ChatService
from quant_tui.services.chat_endpoints import ChatEndpoints
from quant_tui.services.chat_events import AnswerText
from quant_tui.services.secrets import open_secrets
from quant_tui.storage.mongo.repositories import Repositories
from quant_tui.storage.mongo.store import MetadataStore

uri, database, url, home, user = sys.argv[1:]

async def main():
    store = await MetadataStore.open(uri, database)
    asked = ChatSettings(base_url=url, model="m")
    settings = replace(load_settings(Path(home), environment={}), chat=asked)
    endpoints = ChatEndpoints(settings, open_secrets(settings))
    chat = ChatService(endpoints, Repositories(store).for_user(user))
    session = await chat.create()
    print(session.session_id, flush=True)
    async for event in chat.ask(session.session_id, "tell me a long story"):
        if isinstance(event, AnswerText):
            print(event.delta, flush=True)

asyncio.run(main())
"""


def slow(handler: Handler) -> None:
    """Say a word every twentieth of a second."""
    handler.head(200, "text/event-stream")
    for number in range(10_000):
        handler.event(delta(content=f"w{number} "))
        time.sleep(0.05)


async def test_kill_loses_at_most_the_last_second(settings: Settings) -> None:
    store = await MetadataStore.open(settings.mongodb.uri, settings.mongodb.database)
    await migrate(store)
    with chat_server() as server:
        server.replies = [slow]
        place = (settings.mongodb.uri, settings.mongodb.database, server.url)
        process = subprocess.Popen(  # noqa: ASYNC220 -- killed below
            [sys.executable, "-c", ASKER, *place, str(settings.locations.data), USER],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        key = process.stdout.readline().strip()
        heard: list[tuple[float, str]] = []
        slowest, lost = 0.0, 1.0
        while not heard or heard[-1][0] - heard[0][0] < lost + 0.5:
            word = await asyncio.to_thread(process.stdout.readline)
            heard.append((time.monotonic(), word.strip()))
            # What is being written when the process is killed counts for nothing: on a machine
            # that does much else that is more than a moment's words, here as there.
            await store.collection("measured").insert_one({"word": word})
            slowest = max(slowest, time.monotonic() - heard[-1][0])
            lost = 1.0 + 3.0 * slowest
        process.kill()
        process.wait()
        process.stdout.close()
        assert await asyncio.to_thread(server.gone.wait, 60)
    last = heard[-1][0]
    session: ChatSession = await Repositories(store).for_user(USER).chat_sessions.of(key)
    question, answer = shown(session)
    await store.close()
    assert question.content == "tell me a long story"
    assert answer.status == "streaming"
    kept = answer.content.split()
    told = [word for at, word in heard if last - at > lost]
    assert told, "more than a second was told before"
    assert kept[: len(told)] == told
