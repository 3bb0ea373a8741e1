"""The vector index of one user, kept after MongoDB; without ChromaDB, MongoDB's own vectors."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

import numpy as np

from quant_tui.domain.errors import IndexDamaged, StoreUnavailable
from quant_tui.genai.embedding import Embedder, Vectors
from quant_tui.services.retrieval_corpus import Difference, Entry
from quant_tui.storage.chroma.vectors import IndexedVector, VectorIndex, VectorStore
from quant_tui.storage.mongo.rag_documents import RagDocumentRepository

BATCH = 100
"""Vectors that are read and written at a time."""

AT_ONCE = 300
"""Vectors that a question waits for; more are written while it is answered without."""

RETRY_SECONDS = 60.0
"""How long ChromaDB is left alone after it failed."""

log = logging.getLogger(__name__)


class RetrievalIndex:
    """Finds the nearest vectors: by ChromaDB once it is open, and without it until then.

    Opening it takes seconds, with the import of ChromaDB and the comparison with MongoDB:
    that is done in the background as soon as anything is asked.

    Attributes
    ----------
    is_open
        Whether ChromaDB is asked.
    problem
        Why ChromaDB is not used; empty while it is, or is being opened.
    """

    def __init__(
        self, store: VectorStore, documents: RagDocumentRepository, embedder: Embedder
    ) -> None:
        self._store = store
        self._documents = documents
        self._embedder = embedder
        self._vectors = VectorIndex(store, documents.user_id, embedder.name)
        self._entries: Mapping[str, Entry] = {}
        self.is_open = False
        self._late = False
        self._damaged = False
        self._epoch = ""
        self._opening: asyncio.Task[None] | None = None
        self._failed_at: float | None = None
        self._own: tuple[list[str], Vectors] | None = None
        self.problem = ""

    async def follow(self, entries: Mapping[str, Entry], difference: Difference) -> None:
        """Bring the index after the documents.

        Parameters
        ----------
        entries
            All documents.
        difference
            What of them changed since the last time.
        """
        self._entries = entries
        if difference:
            self._own = None
            self._late = True
        if self._opening is not None or self._is_left_alone():
            return
        few = len(difference.changed) <= AT_ONCE
        if self.is_open and few and self._epoch == await asyncio.to_thread(self._read_epoch):
            try:
                if difference:
                    await asyncio.to_thread(self._vectors.remove, difference.removed)
                    await self._put(difference.changed)
                self._late = False
            except StoreUnavailable as error:
                self._lose(error)
            else:
                return
        self.is_open = False
        self._opening = asyncio.create_task(self._open(), name="opening the vector index")

    async def settle(self) -> None:
        """Wait until the index is open, or was given up."""
        if self._opening is not None:
            await asyncio.wait({self._opening})

    async def rebuild(self, entries: Mapping[str, Entry]) -> None:
        """Throw the user's vectors away and put them in again."""
        self._entries = entries
        if self._opening is not None:
            self._opening.cancel()
            await self.settle()
        self._failed_at = None
        try:
            await asyncio.to_thread(self._vectors.clear)
        except StoreUnavailable as error:
            self._lose(error)
        await self._open()

    async def nearest(
        self, vector: Vectors, *, limit: int, kinds: Sequence[str], strategy_type: str
    ) -> dict[str, float]:
        """Return the cosines with the nearest vectors, by ``document_id``."""
        if self.is_open:
            try:
                return await asyncio.to_thread(
                    self._vectors.nearest,
                    vector,
                    limit=limit,
                    kinds=kinds,
                    strategy_type=strategy_type,
                )
            except StoreUnavailable as error:
                self._lose(error)
        return await self._nearest_without(vector, limit, kinds, strategy_type)

    def release(self) -> None:
        """Stop, and let go of ChromaDB's memory; call it on the event loop."""
        if self._opening is not None:
            self._opening.cancel()
        self.is_open = False
        # A thread may hold it for a moment.
        asyncio.get_running_loop().run_in_executor(None, self._store.close)

    def _is_left_alone(self) -> bool:
        if self._failed_at is None:
            return False
        return time.monotonic() - self._failed_at < RETRY_SECONDS

    def _read_epoch(self) -> str:
        return self._store.epoch

    async def _open(self) -> None:
        """Compare the index with all documents; one that is damaged begins anew."""
        try:
            if not self._damaged:
                try:
                    await self._compare()
                except IndexDamaged as error:
                    self._lose(error)
            if self._damaged:
                await asyncio.to_thread(self._store.rebuild)
                self._damaged = False
                await self._compare()
        except StoreUnavailable as error:
            self._give_up(error)
        else:
            self._failed_at = None
            self.is_open = not self._late
            self._own = None
            self.problem = ""
        finally:
            self._opening = None

    async def _compare(self) -> None:
        self._late = False
        held = await asyncio.to_thread(self._vectors.held)
        entries = dict(self._entries)
        await asyncio.to_thread(self._vectors.remove, held.keys() - entries.keys())
        await self._put([key for key, one in entries.items() if held.get(key) != one.revision])
        self._epoch = await asyncio.to_thread(self._read_epoch)

    def _lose(self, error: StoreUnavailable) -> None:
        """Do without for now: open it again, or leave it alone for a while."""
        self.is_open = False
        if isinstance(error, IndexDamaged):
            log.warning("the vector index is filled again: %s", error)
            self._damaged = True
        else:
            self._give_up(error)

    async def _put(self, document_ids: Sequence[str]) -> None:
        for start in range(0, len(document_ids), BATCH):
            documents = await self._documents.by_ids(document_ids[start : start + BATCH])
            vectors = [
                IndexedVector(
                    document_id=one.document_id,
                    document_type=one.document_type,
                    revision=self._entries[one.document_id].revision,
                    vector=np.array(one.embeddings, dtype=np.float32),
                    metadata={
                        "kind": one.kind,
                        "object_id": one.object_id,
                        "strategy_type": one.strategy_type,
                        **one.metadata,
                    },
                )
                for one in documents
                if one.embedder == self._embedder.name and one.document_id in self._entries
            ]
            await asyncio.to_thread(self._vectors.put, vectors)

    def _give_up(self, error: StoreUnavailable) -> None:
        if self.problem != str(error):
            log.warning("ChromaDB is not used, vectors are compared here: %s", error)
        self.problem = str(error)
        self._failed_at = time.monotonic()

    async def _read_own(self) -> tuple[list[str], Vectors]:
        wanted, ids, pieces = list(self._entries), [], [np.zeros((0, 0), dtype=np.float32)]
        for start in range(0, len(wanted), BATCH):
            found = await self._documents.by_ids(wanted[start : start + BATCH])
            known = [one for one in found if one.embedder == self._embedder.name]
            ids += [one.document_id for one in known]
            if known:
                pieces.append(np.array([one.embeddings for one in known], dtype=np.float32))
        return ids, np.concatenate(pieces[1:]) if ids else pieces[0]

    async def _nearest_without(
        self, vector: Vectors, limit: int, kinds: Sequence[str], strategy_type: str
    ) -> dict[str, float]:
        if self._own is None:
            self._own = await self._read_own()
        ids, rows = self._own
        if not ids or rows.shape[1] != len(vector):
            return {}
        cosines = rows @ vector
        nearest: dict[str, float] = {}
        for place in np.argsort(-cosines):
            entry = self._entries.get(ids[place])
            if entry is None:
                continue
            if (not kinds or entry.kind in kinds) and (
                not strategy_type or entry.strategy_type == strategy_type
            ):
                nearest[entry.document_id] = float(cosines[place])
                if len(nearest) == limit:
                    break
        return nearest
