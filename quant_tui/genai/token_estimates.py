"""How many tokens a text is about, where nobody has counted them.

English text has about four characters a token in the vocabularies of the usual models
(OpenAI, "What are tokens and how to count them?"); Korean, Chinese and Japanese have about
one token a character. Both are rounded to the careful side.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from quant_tui.domain.base import Document

ASCII_PER_TOKEN = 3.6
OTHER_PER_TOKEN = 1.0
MESSAGE_OVERHEAD = 4
"""Tokens that frame each message."""


def tokens_of(text: str) -> int:
    """Return about how many tokens a text is."""
    plain = len(text.encode("ascii", "ignore"))
    return math.ceil(plain / ASCII_PER_TOKEN + (len(text) - plain) / OTHER_PER_TOKEN)


def tokens_of_messages(messages: Sequence[Document]) -> int:
    """Return about how many tokens messages of the API are."""
    return sum(tokens_of_message(one) for one in messages)


def tokens_of_message(message: Document) -> int:
    """Return about how many tokens one message of the API is."""
    calls = message.get("tool_calls")
    more = tokens_of(json.dumps(calls, ensure_ascii=False, default=str)) if calls else 0
    return MESSAGE_OVERHEAD + tokens_of(str(message.get("content") or "")) + more
