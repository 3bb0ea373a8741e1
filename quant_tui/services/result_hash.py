"""One hash of what a run found, by which two runs are known to be alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

HASHED = ("performance", "risk_metrics", "trades", "round_trips", "portfolio_value")
"""Keys of the result that the hash covers."""

DIGITS = 10
"""Significant digits of a number that the hash covers: in the last ones processors differ."""

_NUMBER = f"%.{DIGITS}g"


def result_hash(result: Mapping[str, object]) -> str:
    """Return the SHA-256 of a result's canonical JSON.

    Canonical means: the keys of :data:`HASHED`, all keys sorted, no spaces, text in
    ASCII with escapes, and every number in C's ``%.10g`` (5 and 5.0 are alike, and -0
    is 0), so that machines whose processors round the last bits in another way agree.

    Parameters
    ----------
    result
        A document of ``backtest show``, or one with those keys.
    """
    return document_hash({key: result[key] for key in HASHED})


def document_hash(document: Mapping[str, object]) -> str:
    """Return the SHA-256 of a document's canonical JSON, as :func:`result_hash` has it."""
    return hashlib.sha256(_canonical(document).encode("ascii")).hexdigest()


def _canonical(value: object) -> str:
    if isinstance(value, Mapping):
        members = (f"{json.dumps(key)}:{_canonical(value[key])}" for key in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, Sequence):
        # Long series of one kind at once: seconds less for a million bars.
        kinds = set(map(type, value))
        if kinds == {float}:
            numbers = tuple([one + 0.0 for one in value])
            return "[" + ((_NUMBER + ",") * len(numbers) % numbers)[:-1] + "]"
        if kinds == {str}:
            return json.dumps(value, separators=(",", ":"))
        return "[" + ",".join(map(_canonical, value)) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return _NUMBER % (value + 0.0)
    raise TypeError(f"{type(value).__name__} has no place in a result")
