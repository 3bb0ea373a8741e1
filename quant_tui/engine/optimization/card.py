"""The trust card of a study: its best trial's own, and what the search adds."""

from __future__ import annotations

from quant_tui.engine.robustness.card import DECISIVE, TrustCard, TrustLine, Verdict

STUDY_DECISIVE = (*DECISIVE, "luck", "out_of_sample")
"""Lines of which a single bad one makes a study bad. A search is a machine for finding
luck, so that what luck shows as often, or what earns nothing where the search did not look,
is not believed until the opposite is shown."""

STUDY_PROOF = ("luck",)
"""Lines that must be good for a study to be."""

MOST_DOUBTS = 4
"""Doubtful lines that a good study may have: with some sixteen checks that many fall short
by chance even where the effect is real."""

LEAST_BAD = 2
"""Bad lines, whichever, that make a study bad."""


def study_card(own: TrustCard | None, lines: tuple[TrustLine, ...], trials: int) -> TrustCard:
    """Weigh the lines of a study.

    ``bad``: a decisive line is bad, or two lines are. ``unknown``: no trial may be chosen.
    ``good``: the luck line is good, none is bad, and at most :data:`MOST_DOUBTS` are
    doubtful. ``doubtful``: everything else.

    Parameters
    ----------
    own
        Card of the best trial, as a run with so many trials behind it; None without one.
    lines
        Of the study.
    trials
        How many trials are behind it, in the ledger.
    """
    if own is None:
        return TrustCard(
            Verdict.UNKNOWN, "Cannot be judged. No trial may be chosen.", trials, lines
        )
    every = (*lines, *own.lines)
    verdict, summary = _weigh(every, trials)
    return TrustCard(verdict, summary, trials, every)


def _weigh(lines: tuple[TrustLine, ...], trials: int) -> tuple[Verdict, str]:
    by_key = {line.key: line for line in lines}
    for key in ("luck", *STUDY_DECISIVE):
        if by_key[key].verdict is Verdict.BAD:
            return Verdict.BAD, f"Do not rely on it. {by_key[key].text}"
    bad = [line for line in lines if line.verdict is Verdict.BAD]
    if len(bad) >= LEAST_BAD:
        return Verdict.BAD, f"Do not rely on it. {bad[0].text} {bad[1].text}"
    doubts = [line for line in lines if line.verdict is Verdict.DOUBTFUL]
    unproven = [key for key in STUDY_PROOF if by_key[key].verdict is not Verdict.GOOD]
    if bad or unproven or len(doubts) > MOST_DOUBTS:
        names = ", ".join(line.title.lower() for line in (*bad, *doubts))
        return Verdict.DOUBTFUL, f"Look closer at: {names}."
    but = f"; look at: {', '.join(one.title.lower() for one in doubts)}" if doubts else ""
    return Verdict.GOOD, f"The choice stands after {trials:,} trials{but}."
