"""Telling an answer of Alpha Vantage from its failures, which come with status 200 too.

Three kinds, each a JSON object with one text under ``Error Message``, ``Information`` or
``Note``; which word is used has changed over the years, so the text decides:

========================================  ===================  ==========================
what it says                              error                asked again
========================================  ===================  ==========================
invalid API call, invalid inputs          ``RequestRefused``   no
key invalid, missing, or the demo key     ``KeyRefused``       no, for nothing
premium endpoint or parameter             ``KeyRefused``       no, for this
too many a minute or second, a burst      ``TooManyRequests``  after a pause
too many a day                            ``DailyLimitReached``  not before the next day
========================================  ===================  ==========================
"""

from __future__ import annotations

import json
import re
from datetime import date

from quant_tui.domain.errors import (
    DailyLimitReached,
    KeyRefused,
    ProviderError,
    RequestRefused,
    TooManyRequests,
)

TITLE = "Alpha Vantage"
FAILURES = ("Error Message", "Information", "Note", "message")
ABSENT = frozenset({"", "none", "-", ".", "null", "nan"})
"""How an answer writes that there is no value, in small letters."""

_KEY = re.compile(r"apikey is invalid|api ?key is invalid|\bdemo\b.*api key|api key.*\bdemo\b")
_PREMIUM = re.compile(r"\bpremium (endpoint|feature|plan only)\b|\ba premium\b|premium-only")
_MOMENT = re.compile(
    r"per second|per minute|spread(ing)? out|burst|call volume|call frequency|sparingly"
)
_DAY = re.compile(r"\bper day\b|\bdaily (rate )?limit")
_BAD = re.compile(r"invalid (api call|inputs?)|not supported|no data")
_SHOWN = 200


def read_object(text: str) -> dict[str, object]:
    """Return an answer's JSON object.

    Raises
    ------
    ProviderError
        It is a failure, as the table above says, or no JSON object.
    """
    try:
        found = json.loads(text)
    except ValueError:
        start = text.lstrip()[:_SHOWN].lower()
        what = "a web page" if start.startswith(("<!doctype", "<html", "<")) else "broken JSON"
        raise ProviderError(
            f"{TITLE} answered with {what} instead of data.",
            hint="Check the base_url in the settings, and whether a network asks to sign in.",
        ) from None
    if not isinstance(found, dict):
        raise ProviderError(f"{TITLE} answered with a {type(found).__name__}, not an object.")
    for word in FAILURES:
        said = found.get(word)
        if isinstance(said, str) and len(found) <= 2:
            raise failure(said)
    return found


def read_lines(text: str) -> list[str]:
    """Return an answer's lines of CSV, the heading first.

    Raises
    ------
    ProviderError
        It is a failure: those come as JSON here too.
    """
    if text.lstrip().startswith(("{", "<", "[")) or "," not in text:
        read_object(text)
        raise ProviderError(f"{TITLE} answered with JSON where CSV was to come.")
    return text.splitlines()


def failure(said: str) -> ProviderError:
    """Return the error that a text of Alpha Vantage means."""
    low = " ".join(said.lower().split())
    if _KEY.search(low):
        return KeyRefused(
            f"{TITLE} does not take this API key.",
            hint="Set another in Settings; they are free at alphavantage.co/support/#api-key.",
        )
    if _PREMIUM.search(low):
        return KeyRefused(
            f"{TITLE} gives this to premium plans only.",
            hint="Use the premium plan's key, or ask for something else.",
            whole_key=False,
        )
    if _MOMENT.search(low):
        return TooManyRequests(
            f"{TITLE} asks for fewer requests at once.",
            hint="Lower alpha_vantage.requests_per_minute in the settings.",
        )
    if _DAY.search(low):
        return DailyLimitReached(f"{TITLE}: the day's requests are used up.")
    if _BAD.search(low):
        return RequestRefused(
            f"{TITLE} knows no such symbol, or cannot be asked that.",
            hint="Look it up with: quant-tui data search TEXT",
        )
    return RequestRefused(f"{TITLE} refused: {_shown(said)}")


def number(value: object, what: str) -> float | None:
    """Return a figure, None where the answer says that there is none.

    Raises
    ------
    ProviderError
        It is no number.
    """
    text = str(value).strip() if value is not None else ""
    if text.lower() in ABSENT:
        return None
    try:
        found = float(text.removesuffix("%"))
    except ValueError:
        raise ProviderError(f"{TITLE}: {what} is {text[:40]!r}, no number.") from None
    if not abs(found) < float("inf"):
        raise ProviderError(f"{TITLE}: {what} is {text[:40]!r}, not finite.")
    return found


def day(value: object, what: str) -> date | None:
    """Return a day, None where the answer says that there is none.

    Raises
    ------
    ProviderError
        It is no date.
    """
    text = str(value).strip() if value is not None else ""
    if text.lower() in ABSENT or text == "0000-00-00":
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ProviderError(f"{TITLE}: {what} is {text[:40]!r}, no date.") from None


def rows_of(answer: dict[str, object], key: str) -> list[dict[str, object]]:
    """Return the list of objects under a key; empty when there is none.

    Raises
    ------
    ProviderError
        There is something else under it.
    """
    found = answer.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ProviderError(f"{TITLE}: {key!r} is no list of objects.")
    return found


def _shown(said: str) -> str:
    text = " ".join(said.split())
    # Some of its messages repeat the key: anything that could be one is left out.
    text = re.sub(r"\b(?=[A-Z0-9]{12,}\b)(?=\w*\d)\w+\b", "***", text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
