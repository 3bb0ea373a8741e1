"""What retrieval answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quant_tui.domain.base import Document
from quant_tui.domain.genai import RAGDocument
from quant_tui.genai.ranking import excerpt, places_of
from quant_tui.services.retrieval_texts import heading_of


@dataclass(frozen=True, slots=True)
class Found:
    """One object that was found.

    Attributes
    ----------
    document_id
        The text that was found; an object may have several.
    kind, object_id, title
        What it is about: ``strategy``, ``backtest``, ``study``, ``model``, ``experiment``
        or ``news``.
    excerpt
        What fits best, on one line: of the user's own words, or what is known of the object.
    score
        0 to 1.
    """

    document_id: str
    kind: str
    object_id: str
    title: str
    excerpt: str
    score: float

    @classmethod
    def of(
        cls,
        parts: list[RAGDocument],
        nearest: Mapping[str, float],
        question: str,
        score: float,
    ) -> Found:
        """Build it from the documents about one object.

        Parameters
        ----------
        parts
            At least one; the one that fits best is quoted.
        nearest
            Cosines with the question, by ``document_id``.
        """
        nearest_first = sorted(parts, key=lambda one: -nearest.get(one.document_id, -1.0))
        best = max(nearest_first, key=lambda one: len(places_of(one.content, question)))
        heading = heading_of(best.kind, best.title)  # the title is shown beside it
        said = str(best.metadata.get("summary", "")) or best.content.removeprefix(heading).strip()
        return cls(
            document_id=best.document_id,
            kind=best.kind,
            object_id=best.object_id,
            title=best.title,
            excerpt=excerpt(said or best.content, question),
            score=score,
        )

    def to_document(self) -> Document:
        """Return it as JSON holds it."""
        return {
            "document_id": self.document_id,
            "kind": self.kind,
            "object_id": self.object_id,
            "title": self.title,
            "excerpt": self.excerpt,
            "score": round(self.score, 4),
        }


@dataclass(frozen=True, slots=True)
class RetrievalState:
    """How retrieval stands.

    Attributes
    ----------
    counts
        Indexed objects by kind.
    embedder
        Which encoder.
    waiting
        Objects that are still to be indexed.
    problem
        Why something does not work; empty when all does.
    """

    counts: dict[str, int]
    embedder: str
    waiting: int
    problem: str

    def to_document(self) -> Document:
        """Return it as JSON holds it."""
        return {
            "ok": not self.problem,
            "objects": self.counts,
            "embedder": self.embedder,
            "waiting": self.waiting,
            "problem": self.problem,
        }
