"""Where a language model is asked, and what comes back from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from quant_tui.domain.base import Document


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model at a server that speaks OpenAI's Chat Completions.

    Attributes
    ----------
    name
        What people call it; messages say it.
    key
        "" for a server without keys.
    key_name
        The secret that holds the key, for messages.
    """

    name: str
    address: str
    model: str
    key: str = field(default="", repr=False)
    key_name: str = ""
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A model calls a tool.

    Attributes
    ----------
    problem
        Why the call cannot be made as it was written; empty when it can.
    """

    id: str
    name: str
    arguments: Document
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TextPiece:
    """More of the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them."""

    input: int
    output: int


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of an answer that came whole.

    Attributes
    ----------
    usage
        None when the server does not count.
    """

    requests: tuple[ToolRequest, ...] = ()
    usage: Usage | None = None


Piece = TextPiece | Completion
