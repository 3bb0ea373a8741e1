"""The language of prompt templates: text with ``{name}`` in it, and nothing else.

``{{`` and ``}}`` stand for the braces themselves. There are no expressions, attributes or
formats, as ``str.format`` has them: a template can show the values it is given, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from quant_tui.domain.errors import InvalidInput

LONGEST_TEMPLATE = 20_000
LONGEST_NAME = 40

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[^\W\d]\w*")


def names_in(template: str) -> tuple[str, ...]:
    """Return the names of the variables in a template, each once, in their order.

    Raises
    ------
    InvalidInput
        A brace is left open, or a name cannot be one; the message says where.
    """
    if len(template) > LONGEST_TEMPLATE:
        raise InvalidInput(
            f"The template is longer than {LONGEST_TEMPLATE:,} characters.",
            field="template",
            hint="Shorten it.",
        )
    found: dict[str, None] = {}
    for part in _PART.finditer(template):
        if part[0] in ("{{", "}}"):
            continue
        if part[1] is None:
            raise _wrong(template, part.start(), f"a single {part[0]}", f"Write {part[0] * 2}.")
        name = part[1].strip()
        if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            hint = "A name has letters, digits and _ and begins with a letter."
            raise _wrong(template, part.start(), f"{{{part[1][:LONGEST_NAME]}}} is no name", hint)
        found[name] = None
    return tuple(found)


def fill_text(template: str, values: Mapping[str, str]) -> str:
    """Return a template with every variable replaced by its value, once: values are not read.

    Raises
    ------
    InvalidInput
        A variable has no value, or the template is wrong.
    """
    missing = [name for name in names_in(template) if name not in values]
    if missing:
        raise InvalidInput(f"{missing[0]} has no value.", field=missing[0], hint="Give it one.")

    def put(part: re.Match[str]) -> str:
        return part[0][0] if part[1] is None else values[part[1].strip()]

    return _PART.sub(put, template)


def _wrong(template: str, at: int, what: str, hint: str) -> InvalidInput:
    line = template.count("\n", 0, at) + 1
    column = at - (template.rfind("\n", 0, at) + 1) + 1
    return InvalidInput(f"Line {line}, column {column}: {what}.", field="template", hint=hint)
