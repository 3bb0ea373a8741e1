"""What is shown of a conversation, read out of the documents that it is kept as."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from quant_tui.domain.base import Document
from quant_tui.domain.genai import ChatMessage, ChatSession
from quant_tui.services import conversation
from quant_tui.services.chat_export import MARK

_UNTOUCHED = re.compile(
    r"(^```.*?(?:^```[^\n]*$|\Z)|`[^`\n]+`|\[[^\]\n]*\]\([^)\n]*\))", re.MULTILINE | re.DOTALL
)
"""Code, and links that there are already."""

_ID = re.compile(r"\b[0-9a-f]{24,}\b|\b[0-9a-f]{23,}…")

SCHEME = "quant"
"""Of links to objects of the user's own: ``quant:backtest/<id>``."""

PLACES = {
    "strategy": "strategies",
    "backtest": "backtests",
    "study": "optimise",
    "model": "models",
    "feature": "models",
    "portfolio": "portfolio",
    "watchlist": "watchlists",
    "symbol": "symbol",
    "scenario": "models",
    "generated": "chat",
}
"""In which workspace an object of a kind is opened."""


class Cited(NamedTuple):
    """An object that an answer rests on."""

    kind: str
    id: str
    title: str

    @property
    def place(self) -> tuple[str, str] | None:
        """The workspace that shows it and the target there; None where there is none."""
        code = PLACES.get(self.kind)
        if code is None or not self.id:
            return None
        part = {"models": f"{self.kind}s:", "chat": f"{self.kind}:"}.get(code, "")
        return code, part + self.id


class Proposed(NamedTuple):
    """A change that waits, or waited, for the person's word."""

    id: str
    title: str
    change: str
    """A difference: lines that begin with ``+``, ``-`` or a blank."""
    does: str = "write"
    """``read``, ``cost`` when it starts a job, or ``write`` when it changes what is stored."""
    state: str = "pending"
    reason: str = ""
    """Why it was not done."""
    started: Cited | None = None
    """What runs since it was approved."""


class Call(NamedTuple):
    """A tool that was called, and what it gave."""

    name: str
    arguments: str
    result: str = ""
    failed: bool = False
    ended: bool = True
    proposal: Proposed | None = None


class Figure(NamedTuple):
    """A number in an answer, by its place in the text."""

    start: int
    end: int
    matched: bool
    source: Cited | None = None
    """The object that it comes from."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation.

    Attributes
    ----------
    id, parent
        Of the message, and of the one that it follows.
    role
        ``user``, ``assistant``, or another that is not shown.
    status
        ``streaming``, ``done``, ``stopped`` or ``failed``.
    tokens
        Read and written for it.
    sent
        What of the workspace beside went along.
    place, places
        Which of how many messages at this point of the conversation it is.
    """

    id: str
    role: str
    text: str
    parent: str = ""
    status: str = "done"
    model: str = ""
    tokens: int = 0
    cost: float | None = None
    cited: tuple[Cited, ...] = ()
    calls: tuple[Call, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    sent: str = ""
    place: int = 1
    places: int = 1

    @property
    def unmatched(self) -> bool:
        """Whether a figure of it matches no result."""
        return any(not one.matched for one in self.figures)

    @property
    def unsettled(self) -> bool:
        """Whether it is being written, or one of its proposals is being carried out."""
        states = [one.proposal.state for one in self.calls if one.proposal is not None]
        return self.status == "streaming" or "deciding" in states


def short(value: object, most: int = 60) -> str:
    """Write a value on one line, not longer than so many characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def arguments(values: object, most: int = 60) -> str:
    """Write a call's arguments on one line, without the ids that say nothing to people."""
    if not isinstance(values, Mapping):
        return short(values, most) if values else ""
    written = {name: _ID.sub("…", short(value, 30)) for name, value in values.items()}
    return short(", ".join(f"{name}={value}" for name, value in written.items()), most)


def marked(text: str, figures: Sequence[Figure]) -> str:
    """Make links of the figures that come from a stored object; mark those from nowhere."""
    untouched = [hit.span() for hit in _UNTOUCHED.finditer(text)] if figures else []
    for one in sorted(figures, reverse=True):
        inside = [span for span in untouched if span[0] < one.end and one.start < span[1]]
        if inside:
            start, end = inside[-1]
            if not one.matched and not text.startswith("```", start):  # behind it, and once
                text = f"{text[:end]}{MARK}{text[end:].removeprefix(MARK)}"
            continue
        figure = text[one.start : one.end]
        if not one.matched:
            figure += MARK
        elif one.source is not None and one.source.place is not None:
            figure = f"[{figure}]({SCHEME}:{one.source.kind}/{quote(one.source.id)})"
        text = text[: one.start] + figure + text[one.end :]
    return text


def cited(values: Iterable[Document]) -> tuple[Cited, ...]:
    """Read citations; each object once."""
    found: dict[tuple[str, str], Cited] = {}
    for value in values:
        if (one := _cited(value)) is not None:
            found.setdefault(one[:2], one)
    return tuple(found.values())


def _cited(value: object) -> Cited | None:
    if not isinstance(value, Mapping):
        return None
    kind, key = str(value.get("kind", "")), str(value.get("id", ""))
    return Cited(kind, key, str(value.get("title") or key)) if kind else None


def turns(session: ChatSession) -> list[Turn]:
    """Return the branch that is shown, from its beginning."""
    places: dict[tuple[str, str], list[str]] = {}
    for one in conversation.messages_of(session):
        places.setdefault((one.parent, one.role), []).append(one.id)
    found: list[Turn] = []
    for one in conversation.shown(session):
        same = places[one.parent, one.role]
        found.append(turn(one, same.index(one.id) + 1, len(same)))
    return found


def turn(message: ChatMessage, place: int = 1, places: int = 1) -> Turn:
    """Read one message."""
    tokens, error, chosen = message.tokens, message.error, message.selection
    said = ": ".join(str(error[name]) for name in ("title", "cause") if error.get(name))
    return Turn(
        id=message.id,
        role=message.role,
        text=message.content,
        parent=message.parent,
        status=message.status,
        model=message.model,
        tokens=int(tokens.get("input", 0)) + int(tokens.get("output", 0)),
        cost=message.cost,
        cited=cited(message.citations),
        calls=tuple(_call(one) for one in message.tool_calls),
        figures=tuple(_figure(one) for one in message.figures),
        notes=tuple(message.notes),
        error=" ".join(one for one in (said, str(error.get("hint") or "")) if one),
        sent=f"{chosen.get('kind', '')} {chosen.get('title', '')}".strip(),
        place=place,
        places=places,
    )


def _call(call: Document) -> Call:
    error = str(call.get("error") or "")
    return Call(
        name=str(call.get("name", "")),
        arguments=arguments(call.get("arguments")),
        result=error or str(call.get("text") or ""),
        failed=bool(error),
        ended=call.get("state") != "running",
        proposal=_proposal(call),
    )


def _proposal(call: Document) -> Proposed | None:
    kept = call.get("proposal")
    if not isinstance(kept, Mapping):
        return None
    cited = call.get("citations") or [None]
    return Proposed(
        id=str(kept.get("id", "")),
        title=str(kept.get("title", "")),
        change=str(kept.get("change", "")),
        does=str(kept.get("permission", "write")),
        state=str(call.get("state", "")),
        reason=str(call.get("error") or ""),
        started=_cited(cited[0]) if call.get("state") == "started" else None,
    )


def _figure(figure: Document) -> Figure:
    return Figure(
        int(figure["start"]), int(figure["end"]), bool(figure["matched"]),
        _cited(figure.get("citation")),
    )  # fmt: skip
