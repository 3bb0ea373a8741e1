"""A query that is given up leaves the driver usable."""

from __future__ import annotations

import asyncio
import time

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import ServerSelectionTimeoutError

from quant_tui.domain.base import Document
from quant_tui.storage.mongo.waiting import repair


async def test_queries_cancelled_as_their_time_is_up_hold_no_lock() -> None:
    """The loop is held until the driver's timers are due, and then everybody gives up."""
    repair()
    client = AsyncMongoClient[Document]("mongodb://127.0.0.1:1/", serverSelectionTimeoutMS=3000)
    async with client:
        for turns in (2, 3):
            queries = [asyncio.create_task(client.db.any.find_one()) for _ in range(30)]
            await asyncio.sleep(0.05)
            time.sleep(0.55)  # noqa: ASYNC251 -- that the loop is held is what is tried
            for _ in range(turns):
                await asyncio.sleep(0)
            for one in queries:
                one.cancel()
            gathered = asyncio.gather(*queries, return_exceptions=True)
            ended = await asyncio.wait_for(gathered, 60)
            assert {type(one) for one in ended} == {asyncio.CancelledError}
        with pytest.raises(ServerSelectionTimeoutError):
            await asyncio.wait_for(client.db.any.find_one(), 60)
