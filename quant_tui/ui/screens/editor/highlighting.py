"""Which words of a line of a rule document have which colour."""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"(?P<comment>\#.*$)"
    r"|(?P<string>\"[^\"]*\"|'[^']*')"
    r"|(?P<function>[A-Za-z_]\w*(?=\s*\())"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
    r"|(?P<operator>[-+*/%<>=!]+)"
)
_KEY = re.compile(r"^(\s*(?:- )?)([A-Za-z_]\w*)(?=\s*:(?:\s|$))")
_WORDS = frozenset({"and", "or", "not", "if", "else", "true", "false"})
_PROSE = ("name", "description", "tags", "strategy_type", "message")

COLOURS = {
    "key": "chart-3",
    "function": "chart-1",
    "parameter": "chart-2",
    "series": "chart-4",
    "number": "chart-5",
    "string": "chart-4",
    "word": "chart-3",
    "comment": "text-muted",
    "operator": "text-muted",
}
"""From kind to the variable of the theme."""

Span = tuple[int, int, str]
"""First column, column after the last, kind."""


@lru_cache(maxsize=4096)
def spans(line: str, parameters: frozenset[str], series: frozenset[str]) -> tuple[Span, ...]:
    """Return the coloured spans of a line, in characters.

    Parameters
    ----------
    parameters, series
        Names that the document defines.
    """
    found: list[Span] = []
    at = 0
    if match := _KEY.match(line):
        found.append((match.start(2), match.end(2), "key"))
        at = match.end()
        if match[2] in _PROSE:
            comment = re.search(r"\s#.*$", line)
            return (*found, (comment.start(), len(line), "comment")) if comment else tuple(found)
    for token in _TOKEN.finditer(line, at):
        kind, word = token.lastgroup or "", token.group()
        if word in _WORDS:
            kind = "word"
        elif kind == "name":
            kind = "parameter" if word in parameters else "series" if word in series else ""
        if kind:
            found.append((token.start(), token.end(), kind))
    return tuple(found)
