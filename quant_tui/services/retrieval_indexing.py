"""Bringing the texts in MongoDB after the objects that they are about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import groupby

from quant_tui.domain.base import utc_now
from quant_tui.domain.genai import RAGDocument
from quant_tui.genai.embedding import Embedder
from quant_tui.services.retrieval_corpus import Key
from quant_tui.services.retrieval_sources import RetrievalSources
from quant_tui.storage.mongo.rag_documents import RagDocumentRepository

BATCH = 100
"""Objects that are indexed at a time."""

PAUSE_SECONDS = 0.005
"""After each batch of the encoder."""


class Indexing:
    """Makes, renews and removes the documents of one user.

    Parameters
    ----------
    sources
        The objects.
    documents
        Where their texts are kept.
    embedder
        What turns a text into a vector. The same text is given to it once: its vector is
        looked for first among those that are kept.
    """

    def __init__(
        self,
        user_id: str,
        sources: RetrievalSources,
        documents: RagDocumentRepository,
        embedder: Embedder,
    ) -> None:
        self._user_id = user_id
        self._sources = sources
        self._documents = documents
        self._embedder = embedder

    async def missed(self) -> list[Key]:
        """Return the objects whose texts are missing, old, left over, or of another encoder."""
        stamps, kept = await self._sources.stamps(), await self._documents.sources()
        name = self._embedder.name
        return [
            *(key for key, at in stamps.items() if kept.get(key) != (at, name)),
            *(key for key in kept if key not in stamps),
        ]

    async def everything(self) -> list[Key]:
        """Return all objects, and what texts are left over of."""
        return sorted({*await self._sources.stamps(), *await self._documents.sources()})

    async def index(
        self, keys: Iterable[Key], told: Callable[[int], None] = lambda _done: None
    ) -> int:
        """Bring the texts of objects after them; return how many documents were written.

        Parameters
        ----------
        told
            Given the number of texts that were embedded so far.

        Raises
        ------
        EmbeddingFailed, StoreUnavailable
            Nothing of these objects was changed, or it is changed whole.
        """
        written = 0
        for kind, group in groupby(sorted(set(keys)), key=lambda key: key[0]):
            ids = [object_id for _, object_id in group]
            texts = await self._sources.texts(kind, ids)
            made = [
                document
                for text in texts
                for document in text.documents(self._user_id, self._embedder.name)
            ]
            before = {one.document_id for one in await self._documents.of_objects(kind, ids)}
            await self._fill(made, told)
            await self._documents.put(made)
            await self._documents.remove(before - {one.document_id for one in made})
            written += len(made)
        return written

    async def _fill(self, documents: list[RAGDocument], told: Callable[[int], None]) -> None:
        """Give each document its vector."""
        name = self._embedder.name
        contents = {one.content_hash: one.content for one in documents}
        vectors = await self._documents.vectors(name, contents.keys())
        unknown = [key for key in contents if key not in vectors]
        for start in range(0, len(unknown), self._embedder.batch):
            piece = unknown[start : start + self._embedder.batch]
            found = await asyncio.to_thread(
                self._embedder.embed_documents, [contents[key] for key in piece]
            )
            vectors.update(zip(piece, found.tolist(), strict=True))
            told(start + len(piece))
            await asyncio.sleep(PAUSE_SECONDS)
        now = utc_now()
        for one in documents:
            one.embeddings = vectors[one.content_hash]
            one.updated_at = now
