"""An answer while it is being written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.genai import ChatMessage
from quant_tui.domain.vocabulary import MessageRole, MessageStatus
from quant_tui.genai.figures import Known, known_in, known_in_text, marks_of
from quant_tui.genai.knowledge import periods_in
from quant_tui.genai.tools import Citation, Proposal, ToolResult
from quant_tui.services.chat_events import (
    AnswerBegun,
    AnswerText,
    ChatEvent,
    ProposalMade,
    ToolAnswered,
    ToolCalled,
)

LONGEST_RESULT = 20_000
"""Characters of a tool's result that are kept for the model."""

Emit = Callable[[ChatEvent], None]


class Draft:
    """The answer as far as it has come; what is written into it its readers are told.

    Attributes
    ----------
    changed
        Whether something came since it was last stored.
    known
        Figures that the program gave: those of the text are compared with them.
    checked
        Whether the text is another's, whose figures are to be compared.
    """

    def __init__(self, message: ChatMessage, emit: Emit) -> None:
        self._message = message
        self._parts: list[str] = []
        self._letters = 0
        self._calls: list[Document] = []
        self.known: list[Known] = []
        self.checked = False
        self.emit = emit
        self.changed = False

    @property
    def id(self) -> str:
        """Of the message."""
        return self._message.id

    @property
    def parent(self) -> str:
        """The message that it follows."""
        return self._message.parent

    @property
    def text(self) -> str:
        """What is written so far."""
        return "".join(self._parts)

    def begin(self) -> None:
        """Tell the readers that it begins."""
        self.emit(AnswerBegun(self.id, self.parent))

    def write(self, text: str) -> None:
        """Write more."""
        if text:
            self._parts.append(text)
            self._letters += len(text)
            self.changed = True
            self.emit(AnswerText(text))

    def called(self, call_id: str, name: str, arguments: Document) -> Document:
        """Note that a tool is called here, and return what is kept of it."""
        call: Document = {
            "id": call_id,
            "name": name,
            "arguments": arguments,
            "at": self._letters,
            "state": "running",
            "called_at": utc_now(),
        }
        self._calls.append(call)
        self.changed = True
        self.emit(ToolCalled(name, arguments))
        return call

    def answered(self, call: Document, result: ToolResult) -> None:
        """Note what a tool gave."""
        call |= kept_result(result)
        self.known += known_of(call)
        self.cite(result.citations)
        self.changed = True
        self.emit(ToolAnswered(call["name"], result))

    def proposed(self, call: Document, proposal: Proposal) -> None:
        """Note what a tool would do, and that it waits for the user."""
        call |= {"state": "pending", "proposal": proposal_document(proposal)}
        self.changed = True
        self.emit(ProposalMade(proposal))

    def cite(self, citations: tuple[Citation, ...]) -> None:
        """Note objects that the answer rests on, each once."""
        self._message = self._message.model_copy(
            update={"citations": with_citations(self._message.citations, citations)}
        )

    def note(self, text: str) -> None:
        """Note what the reader is told beside the text."""
        if text not in self._message.notes:
            self._set(notes=[*self._message.notes, text])

    def count(self, tokens: Document, cost: float | None) -> None:
        """Note what the answer took."""
        self._set(tokens=tokens, cost=cost)

    async def mark(self) -> None:
        """Note which numbers of the text are known, and from where."""
        if self.checked and self._parts:
            self._set(figures=await asyncio.to_thread(marks_of, self.text, list(self.known)))

    @property
    def periods(self) -> list[Document]:
        """Periods of the backtests that tools told of."""
        return [period for call in self._calls for period in call.get("periods", [])]

    def end(self, status: MessageStatus, error: Document | None = None) -> ChatMessage:
        """Return the message as it stays; a call without an answer never had one."""
        for call in self._calls:
            if call["state"] == "running":
                call |= {"state": "failed", "error": "It was stopped before it answered."}
        self._set(status=status, **({"error": error} if error else {}))
        return self.snapshot()

    def snapshot(self) -> ChatMessage:
        """Return the message as it is now."""
        return self._message.model_copy(
            update={
                "content": self.text,
                "tool_calls": [dict(one) for one in self._calls],
                "saved_at": utc_now(),
            }
        )

    def _set(self, **values: object) -> None:
        self._message = self._message.model_copy(update=values)
        self.changed = True


def kept_result(result: ToolResult) -> Document:
    """Return what a call keeps of its result."""
    text = result.text
    if len(text) > LONGEST_RESULT:
        text = f"{text[:LONGEST_RESULT]}\n… (cut after {LONGEST_RESULT:,} characters)"
    citations = with_citations([], result.citations)
    places = {one["id"]: place for place, one in enumerate(citations)}
    title = str(citations[0]["title"]) if citations else ""
    return {
        "state": "failed" if result.error else "done",
        "text": text,
        "error": result.error,
        "citations": citations,
        "figures": [
            [one.value, one.name, places.get(one.source.get("id"), -1)]
            for one in known_in(result.data, citations)
        ],
        "periods": periods_in(result.data, title),
    }


def known_of(call: Document) -> list[Known]:
    """Return the figures that a call keeps of its result."""
    citations = call.get("citations", [])
    return [
        Known(float(value), str(name), citations[place] if 0 <= place < len(citations) else {})
        for value, name, place in call.get("figures", [])
    ]


def known_of_messages(messages: Sequence[ChatMessage]) -> list[Known]:
    """Return the figures that the program, or its user, gave in a conversation."""
    found: list[Known] = []
    for message in messages:
        found += [known for call in message.tool_calls for known in known_of(call)]
        if message.role is MessageRole.USER:
            found += known_in_text(message.content, {})
            if chosen := message.selection:
                source = {key: chosen.get(key, "") for key in ("kind", "id", "title")}
                found += known_in_text(str(chosen.get("text", "")), source)
    return found


def with_citations(known: list[Document], more: tuple[Citation, ...]) -> list[Document]:
    """Return citations with others after them, each once."""
    found = {(one["kind"], one["id"]): one for one in known}
    for one in more:
        found.setdefault((one.kind, one.id), {"kind": one.kind, "id": one.id, "title": one.title})
    return list(found.values())


def proposal_document(proposal: Proposal) -> Document:
    """Return a proposal as a call keeps it."""
    return {
        "id": proposal.id,
        "tool": proposal.tool,
        "title": proposal.title,
        "change": proposal.change,
        "permission": proposal.permission.value,
        "arguments": proposal.arguments,
        "state": proposal.state,
    }
