"""Databases for tests: making the collections of one takes far longer than emptying them."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator

from pymongo import MongoClient

from quant_tui.domain.base import Document
from quant_tui.storage.mongo.schema import COLLECTIONS, MIGRATIONS, PART_INDEXES

MANY = 1_000
"""Documents that are dropped with their database: MongoDB keeps deleted ones for five minutes,
which slows whoever writes the same again."""

DECLARED = {spec.name for spec in COLLECTIONS} | set(PART_INDEXES)


class Databases:
    """Gives each test an empty database, and takes it back when the test is over."""

    def __init__(self, client: MongoClient[Document]) -> None:
        self._client = client
        self._free: list[str] = []

    @contextlib.contextmanager
    def one(self) -> Iterator[str]:
        """Lend a database that holds no document but the list of its migrations, or nothing."""
        name = self._free.pop() if self._free else f"test_{uuid.uuid4().hex[:12]}"
        yield name
        if self._is_whole(name):
            self._free.append(name)
        else:
            self._client.drop_database(name)

    def _is_whole(self, name: str) -> bool:
        database = self._client[name]
        found = set(database.list_collection_names())
        whole = found >= DECLARED | {MIGRATIONS}
        for collection in found - {MIGRATIONS}:
            if collection not in DECLARED:
                database[collection].drop()
            elif database[collection].delete_many({}).deleted_count > MANY:
                whole = False
        return whole
