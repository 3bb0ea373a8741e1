"""Looking up what the rule language can call and name."""

from __future__ import annotations

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.rules import Entry, reference
from quant_tui.engine.rules.findings import did_you_mean
from quant_tui.engine.rules.functions import ELSEWHERE


def language_reference(words: str = "") -> list[Entry]:
    """Return what the rule language can call and name: one by its name, or by words.

    Raises
    ------
    InvalidInput
        When nothing has all the words.
    """
    entries = reference()
    found = [one for one in entries if one.name == words.strip().lower()]
    found = found or [one for one in entries if words and one.is_talibs(words)]
    found = found or [one for one in entries if one.matches(words)]
    if not found:
        near = ELSEWHERE.get(words.lower()) or did_you_mean(words, [one.name for one in entries])
        raise InvalidInput(
            f"The rule language has no {words!r}.",
            field="name",
            hint=f"{near[:1].upper()}{near[1:]}" if near else "Leave it out to list everything.",
        )
    return found
