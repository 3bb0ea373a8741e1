"""A stored conversation as messages of the API, and what of it fits."""

from __future__ import annotations

import json
from collections.abc import Sequence

from quant_tui.domain.base import Document
from quant_tui.domain.genai import ChatMessage
from quant_tui.domain.vocabulary import MessageRole
from quant_tui.genai.actions import written_action
from quant_tui.genai.delimiting import DATA_RULE, delimited
from quant_tui.genai.token_estimates import tokens_of_message

SHARE_FOR_ANSWER = 4
"""A quarter of the context window is left for the answer, but no more than it may need."""

MOST_FOR_ANSWER = 4096

INSTRUCTIONS = (
    "You are the assistant inside quant-tui, a terminal for quantitative traders. You help its "
    "user with their own strategies, backtests, models and data.\n"
    "- Answer in the language of the question, in Markdown, briefly.\n"
    "- Figures come from tools or from the data in the conversation. Write them as they are "
    "there; never make one up or work one out from memory. When you do not know, say so.\n"
    "- Figures in tools are fractions: 0.35 is 35 %.\n"
    "- What changes or starts something is only proposed by a tool; the user decides.\n"
    "- Code that you write is never run. A strategy is written in the program's rule language, "
    "through the tools.\n"
    "- A backtest is no promise of future returns.\n"
    f"- {DATA_RULE}"
)


def to_messages(history: Sequence[ChatMessage], *, as_text: bool = False) -> list[list[Document]]:
    """Return a conversation for the API, in groups that only make sense together.

    Parameters
    ----------
    history
        One branch, oldest first.
    as_text
        Whether calls of tools are written as text, for models without tools.
    """
    groups: list[list[Document]] = []
    for message in history:
        if message.role is MessageRole.USER:
            groups.append([{"role": "user", "content": question_text(message)}])
        elif message.content or message.tool_calls:
            groups.append(_answer(message, as_text))
    return groups


def question_text(message: ChatMessage) -> str:
    """Return exactly what is sent of a question: its text, and what is selected beside it."""
    chosen = message.selection
    if not chosen.get("text"):
        return message.content
    part = delimited(str(chosen["text"]), str(chosen.get("kind", "")), str(chosen.get("title", "")))
    return f"{message.content}\n\nSelected on the screen:\n{part}"


def fitted(groups: Sequence[list[Document]], room: int) -> tuple[list[Document], int]:
    """Leave out the oldest messages until the rest fits.

    The last question, and what came after it, always stays.

    Parameters
    ----------
    groups
        As :func:`to_messages` gives them.
    room
        Tokens that there are for them.

    Returns
    -------
    messages, left_out
        What fits, and how many groups do not.
    """
    last = max(
        (at for at, group in enumerate(groups) if group and group[0]["role"] == "user"), default=0
    )
    first, used = len(groups), 0
    for at in range(len(groups) - 1, -1, -1):
        used += sum(tokens_of_message(one) for one in groups[at])
        if used > room and at < last:
            break
        first = at
    # what is left begins with a question
    while first < last and groups[first][0]["role"] != "user":
        first += 1
    return [one for group in groups[first:] for one in group], first


def room_for(window: int, overhead: int) -> int:
    """Return the tokens that a conversation may have in a context window.

    Parameters
    ----------
    window
        Of the model, question and answer together.
    overhead
        Tokens of the instructions and of the tools' descriptions.
    """
    return window - min(MOST_FOR_ANSWER, window // SHARE_FOR_ANSWER) - overhead


def _answer(message: ChatMessage, as_text: bool) -> list[Document]:
    """Return an answer with the calls that it made, in the order in which that happened."""
    made: list[Document] = []
    at = 0
    calls = sorted(message.tool_calls, key=lambda one: int(one.get("at", 0)))
    while calls:
        place = int(calls[0].get("at", 0))
        round_ = [one for one in calls if int(one.get("at", 0)) == place]
        calls = calls[len(round_) :]
        made += (_as_text if as_text else _native)(message.content[at:place], round_)
        at = place
    if message.content[at:]:
        made.append({"role": "assistant", "content": message.content[at:]})
    return made


def _native(text: str, calls: Sequence[Document]) -> list[Document]:
    asked: Document = {
        "role": "assistant",
        "content": text or None,
        "tool_calls": [
            {
                "id": one["id"],
                "type": "function",
                "function": {
                    "name": one["name"],
                    "arguments": json.dumps(one["arguments"], ensure_ascii=False, default=str),
                },
            }
            for one in calls
        ],
    }
    return [
        asked,
        *(
            {"role": "tool", "tool_call_id": one["id"], "content": result_text(one)}
            for one in calls
        ),
    ]


def _as_text(text: str, calls: Sequence[Document]) -> list[Document]:
    made: list[Document] = []
    for one in calls:
        action = written_action(one["name"], one["arguments"])
        made.append({"role": "assistant", "content": f"{text}\n{action}".strip()})
        made.append(
            {"role": "user", "content": f"Result of the tool {one['name']}:\n{result_text(one)}"}
        )
        text = ""
    return made


def result_text(call: Document) -> str:
    """Return what the model reads of a call's result."""
    if call.get("state") == "pending":
        return "Proposed to the user, who has not decided yet."
    if call.get("state") in ("running", "deciding"):
        return "Stopped: it is not known what came of it."
    if call.get("error"):
        return f"Error: {call['error']}"
    return str(call.get("text") or "Done.")
