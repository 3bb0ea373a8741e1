"""What could be meant by the word before the cursor."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from quant_tui.services.rule_reference import language_reference

KEYS: dict[str, str] = {
    "name": "what it is called",
    "description": "what it is for",
    "tags": "words to find it by: [trend, daily]",
    "params": "numbers that can be changed and searched",
    "constraints": "what must hold between parameters: - fast < slow",
    "let": "series with a name of their own",
    "entry": "condition to buy",
    "exit": "condition to sell",
    "short_entry": "condition to sell short",
    "short_exit": "condition to buy back",
    "weight": "target share of the portfolio, in place of entry and exit",
    "rebalance": "when weights are brought back to target",
    "rank": "which symbols come first when money is short",
    "universe": "where a symbol may be entered",
    "stop_loss": "leave when it lost this fraction",
    "take_profit": "leave when it gained this fraction",
    "trailing_stop": "leave when it fell this fraction from its best",
    "sizing": "how much is bought: {fraction: 0.5}",
}
"""Keys of a document and what they are."""

_PARAMETER_KEYS = {
    "int": "whole number: [low, high]",
    "float": "number: [low, high]",
    "choice": "one of a list",
    "bool": "true or false",
    "default": "the value to begin with",
    "step": "distance between values of a search",
    "description": "what it is for",
}
_WORD = re.compile(r"[A-Za-z_]\w*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One word on offer: what is put in, how it is shown, what it is."""

    insert: str
    shown: str
    about: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What is on offer, and the column where the word begins that it would replace."""

    start: int
    candidates: tuple[Candidate, ...]


@lru_cache(maxsize=1)
def words_of_the_language() -> tuple[Candidate, ...]:
    """Return functions and fields."""
    return tuple(
        Candidate(one.name + ("(" if one.arguments else ""), one.signature, one.help)
        for one in language_reference()
    )


def complete(
    lines: Collection[str],
    row: int,
    column: int,
    parameters: Mapping[str, str],
    series: Collection[str],
    *,
    asked: bool = False,
) -> Completion | None:
    """Return what could be meant at a place of the text, or None.

    Parameters
    ----------
    lines, row, column
        The text and the cursor.
    parameters, series
        Names that the document defines; parameters with what they are.
    asked
        Whether someone asked for it: then also where no word has begun.
    """
    line = list(lines)[row]
    before = line[:column]
    match = _WORD.search(before)
    word = match.group() if match else ""
    start = column - len(word)
    if (not word and not asked) or "#" in before or line[column : column + 1].isalnum():
        return None
    if before[:start].strip() in ("", "-") and not line[:1].isspace():
        used = {one.partition(":")[0] for one in lines}
        offered = [
            Candidate(f"{key}: ", key, about) for key, about in KEYS.items() if key not in used
        ]
    else:
        section = _section(list(lines), row)
        if section in ("name", "description", "tags"):
            return None
        if section == "params":
            offered = [Candidate(f"{key}: ", key, text) for key, text in _PARAMETER_KEYS.items()]
        elif section == "let" and ":" not in before:
            return None
        else:
            offered = [
                *(Candidate(name, name, about) for name, about in parameters.items()),
                *(Candidate(name, name, "your series") for name in series),
                *words_of_the_language(),
                *(Candidate(f"{one} ", one, "") for one in ("and", "or", "not")),
            ]
    found = [one for one in offered if one.shown.startswith(word)]
    found += [one for one in offered if len(word) > 2 and word in one.shown.split("(")[0][1:]]
    found = list(dict.fromkeys(found))
    if not found or (len(found) == 1 and found[0].insert.strip() == word):
        return None
    return Completion(start, tuple(found))


def word_at(line: str, column: int) -> str:
    """Return the function one is in the arguments of, or else the word at a column."""
    depth = 0
    for at in range(min(column, len(line)) - 1, -1, -1):
        if line[at] == ")":
            depth += 1
        elif line[at] == "(":
            if depth == 0 and (match := _WORD.search(line[:at])):
                return match.group()
            depth -= 1
    for match in re.finditer(r"[A-Za-z_]\w*", line):
        if match.start() <= column <= match.end():
            return match.group()
    return ""


def _section(lines: list[str], row: int) -> str:
    """Return the outermost key that a line stands under."""
    for line in reversed(lines[: row + 1]):
        if match := re.match(r"[A-Za-z_]\w*", line):
            return match.group()
    return ""
