"""Whether the figures of an answer are those that the program gave.

Every number of an answer is looked for among the figures of the results of tools, and of
what was sent with the question. One that is there, as it is or rounded to the digits
written, is known and points at the object that it came from. One that is not was made up,
remembered or worked out by the model: that is to be seen. A percentage is no ratio or
count, and what a sentence calls a drawdown is no win rate, however equal they are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from quant_tui.domain.base import Document
from quant_tui.genai.figure_names import figures_named, figures_of_key, may_be_share
from quant_tui.genai.numbers import Number, figures_of, numbers_of

MOST_KNOWN = 2_000
"""Figures that are kept of one result."""

NEAR = 80
"""Letters before a number in which names of figures and objects are looked for."""

SENTENCE = 200
BEHIND = 24
"""Letters before and behind a number in which its sentence may name it."""

_SENTENCE_END = re.compile(r"\n|[.;!?]\s")
_PART_END = re.compile(r"[\n|,.;()\d]")

WRITTEN = frozenset((
    "answer", "body", "content", "description", "excerpt", "headline", "name", "note", "notes",
    "request", "summary", "tags", "text", "title",
))  # fmt: skip
"""Keys of what people wrote, also news: numbers in such texts vouch for nothing."""

RULES = "rules"
"""Key of a strategy's text, which is its rules and also what its author says of it."""

_SAID_IN_RULES = re.compile(
    r"^([ \t]*)(?:name|description|tags)[ \t]*:.*(?:\n(?:\1(?:[ \t]+|-).*|[ \t]*$))*"
    r"|\bdescription[ \t]*:.*$|(?:^|[ \t])#.*$",
    re.MULTILINE,
)

SIX_DIGITS = 5e-6
"""What a model reads of a value is rounded to six digits, by so much of it."""

_SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Known:
    """A figure that the program gave.

    Attributes
    ----------
    name
        Its key in the result, for telling equal ones apart.
    source
        The object that it came from, ``kind``, ``id`` and ``title``; empty for none.
    """

    value: float
    name: str
    source: Document


def known_in(data: Mapping[str, object], citations: Sequence[Document]) -> list[Known]:
    """Return the figures of a tool's result.

    Parameters
    ----------
    data
        As JSON. A part that holds the id of a cited object is about that one. Texts that
        people wrote, under the keys :data:`WRITTEN`, are left out.
    citations
        Objects that the result came from, ``kind``, ``id`` and ``title``.
    """
    by_id = {str(one["id"]): one for one in citations}
    only = citations[0] if len(citations) == 1 else {}
    found: list[Known] = []
    for known in _walk(data, "", only, by_id):
        found.append(known)
        if len(found) >= MOST_KNOWN:
            break
    return found


def known_in_text(text: str, source: Document) -> list[Known]:
    """Return the figures of a text that was sent along."""
    return [Known(one.value, "", source) for one in numbers_of(text)][:MOST_KNOWN]


def marks_of(text: str, known: Sequence[Known]) -> list[Document]:
    """Return every figure of a text, and whether it is known.

    Returns
    -------
    list of documents
        ``start``, ``end``, ``matched``, and ``citation`` where one is known.
    """
    ordered = sorted(known, key=lambda one: abs(one.value))
    sizes = [abs(one.value) for one in ordered]
    marks: list[Document] = []
    for number in figures_of(text):
        named = _named_beside(text, number)
        found = [
            one for one in _matching(number, ordered, sizes) if _is_called_so(one, number, named)
        ]
        mark: Document = {"start": number.start, "end": number.end, "matched": bool(found)}
        if found:
            source = _best(found, text, number).source
            if source:
                mark["citation"] = {key: source[key] for key in ("kind", "id", "title")}
        marks.append(mark)
    return marks


def agrees(number: Number, value: float) -> bool:
    """Return whether a written number is a value, rounded to the digits written.

    Tools give values to a model with six digits, so that those are enough. Without a
    written sign only the size counts: "a drawdown of 23 %" is -0.23.
    """
    allowed = number.step / 2 + _SLACK * max(abs(value), number.step)
    given = (value, float(f"{value:.6g}"))
    if any(abs(number.value - one) <= allowed for one in given):
        return True
    return not number.signed and any(abs(abs(number.value) - abs(one)) <= allowed for one in given)


def _named_beside(text: str, number: Number) -> frozenset[int]:
    """Return the figures that are named in the sentence before a number, or right behind it."""
    before = _SENTENCE_END.split(text[max(number.start - SENTENCE, 0) : number.start])[-1]
    behind = _PART_END.split(text[number.end : number.end + BEHIND])[0]
    return figures_named(before) | figures_named(behind)


def _is_called_so(one: Known, number: Number, named: frozenset[int]) -> bool:
    if number.share and not may_be_share(one.name):
        return False
    own = figures_of_key(one.name)
    return not (named and own) or bool(named & own)


def _matching(number: Number, ordered: Sequence[Known], sizes: Sequence[float]) -> list[Known]:
    size = abs(number.value)
    reach = number.step / 2 + SIX_DIGITS * 2 * (size + number.step)
    at = bisect_left(sizes, size - reach)
    found: list[Known] = []
    while at < len(sizes) and sizes[at] <= size + reach:
        if agrees(number, ordered[at].value):
            found.append(ordered[at])
        at += 1
    return found


def _best(found: Sequence[Known], text: str, number: Number) -> Known:
    """Return the one whose object and name are written nearest before the number."""
    before = text[max(number.start - NEAR, 0) : number.start].casefold()

    def rank(one: Known) -> tuple[bool, int, int, float]:
        title = str(one.source.get("title", "")).casefold()
        words = [word for word in one.name.casefold().split("_") if len(word) > 2]
        place = before.rfind(title) if title else -1
        named = sum(word in before for word in words)
        return (not one.source, -place, -named, abs(one.value - number.value))

    return min(found, key=rank)


def _walk(
    value: object, name: str, source: Document, by_id: Mapping[str, Document]
) -> Iterator[Known]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield Known(float(value), name, source)
    elif isinstance(value, str):
        if name not in WRITTEN:
            text = _SAID_IN_RULES.sub("", value) if name == RULES else value
            yield from (Known(one.value, name, source) for one in numbers_of(text))
    elif isinstance(value, Mapping):
        for part in value.values():
            if isinstance(part, str) and part in by_id:
                source = by_id[part]
                break
        figure = value.get("figure")  # a row of a comparison: its columns are the runs
        for key, part in value.items():
            if not (isinstance(part, str) and part in by_id):
                called = figure if isinstance(figure, str) else str(key)
                yield from _walk(part, called, source, by_id)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _walk(part, name, source, by_id)
