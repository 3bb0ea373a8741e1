"""Answers without a language model: what the user has about it, with where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quant_tui.domain.genai import ChatMessage
from quant_tui.genai.tools import Citation
from quant_tui.services.chat_draft import Draft
from quant_tui.services.retrieval_glossary import kinds_named

SHOWN = 5

HOW_TO_ADD = (
    "No language model is configured. To add one, open Settings (section Chat), or run\n\n"
    "    quant-tui chat endpoint default \\\n"
    "        --url http://127.0.0.1:8080/v1 --model NAME\n\n"
    "`/help` shows what works without one."
)


class Place(Protocol):
    """Something that was found."""

    @property
    def kind(self) -> str:
        """What it is about."""

    @property
    def object_id(self) -> str:
        """Which one."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def excerpt(self) -> str:
        """The part of it that fits best."""


class Finds(Protocol):
    """What finds the user's own objects."""

    async def search(
        self, text: str, *, limit: int = 5, types: Sequence[str] = ()
    ) -> Sequence[Place]:
        """Return what fits a text, the best first; of some kinds only."""


class OfflineAnswer:
    """Answers by retrieval."""

    def __init__(self, finds: Finds | None) -> None:
        self._finds = finds

    async def write(self, draft: Draft, question: ChatMessage) -> None:
        """Write what was found about a question, and how a model is added."""
        kinds = kinds_named(question.content)
        found: Sequence[Place] = []
        if self._finds is not None:
            found = await self._finds.search(question.content, limit=SHOWN, types=kinds)
        if found:
            draft.cite(tuple(Citation(one.kind, one.object_id, one.title) for one in found))
            lines = [
                f"{number}. **{one.title}** ({one.kind}): {one.excerpt}"
                for number, one in enumerate(found, 1)
            ]
            draft.write("In your own work this fits best:\n\n" + "\n".join(lines) + "\n\n")
        else:
            draft.write("Nothing of yours fits this question.\n\n")
        draft.write(HOW_TO_ADD)
