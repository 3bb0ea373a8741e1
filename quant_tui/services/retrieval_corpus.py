"""What is held in memory of a user's documents, brought after MongoDB before each question."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from quant_tui.domain.genai import RAGDocument
from quant_tui.domain.vocabulary import DocumentType
from quant_tui.genai.ranking import KeywordScores, Terms, merged, terms_of
from quant_tui.storage.mongo.rag_documents import RagDocumentRepository, Stamp

OVERLAP = timedelta(seconds=30)
"""What another process wrote so long after it had made it is still seen."""

Key = tuple[str, str]
"""Kind and id of an object."""

BEST = 200
"""Objects whose letters are told; what the others share is nothing much."""

PIECE = 100
"""Texts that are taken apart at a time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One document without its text and vector.

    ``revision`` changes whenever its text or its encoder does.
    """

    document_id: str
    document_type: DocumentType
    kind: str
    object_id: str
    strategy_type: str
    revision: str
    updated_at: datetime
    terms: Terms

    @property
    def key(self) -> Key:
        """The object that it is about."""
        return self.kind, self.object_id

    @classmethod
    def of(cls, document: RAGDocument) -> Entry:
        """Take a document apart."""
        return cls(
            document_id=document.document_id,
            document_type=document.document_type,
            kind=document.kind,
            object_id=document.object_id,
            strategy_type=document.strategy_type,
            revision=f"{document.content_hash[:32]} {document.embedder}",
            updated_at=document.updated_at,
            terms=terms_of(document.content),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed since the last look: ids of documents."""

    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.removed)


class Corpus:
    """The documents of one user, as far as they are looked through in memory."""

    def __init__(self, documents: RagDocumentRepository) -> None:
        self._documents = documents
        self._stamp = Stamp(0, None)
        self._letters: _Letters | None = None
        self._parts: dict[Key, set[str]] = {}
        self._version = 0
        self.entries: dict[str, Entry] = {}

    async def follow(self) -> Difference:
        """Look what any process wrote or removed since the last time, and take it over."""
        stamp = await self._documents.stamp()
        if stamp == self._stamp:
            return Difference()
        newest = self._stamp.newest
        found = await self._documents.texts(newest - OVERLAP if newest else None)
        changed = await self._take(found)
        removed: set[str] = set()
        if len(self.entries) != stamp.count:
            there = await self._documents.ids()
            removed = self.entries.keys() - there
            for one in removed:
                key = self.entries.pop(one).key
                self._parts[key].discard(one)
            late = there - self.entries.keys()
            changed += await self._take(await self._documents.by_ids(late))
        self._stamp = stamp
        if changed or removed:
            self._letters = None
            self._version += 1
        return Difference(tuple(changed), tuple(removed))

    async def letters(
        self,
        question: str,
        also: str = "",
        *,
        kinds: Sequence[str] = (),
        strategy_type: str = "",
    ) -> dict[Key, float]:
        """Return the score by letters of the objects that have the best.

        Parameters
        ----------
        also
            Other words for what is asked.
        kinds, strategy_type
            Of which kinds and type only; all without.
        """
        entries, known, version = list(self.entries.values()), self._letters, self._version

        def work() -> tuple[_Letters, dict[Key, float]]:
            made = known or _Letters.of(entries)
            return made, made.best(question, also, kinds, strategy_type)

        made, found = await asyncio.to_thread(work)
        if version == self._version:  # otherwise followed meanwhile
            self._letters = made
        return found

    def parts(self, keys: Iterable[Key]) -> list[str]:
        """Return the ids of the documents about objects."""
        return [one for key in keys for one in self._parts.get(key, ())]

    async def _take(self, documents: Sequence[RAGDocument]) -> list[str]:
        new = [one for one in documents if self._differs(one)]
        for start in range(0, len(new), PIECE):
            piece = new[start : start + PIECE]
            taken = await asyncio.to_thread(_taken_apart, piece)
            for one in taken:
                self.entries[one.document_id] = one
                self._parts.setdefault(one.key, set()).add(one.document_id)
        return [one.document_id for one in new]

    def _differs(self, document: RAGDocument) -> bool:
        known = self.entries.get(document.document_id)
        return known is None or known.updated_at != document.updated_at


def _taken_apart(documents: Sequence[RAGDocument]) -> list[Entry]:
    return [Entry.of(one) for one in documents]


@dataclass(frozen=True, slots=True)
class _Letters:
    """The objects in an order, with what is compared of each."""

    keys: list[Key]
    kinds: npt.NDArray[np.str_]
    strategy_types: npt.NDArray[np.str_]
    scores: KeywordScores

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> _Letters:
        parts: dict[Key, list[Entry]] = {}
        for entry in entries:
            parts.setdefault(entry.key, []).append(entry)
        return cls(
            keys=list(parts),
            kinds=np.array([kind for kind, _ in parts], dtype=np.str_),
            strategy_types=np.array([one[0].strategy_type for one in parts.values()], np.str_),
            scores=KeywordScores([merged([one.terms for one in part]) for part in parts.values()]),
        )

    def best(
        self, question: str, also: str, kinds: Sequence[str], strategy_type: str
    ) -> dict[Key, float]:
        found = self.scores.of(question, also)
        if kinds:
            found[~np.isin(self.kinds, kinds)] = 0
        if strategy_type:
            found[self.strategy_types != strategy_type] = 0
        first = np.argsort(-found, kind="stable")[:BEST]
        return {self.keys[at]: float(found[at]) for at in first if found[at] > 0}
