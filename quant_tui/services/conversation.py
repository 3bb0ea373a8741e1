"""The messages of a conversation: its branches, its title, its sums and its text."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.domain.genai import ChatMessage, ChatSession
from quant_tui.domain.vocabulary import MessageRole, MessageStatus

TITLE_LETTERS = 60
LONGEST_TITLE = 200
LONGEST_QUESTION = 200_000
LEAF = "leaf"

SAVE_SECONDS = 0.5
"""How often an answer that is being written is stored: a crash loses less than a second, though
storing takes its time too."""

LOST_AFTER_SECONDS = 15.0
"""An answer that was not stored for so long is not being written any more."""

STOPPED_IN_DECISION = "It was stopped while it was being done. Look what came of it."


@dataclass(frozen=True, slots=True)
class Totals:
    """What a conversation took.

    Attributes
    ----------
    cost
        None when no answer had a price.
    estimated
        Whether some tokens were not counted by the endpoint.
    """

    input: int
    output: int
    cost: float | None
    estimated: bool


def new_id() -> str:
    """Return an id for a message."""
    return uuid.uuid4().hex


def messages_of(session: ChatSession) -> list[ChatMessage]:
    """Return every message, of all branches, in the order in which they were written."""
    return [ChatMessage.model_validate(one) for one in session.conversation_history]


def to_document(message: ChatMessage) -> Document:
    """Return a message as ``conversation_history`` holds it."""
    document = message.model_dump()
    return {**document, "role": message.role.value, "status": message.status.value}


def shown(session: ChatSession) -> list[ChatMessage]:
    """Return the branch that is shown, oldest message first."""
    return branch_to(messages_of(session), str(session.context.get(LEAF, "")))


def branch_to(messages: Sequence[ChatMessage], leaf: str) -> list[ChatMessage]:
    """Return the messages that lead to one, itself last."""
    by_id = {one.id: one for one in messages}
    found: list[ChatMessage] = []
    at = by_id.get(leaf)
    while at is not None and len(found) <= len(by_id):
        found.append(at)
        at = by_id.get(at.parent)
    return found[::-1]


def end_after(session: ChatSession, message_id: str) -> str:
    """Return where the branch that is shown ends, the message itself when it is in another."""
    path = [one.id for one in shown(session)]
    return path[-1] if message_id in path else message_id


def siblings(session: ChatSession, message_id: str) -> list[ChatMessage]:
    """Return the messages that stand in the same place in other branches, itself too."""
    messages = messages_of(session)
    wanted = find_message(session, message_id)
    return [one for one in messages if one.parent == wanted.parent and one.role is wanted.role]


def newest_leaf(session: ChatSession, message_id: str) -> str:
    """Return the last message of the newest branch through a message."""
    messages = messages_of(session)
    at = find_message(session, message_id).id
    while children := [one for one in messages if one.parent == at]:
        at = children[-1].id
    return at


def find_message(session: ChatSession, message_id: str) -> ChatMessage:
    """Return one message.

    Raises
    ------
    NotFound
        The conversation has none with that id.
    """
    for one in session.conversation_history:
        if one.get("id") == message_id:
            return ChatMessage.model_validate(one)
    raise NotFound(f"There is no message {message_id!r} in this conversation.")


def question_of(session: ChatSession, message_id: str) -> ChatMessage:
    """Return the question that a message is, or that it answers.

    Raises
    ------
    NotFound
        The conversation has no such message, or no question before it.
    """
    path = branch_to(messages_of(session), find_message(session, message_id).id)
    for one in reversed(path):
        if one.role is MessageRole.USER:
            return one
    raise NotFound("There is no question before this message.")


def settled(message: ChatMessage) -> ChatMessage:
    """Return a message that nobody writes any more as it ended: broken off."""
    deciding = any(one.get("state") == "deciding" for one in message.tool_calls)
    if message.status is not MessageStatus.STREAMING and not deciding:
        return message
    last = message.saved_at or message.timestamp
    if (utc_now() - last).total_seconds() < LOST_AFTER_SECONDS:
        return message
    calls = [
        {**one, "state": "failed", "text": "", "error": STOPPED_IN_DECISION}
        if one.get("state") == "deciding"
        else one
        for one in message.tool_calls
    ]
    if message.status is not MessageStatus.STREAMING:
        return message.model_copy(update={"tool_calls": calls})
    return message.model_copy(
        update={
            "tool_calls": calls,
            "status": MessageStatus.STOPPED,
            "error": {
                "title": "Answer cut off",
                "cause": "The program ended while this was being written.",
                "hint": "Ask again.",
            },
        }
    )


def checked_question(text: str) -> str:
    """Return a question as it is asked.

    Raises
    ------
    InvalidInput
        There is none, or it is too long.
    """
    text = text.strip()
    if not text:
        raise InvalidInput("Write a question first.", field="text")
    if len(text) > LONGEST_QUESTION:
        raise InvalidInput(
            f"A question has at most {LONGEST_QUESTION:,} characters, this one {len(text):,}.",
            field="text",
        )
    return text


def title_of(text: str) -> str:
    """Return a title for a conversation that begins with ``text``."""
    line = " ".join(next((one for one in text.splitlines() if one.strip()), "").split())
    if len(line) <= TITLE_LETTERS:
        return line
    return f"{line[:TITLE_LETTERS].rpartition(' ')[0] or line[:TITLE_LETTERS]}…"


def totals(messages: Sequence[ChatMessage]) -> Totals:
    """Return what answers took together."""
    costs = [one.cost for one in messages if one.cost is not None]
    return Totals(
        input=sum(int(one.tokens.get("input", 0)) for one in messages),
        output=sum(int(one.tokens.get("output", 0)) for one in messages),
        cost=sum(costs) if costs else None,
        estimated=any(bool(one.tokens.get("estimated")) for one in messages),
    )


def excerpt(text: str, at: int, length: int, around: int = 40) -> str:
    """Return a place of a text with some of what is around it, on one line."""
    first, last = max(at - around, 0), min(at + length + around, len(text))
    piece = " ".join(text[first:last].split())
    return f"{'…' if first else ''}{piece}{'…' if last < len(text) else ''}"
