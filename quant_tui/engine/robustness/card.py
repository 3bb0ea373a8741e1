"""The trust card: a verdict a line, and one for the whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a check found."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TrustLine:
    """One check.

    Attributes
    ----------
    key, title
        Its name in documents and for people.
    verdict
        What it found.
    value
        Its main figure, a fraction where it is a share; None when there is none.
    text
        One short sentence for people.
    rests_on
        What it was computed from.
    checked
        False when the check was left out for the size of the data; it can be made then.
    """

    key: str
    title: str
    verdict: Verdict
    value: float | None
    text: str
    rests_on: str
    checked: bool = True

    def to_document(self) -> dict[str, Any]:
        """Return the line as JSON holds it."""
        return {
            "key": self.key,
            "title": self.title,
            "verdict": str(self.verdict),
            "value": self.value,
            "text": self.text,
            "rests_on": self.rests_on,
            "checked": self.checked,
        }


def unchecked_line(key: str, title: str, bars: int) -> TrustLine:
    """Return a line that says that a check was left out for the number of bars."""
    text = f"Not checked ({bars:,} bars): run it from the card."
    return TrustLine(key, title, Verdict.UNKNOWN, None, text, "nothing yet", checked=False)


DECISIVE = ("look_ahead", "deflated_sharpe", "probabilistic_sharpe", "cost_stress")
"""Lines of which a single bad one makes the whole bad: the figures come from the future;
luck alone would show as much; it does not earn anything reliably; or it lives on costs
that nobody gets. The others make a result doubtful, for each has honest exceptions."""

PROOF = ("deflated_sharpe", "bootstrap")
"""Lines that must be good for the whole to be."""

MOST_DOUBTS = 2
"""Doubtful lines that a good card may have: with some ten checks, one or two fall short
by chance even where the effect is real."""


@dataclass(frozen=True, slots=True)
class TrustCard:
    """How far a result can be believed.

    Attributes
    ----------
    verdict
        ``bad``: a decisive line is bad. ``unknown``: there is no Sharpe ratio to judge, or
        nothing speaks against the result but checks were left out. ``good``: the deflated
        Sharpe ratio and the bootstrap are good (two independent looks at luck: alone, one
        in twenty random strategies passes the first), no line is bad, and at most two are
        doubtful. ``doubtful``: everything else. Lines that do not apply, such as the
        plateau of a strategy without parameters, neither help nor hurt.
    summary
        One sentence.
    trials
        How many trials are behind the result, its own included.
    lines
        The checks.
    """

    verdict: Verdict
    summary: str
    trials: int
    lines: tuple[TrustLine, ...]

    @classmethod
    def of(cls, lines: tuple[TrustLine, ...], trials: int) -> TrustCard:
        """Weigh the lines."""
        verdict, summary = _weigh(lines, trials)
        return cls(verdict, summary, trials, lines)

    def line(self, key: str) -> TrustLine:
        """Return one line."""
        return next(line for line in self.lines if line.key == key)

    def to_document(self) -> dict[str, Any]:
        """Return the card as JSON holds it."""
        return {
            "verdict": str(self.verdict),
            "summary": self.summary,
            "trials": self.trials,
            "lines": [line.to_document() for line in self.lines],
        }


def _weigh(lines: tuple[TrustLine, ...], trials: int) -> tuple[Verdict, str]:
    by_key = {line.key: line for line in lines}
    for key in DECISIVE:
        if by_key[key].verdict is Verdict.BAD:
            return Verdict.BAD, f"Do not rely on it. {by_key[key].text}"
    deflated = by_key["deflated_sharpe"]
    if deflated.verdict is Verdict.UNKNOWN:
        return Verdict.UNKNOWN, f"Cannot be judged. {deflated.text}"
    bad = [line.title.lower() for line in lines if line.verdict is Verdict.BAD]
    doubts = [line.title.lower() for line in lines if line.verdict is Verdict.DOUBTFUL]
    unproven = [
        key for key in PROOF if by_key[key].checked and by_key[key].verdict is not Verdict.GOOD
    ]
    if bad or unproven or len(doubts) > MOST_DOUBTS:
        return Verdict.DOUBTFUL, f"Look closer at: {', '.join(bad + doubts)}."
    skipped = [line.title.lower() for line in lines if not line.checked]
    if skipped:
        return Verdict.UNKNOWN, f"Good so far; not checked: {', '.join(skipped)}."
    but = f"; look at: {', '.join(doubts)}" if doubts else ""
    behind = "one trial" if trials == 1 else f"{trials:,} trials"
    return Verdict.GOOD, f"The result stands after {behind} and every check of it{but}."
