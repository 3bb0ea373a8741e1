"""A conversation as Markdown."""

from __future__ import annotations

from quant_tui.domain.base import Document
from quant_tui.domain.genai import ChatMessage, ChatSession
from quant_tui.domain.vocabulary import MessageRole, MessageStatus
from quant_tui.genai.delimiting import visible
from quant_tui.services.conversation import shown, totals

MARK = "[?]"
"""Stands behind a figure of an answer that matches no result of a tool."""

LISTED = 20
"""Figures from nowhere that are listed; of the others it is said how many there are."""

_ENDS = {
    MessageStatus.STREAMING: "still being written",
    MessageStatus.STOPPED: "stopped",
    MessageStatus.FAILED: "broke off",
}

_STATES = {
    "pending": "proposed, waits to be decided",
    "deciding": "being decided",
    "approved": "approved and done",
    "rejected": "rejected, left as it was",
}
"""What became of a proposal; other states are words as they are."""

_OF_MODELS = ("<data-", "</data-")
"""Lines of a result that mark, for models, what is data."""


def to_markdown(session: ChatSession) -> str:
    """Return the branch that is shown, with what each answer took and rests on.

    What cannot be seen, as changes of direction, is written out as the number it has.
    """
    messages = shown(session)
    parts = [f"# {session.title or 'Conversation'}", ""]
    for message in messages:
        parts += [*_message(message), ""]
    summed = totals(messages)
    if summed.input or summed.output:
        parts += ["---", "", f"*{_took(summed.input, summed.output, summed.cost)}*", ""]
    return visible("\n".join(parts).replace("\r\n", "\n").replace("\r", "\n"))


def unmatched(message: ChatMessage) -> str:
    """Return a line that lists the figures of an answer that match no result; "" for none."""
    found = [
        message.content[one["start"] : one["end"]] for one in message.figures if not one["matched"]
    ]
    if not found:
        return ""
    more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
    return f"Not from any result of the program: {', '.join(found[:LISTED])}{more}"


def _marked(message: ChatMessage) -> str:
    """Return an answer with a mark behind each figure that matches no result."""
    text = message.content
    for one in sorted(message.figures, key=lambda one: -int(one["end"])):
        if not one["matched"]:
            text = f"{text[: one['end']]}{MARK}{text[one['end'] :]}"
    return text


def _message(message: ChatMessage) -> list[str]:
    when = message.timestamp.strftime("%Y-%m-%d %H:%M UTC")
    if message.role is MessageRole.USER:
        lines = [f"## Question · {when}", "", message.content]
        chosen = message.selection
        if chosen.get("text"):
            lines += ["", f"Sent with it: {chosen.get('title', '')}", "", *_quoted(chosen["text"])]
        return lines
    by = f" · {message.model}" if message.model else ""
    end = _ENDS.get(message.status)
    lines = [f"## Answer{by} · {when}", "", _marked(message)]
    if end:
        error = message.error
        why = f": {error['cause']}" if error.get("cause") else ""
        lines += ["", f"*({end}{why})*"]
    lines += [f"*{note}*" for note in message.notes]
    if nowhere := unmatched(message):
        lines += ["", f"*{nowhere} (each is marked {MARK})*"]
    for call in message.tool_calls:
        lines += ["", *_call(call)]
    if message.citations:
        lines += ["", "Sources:"]
        lines += [f"- {one['kind']}: {one['title']} ({one['id']})" for one in message.citations]
    return lines


def _call(call: Document) -> list[str]:
    """Return a call: of a proposal what it would change, and what came of it."""
    state = str(call.get("state", ""))
    lines = [f"- tool `{call['name']}`: {_STATES.get(state, state)}"]
    proposal = call.get("proposal")
    if proposal:
        lines += ["", f"  {proposal['title']}", ""]
        lines += [f"      {line}" for line in str(proposal["change"]).splitlines()]
    said = call.get("error") or (call.get("text") if proposal and state == "approved" else "")
    if said:
        told = [line for line in str(said).splitlines() if not line.startswith(_OF_MODELS)]
        lines += ["", *(f"  > {line}" for line in told)]
    return lines


def _quoted(text: str) -> list[str]:
    return [f"> {line}" for line in str(text).splitlines()]


def _took(tokens_in: int, tokens_out: int, cost: float | None) -> str:
    money = f", cost {cost:.4f}" if cost is not None else ""
    return f"{tokens_in:,} tokens in, {tokens_out:,} out{money}"
