"""Whole collections out of the database and into another, as the BSON that is stored.

All collections are read as they were at one moment, where the server can do that: a replica
set of MongoDB 5 or later, such as the private one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import WriteConcern
from pymongo.errors import BulkWriteError

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.storage.mongo.codec import object_id
from quant_tui.storage.mongo.failures import DUPLICATE, translated
from quant_tui.storage.mongo.migrations import MIGRATIONS_IN_ORDER, apply_schema, migrate
from quant_tui.storage.mongo.schema import (
    COLLECTIONS,
    MIGRATIONS,
    RESULT_PARTS,
    RESULT_SERIES,
)
from quant_tui.storage.mongo.store import MetadataStore, Session

SCHEMA_VERSION = MIGRATIONS_IN_ORDER[-1].number
"""Layout of the documents that this program writes."""

PASSING = frozenset({"user_sessions", "verification_codes", "password_tries"})
"""Collections that are never copied: sessions, one-time codes, counts of failed sign-ins."""

LARGEST_DOCUMENT = 17 << 20
BATCH_BYTES = 8 << 20
BATCH_DOCUMENTS = 1_000

_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Selection:
    """Documents of one collection."""

    collection: str
    query: Document


class Snapshot:
    """The database as it was when :meth:`pin` was called.

    Attributes
    ----------
    one_moment
        Whether it is; otherwise each collection is read as it is when its turn comes.
    """

    def __init__(self, store: MetadataStore, session: Session | None) -> None:
        self._store = store
        self._session = session
        self.one_moment = session is not None

    async def pin(self) -> None:
        """Fix the moment, which the first read does."""
        with translated("backup"):
            await self._store.collection(MIGRATIONS).find_one({}, session=self._session)

    async def batches(self, selection: Selection) -> AsyncIterator[bytes]:
        """Yield whole documents in the order of their ids, some megabytes at a time."""
        collection = self._store.collection(selection.collection)
        with translated("backup"):
            found = collection.find_raw_batches(
                selection.query, sort=[("_id", 1)], session=self._session
            )
            async for batch in found:
                yield cast("bytes", batch)  # the driver's types know of documents only

    async def ids(self, selection: Selection) -> list[object]:
        """Return the ids of the documents."""
        collection = self._store.collection(selection.collection)
        with translated("backup"):
            found = collection.find(selection.query, {"_id": 1}, session=self._session)
            return [document["_id"] async for document in found]


@asynccontextmanager
async def snapshot(store: MetadataStore) -> AsyncIterator[Snapshot]:
    """Open a view of the database at one moment."""
    if not store.supports_transactions:
        yield Snapshot(store, None)
        return
    async with store.database.client.start_session(snapshot=True) as session:
        yield Snapshot(store, session)


async def everything(store: MetadataStore) -> list[Selection]:
    """Return what a copy of the whole database holds."""
    with translated("backup"):
        names = await store.database.list_collection_names()
    return [
        Selection(name, {"_id": {"$type": "number"}} if name == MIGRATIONS else {})
        for name in sorted(names)
        if not name.startswith("system.") and name not in PASSING
    ]


async def of_user(view: Snapshot, user_id: str) -> list[Selection]:
    """Return what a copy of one user's objects holds, with what belongs to everybody."""
    common = [
        Selection(spec.name, {})
        for spec in COLLECTIONS
        if spec.shared and spec.name != "users" and spec.name not in PASSING
    ]
    return [
        Selection("users", {"_id": object_id(user_id, "user")}),
        *common,
        *await _owned(view.ids, user_id),
        Selection(MIGRATIONS, {"_id": {"$type": "number"}}),
    ]


async def owned_by(store: MetadataStore, user_id: str, session: Session | None) -> list[Selection]:
    """Return what one user has, as it is inside a transaction."""
    return await _owned(Snapshot(store, session).ids, user_id)


async def _owned(
    ids: Callable[[Selection], Awaitable[list[object]]], user_id: str
) -> list[Selection]:
    owned = [
        Selection(spec.name, {"user_id": user_id})
        for spec in COLLECTIONS
        if not spec.shared and spec.name not in PASSING
    ]
    kept = Selection("backtest_results", {"user_id": user_id})
    results = [str(one) for one in await ids(kept)]
    files = Selection(f"{RESULT_SERIES}.files", {"metadata.result_id": {"$in": results}})
    chunks = {"files_id": {"$in": await ids(files)}}
    return [
        *owned,
        Selection(RESULT_PARTS, {"result_id": {"$in": results}}),
        Selection(f"{RESULT_SERIES}.chunks", chunks),
        files,
    ]


def split_documents(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield one document after another out of a stream of them.

    Raises
    ------
    InvalidInput
        The stream does not consist of whole documents.
    """
    held = bytearray()
    for chunk in chunks:
        held += chunk
        at = 0
        while len(held) - at >= _LENGTH:
            size = int.from_bytes(held[at : at + _LENGTH], "little")
            if not _LENGTH < size <= LARGEST_DOCUMENT:
                raise _no_documents(name)
            if len(held) - at < size:
                break
            yield bytes(held[at : at + size])
            at += size
        del held[:at]
    if held:
        raise _no_documents(name)


def count_documents(batch: bytes) -> int:
    """Return how many documents stand in a batch of whole ones."""
    return sum(1 for _ in split_documents((batch,), "a batch"))


def batched(documents: Iterable[bytes]) -> Iterator[list[RawBSONDocument]]:
    """Gather documents into portions that are inserted at once."""
    portion: list[RawBSONDocument] = []
    size = 0
    for document in documents:
        portion.append(RawBSONDocument(document))
        size += len(document)
        if size >= BATCH_BYTES or len(portion) >= BATCH_DOCUMENTS:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


async def insert(
    store: MetadataStore, collection: str, portion: list[RawBSONDocument], session: Session | None
) -> None:
    """Insert documents as they are, unchecked by a validator."""
    # outside a transaction the server is a new one, which is closed cleanly before it is used
    concern = None if session is not None else WriteConcern(w=1, j=False)
    target = store.database.get_collection(
        collection,
        codec_options=CodecOptions(document_class=RawBSONDocument),
        write_concern=concern,
    )
    with translated("restored object"):
        await target.insert_many(
            portion, ordered=False, bypass_document_validation=True, session=session
        )


async def add_missing(
    store: MetadataStore, collection: str, portion: list[RawBSONDocument]
) -> None:
    """Insert the documents that are not there, by their ids and whatever else is unique."""
    target = store.database.get_collection(
        collection, codec_options=CodecOptions(document_class=RawBSONDocument)
    )
    with translated("restored object"):
        try:
            await target.insert_many(portion, ordered=False)
        except BulkWriteError as error:
            if any(one["code"] != DUPLICATE for one in error.details["writeErrors"]):
                raise


async def finish_schema(store: MetadataStore) -> None:
    """Bring inserted documents to the present layout; make validators and indexes."""
    await migrate(store)
    with translated("migration"):
        await apply_schema(store)


def _no_documents(name: str) -> InvalidInput:
    return InvalidInput(f"{name} is damaged: it does not hold whole documents.", field="backup")
