"""One user's vectors in the index: written, found, removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from quant_tui.domain.base import Document
from quant_tui.domain.vocabulary import DocumentType

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection as ChromaCollection

COLLECTIONS = {
    DocumentType.BACKTEST: "user_backtests",
    DocumentType.STRATEGY: "user_strategies",
    DocumentType.MARKET_INSIGHT: "market_insights",
}
"""The data model's collections."""

Vector = npt.NDArray[np.float32]

BATCH = 100
"""Vectors that are written at a time."""


@dataclass(frozen=True, slots=True)
class IndexedVector:
    """A vector with what it can be filtered by.

    Attributes
    ----------
    document_id, document_type
        Of the text in MongoDB.
    revision
        Changes whenever text or encoder does.
    vector
        Of length 1.
    metadata
        Texts and numbers by name.
    """

    document_id: str
    document_type: DocumentType
    revision: str
    vector: Vector
    metadata: Document = field(default_factory=dict)


class VectorStore(Protocol):
    """Where the vectors are: a folder of ours, or a server."""

    @property
    def epoch(self) -> str:
        """Another one whenever vectors may have been thrown away."""
        ...

    def begin_epoch(self) -> None:
        """Let all who use it look what is still in it."""
        ...

    def opened(self, *, writing: bool) -> AbstractContextManager[ClientAPI]:
        """Give an open client."""
        ...

    def rebuild(self) -> object:
        """Start an empty index in the place of a damaged one."""
        ...

    def close(self) -> None:
        """Let go of what it holds; it opens again by itself."""
        ...


class VectorIndex:
    """The vectors of one user, made by one encoder. Every method blocks.

    Parameters
    ----------
    store
        The index, which other users' vectors are in too.
    user_id
        Whose vectors these are; part of every question.
    embedder
        Name of the encoder; the collections of another one are dropped.

    Raises
    ------
    IndexDamaged, StoreUnavailable
        By every method; see :meth:`ChromaStore.opened`.
    """

    def __init__(self, store: VectorStore, user_id: str, embedder: str) -> None:
        self._store = store
        self._user_id = user_id
        self._embedder = embedder

    def held(self) -> dict[str, str]:
        """Return the revision of each vector by its ``document_id``.

        Each collection is also asked for a neighbour, so that damage comes to light here.
        """
        found: dict[str, str] = {}
        with self._store.opened(writing=True) as client:
            for name in COLLECTIONS.values():
                collection = self._collection(client, name)
                part = collection.get(where={"user_id": self._user_id}, include=["metadatas"])
                for document_id, metadata in zip(part["ids"], part["metadatas"] or (), strict=True):
                    found[document_id] = str(metadata["revision"])
                if part["ids"]:
                    one = collection.get(ids=part["ids"][:1], include=["embeddings"])
                    collection.query(
                        query_embeddings=one["embeddings"], n_results=1, include=["distances"]
                    )
        return found

    def put(self, vectors: Sequence[IndexedVector]) -> None:
        """Write vectors, those with the same ``document_id`` anew."""
        by_type: dict[DocumentType, list[IndexedVector]] = {}
        for one in vectors:
            by_type.setdefault(one.document_type, []).append(one)
        for document_type, all_of_it in by_type.items():
            for start in range(0, len(all_of_it), BATCH):
                batch = all_of_it[start : start + BATCH]
                with self._store.opened(writing=True) as client:
                    self._collection(client, COLLECTIONS[document_type]).upsert(
                        ids=[one.document_id for one in batch],
                        embeddings=np.stack([one.vector for one in batch]),
                        metadatas=[
                            {**one.metadata, "user_id": self._user_id, "revision": one.revision}
                            for one in batch
                        ],
                    )

    def remove(self, document_ids: Collection[str]) -> None:
        """Remove vectors, those that there are."""
        if not document_ids:
            return
        with self._store.opened(writing=True) as client:
            for name in COLLECTIONS.values():
                self._collection(client, name).delete(
                    ids=[*document_ids], where={"user_id": self._user_id}
                )

    def clear(self) -> None:
        """Remove all of the user's vectors."""
        with self._store.opened(writing=True) as client:
            for name in COLLECTIONS.values():
                self._collection(client, name).delete(where={"user_id": self._user_id})
            self._store.begin_epoch()

    def nearest(
        self,
        vector: Vector,
        *,
        limit: int,
        kinds: Sequence[str] = (),
        strategy_type: str = "",
    ) -> dict[str, float]:
        """Return the cosine with each of the nearest vectors, by ``document_id``.

        Parameters
        ----------
        vector
            Of length 1.
        limit
            At most so many of each collection.
        kinds, strategy_type
            Of which kinds and type only; all without.
        """
        conditions: list[Document] = [{"user_id": self._user_id}]
        if kinds:
            conditions.append({"kind": {"$in": [*kinds]}})
        if strategy_type:
            conditions.append({"strategy_type": strategy_type})
        where: Document = conditions[0] if len(conditions) == 1 else {"$and": conditions}
        found: dict[str, float] = {}
        with self._store.opened(writing=False) as client:
            for name in COLLECTIONS.values():
                answer = self._collection(client, name).query(
                    query_embeddings=vector[np.newaxis, :],
                    n_results=limit,
                    where=where,
                    include=["distances"],
                )
                distances = (answer["distances"] or [[]])[0]
                found.update(
                    (document_id, 1.0 - float(distance))
                    for document_id, distance in zip(answer["ids"][0], distances, strict=True)
                )
        return found

    def _collection(self, client: ClientAPI, name: str) -> ChromaCollection:
        """Return a collection of this encoder's vectors; one of another's is dropped."""
        found = self._get_or_create(client, name)
        if (found.metadata or {}).get("embedder") != self._embedder:
            client.delete_collection(name)
            self._store.begin_epoch()
            found = self._get_or_create(client, name)
        return found

    def _get_or_create(self, client: ClientAPI, name: str) -> ChromaCollection:
        return client.get_or_create_collection(
            name,
            embedding_function=None,
            metadata={"embedder": self._embedder},
            configuration={"hnsw": {"space": "cosine"}},
        )
