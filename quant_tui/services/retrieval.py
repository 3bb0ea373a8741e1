"""Retrieval: the user's own objects, found by what they mean and what they say."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from quant_tui.domain.errors import InvalidInput, NotFound, QuantError, StoreUnavailable
from quant_tui.domain.genai import RAGDocument
from quant_tui.genai.embedding import Embedder, unit_vectors
from quant_tui.genai.ranking import fits, mixed_scores
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.retrieval_corpus import Corpus, Key
from quant_tui.services.retrieval_found import Found, RetrievalState
from quant_tui.services.retrieval_glossary import kinds_named, other_words
from quant_tui.services.retrieval_index import RetrievalIndex
from quant_tui.services.retrieval_indexing import BATCH, Indexing
from quant_tui.services.retrieval_sources import KIND_OF_COLLECTION
from quant_tui.services.retrieval_texts import KINDS
from quant_tui.storage.mongo.rag_documents import RagDocumentRepository
from quant_tui.storage.mongo.writes import Writes, Written

NEAREST = 100
"""Documents whose nearness is asked for, at least; the others are far."""

MOST_UNREAD = 5
"""Objects of a batch that cannot be read; beyond, the store is taken to be away."""

MOST_LETTERS = 4000
"""Of a question that are encoded."""

SETTLE_SECONDS = 0.5
"""How long changes gather before they are indexed."""

FIRST_LOOK_SECONDS = 3.0
"""How long after the sign-in what was missed is looked for: the first screen goes before."""

LOOK_SECONDS = 60.0
"""How often what other processes changed is looked for."""

FIRST_SEARCH_SECONDS = 10.0
"""How long the first search of a process waits for texts that are not indexed yet."""

RETRY_SECONDS = 30.0
"""How long after a failure it is tried again."""

log = logging.getLogger(__name__)


class RetrievalService:
    """Texts of one user: kept after the objects, and searched.

    Nobody needs to call :meth:`changed` for what the repositories write: they tell.
    """

    def __init__(
        self,
        *,
        documents: RagDocumentRepository,
        indexing: Indexing,
        index: RetrievalIndex,
        embedder: Embedder,
        jobs: JobManager,
    ) -> None:
        self._documents = documents
        self._indexing = indexing
        self._index = index
        self._embedder = embedder
        self._jobs = jobs
        self._corpus = Corpus(documents)
        self._turn = asyncio.Lock()
        self._draining = asyncio.Lock()
        self._queue: dict[Key, None] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] = lambda: None
        self._problem = ""
        self._has_looked = False

    # -- finding

    async def search(
        self,
        text: str,
        *,
        limit: int = 5,
        types: Sequence[str] = (),
        strategy_type: str = "",
    ) -> list[Found]:
        """Return the objects that fit a text in any language best, the best first.

        Of what has nothing to do with it only the kinds that are asked for are found.

        Parameters
        ----------
        limit
            At most so many.
        types
            Of which kinds only; see :class:`Found`. All without.
        strategy_type
            Only strategies of this type, and what was done with them.

        Raises
        ------
        InvalidInput
            The text is empty, or there is no such kind.
        EmbeddingFailed
            The text could not be turned into a vector.
        """
        question = text.strip()
        if not question:
            raise InvalidInput("Say what to look for.", field="text")
        for one in types:
            if one not in KINDS:
                raise InvalidInput(
                    f"There is no kind {one!r}.",
                    field="type",
                    hint=f"There are {', '.join(KINDS)}.",
                )
        vector = await asyncio.to_thread(self._embedder.embed_query, question[:MOST_LETTERS])
        if not self._has_looked:
            with contextlib.suppress(TimeoutError):  # what is indexed by then is searched
                async with asyncio.timeout(FIRST_SEARCH_SECONDS):
                    await self.catch_up()
        await self._follow()
        others = other_words(question)
        letters = await self._corpus.letters(
            question, others, kinds=types, strategy_type=strategy_type
        )
        nearest = await self._index.nearest(
            vector, limit=max(NEAREST, 8 * limit), kinds=types, strategy_type=strategy_type
        )
        named = types or (KINDS if strategy_type else kinds_named(question))
        return await self._best(f"{question} {others}", letters, nearest, limit, named=named)

    async def similar(self, kind: str, object_id: str, *, limit: int = 5) -> list[Found]:
        """Return the objects of the same kind that are most like one, the most alike first.

        Raises
        ------
        NotFound
            The user has no such object, or it is still being made.
        """
        key = kind, object_id
        await self._follow()
        if key in self._queue or not self._corpus.parts([key]):
            await self._indexing.index([key])
            await self._follow()
        parts = await self._documents.by_ids(self._corpus.parts([key]))
        if not parts:
            raise NotFound(
                f"There is nothing to compare this {kind} by.",
                hint="It was deleted, or is still being made.",
            )
        parts.sort(key=lambda one: one.part)
        text = "\n".join(one.content for one in parts)
        letters = await self._corpus.letters(text, kinds=(kind,))
        # What it is and what it is made of; its notes are no trait of it.
        vector = unit_vectors(
            np.sum([np.asarray(one.embeddings, np.float32) for one in parts[:2]], axis=0)
        )
        nearest = await self._index.nearest(
            vector, limit=max(NEAREST, 8 * limit), kinds=(kind,), strategy_type=""
        )
        return await self._best("", letters, nearest, limit, but=key)

    async def _best(
        self,
        words: str,
        letters: Mapping[Key, float],
        nearest: Mapping[str, float],
        limit: int,
        *,
        but: Key | None = None,
        named: Sequence[str] = KINDS,
    ) -> list[Found]:
        """Return the best objects by both scores together, without ``but``.

        One that fits nothing is among them only where its kind is ``named``.
        """
        meaning: dict[Key, float] = {}
        for document_id, cosine in nearest.items():
            entry = self._corpus.entries.get(document_id)
            if entry is not None:
                meaning[entry.key] = max(cosine, meaning.get(entry.key, -1.0))
        # What is not among the nearest is at most as near as the last of them.
        far = min(nearest.values(), default=0.0)
        keys = sorted({*meaning, *letters})
        by_meaning = np.array([meaning.get(key, far) for key in keys], dtype=np.float32)
        by_letters = np.array([letters.get(key, 0.0) for key in keys], dtype=np.float32)
        scores = mixed_scores(by_meaning, by_letters).tolist()
        fitting = fits(by_meaning, by_letters, words).tolist()
        ranked = sorted(zip(scores, keys, fitting, strict=True), key=lambda one: -one[0])
        best = [
            (score, key) for score, key, fit in ranked if key != but and (fit or key[0] in named)
        ][:limit]
        documents: dict[Key, list[RAGDocument]] = {}
        for one in await self._documents.by_ids(self._corpus.parts(key for _, key in best)):
            documents.setdefault((one.kind, one.object_id), []).append(one)
        return [
            Found.of(documents[key], nearest, words, score)
            for score, key in best
            if key in documents
        ]

    async def _follow(self) -> None:
        """Bring memory and index after MongoDB."""
        async with self._turn:
            await self._index.follow(self._corpus.entries, await self._corpus.follow())

    # -- keeping up

    def changed(self, kind: str, object_id: str) -> None:
        """Index an object again soon; call it on the event loop."""
        self._queue[kind, object_id] = None
        self._woken.set()

    def removed(self, kind: str, object_id: str) -> None:
        """Forget an object soon; call it on the event loop."""
        self.changed(kind, object_id)  # what is found to be gone is removed

    def begin(self, writes: Writes) -> None:
        """Keep up with all changes from now on, in the background, till :meth:`stop`."""
        user_id = self._documents.user_id

        def hear(written: Written) -> None:
            kind = KIND_OF_COLLECTION.get(written.collection)
            if kind and written.id and written.user_id in ("", user_id):
                self.changed(kind, written.id)

        self._stop_listening = writes.subscribe(hear)
        self._task = asyncio.get_running_loop().create_task(self._keep_up(), name="retrieval")

    def stop(self) -> None:
        """Stop keeping up, and let go of the index."""
        self._stop_listening()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._index.release()

    async def catch_up(self, told: Callable[[int, int], None] = lambda _done, _all: None) -> int:
        """Index everything that changed, whoever changed it; return how many objects that were.

        Parameters
        ----------
        told
            Given the number of objects that are done, and of all.
        """
        for key in await self._indexing.missed():
            self._queue.setdefault(key)
        done = await self._drain(told)
        self._has_looked = True
        return done

    def reindex(self) -> Job[int]:
        """Make every text and the index anew, as a job; its result is the number of objects.

        Vectors of texts that stayed the same are kept. Cancelled, it leaves what is done.
        """

        async def work(context: JobContext) -> int:
            context.progress(0.01, "looking what there is")
            keys = await self._indexing.everything()
            for start in range(0, len(keys), BATCH):
                context.cancel.raise_if_cancelled()
                await self._indexing.index(keys[start : start + BATCH])
                done = min(start + BATCH, len(keys))
                context.progress(0.05 + 0.75 * done / len(keys), f"{done} of {len(keys)} texts")
            context.cancel.raise_if_cancelled()
            context.progress(0.85, "building the index")
            async with self._turn:
                await self._corpus.follow()
                await self._index.rebuild(self._corpus.entries)
            return len(keys)

        return self._jobs.start("index", "Index of texts", work)

    async def settle(self) -> None:
        """Wait until the index is open and says what all documents say, or was given up."""
        await self._follow()
        await self._index.settle()

    async def state(self) -> RetrievalState:
        """Return how retrieval stands."""
        return RetrievalState(
            counts=await self._documents.counts(),
            embedder=self._embedder.name,
            waiting=len(self._queue),
            problem=self.problem,
        )

    @property
    def problem(self) -> str:
        """Why something does not work, or works another way; empty when all is well."""
        return self._problem or self._index.problem

    async def _drain(self, told: Callable[[int, int], None]) -> int:
        async with self._draining:
            return await self._index_queue(told)

    async def _index_queue(self, told: Callable[[int, int], None]) -> int:
        done = 0
        while self._queue:
            batch = list(self._queue)[:BATCH]
            for key in batch:
                del self._queue[key]
            try:
                await self._index_batch(batch)
            except BaseException:
                self._queue = {**dict.fromkeys(batch), **self._queue}
                raise
            done += len(batch)
            told(done, done + len(self._queue))
        if done and self._index.is_open:  # it is not opened before anything is asked
            await self._follow()
        return done

    async def _index_batch(self, batch: list[Key]) -> None:
        """Index some objects; one that cannot be read does not keep the others back."""
        try:
            await self._indexing.index(batch)
        except StoreUnavailable:
            unread: dict[Key, StoreUnavailable] = {}
            for key in batch:
                try:
                    await self._indexing.index([key])
                except StoreUnavailable as error:
                    unread[key] = error
                    if len(unread) == len(batch) or len(unread) > MOST_UNREAD:
                        raise  # it is the store
            for (kind, object_id), cause in unread.items():
                log.warning("the %s %s is not indexed: %s", kind, object_id, cause)

    async def _keep_up(self) -> None:
        await asyncio.sleep(FIRST_LOOK_SECONDS)
        look_again = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                if loop.time() >= look_again:
                    look_again = loop.time() + LOOK_SECONDS
                    await self.catch_up()
                else:
                    await self._drain(lambda _done, _all: None)
                self._problem = ""
            except QuantError as error:
                if str(error) != self._problem:
                    log.warning("texts are not indexed: %s", error)
                self._problem = str(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._woken.clear()
            try:
                async with asyncio.timeout(max(0.0, look_again - loop.time())):
                    await self._woken.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(SETTLE_SECONDS)
