"""How tools answer: short tables and facts for the model, the same as data for the program."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from quant_tui.domain.base import Document
from quant_tui.genai.delimiting import delimited
from quant_tui.genai.tools import Citation, ToolResult

MOST_ROWS = 100
"""Rows of a table that a model is given at once."""

MOST_CHARACTERS = 8_000
"""Characters of a result's text: some 2,000 tokens."""


def facts(
    title: str,
    document: Mapping[str, object],
    citations: Sequence[Citation] = (),
    *,
    kind: str = "result",
    note: str = "",
    runs_on: bool = False,
) -> ToolResult:
    """Answer with one object: a line for each of its keys.

    Parameters
    ----------
    title
        What it is, in words of the program's own.
    note
        What is to be known of it, in words of the program's own.
    runs_on
        Whether it is what was started, and has not ended yet.
    """
    data = plain_document(document)
    lines = (f"{key}: {_short(value)}" for key, value in data.items())
    text = _text(title, "\n".join(lines), kind, note)
    return ToolResult(text, data, tuple(citations), runs_on=runs_on)


def table(
    title: str,
    rows: Sequence[Mapping[str, object]],
    citations: Sequence[Citation] = (),
    *,
    total: int | None = None,
    kind: str = "table",
    note: str = "",
    beside: Mapping[str, object] | None = None,
) -> ToolResult:
    """Answer with rows: a line of names, then a line for each row, parted by ``|``.

    Parameters
    ----------
    rows
        All with the same keys; beyond :data:`MOST_ROWS` they are left out.
    total
        How many there are, where only some were read.
    beside
        What the data hold beside the rows.
    """
    shown = [plain_document(one) for one in rows[:MOST_ROWS]]
    count = max(len(rows), total or 0)
    cut = f"{len(shown)} of {count} rows are shown." if count > len(shown) else ""
    lines = [" | ".join(shown[0])] if shown else ["(none)"]
    lines += [" | ".join(_short(value) for value in one.values()) for one in shown]
    data = {**plain_document(beside or {}), "rows": shown, "total": count}
    text = _text(title, "\n".join(lines), kind, " ".join(filter(None, (note, cut))))
    return ToolResult(text, data, tuple(citations[:MOST_ROWS]))


def words(
    title: str, text: str, citations: Sequence[Citation] = (), *, kind: str, data: Document
) -> ToolResult:
    """Answer with a text from a store."""
    return ToolResult(_text(title, text, kind, ""), plain_document(data), tuple(citations))


def failure(message: str) -> ToolResult:
    """Answer that there is no result, and why; the reason may quote what others wrote."""
    return ToolResult(f"It failed.\n{delimited(message, 'error')}", {}, (), message)


def difference(before: str, after: str) -> str:
    """Return two texts as one diff: ``-`` gone, ``+`` new, a blank before what stays."""
    old, new = before.splitlines(), after.splitlines()
    lines = list(difflib.unified_diff(old, new, n=len(old) + len(new), lineterm=""))
    return "\n".join(f"{one[0]} {one[1:]}" for one in lines[3:])


def added(lines: Mapping[str, object] | Iterable[str]) -> str:
    """Return lines as a diff that only adds."""
    if isinstance(lines, Mapping):
        known = plain_document(lines)
        lines = [
            f"{key}: {_short(value)}"
            for key, value in known.items()
            if value not in ("", None, [], {})
        ]
    return "\n".join(f"+ {one}" for one in lines)


def taken(kind: str, name: str, known: Iterable[str]) -> list[str]:
    """Return a line for a proposal that would make one more of a name, none otherwise.

    Parameters
    ----------
    kind, known
        What it would make, in a word, and the names of those that there are.
    """
    count = sum(one.casefold() == name.strip().casefold() for one in known)
    if not count or not name.strip():
        return []
    plural = f"{kind.removesuffix('y')}ies" if kind.endswith("y") else f"{kind}s"
    many = f"is a {kind}" if count == 1 else f"are {count} {plural}"
    return [f"  There {many} of this name already; this makes one more."]


def plain_document(document: Mapping[str, object]) -> Document:
    """Return a document as JSON can hold it: no dates, tuples or NaN."""
    return {str(key): plain(value) for key, value in document.items()}


def plain(value: object) -> object:
    """Return a value as JSON can hold it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return plain_document(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return str(value)


def _text(title: str, body: str, kind: str, note: str) -> str:
    if len(body) > MOST_CHARACTERS:
        note = f"{note} Cut after {MOST_CHARACTERS} of {len(body)} characters.".strip()
        body = body[:MOST_CHARACTERS]
    return "\n".join(filter(None, (title, delimited(body, kind), note)))


def _short(value: object) -> str:
    """Write a value on one line, figures with six digits."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | dict):
        return json.dumps(_rounded(value), ensure_ascii=False, separators=(", ", ": "))
    return " ".join(str(value).replace("|", "¦").split())


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value
