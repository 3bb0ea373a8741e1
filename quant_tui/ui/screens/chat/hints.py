"""Slash commands on offer while one is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content
from textual.widgets import Static

MOST = 6
"""Commands that are shown at once."""


class Hint(NamedTuple):
    """One thing on offer: what would be put in, and what it is."""

    insert: str
    about: str


def fitting(text: str, commands: Sequence[Hint]) -> list[Hint]:
    """Return the commands that what is typed may become; none for other text."""
    if not text.startswith("/") or "\n" in text:
        return []
    word, blank, _ = text.partition(" ")
    if blank:
        return [one for one in commands if one.insert.split(" ")[0] == word]
    return [one for one in commands if one.insert.startswith(word)]


def common_start(texts: Sequence[str]) -> str:
    """Return what all texts begin with."""
    first, last = min(texts), max(texts)
    at = next((i for i, letter in enumerate(first) if last[i : i + 1] != letter), len(first))
    return first[:at]


class HintLines(Static):
    """The commands on offer, one a line; ``tab`` takes what they have in common."""

    DEFAULT_CSS = """
    HintLines { height: auto; padding: 0 1; display: none; text-wrap: nowrap; text-overflow: ellipsis; }
    """  # noqa: E501 -- one rule a line

    def __init__(self) -> None:
        super().__init__("", id="hints", markup=False)
        self._drawn: tuple[Hint, ...] = ()

    def show(self, hints: Sequence[Hint]) -> None:
        """Show these."""
        drawn = tuple(hints[:MOST])
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self.display = bool(drawn)
        width = max((len(one.insert) for one in drawn), default=0)
        self.update(
            Content("\n").join(
                Content.assemble((one.insert.ljust(width), "$text-accent"), "  ",
                                 (one.about, "$text-muted"))
                for one in drawn
            )
        )  # fmt: skip
