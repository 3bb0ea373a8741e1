"""Collecting what is wrong with a document, and saying it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from quant_tui.domain.errors import Finding, StrategyError
from quant_tui.engine.rules import limits


class Findings:
    """What is wrong with a document so far; keeps the first few."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def full(self) -> bool:
        """Whether there are as many as are told at once; looking for more is idle."""
        return len(self._found) >= limits.FINDINGS

    def add(self, place: str, column: int, message: str, suggestion: str = "") -> None:
        """Note one finding; ``column`` is 1-based, 0 for the whole key."""
        finding = Finding(place, column, message, suggestion)
        if not self.full and finding not in self._found:
            self._found.append(finding)

    def all(self) -> tuple[Finding, ...]:
        """Return the findings in the order found."""
        return tuple(self._found)

    def raise_if_any(self, name: str) -> None:
        """Raise them as one error.

        Raises
        ------
        StrategyError
            There is at least one finding.
        """
        if self._found:
            first = self._found[0]
            more = f" (and {len(self._found) - 1} more)" if len(self._found) > 1 else ""
            raise StrategyError(f"{name}: {first}{more}", findings=self.all())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a suggestion when ``name`` is near one of ``known``, otherwise nothing."""
    close = difflib.get_close_matches(name[: limits.NAME_CHARACTERS].lower(), list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""
