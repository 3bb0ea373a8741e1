"""Calls of tools as models write them, none of which is trusted.

What could not be kept with the conversation is a problem that the model is told of, before
anything is called: numbers of more than 64 bits, NUL in a name, and what is no JSON at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from quant_tui.domain.base import Document
from quant_tui.genai.delimiting import printable
from quant_tui.genai.endpoint import ToolRequest

DEEPEST = 20
"""Levels of arguments; MongoDB stores a hundred, of the whole conversation."""

LONGEST_ARGUMENTS = 50_000
"""Characters: they are sent back with the next request, and have to leave room for it."""

LONGEST_NAME = 100
_LEAST, _MOST = -(2**63), 2**63 - 1


def parsed_request(id: str, name: str, arguments: str) -> ToolRequest:  # noqa: A002 - its name everywhere
    """Return a call whose arguments came as text; what is wrong with it is its ``problem``."""
    if not arguments.strip():
        return tool_request(id, name, {})
    if len(arguments) > LONGEST_ARGUMENTS:
        return _refused(
            id, name,
            f"The arguments have {len(arguments):,} characters, of at most {LONGEST_ARGUMENTS:,}.",
        )  # fmt: skip
    try:
        found = json.loads(arguments)
    except (ValueError, RecursionError) as error:
        return _refused(id, name, f"The arguments are not JSON: {error}.")
    return tool_request(id, name, found)


def tool_request(id: str, name: str, arguments: object) -> ToolRequest:  # noqa: A002 - its name everywhere
    """Return a call; what is wrong with it is its ``problem``, and it has no arguments then."""
    if not name:
        return _refused(id, "", "The call names no tool.")
    if not isinstance(arguments, dict):
        return _refused(id, name, "The arguments are not a JSON object.")
    if problem := next(_unstorable(arguments, "arguments", 1), ""):
        return _refused(id, name, problem)
    return ToolRequest(printable(id), _named(name), arguments)


def _refused(id: str, name: str, problem: str) -> ToolRequest:  # noqa: A002 - its name everywhere
    return ToolRequest(printable(id), _named(name), {}, problem)


def _named(name: str) -> str:
    return printable(name)[:LONGEST_NAME]


def _unstorable(value: object, path: str, level: int) -> Iterator[str]:
    """Yield what cannot be stored of a value, in words for the model."""
    if level > DEEPEST:
        yield f"{path[:LONGEST_NAME]}: more than {DEEPEST} levels in one another."
        return
    if isinstance(value, dict):
        found: Document = value
        for key, inner in found.items():
            if "\0" in key or printable(key) != key:
                yield f"{path}: the name {printable(key)!r} holds a character that has no place."
            yield from _unstorable(inner, f"{path}.{printable(key)}", level + 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _unstorable(inner, f"{path}[{place}]", level + 1)
    elif isinstance(value, str):
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            yield f"{path}: half a character, which is no text."
    elif isinstance(value, int):
        if not _LEAST <= value <= _MOST:
            yield f"{path}: a whole number has at most 64 bits."
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{path}: {value} is no number."
