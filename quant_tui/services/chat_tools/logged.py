"""Arguments of calls as the log keeps them: whatever a model or a person wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quant_tui.domain.base import Document

LOGGED_CHARACTERS = 2_000
"""Characters of the arguments that the log keeps."""

MOST_INTEGER = 2**63 - 1
"""Greatest integer that the log keeps as one; those beyond are kept as text."""


def logged(arguments: Mapping[str, object]) -> Document:
    """Return the arguments of a call as any database holds them; long ones are cut."""
    try:
        text = json.dumps(arguments, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        text = str(arguments)
    if len(text) > LOGGED_CHARACTERS:
        return {"cut": text[:LOGGED_CHARACTERS]}
    found = json.loads(text) if text.startswith("{") else {"given": text}
    return {
        str(key).replace("$", "＄").replace(".", "．"): _storable(value)
        for key, value in found.items()
    }


def _storable(value: object) -> object:
    """Return a value with integers that no database holds as text."""
    if isinstance(value, bool) or not isinstance(value, int | list | dict):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MOST_INTEGER else str(value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    return {key: _storable(one) for key, one in value.items()}
