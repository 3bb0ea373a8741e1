"""The variables of a prompt as lines of a form: ``period: integer 2 to 200 = 14``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from quant_tui.domain.errors import InvalidInput
from quant_tui.genai.prompt_variables import exactly, range_text

if TYPE_CHECKING:
    from quant_tui.domain.base import Document

EXAMPLE = "period: integer 2 to 200 = 14"

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_LINE = re.compile(r"(?P<name>\w+)\s*:\s*(?P<type>[a-z]+)(?P<rest>(?:[\s=].*)?)")
_BOUNDS = re.compile(
    rf"(?P<low>{_NUMBER})\s+to\s+(?P<high>{_NUMBER})|(?P<least>{_NUMBER})\s+or more|"
    rf"(?P<most>{_NUMBER})\s+or less"
)


def write_variables(variables: Mapping[str, Document]) -> str:
    """Write variables one a line, as :func:`read_variables` reads them."""
    return "\n".join(_written(name, about) for name, about in variables.items())


def read_variables(text: str, known: Mapping[str, Document]) -> dict[str, Document]:
    """Read variables from lines as ``period: integer 2 to 200 = 14``.

    A number may have one bound: ``2 or more``, ``200 or less``. Choices stand with commas
    between, or with ``|`` where they hold commas themselves.

    Parameters
    ----------
    known
        What was said of them before; titles are kept.

    Raises
    ------
    InvalidInput
        Naming the line that cannot be read.
    """
    found: dict[str, Document] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        about = None if match is None else _read(match)
        if match is None or about is None:
            raise InvalidInput(
                f"Line {number} is not a variable: {line.strip()[:60]}",
                field="variables", hint=f"Write it as: {EXAMPLE}",
            )  # fmt: skip
        if title := known.get(match["name"], {}).get("title"):
            about["title"] = title
        found[match["name"]] = about
    return found


def _written(name: str, about: Document) -> str:
    parts = [f"{name}: {about.get('type', 'text')}"]
    if bounds := range_text(about.get("low"), about.get("high")):
        parts.append(bounds)
    if choices := [str(one) for one in about.get("choices") or ()]:
        listed = (" | " if any("," in one for one in choices) else ", ").join(choices)
        parts.append(listed if len(choices) > 1 or "," not in listed else f"{listed} |")
    if (default := about.get("default")) is not None:
        parts.append(f"= {_shown(default)}".rstrip())
    return " ".join(parts)


def _shown(default: object) -> str:
    """Write a default on one line; one with more, or with blanks around it, in quotes."""
    if isinstance(default, float):
        return exactly(default)
    text = str(default)
    on_a_line = text == text.strip() and len(text.splitlines()) <= 1 and text[:1] != '"'
    return text if on_a_line else json.dumps(text, ensure_ascii=False)


def _read(match: re.Match[str]) -> Document | None:
    kind = match["type"]
    about: Document = {"type": kind}
    equals = r"(?<!\S)=" if kind == "choice" else "="  # a choice may hold one
    rest, *default = (one.strip() for one in re.split(equals, match["rest"], maxsplit=1))
    if kind == "choice":
        between = "|" if "|" in rest else ","
        about["choices"] = [one.strip() for one in rest.split(between) if one.strip()]
    elif rest:
        bounds = _BOUNDS.fullmatch(rest)
        if bounds is None:
            return None
        low, high = bounds["low"] or bounds["least"], bounds["high"] or bounds["most"]
        given = (("low", low), ("high", high))
        about |= {key: float(one) for key, one in given if one is not None}
    if default:
        about["default"] = _default(kind, default[0])
    return about


def _default(kind: str, text: str) -> object:
    """Return a default as it was meant: a number where the variable is one."""
    readers = {"integer": int, "number": float}
    try:
        if text.startswith('"'):
            return str(json.loads(text))
        return readers[kind](text) if kind in readers else text
    except ValueError:
        return text  # the check of the prompt says what is wrong with it
