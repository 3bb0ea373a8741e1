"""A server that is killed under a call and comes back: what may be done twice is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.asynchronous.cursor import AsyncCursor

from quant_tui.domain.base import utc_now
from quant_tui.domain.user import UserSession, Watchlist
from quant_tui.storage.mongo.repositories import Repositories, UserRepositories
from quant_tui.storage.mongo.store import MetadataStore
from tests.storage.mongo.samples import USER
from tests.storage.mongo.servers import end, kill, pid, private

MANY = 250
"""More than the driver reads at a time."""


@pytest.fixture
async def mine(tmp_path: Path) -> AsyncIterator[UserRepositories]:
    server = private(tmp_path)
    store = await MetadataStore.open((await asyncio.to_thread(server.acquire)).uri)
    yield Repositories(store).for_user(USER)
    await store.close()
    await asyncio.to_thread(server.release)
    end(tmp_path)


async def test_a_deletion_of_many_is_repeated(mine: UserRepositories, tmp_path: Path) -> None:
    later = utc_now() + timedelta(hours=1)
    for number in range(3):
        await mine.sessions.create(
            UserSession(token_hash=str(number), expires_at=later, user_id=USER)
        )
    kill(pid(tmp_path))
    await mine.sessions.end_all()
    assert await mine.sessions.count() == 0


async def test_a_long_list_is_read_again(
    mine: UserRepositories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = [Watchlist(name=f"list {number}", user_id=USER) for number in range(MANY)]
    await mine.watchlists.upsert_many(lists, ["name"])
    asked = 0
    refresh = AsyncCursor._refresh

    async def killed_before_the_second(self: AsyncCursor[Any]) -> int:
        nonlocal asked
        asked += 1
        if asked == 2:
            kill(pid(tmp_path))
        return await refresh(self)

    monkeypatch.setattr(AsyncCursor, "_refresh", killed_before_the_second)
    found = await mine.watchlists.list(sort=[("name", 1)], limit=None)
    assert [one.name for one in found] == sorted(one.name for one in lists)
