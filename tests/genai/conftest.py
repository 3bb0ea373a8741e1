"""A scripted server, and a client for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chat_server import ChatServer, chat_server


@pytest.fixture(scope="module")
def running_server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def server(running_server: ChatServer) -> ChatServer:
    running_server.asked.clear()
    running_server.keys.clear()
    running_server.gone.clear()
    running_server.was_asked.clear()
    return running_server
