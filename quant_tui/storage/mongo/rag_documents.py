"""Texts that can be retrieved, of one user: they are the truth, the vector index follows them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from quant_tui.domain.base import Document
from quant_tui.domain.genai import RAGDocument
from quant_tui.storage.mongo.failures import repeated, translated
from quant_tui.storage.mongo.repository import OwnedRepository
from quant_tui.storage.mongo.store import MetadataStore

PIECE = 200
"""Documents that are read at a time: some milliseconds."""

_WITHOUT_VECTOR: Document = {"embeddings": 0}


@dataclass(frozen=True, slots=True)
class Stamp:
    """Tells whether documents were written or removed since.

    Attributes
    ----------
    count
        How many there are.
    newest
        When the last one was written; None when there is none.
    """

    count: int
    newest: datetime | None


class RagDocumentRepository(OwnedRepository[RAGDocument]):
    """A user's texts for retrieval."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, RAGDocument, user_id)
        self.user_id = user_id

    async def stamp(self) -> Stamp:
        """Return what to compare with an earlier stamp."""
        with translated(self.noun):
            last = await self._collection.find_one(
                self._query({}), {"updated_at": 1}, sort=[("updated_at", -1)]
            )
        return Stamp(await self.count(), last["updated_at"] if last else None)

    async def texts(self, since: datetime | None = None) -> list[RAGDocument]:
        """Return all documents, or those written at ``since`` or later, without their vectors."""
        where: Document = {"updated_at": {"$gte": since}} if since else {}
        return await self._without_vectors(where)

    async def by_ids(self, document_ids: Collection[str]) -> list[RAGDocument]:
        """Return documents with their vectors, in any order; those that there are."""
        return await self.list(where={"document_id": {"$in": [*document_ids]}}, limit=None)

    async def of_objects(self, kind: str, object_ids: Collection[str]) -> list[RAGDocument]:
        """Return the documents about objects, without their vectors."""
        return await self._without_vectors({"kind": kind, "object_id": {"$in": [*object_ids]}})

    async def ids(self) -> set[str]:
        """Return the ``document_id`` of every document."""
        with translated(self.noun):
            found = await self._collection.find(
                self._query({}), {"_id": 0, "document_id": 1}
            ).to_list()
        return {str(one["document_id"]) for one in found}

    async def sources(self) -> dict[tuple[str, str], tuple[datetime, str]]:
        """Return what of each object was indexed: by kind and id, its time and the encoder."""
        with translated(self.noun):
            found = await self._collection.find(
                self._query({"part": 0}),
                {"_id": 0, "kind": 1, "object_id": 1, "source_at": 1, "embedder": 1},
            ).to_list()
        return {
            (str(one["kind"]), str(one["object_id"])): (one["source_at"], str(one["embedder"]))
            for one in found
        }

    async def vectors(
        self, embedder: str, content_hashes: Collection[str]
    ) -> dict[str, list[float]]:
        """Return the vectors that an encoder made of these texts before, by the text's hash."""
        with translated(self.noun):
            found = await self._collection.find(
                self._query({"content_hash": {"$in": [*content_hashes]}, "embedder": embedder}),
                {"_id": 0, "content_hash": 1, "embeddings": 1},
            ).to_list()
        return {str(one["content_hash"]): list(one["embeddings"]) for one in found}

    async def put(self, documents: Sequence[RAGDocument]) -> int:
        """Store documents, those with the same ``document_id`` anew; return how many were new."""
        return await self.upsert_many(documents, ["document_id"])

    async def remove(self, document_ids: Collection[str]) -> int:
        """Delete documents; return how many there were."""
        return await self._delete_many(self._query({"document_id": {"$in": [*document_ids]}}))

    async def counts(self) -> dict[str, int]:
        """Return of how many objects of each kind there are documents."""
        pipeline: list[Document] = [
            {"$match": self._query({"part": 0})},
            {"$group": {"_id": "$kind", "count": {"$sum": 1}}},
        ]
        with translated(self.noun):
            found = await (await self._collection.aggregate(pipeline)).to_list()
        return {str(one["_id"]): int(one["count"]) for one in found}

    async def _without_vectors(self, where: Document) -> list[RAGDocument]:
        async def read() -> list[RAGDocument]:
            found: list[RAGDocument] = []
            cursor = self._collection.find(self._query(where), _WITHOUT_VECTOR, batch_size=PIECE)
            async with cursor:
                while piece := await cursor.to_list(PIECE):
                    found += [await self._load(one) for one in piece]
            return found

        with translated(self.noun):
            return await repeated(read)
