"""Versioned migrations: an ordered list of small functions, each applied once.

Two instances that start at the same moment take turns; an older program refuses a
database that a newer one has changed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from pymongo import WriteConcern
from pymongo.errors import CollectionInvalid, DuplicateKeyError, OperationFailure

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import StoreUnavailable
from quant_tui.domain.user import User, folded
from quant_tui.storage.mongo.failures import translated
from quant_tui.storage.mongo.schema import (
    BY_ENTITY,
    COLLECTIONS,
    MIGRATIONS,
    PART_INDEXES,
    CollectionSpec,
)
from quant_tui.storage.mongo.store import MetadataStore
from quant_tui.storage.mongo.validators import json_schema

_LOCK_ID = "lock"
_LOCK_SECONDS = 120.0
_POLL_SECONDS = 0.05
_NAMESPACE_EXISTS = 48


@dataclass(frozen=True)
class Migration:
    """One step: its number, what it does, and the function that does it.

    A function may be run again after a crash in its middle, so it has to be idempotent.
    """

    number: int
    name: str
    apply: Callable[[MetadataStore], Awaitable[None]]


async def apply_schema(store: MetadataStore) -> None:
    """Make every declared collection with its validator and indexes; mend those that differ."""
    # A lost table definition is made again at the next start: no need to sync each one.
    quick = WriteConcern(w=1, j=False)
    existing = set(await store.database.list_collection_names())
    for spec in COLLECTIONS:
        await _apply_collection(store, spec, quick, exists=spec.name in existing)
    for name, indexes in PART_INDEXES.items():
        collection = store.database.get_collection(name, write_concern=quick)
        await collection.create_indexes([index.model() for index in indexes])


async def _apply_collection(
    store: MetadataStore, spec: CollectionSpec, quick: WriteConcern, *, exists: bool
) -> None:
    validator = {"$jsonSchema": json_schema(spec.entity)}
    if not exists:
        try:
            await store.database.create_collection(
                spec.name, write_concern=quick, check_exists=False, validator=validator
            )
        except CollectionInvalid:
            exists = True
        except OperationFailure as error:
            if error.code != _NAMESPACE_EXISTS:
                raise
            exists = True
    if exists:
        await store.database.command("collMod", spec.name, validator=validator)
    collection = store.database.get_collection(spec.name, write_concern=quick)
    await collection.create_indexes([index.model() for index in spec.indexes])


async def _trader_workspace(store: MetadataStore) -> None:
    """Make the new collections, and let accounts of older versions be found by their names."""
    await apply_schema(store)
    users = store.collection(BY_ENTITY[User].name)
    for found in await users.find({"username_key": {"$exists": False}}).to_list():
        keys = {"username_key": folded(found["username"]), "email": folded(found["email"])}
        await users.update_one({"_id": found["_id"]}, {"$set": keys})


MIGRATIONS_IN_ORDER: tuple[Migration, ...] = (
    Migration(1, "collections, validators and indexes of the data model", apply_schema),
    Migration(2, "trial ledger", apply_schema),
    Migration(3, "the trader's workspace", _trader_workspace),
    Migration(4, "studies and versions of strategies", apply_schema),
    Migration(5, "the ML platform", apply_schema),
    Migration(6, "the chat", apply_schema),
)


async def migrate(
    store: MetadataStore, migrations: tuple[Migration, ...] = MIGRATIONS_IN_ORDER
) -> list[str]:
    """Bring the database up to what this program knows.

    Returns
    -------
    list of str
        Names of the migrations applied now; empty when all had been.

    Raises
    ------
    StoreUnavailable
        The database was changed by a newer program, or another instance has been
        migrating for two minutes.
    """
    with translated("migration"):
        if not await _pending(store, migrations):
            return []
        async with _turn(store):
            done: list[str] = []
            for migration in await _pending(store, migrations):
                await migration.apply(store)
                await store.collection(MIGRATIONS).insert_one(
                    {"_id": migration.number, "name": migration.name, "applied_at": utc_now()}
                )
                done.append(migration.name)
            return done


async def _pending(
    store: MetadataStore, migrations: tuple[Migration, ...]
) -> tuple[Migration, ...]:
    documents = await store.collection(MIGRATIONS).find({"_id": {"$type": "number"}}).to_list()
    applied = {int(document["_id"]) for document in documents}
    newest = max((migration.number for migration in migrations), default=0)
    if applied and max(applied) > newest:
        raise StoreUnavailable(
            f"The data was changed by a newer quant-tui: its layout is version {max(applied)}, "
            f"and this one knows {newest}.",
            hint="Update quant-tui, or use another QUANT_TUI_HOME.",
        )
    return tuple(one for one in migrations if one.number not in applied)


@asynccontextmanager
async def _turn(store: MetadataStore) -> AsyncIterator[None]:
    """Wait until nobody else migrates; a turn ends by itself when its holder was killed."""
    collection = store.collection(MIGRATIONS)
    holder = uuid.uuid4().hex
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        now = utc_now()
        turn = {
            "holder": holder,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "expires_at": now + timedelta(seconds=_LOCK_SECONDS),
        }
        try:
            await collection.update_one(
                {"_id": _LOCK_ID, "expires_at": {"$lt": now}}, {"$set": turn}, upsert=True
            )
            break
        except DuplicateKeyError:
            await _drop_turn_of_the_dead(store)
        if time.monotonic() > deadline:
            raise StoreUnavailable(
                "Another quant-tui has been updating the database for two minutes.",
                hint="Close the other one, then try again.",
            )
        await asyncio.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        await collection.delete_one({"_id": _LOCK_ID, "holder": holder})


async def _drop_turn_of_the_dead(store: MetadataStore) -> None:
    turn = await store.collection(MIGRATIONS).find_one({"_id": _LOCK_ID})
    if turn and turn["host"] == socket.gethostname() and not _lives(int(turn["pid"])):
        await store.collection(MIGRATIONS).delete_one({"_id": _LOCK_ID, "holder": turn["holder"]})


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
