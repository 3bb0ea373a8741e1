"""What a model is told of the rule language, made from the engine's own reference."""

from __future__ import annotations

import json
from functools import cache

from quant_tui.engine.rules import Entry, format_document, parse_document, reference
from quant_tui.engine.rules.document import KEYS
from quant_tui.engine.templates import TEMPLATES
from quant_tui.genai.generation import Language

EXAMPLES = ("RSI_MEAN_REVERSION", "MOMENTUM")
"""Templates that show what a document looks like: with an entry, and with weights."""

EXPLAINED = ("Crossings", "Time", "Across symbols", "Calendar")
"""Headings of what is this language's own, and so explained."""

NAMED_ONLY = "Candle patterns"
"""Heading of functions that all take the same and are listed by their names."""

OUTSIDE = "From outside the bars"
"""Heading of series that a request has to ask for: they may not be stored."""


@cache
def language() -> Language:
    """Return the language as it is now."""
    entries = reference()
    groups: dict[str, list[str]] = {}
    for one in entries:
        if one.group != OUTSIDE:
            groups.setdefault(one.group, []).append(_written(one))
    return Language(
        keys=tuple(KEYS),
        functions=tuple((head, tuple(names)) for head, names in groups.items()),
        explained=tuple((one.signature, one.help) for one in entries if one.group in EXPLAINED),
        examples=tuple(_example(name) for name in EXAMPLES),
    )


def _written(entry: Entry) -> str:
    if entry.group == NAMED_ONLY:
        return entry.name
    arguments = [str(one["name"]) for one in entry.arguments]
    written = [
        f"{name}={one['default']}" if "default" in one else name
        for name, one in zip(arguments, entry.arguments, strict=True)
    ]
    return f"{entry.name}({', '.join(written)})" if written else entry.signature


def _example(strategy_type: str) -> str:
    document = parse_document(TEMPLATES[strategy_type].document)
    plain = {key: value for key, value in document.to_document().items() if key != "tags"}
    plain["strategy_type"] = "CUSTOM"
    return format_document(json.dumps(plain, ensure_ascii=False))
