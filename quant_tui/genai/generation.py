"""Asking a model for a strategy: what it is told, and finding the rules in what it answers.

Rules are data. Whatever else an answer holds, also code, is text here and never run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_ANSWER = 60_000
"""Characters of an answer that are looked at."""

DOCUMENT_KEYS = ("entry", "weight")
"""A rule document has one of these."""

Message = dict[str, str]
"""One message of a conversation: ``role`` and ``content``."""

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)",
                    re.DOTALL | re.MULTILINE)  # fmt: skip
_KEY = re.compile(r"^[\"']?([a-z_]+)[\"']?[ \t]*:", re.MULTILINE)
_PYTHON = re.compile(
    r"^\s*(?:import \w|from \w[\w.]* import|def \w+\s*\(|class \w+\s*[(:]|async def |@\w|"
    r"(?:exec|eval|print|open|__import__)\s*\()",
    re.MULTILINE,
)
_PYTHON_NAMES = frozenset({"python", "py", "python3", "ipython"})
_RULE_NAMES = frozenset({"", "yaml", "yml", "json", "text", "txt"})


@dataclass(frozen=True, slots=True)
class Language:
    """What a model is told of the rule language, from the engine's own reference.

    Attributes
    ----------
    keys
        Keys of a document.
    functions
        By heading, how each function and field is written.
    explained
        How it is written and what it means, of those that are not known by their names.
    examples
        Whole documents that can be used.
    """

    keys: tuple[str, ...]
    functions: tuple[tuple[str, tuple[str, ...]], ...]
    explained: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was found in an answer.

    Attributes
    ----------
    text
        The rule document; empty when there is none.
    problem
        Why there is none.
    has_python
        Whether the answer holds Python beside.
    """

    text: str
    problem: str = ""
    has_python: bool = False


def instructions(language: Language) -> str:
    """Return the system message."""
    functions = "\n".join(f"{head}: {'; '.join(names)}" for head, names in language.functions)
    explained = "\n".join(f"{signature}: {text}" for signature, text in language.explained)
    examples = "\n\n".join(f"```yaml\n{one.strip()}\n```" for one in language.examples)
    return _INSTRUCTIONS.format(
        keys=", ".join(language.keys), functions=functions, explained=explained, examples=examples
    )


def repair(findings: Sequence[str]) -> str:
    """Return the message that sends an answer back with what is wrong in it."""
    listed = "\n".join(f"- {one}" for one in findings)
    return (
        f"Your rule document cannot be used as it is:\n{listed}\n"
        "Answer with the whole corrected document in one ```yaml block. Use only the functions "
        "and fields that were listed, and expressions only: no Python."
    )


def extract(answer: str) -> Extraction:
    """Find the rule document in an answer, fenced or not, as YAML or JSON.

    Of several blocks the last that has an entry or weights is meant: models show parts
    first and the whole at the end.
    """
    text = _THOUGHT.sub("", answer[:LONGEST_ANSWER]).replace("\r\n", "\n")
    blocks = [(found[2].lower(), found[3]) for found in _FENCE.finditer(text)]
    is_python = [name in _PYTHON_NAMES or _looks_like_python(body) for name, body in blocks]
    has_python = any(is_python) or (not blocks and _looks_like_python(text))
    rules = [
        body
        for (name, body), python in zip(blocks, is_python, strict=True)
        if not python and name in _RULE_NAMES
    ]
    whole = [body for body in rules if _is_document(body)]
    chosen = whole[-1] if whole else rules[-1] if rules else _unfenced(_FENCE.sub("", text))
    if chosen.strip() and not _looks_like_python(chosen):
        return Extraction(chosen.strip() + "\n", has_python=has_python)
    if has_python:
        return Extraction("", "the answer is Python, which is never run", has_python=True)
    return Extraction("", "the answer holds no rule document")


def _looks_like_python(text: str) -> bool:
    return _PYTHON.search(text) is not None


def _is_document(text: str) -> bool:
    keys = {found[1] for found in _KEY.finditer(text)}
    in_json = text.lstrip().startswith("{") and any(f'"{key}"' in text for key in DOCUMENT_KEYS)
    return in_json or bool(keys & set(DOCUMENT_KEYS))


def _unfenced(text: str) -> str:
    """Return the document that stands bare in a text; empty when there is none."""
    opened, closed = text.find("{"), text.rfind("}")
    if 0 <= opened < closed and _is_document(text[opened : closed + 1]):
        before = text[:opened].rstrip()
        if not before or before[-1] in ".:\n。" or "\n" in text[len(before) : opened]:
            return text[opened : closed + 1]
    first = _KEY.search(text)
    if first is None:
        return ""
    lines: list[str] = []
    for line in text[first.start() :].splitlines():
        if line and not line[0].isspace() and line[0] not in "#-}])" and not _KEY.match(line):
            break
        lines.append(line)
    found = "\n".join(lines)
    return found if _is_document(found) else ""


_INSTRUCTIONS = """\
You write trading strategies for backtesting in a small rule language. A strategy is one YAML \
document. Answer with a sentence or two and then the whole document in one ```yaml block. Write \
name and description in the language of the request. Never write Python or any other code: it \
is not run.

Keys: {keys}. A document needs entry and exit, or weight. params are what is worth searching: \
each {{int: [low, high], default: n}}, {{float: [low, high], default: x}}, \
{{choice: [a, b], default: a}} or {{bool: true}}; names are lower case with underscores and no \
name of a function or field. let gives names to expressions. stop_loss, take_profit and \
trailing_stop are fractions (0.05 is 5 %). Quote every expression.

Expressions: numbers, names, + - * / % **, comparisons, and, or, not, "a if condition else b", \
and calls of the functions below. A rule sees the bars up to the one it decides on; lag(x, n) \
looks n bars back, nothing looks ahead. Comparisons give a condition; entry and exit are \
conditions.

Functions and fields:
{functions}

What some of them mean:
{explained}

Examples:
{examples}
"""
