"""What an endpoint's failures mean, and what to do about each."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import LanguageModelError
from quant_tui.genai.endpoint import Endpoint

if TYPE_CHECKING:
    import openai

LONGEST_SAID = 300
"""Characters of a server's own words that are shown."""

_TOO_LONG = (
    "context_length",
    "context length",
    "context size",
    "context window",
    "too many tokens",
)
_NO_MONEY = ("insufficient_quota", "billing", "credit balance")
_FILTERED = ("content_filter", "content management policy", "content_policy")


def failure_of(error: openai.OpenAIError, endpoint: Endpoint) -> LanguageModelError:
    """Return our error for one of the client's."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return LanguageModelError(
            f"{endpoint.name} did not answer within {endpoint.timeout_seconds:g} seconds.",
            title="Time-out",
            hint="Ask again, or raise chat.timeout_seconds.",
            retry_after=0.0,
        )
    if isinstance(error, openai.APIConnectionError):
        return LanguageModelError(
            f"{endpoint.name} cannot be reached{_cause(error)}.",
            title="No connection",
            hint=f"Is the server running, and is {endpoint.address} its address?",
            retry_after=0.0,
        )
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, endpoint)
    if isinstance(error, openai.APIError):  # an error in the middle of a stream
        return _of_words(said(error), endpoint) or LanguageModelError(
            f"{endpoint.name} broke off: {said(error)}", hint="Ask again.", retry_after=0.0
        )
    return LanguageModelError(f"{endpoint.name} could not be asked: {error}", hint="Ask again.")


def said(error: openai.APIError) -> str:
    """Return what the server itself said, as a sentence; "" where it said nothing."""
    import openai

    body = error.body
    found: object = body.get("message") if isinstance(body, dict) else None
    if isinstance(found, str) and found.strip():
        return sentence(found)
    # of a status without words the client says the status once more
    return "" if isinstance(error, openai.APIStatusError) else sentence(error.message)


def sentence(text: str) -> str:
    """Return a server's words as one line with a full stop."""
    line = one_line(text)
    return line if line[-1:] in ".!?…。" else f"{line}."


def _with(words: str) -> str:
    return f": {words}" if words else "."


def one_line(text: str) -> str:
    """Return a server's words as one line that is not endless."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SAID else f"{line[:LONGEST_SAID]}…"


def _of_status(error: openai.APIStatusError, endpoint: Endpoint) -> LanguageModelError:
    status, words = error.status_code, said(error)
    if status == 401:
        return LanguageModelError(
            f"{endpoint.name} refused the key (401).",
            title="Key refused",
            hint=key_hint(endpoint),
        )
    if status == 403:
        return LanguageModelError(
            f"{endpoint.name} does not allow this (403){_with(words)}",
            title="Not allowed",
            hint=f"May this key use {endpoint.model}? Choose another model or key.",
        )
    if status == 404:
        return LanguageModelError(
            f"{endpoint.name} has no model {endpoint.model!r} at {endpoint.address} (404).",
            title="Model not found",
            hint="Set chat.model to one it has, and check that chat.base_url ends as it should, "
            "often in /v1.",
        )
    if status == 429:
        return _of_limit(error, endpoint, words)
    if status >= 500:
        return LanguageModelError(
            f"{endpoint.name} has trouble ({status}){_with(words)}",
            title="Endpoint has trouble",
            hint="Ask again in a while.",
            retry_after=_retry_after(error) or 0.0,
        )
    known = _of_words(f"{error.code or ''} {words}", endpoint)
    if known is not None:
        return known
    return LanguageModelError(
        f"{endpoint.name} refused the question ({status}){_with(words)}",
        title="Question refused",
        hint="Does the endpoint know tools? Otherwise set chat.tools to json or off.",
    )


def _of_limit(error: openai.APIStatusError, endpoint: Endpoint, words: str) -> LanguageModelError:
    if any(one in f"{error.code or ''} {words}".lower() for one in _NO_MONEY):
        return LanguageModelError(
            f"{endpoint.name} has no credit left (429){_with(words)}",
            title="No credit",
            hint="Top up the account, or choose another endpoint.",
        )
    return LanguageModelError(
        f"{endpoint.name} gets too many requests (429).",
        title="Request limit",
        hint="Ask again in a while.",
        retry_after=_retry_after(error) or 0.0,
    )


def _of_words(words: str, endpoint: Endpoint) -> LanguageModelError | None:
    lower = words.lower()
    if any(one in lower for one in _TOO_LONG):
        return too_long(endpoint, words)
    if any(one in lower for one in _FILTERED):
        return filtered(endpoint)
    return None


def too_long(endpoint: Endpoint, words: str = "") -> LanguageModelError:
    """Return the error of a question that does not fit."""
    more = _with(sentence(words) if words.strip() else "")
    return LanguageModelError(
        f"The question is longer than {endpoint.model} can read{more}",
        title="Too long",
        hint="Ask with less text, begin a new conversation, or set chat.context_window to what "
        "the model has.",
    )


def cut_off(endpoint: Endpoint) -> LanguageModelError:
    """Return the error of an answer that ended before its end."""
    return LanguageModelError(
        f"{endpoint.name} broke off in the middle of the answer.",
        title="Answer cut off",
        hint="Ask again; what came is kept.",
        retry_after=0.0,
    )


def answered_nothing(endpoint: Endpoint) -> LanguageModelError:
    """Return the error of an answer without a word."""
    return LanguageModelError(
        f"{endpoint.model} answered nothing.",
        title="Empty answer",
        hint="Ask again, or in other words.",
    )


def filtered(endpoint: Endpoint) -> LanguageModelError:
    """Return the error of an answer that a filter withheld."""
    return LanguageModelError(
        f"{endpoint.name} withheld the answer: its content filter stepped in.",
        title="Withheld",
        hint="Ask in other words.",
    )


def key_hint(endpoint: Endpoint) -> str:
    """Say how the key of an endpoint is set."""
    if not endpoint.key_name:
        return "Say which secret holds its key: quant-tui chat endpoint … --ask-key"
    return f"Set it: quant-tui secret set {endpoint.key_name}, or in Settings."


def _cause(error: openai.APIConnectionError) -> str:
    cause = error.__cause__
    return f" ({one_line(str(cause))})" if cause is not None and str(cause) else ""


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Return the seconds of a Retry-After header, which may also hold a date."""
    raw = error.response.headers.get("retry-after", "").strip()
    if not raw:
        return None
    try:
        seconds = float(raw)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(raw) - utc_now()).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
