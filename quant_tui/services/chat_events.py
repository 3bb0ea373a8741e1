"""What happens while the chat answers, as its readers are told."""

from __future__ import annotations

from dataclasses import dataclass

from quant_tui.domain.base import Document
from quant_tui.domain.genai import ChatMessage
from quant_tui.genai.tools import Proposal, ToolResult


@dataclass(frozen=True, slots=True)
class AnswerBegun:
    """An answer begins; what a reader has of it starts anew.

    Attributes
    ----------
    parent
        The message that it follows: the question, or the answer whose proposals were decided.
    """

    message_id: str
    parent: str


@dataclass(frozen=True, slots=True)
class AnswerText:
    """More of the answer's text."""

    delta: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The answer calls a tool."""

    name: str
    arguments: Document


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    """A tool gave its result."""

    name: str
    result: ToolResult


@dataclass(frozen=True, slots=True)
class ProposalMade:
    """Something would be changed or started: it waits for the user, and the answer ends."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class ProposalDecided:
    """What became of a proposal: ``approved``, ``started``, ``rejected`` or ``failed``, and why.

    What is ``started`` goes on after it was approved.
    """

    proposal_id: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Retrying:
    """The endpoint is asked again after some seconds."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Trimmed:
    """So many of the oldest messages do not fit into the context window and were left out."""

    left_out: int


@dataclass(frozen=True, slots=True)
class AnswerEnded:
    """The answer is complete, or was stopped; this is how it is kept."""

    message: ChatMessage


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """The answer broke off; what there was of it is kept."""

    title: str
    cause: str
    hint: str


ChatEvent = (
    AnswerBegun
    | AnswerText
    | ToolCalled
    | ToolAnswered
    | ProposalMade
    | ProposalDecided
    | Retrying
    | Trimmed
    | AnswerEnded
    | AnswerFailed
)
