"""Values that are never shown, and text with them taken out.

Whatever reads or takes a secret names it here once. The log, the errors and the command
line then show ``••••`` where it stood, whichever library put it there: a log and stderr
belong to the whole process, and so does this list.
"""

from __future__ import annotations

import json
import logging
from urllib.parse import quote, quote_plus

MASK = "••••"
SHORTEST = 6
"""Shorter values are not taken out: they would be found inside ordinary words."""

_forms: set[str] = set()


def never_show(value: str) -> None:
    """Take ``value`` out of every text from now on, as it is and as addresses have it."""
    if len(value) >= SHORTEST:
        escaped = json.dumps(value)[1:-1]
        _forms.update((value, quote(value, safe=""), quote(value), quote_plus(value), escaped))


def redact(text: str) -> str:
    """Return ``text`` without any secret that is known to this process."""
    for form in sorted(_forms, key=len, reverse=True):
        if form in text:
            text = text.replace(form, MASK)
    return text


class RedactingFilter(logging.Filter):
    """Takes secrets out of a log record, its traceback included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the redacted text in the record's place and let it pass."""
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True
