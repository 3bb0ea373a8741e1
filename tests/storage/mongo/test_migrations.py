"""Migrations run once, also when two instances start together."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
from dataclasses import asdict
from datetime import timedelta

import pytest

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.mongo.migrations import MIGRATIONS_IN_ORDER, Migration, migrate
from quant_tui.storage.mongo.schema import COLLECTIONS, MIGRATIONS
from quant_tui.storage.mongo.store import MetadataStore
from quant_tui.storage.mongo.validators import json_schema


async def test_runs_once(empty_store: MetadataStore) -> None:
    assert await migrate(empty_store) == [one.name for one in MIGRATIONS_IN_ORDER]
    assert await migrate(empty_store) == []


async def test_two_at_once_take_turns(mongo_uri: str, empty_store: MetadataStore) -> None:
    calls: list[int] = []

    def step(number: int) -> Migration:
        async def apply(store: MetadataStore) -> None:
            calls.append(number)
            await store.collection("touched").insert_one({"number": number})
            await asyncio.sleep(0)

        return Migration(number, f"step {number}", apply)

    steps = (step(1), step(2), step(3))
    others = [await MetadataStore.open(mongo_uri, empty_store.database.name) for _ in range(4)]
    done = await asyncio.gather(*(migrate(one, steps) for one in [empty_store, *others]))
    assert calls == [1, 2, 3]
    assert sorted(len(one) for one in done) == [0, 0, 0, 0, 3]
    for other in others:
        await other.close()


async def test_a_failed_step_is_repeated_and_the_turn_given_back(
    empty_store: MetadataStore,
) -> None:
    attempts = 0

    async def apply(store: MetadataStore) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise StoreUnavailable("the cable was pulled")

    steps = (Migration(1, "fragile", apply),)
    with pytest.raises(StoreUnavailable, match="cable"):
        await migrate(empty_store, steps)
    assert await migrate(empty_store, steps) == ["fragile"]


@pytest.mark.parametrize("dead_pid", [2**22 - 3])
async def test_the_turn_of_a_killed_process_is_taken_over(
    empty_store: MetadataStore, dead_pid: int
) -> None:
    await empty_store.collection(MIGRATIONS).insert_one(
        {
            "_id": "lock",
            "holder": "gone",
            "host": socket.gethostname(),
            "pid": dead_pid,
            "expires_at": utc_now() + timedelta(minutes=2),
        }
    )
    assert await migrate(empty_store)


async def test_the_turn_of_another_machine_ends_by_itself(empty_store: MetadataStore) -> None:
    await empty_store.collection(MIGRATIONS).insert_one(
        {
            "_id": "lock",
            "holder": "elsewhere",
            "host": "another-host",
            "pid": os.getpid(),
            "expires_at": utc_now() - timedelta(seconds=1),
        }
    )
    assert await migrate(empty_store)


async def test_a_newer_database_is_refused(store: MetadataStore) -> None:
    await store.collection(MIGRATIONS).insert_one(
        {"_id": 9_999, "name": "from the future", "applied_at": utc_now()}
    )
    with pytest.raises(StoreUnavailable, match="newer quant-tui") as refused:
        await migrate(store)
    assert "9999" in refused.value.message
    assert "Update" in refused.value.hint


async def test_mends_a_collection_that_was_there_already(empty_store: MetadataStore) -> None:
    await empty_store.database.create_collection("users")
    await migrate(empty_store)
    (found,) = [
        one async for one in await empty_store.database.list_collections() if one["name"] == "users"
    ]
    assert "validator" in found["options"]


def test_a_changed_schema_needs_a_migration() -> None:
    """When this fails, add a migration that runs ``apply_schema`` again, then pin its number."""
    declared = {
        spec.name: [json_schema(spec.entity), [asdict(index) for index in spec.indexes]]
        for spec in COLLECTIONS
    }
    text = json.dumps(declared, sort_keys=True, default=str)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert (MIGRATIONS_IN_ORDER[-1].number, fingerprint) == (6, "8f926e0319da4761")
