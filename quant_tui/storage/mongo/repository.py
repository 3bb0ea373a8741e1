"""Create, get, list, update and delete entities of one kind.

Ids are strings outside and ObjectIds inside. An update says which state it was made
from, by ``updated_at``: when someone else was faster, it is refused rather than lost.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.storage.mongo import references
from quant_tui.storage.mongo.codec import E, object_id, to_document, to_entity, to_filter
from quant_tui.storage.mongo.failures import DUPLICATE, repeated, translated
from quant_tui.storage.mongo.schema import BY_ENTITY
from quant_tui.storage.mongo.store import MetadataStore, Session
from quant_tui.storage.mongo.writes import Written

Where = Mapping[str, Any]
"""Conditions on an entity's fields, as MongoDB writes them (``{"status": "running"}``)."""

Sort = Sequence[tuple[str, int]]
"""Fields with 1 (ascending) or -1 (descending)."""


class Repository(Generic[E]):
    """Entities of one kind, of all users.

    Parameters
    ----------
    store
        Where they are.
    entity
        What they are.

    Raises
    ------
    StoreUnavailable
        By every method, when the server cannot be reached.
    """

    def __init__(self, store: MetadataStore, entity: type[E]) -> None:
        self._store = store
        self._entity = entity
        self._spec = BY_ENTITY[entity]
        self._collection = store.collection(self._spec.name)

    @property
    def noun(self) -> str:
        """What messages call one of these."""
        return self._spec.noun

    @staticmethod
    def new_id() -> str:
        """Return an id for an entity that has to be known before it is stored."""
        return str(ObjectId())

    async def create(self, entity: E, *, session: Session | None = None) -> E:
        """Store a new entity and return it with its id.

        Raises
        ------
        Conflict
            A unique value is taken; the message names the field.
        InvalidInput
            It cannot be stored as it is.
        """
        if not self._is_owner(entity):
            raise self._not_owner()
        key = object_id(entity.id, self.noun) if entity.id else ObjectId()
        document = {"_id": key, **to_document(entity)}
        with translated(self.noun):
            await self._collection.insert_one(document, session=session)
        self._tell(str(key))
        return entity.model_copy(update={"id": str(key)})

    async def get(self, id: str, *, session: Session | None = None) -> E:  # noqa: A002 - its name everywhere
        """Return the entity.

        Raises
        ------
        NotFound
            There is none with that id, or it is another user's.
        """
        entity = await self.find(id, session=session)
        if entity is None:
            raise self._not_found(id)
        return entity

    async def find(self, id: str, *, session: Session | None = None) -> E | None:  # noqa: A002 - its name everywhere
        """Return the entity, or None when :meth:`get` would raise."""
        if not ObjectId.is_valid(id):
            return None
        return await self.find_one({"id": id}, session=session)

    async def find_one(self, where: Where, *, session: Session | None = None) -> E | None:
        """Return one entity that meets the conditions, or None."""
        with translated(self.noun):
            document = await self._collection.find_one(self._query(where), session=session)
        return None if document is None else await self._load(document)

    async def list(
        self,
        *,
        where: Where | None = None,
        sort: Sort | None = None,
        skip: int = 0,
        limit: int | None = 100,
        without: Sequence[str] = (),
    ) -> builtins.list[E]:
        """Return a page of entities.

        Parameters
        ----------
        where
            Conditions; all entities without.
        sort
            Order, newest first without; entities that are equal in it come in the order
            of their ids, so that pages do not overlap.
        skip, limit
            How many to leave out and to return at most; no limit with None.
        without
            Fields that are not read: they have their defaults. Such an entity is to look at,
            not to be changed.
        """
        with translated(self.noun):
            documents = await repeated(
                lambda: (
                    self._collection.find(self._query(where), dict.fromkeys(without, 0) or None)
                    .sort(order(sort))
                    .skip(skip)
                    .limit(limit or 0)
                    .to_list()
                )
            )
        return [await self._load(document) for document in documents]

    async def count(self, where: Where | None = None) -> int:
        """Return how many entities meet the conditions."""
        with translated(self.noun):
            return await self._collection.count_documents(self._query(where))

    async def update(self, entity: E, *, session: Session | None = None) -> E:
        """Store a changed entity and return it with its new ``updated_at``.

        Entities without ``updated_at`` are written as they are, the last one wins.

        Raises
        ------
        Conflict
            It was changed by someone else since it was read, or a unique value is taken.
        NotFound
            It is gone, or another user's.
        InvalidInput
            It cannot be stored as it is.
        """
        if not self._is_owner(entity):
            raise self._not_found(entity.id)
        query = self._query({"id": entity.id})
        read_at: datetime | None = getattr(entity, "updated_at", None)
        if read_at is not None:
            query["updated_at"] = read_at
            entity = entity.model_copy(update={"updated_at": next_stamp(read_at)})
        with translated(self.noun):
            done = await self._collection.update_one(
                query, {"$set": to_document(entity)}, session=session
            )
        if done.matched_count:
            self._tell(entity.id)
            return entity
        if await self.find(entity.id, session=session) is None:
            raise self._not_found(entity.id)
        raise Conflict(
            f"This {self.noun} was changed by someone else since it was read.",
            hint="Load it again, then repeat the change.",
        )

    async def upsert_many(
        self, entities: Sequence[E], keys: Sequence[str], *, session: Session | None = None
    ) -> int:
        """Store many entities: new ones, and those that have the same ``keys`` anew.

        The id and ``created_at`` of a stored one are kept.

        Parameters
        ----------
        entities
            What to store; their own ids do not matter.
        keys
            Fields that together tell one entity from another; a unique index on them
            keeps two writers from making doubles.

        Returns
        -------
        int
            How many were new.

        Raises
        ------
        InvalidInput
            One cannot be stored; those before it may have been.
        """
        operations: builtins.list[UpdateOne] = []
        for entity in entities:
            if not self._is_owner(entity):
                raise self._not_owner()
            document = to_document(entity)
            kept = {name: document.pop(name) for name in ("created_at",) if name in document}
            operations.append(
                UpdateOne(
                    self._query({key: document[key] for key in keys}),
                    {"$set": document, "$setOnInsert": kept},
                    upsert=True,
                )
            )
        if not operations:
            return 0
        with translated(self.noun):
            new = await self._upserted(operations, session)
        self._tell("")
        return new

    async def _upserted(self, operations: builtins.list[UpdateOne], session: Session | None) -> int:
        """Make upserts; those where somebody else made the same new one first are done again."""
        try:
            done = await self._collection.bulk_write(operations, ordered=False, session=session)
        except BulkWriteError as error:
            refused = error.details["writeErrors"]
            if session is not None or any(one["code"] != DUPLICATE for one in refused):
                raise
            again = [operations[one["index"]] for one in refused]
            done = await self._collection.bulk_write(again, ordered=False)
            return done.upserted_count + int(error.details["nUpserted"])
        return done.upserted_count

    async def increment(self, id: str, field: str, by: int = 1) -> None:  # noqa: A002 - its name everywhere
        """Add to a counter, whoever else does so at the same moment.

        Raises
        ------
        NotFound
            There is none with that id, or it is another user's.
        """
        with translated(self.noun):
            done = await self._collection.update_one(self._query({"id": id}), {"$inc": {field: by}})
        if not done.matched_count:
            raise self._not_found(id)

    async def delete(self, id: str, *, session: Session | None = None) -> None:  # noqa: A002 - its name everywhere
        """Delete an entity and do what the data model says about what points at it.

        Raises
        ------
        NotFound
            There is none with that id, or it is another user's.
        Conflict
            Something that uses it forbids the deletion.
        """
        if not ObjectId.is_valid(id):
            raise self._not_found(id)

        async def work(inner: Session | None) -> None:
            with_references = {one.parent_field: 1 for one in references.REFERENCES}
            document = await self._collection.find_one(
                self._query({"id": id}), with_references, session=inner
            )
            if document is None:
                raise self._not_found(id)
            await references.release(self._store, self._spec.name, document, inner)
            await self._collection.delete_one({"_id": document["_id"]}, session=inner)

        with translated(self.noun):
            if session is None:
                await self._store.in_transaction(work)
            else:
                await work(session)
        self._tell(id)

    async def _delete_many(self, where: Document) -> int:
        """Delete all documents that meet a condition; return how many went."""
        with translated(self.noun):
            done = await repeated(lambda: self._collection.delete_many(where))
        return done.deleted_count

    async def stamps(
        self, field: str = "updated_at", *, limit: int | None = None
    ) -> dict[str, datetime]:
        """Return a time of each entity by its id, the latest first.

        Parameters
        ----------
        field
            Which of its times.
        limit
            At most so many; all with None.
        """
        with translated(self.noun):
            found = (
                self._collection.find(self._query({field: {"$type": "date"}}), {field: 1})
                .sort([(field, -1), ("_id", -1)])
                .limit(limit or 0)
            )
            return {str(one["_id"]): one[field] for one in await found.to_list()}

    def _tell(self, id: str) -> None:  # noqa: A002 - its name everywhere
        self._store.writes.publish(Written(self._spec.name, self._owner, id))

    @property
    def _owner(self) -> str:
        return ""

    def _query(self, where: Where | None) -> Document:
        return to_filter(where, self.noun)

    def _is_owner(self, entity: E) -> bool:  # noqa: ARG002 - the owned repository looks at it
        """Return whether this repository may write the entity."""
        return True

    async def _load(self, document: Document) -> E:
        return to_entity(self._entity, document, self.noun)

    def _not_owner(self) -> InvalidInput:
        return InvalidInput(f"This {self.noun} belongs to another user.", field="user_id")

    def _not_found(self, id: str) -> NotFound:  # noqa: A002 - its name everywhere
        return NotFound(f"There is no {self.noun} {id!r}.")


class OwnedRepository(Repository[E]):
    """Entities of one kind that belong to one user; others' do not exist for it.

    Parameters
    ----------
    user_id
        The owner; part of every query.
    """

    def __init__(self, store: MetadataStore, entity: type[E], user_id: str) -> None:
        super().__init__(store, entity)
        if not user_id:
            raise InvalidInput("Nobody is signed in.", field="user_id")
        self._user_id = user_id

    def _query(self, where: Where | None) -> Document:
        # Last, so that no condition can widen it.
        return {**super()._query(where), "user_id": self._user_id}

    @property
    def _owner(self) -> str:
        return self._user_id

    def _is_owner(self, entity: E) -> bool:
        return getattr(entity, "user_id", None) == self._user_id


def next_stamp(read_at: datetime) -> datetime:
    """Return the time for ``updated_at``: now, but always later than the last one."""
    return max(utc_now(), read_at + timedelta(milliseconds=1))


def order(sort: Sort | None) -> list[tuple[str, int]]:
    """Return a sort as the store wants it, made total by the id; newest first without one."""
    given = [("_id" if name == "id" else name, direction) for name, direction in sort or ()]
    if any(name == "_id" for name, _ in given):
        return given
    return [*given, ("_id", given[-1][1] if given else -1)]
