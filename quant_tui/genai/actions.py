"""Tools for models that have none: a call is a JSON object in the text.

The model is told to write ``{"tool": NAME, "arguments": {…}}`` alone; what it writes is
held back from the reader as long as it may be such a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from quant_tui.domain.base import Document
from quant_tui.genai.endpoint import ToolRequest
from quant_tui.genai.tool_requests import tool_request

_FENCE = re.compile(r"```(?:json|tool)?[ \t]*\n?[ \t]*(?=\{)|^[ \t]*(?=\{)", re.MULTILINE)
_MAY_BEGIN = re.compile(
    r"(?:`{1,3}|```(?:j(?:s(?:o(?:n)?)?)?|t(?:o(?:o(?:l)?)?)?)?[ \t]*\n?[ \t]*)$"
)


def action_rules(tools: Sequence[Document]) -> str:
    """Return how a model is told to call tools in its text.

    Parameters
    ----------
    tools
        Function schemas of the API.
    """
    listed = "\n".join(
        json.dumps(one.get("function", one), ensure_ascii=False, sort_keys=True) for one in tools
    )
    return (
        "You can use tools. To use one, answer with nothing but one JSON object, as\n"
        '{"tool": "name", "arguments": {}}\n'
        "and wait: its result comes in the next message. Without a tool, answer in words.\n"
        f"The tools, with the JSON schemas of their arguments:\n{listed}"
    )


def written_action(name: str, arguments: Document) -> str:
    """Return a call as the model is to write it."""
    return json.dumps({"tool": name, "arguments": arguments}, ensure_ascii=False, default=str)


class ActionReader:
    """Splits a text that comes in pieces into what may be read and a call."""

    def __init__(self) -> None:
        self._held = ""
        self._holding = False

    def add(self, text: str) -> str:
        """Take a piece in and return what may be shown of it."""
        self._held += text
        if self._holding:
            return ""
        if (begin := _FENCE.search(self._held)) is not None:
            self._holding = True
            return self._let_go(begin.start())
        maybe = _MAY_BEGIN.search(self._held)
        return self._let_go(maybe.start() if maybe else len(self._held))

    def end(self, number: int) -> tuple[str, ToolRequest | None]:
        """Return the rest of the text, and the call when there is one."""
        held, self._held, self._holding = self._held, "", False
        call = find_action(held, f"action_{number}")
        return ("", call) if call is not None else (held, None)

    def _let_go(self, upto: int) -> str:
        shown, self._held = self._held[:upto], self._held[upto:]
        return shown


def find_action(text: str, id: str) -> ToolRequest | None:  # noqa: A002 - its name everywhere
    """Return the first call in a text, None when there is none."""
    for begin in _FENCE.finditer(text):
        try:
            found, _ = json.JSONDecoder().raw_decode(text, begin.end())
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(found.get("tool"), str):
            return tool_request(id, found["tool"], found.get("arguments", {}))
    return None
