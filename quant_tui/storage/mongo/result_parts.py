"""The parts of a backtest result that do not belong into one document.

MongoDB's documents end at 16 MB, and lists of results must stay quick. Past a few
thousand, fills and round trips go into chunks of their own; a long series is packed,
a very long one goes to GridFS. The parts are written before the result that names
them and deleted before it, so that a result which can be seen is always whole. What
takes the processor long is done in a thread, for the caller draws a screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import bson
from bson import ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import ASCENDING

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.mongo import packing
from quant_tui.storage.mongo.failures import repeated
from quant_tui.storage.mongo.schema import RESULT_PARTS, RESULT_SERIES
from quant_tui.storage.mongo.store import MetadataStore, Session

ROW_FIELDS = ("trades", "round_trips")
SERIES_FIELDS = ("portfolio_value", "benchmark", "details")

ROWS_INLINE = 2_000
ROWS_PER_CHUNK = 2_000
POINTS_INLINE = 5_000
POINTS_PACKED = 100_000
BYTES_INLINE = 1_000_000
"""An object that is no series, but larger than this, goes to GridFS as well."""

_CHUNK_BYTES = 4_000_000
_ABANDONED_AFTER = timedelta(hours=1)

PARTS = "parts"
"""Field of a stored result that says where each part went."""


async def split(store: MetadataStore, document: Document) -> Document:
    """Write the large parts of a result's document and return what remains of it.

    Parameters
    ----------
    document
        The whole result, with the ``_id`` that it will be stored under.
    """
    rest, parts = dict(document), {}
    for field in ROW_FIELDS:
        rows = document[field]
        rest[f"{field}_count"] = len(rows)
        if len(rows) > ROWS_INLINE:
            rest[field] = []
            parts[field] = {"chunks": await _write_rows(store, document, field)}
    for field in SERIES_FIELDS:
        series = document[field]
        points = packing.length(series)
        if points > POINTS_PACKED or (
            points <= POINTS_INLINE and len(bson.encode(series)) > BYTES_INLINE
        ):
            rest[field], parts[field] = {}, await _write_file(store, document, field)
        elif points > POINTS_INLINE:
            packed = await asyncio.to_thread(packing.pack, series)
            if len(bson.encode(packed)) > 2 * BYTES_INLINE:
                rest[field], parts[field] = {}, await _write_file(store, document, field)
            else:
                rest[field], parts[field] = packed, {"packed": True}
    rest[PARTS] = parts
    return rest


async def join(store: MetadataStore, document: Document) -> Document:
    """Return a stored result's document with its parts in place.

    Raises
    ------
    StoreUnavailable
        A part is missing or damaged.
    """
    whole = dict(document)
    for field, part in document.get(PARTS, {}).items():
        if "chunks" in part:
            whole[field] = await _read_rows(store, document, field, int(part["chunks"]))
        elif "file" in part:
            whole[field] = await _read_file(store, document, field, part)
        else:
            whole[field] = await asyncio.to_thread(packing.unpack, document[field])
    return whole


async def delete_parts(
    store: MetadataStore, result_id: str, session: Session | None = None
) -> None:
    """Delete every part of one result; files as soon as the session's changes hold.

    GridFS files are deleted outside of any transaction, chunk by chunk.
    """

    async def delete() -> None:
        await store.collection(RESULT_PARTS).delete_many({"result_id": result_id}, session=session)
        files = store.collection(f"{RESULT_SERIES}.files")
        found = await files.find({"metadata.result_id": result_id}, {"_id": 1}).to_list()
        keys = [file["_id"] for file in found]
        if keys:
            # the chunks first: of a file that is gone nobody would find them again
            chunks = store.collection(f"{RESULT_SERIES}.chunks")
            await chunks.delete_many({"files_id": {"$in": keys}}, session=session)
            await files.delete_many({"_id": {"$in": keys}}, session=session)

    await (delete() if session is not None else repeated(delete))


async def delete_abandoned(store: MetadataStore, results: str) -> int:
    """Delete parts whose result was never written, for its writer was killed.

    Parameters
    ----------
    results
        The collection of results.

    Returns
    -------
    int
        How many results' parts were deleted; those of the last hour are left alone,
        since they may belong to a result that is just being written.
    """
    before = utc_now() - _ABANDONED_AFTER
    oldest = ObjectId.from_datetime(before)
    keys = set(await store.collection(RESULT_PARTS).distinct("result_id", {"_id": {"$lt": oldest}}))
    keys |= set(
        await store.collection(f"{RESULT_SERIES}.files").distinct(
            "metadata.result_id", {"uploadDate": {"$lt": before}}
        )
    )
    if not keys:
        return 0
    wanted = [ObjectId(key) for key in keys]
    found = store.collection(results).find({"_id": {"$in": wanted}}, {"_id": 1})
    async for document in found:
        keys.discard(str(document["_id"]))
    for key in keys:
        await delete_parts(store, key)
    return len(keys)


async def _write_rows(store: MetadataStore, document: Document, field: str) -> int:
    collection = store.collection(RESULT_PARTS)
    count = 0
    for count, rows in enumerate(_chunks(document[field]), start=1):
        await collection.insert_one(
            {
                "result_id": str(document["_id"]),
                "user_id": document["user_id"],
                "field": field,
                "sequence": count - 1,
                "rows": rows,
            }
        )
    return count


def _chunks(rows: list[Document]) -> Iterator[list[Document]]:
    for start in range(0, len(rows), ROWS_PER_CHUNK):
        yield from _small_enough(rows[start : start + ROWS_PER_CHUNK])


def _small_enough(rows: list[Document]) -> Iterator[list[Document]]:
    if len(rows) > 1 and len(bson.encode({"rows": rows})) > _CHUNK_BYTES:
        middle = len(rows) // 2
        yield from _small_enough(rows[:middle])
        yield from _small_enough(rows[middle:])
    else:
        yield rows


async def _read_rows(
    store: MetadataStore, document: Document, field: str, chunks: int
) -> list[Any]:
    rows: list[Any] = []
    seen = 0
    async for chunk in _stored_chunks(store, document, field):
        rows += chunk["rows"]
        seen += 1
    if seen != chunks or len(rows) != document[f"{field}_count"]:
        raise _incomplete(document, field)
    return rows


async def _stored_chunks(
    store: MetadataStore, document: Document, field: str
) -> AsyncIterator[Document]:
    query = {
        "result_id": str(document["_id"]),
        "field": field,
        "user_id": document["user_id"],
    }
    cursor = store.collection(RESULT_PARTS).find(query).sort("sequence", ASCENDING)
    async for chunk in cursor:
        yield chunk


async def _write_file(store: MetadataStore, document: Document, field: str) -> Document:
    encoding, data = await asyncio.to_thread(packing.to_bytes, document[field])
    bucket = AsyncGridFSBucket(store.database, RESULT_SERIES)
    key = await bucket.upload_from_stream(
        f"{document['_id']}/{field}",
        data,
        metadata={
            "result_id": str(document["_id"]),
            "user_id": document["user_id"],
            "field": field,
        },
    )
    return {"file": key, "encoding": encoding}


async def _read_file(
    store: MetadataStore, document: Document, field: str, part: Document
) -> Document:
    from gridfs.errors import CorruptGridFile, NoFile

    bucket = AsyncGridFSBucket(store.database, RESULT_SERIES)
    try:
        async with await bucket.open_download_stream(part["file"]) as stream:
            data = await stream.read()
        return await asyncio.to_thread(packing.from_bytes, part["encoding"], data)
    except (NoFile, CorruptGridFile, ValueError) as error:
        raise _incomplete(document, field) from error


def _incomplete(document: Document, field: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"The {field} of result {document['_id']} cannot be read: a part is missing.",
        hint="Run the backtest again; its settings are kept.",
    )
