"""A fresh database on the real server for every test."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from quant_tui.domain.trading import Backtest
from quant_tui.domain.user import User
from quant_tui.storage.mongo.lifecycle import BacktestLifecycle
from quant_tui.storage.mongo.migrations import MIGRATIONS_IN_ORDER, migrate
from quant_tui.storage.mongo.repositories import Repositories, UserRepositories
from quant_tui.storage.mongo.schema import MIGRATIONS
from quant_tui.storage.mongo.store import MetadataStore
from tests.storage.mongo.samples import OTHER, USER


@pytest.fixture
async def empty_store(mongo_uri: str) -> AsyncIterator[MetadataStore]:
    """An open database without anything in it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    store = await MetadataStore.open(mongo_uri, name)
    yield store
    await store.database.client.drop_database(name)
    await store.close()


@pytest.fixture(scope="session")
def migrated_database(mongo_uri: str) -> str:
    """Name of a database with every collection; made once, for that takes a while."""

    async def make() -> None:
        store = await MetadataStore.open(mongo_uri, "test_migrated")
        await migrate(store)
        await store.close()

    asyncio.run(make())
    return "test_migrated"


@pytest.fixture
async def store(mongo_uri: str, migrated_database: str) -> AsyncIterator[MetadataStore]:
    """An open database with every collection, each of them empty."""
    store = await MetadataStore.open(mongo_uri, migrated_database)
    yield store
    for name in await store.database.list_collection_names():
        kept = {"_id": {"$nin": [one.number for one in MIGRATIONS_IN_ORDER]}}
        await store.collection(name).delete_many(kept if name == MIGRATIONS else {})
    await store.close()


@pytest.fixture
def repositories(store: MetadataStore) -> Repositories:
    return Repositories(store)


@pytest.fixture
def mine(repositories: Repositories) -> UserRepositories:
    return repositories.for_user(USER)


@pytest.fixture
def theirs(repositories: Repositories) -> UserRepositories:
    return repositories.for_user(OTHER)


@pytest.fixture
def lifecycle(store: MetadataStore, repositories: Repositories) -> BacktestLifecycle:
    return BacktestLifecycle(store, repositories)


@pytest.fixture
async def backtest(mine: UserRepositories) -> Backtest:
    return await mine.backtests.create(Backtest(name="SMA on SPX", user_id=USER))


@pytest.fixture
async def user(repositories: Repositories) -> User:
    return await repositories.users.create(User(email="ada@example.org", username="ada"))
