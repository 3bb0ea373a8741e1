"""The lines of a study's trust card: what the search adds to those of its best trial.

Every threshold stands beside its reason.
"""

from __future__ import annotations

from quant_tui.engine.optimization.plateau import KEPT
from quant_tui.engine.robustness.card import TrustLine, Verdict
from quant_tui.engine.robustness.lines import verdict_of
from quant_tui.engine.robustness.overfitting import Overfitting

LUCKY, LIKELY_LUCK = 0.05, 0.10
"""p-values up to which a result is more than luck, and from which it is bad: the field's
5 %, and what one study in ten shows without any skill."""

FIT, OVERFIT = 0.30, 0.60
"""Probability of overfitting up to which choosing helped, and from which it is bad. Among
noise it is one half, give or take a tenth."""

SELDOM_LOST = 0.10
"""Share of lost splits below which a high probability of overfitting is only doubtful: the
trials are alike, and choosing among them did not matter."""

SLOPE = 0.3
"""Share of the best's value that its median neighbour keeps, below which it is a peak."""

EFFICIENT, INEFFICIENT = 0.5, 0.2
"""Walk-forward efficiency from which choosing finds what lasts (Pardo 2008, chapter 11),
and below which it finds noise: what one window in a few keeps by chance."""

HALF_LEFT, QUARTER_LEFT = 0.5, 0.25
"""Shares of the Sharpe ratio that are left out of sample where a result is good, and below
which it is bad: more is gone than any cost or change of the times explains."""

MOST_STRETCHES, HALF_THE_STRETCHES = 0.8, 0.5
"""Shares of the stretches with a Sharpe ratio above 0: five of six good, half doubtful."""


def luck_line(p_value: float | None, trials: int, drawn: int, draws: int) -> TrustLine:
    """Judge how often as many trials without skill show as much."""
    key, title = "luck", "Luck of the search"
    if p_value is None:
        return _unknown(key, title, "The best trial never moved.")
    verdict = (
        Verdict.GOOD
        if p_value <= LUCKY
        else Verdict.DOUBTFUL
        if p_value <= LIKELY_LUCK
        else Verdict.BAD
    )
    return TrustLine(
        key,
        title,
        verdict,
        p_value,
        f"Luck alone shows as much in {p_value:.1%} of searches like this one.",
        f"reality check: {trials:,} trials and {drawn} draws of the space, resampled {draws} times",
    )


def overfitting_line(found: Overfitting | None, trials: int, why: str = "") -> TrustLine:
    """Judge the probability of backtest overfitting."""
    key, title = "overfitting", "Probability of overfitting"
    if found is None:
        return _unknown(key, title, why)
    value, lost = found.probability, found.probability_of_loss
    if value <= FIT:
        verdict = Verdict.GOOD
    else:
        verdict = Verdict.DOUBTFUL if value <= OVERFIT or lost < SELDOM_LOST else Verdict.BAD
    text = (
        f"The best of one half is at or below the middle of the other in {value:.0%} of the"
        f" splits, and loses there in {lost:.0%}."
    )
    rests_on = f"CSCV: {len(found.logits):,} splits of {trials:,} trials"
    return TrustLine(key, title, verdict, value, text, rests_on)


def study_plateau_line(best: float | None, suggested: float | None, neighbours: int) -> TrustLine:
    """Judge what the neighbours of the best trial keep of its value."""
    key, title = "study_plateau", "Plateau in the study"
    if best is None:
        return _unknown(key, title, "The best trial has no neighbour.")
    other = "" if suggested is None else f"; those of the suggested {max(suggested, -9.99):.0%}"
    return TrustLine(
        key,
        title,
        verdict_of(best, KEPT, SLOPE),
        best,
        f"The best trial's neighbours keep {max(best, -9.99):.0%} of its value{other}.",
        f"the study's own trials, {neighbours} around the suggested",
    )


def sample_line(
    inside: float | None, best: float | None, suggested: float | None, bars: int
) -> TrustLine:
    """Judge the Sharpe ratio out of sample; the lower of the two choices' counts.

    Parameters
    ----------
    inside
        Sharpe ratio of the best in sample.
    best, suggested
        Out of sample; None where flat.
    bars
        Out of sample; 0 without a split.
    """
    key, title = "out_of_sample", "Out of sample"
    if not bars:
        return _unknown(key, title, "Nothing was kept out of the search.")
    lower = min(best or 0.0, suggested or 0.0)
    kept = lower / inside if inside and inside > 0.0 else 0.0
    verdict = verdict_of(kept, HALF_LEFT, QUARTER_LEFT)
    return TrustLine(
        key,
        title,
        verdict,
        lower,
        f"Sharpe {inside or 0.0:.2f} in sample; out of it {best or 0.0:.2f}, and"
        f" {suggested or 0.0:.2f} of the suggested.",
        f"{bars:,} bars that the search never saw",
    )


def stability_line(positive: int, parts: int) -> TrustLine:
    """Judge the share of stretches of time that end above 0."""
    key, title = "stability", "Stability over time"
    if parts < 2:
        return _unknown(key, title, "Too few bars to look at parts of them.")
    share = positive / parts
    return TrustLine(
        key,
        title,
        verdict_of(share, MOST_STRETCHES, HALF_THE_STRETCHES),
        share,
        f"The suggested trial's Sharpe is above 0 in {positive} of {parts} stretches.",
        "the bars in sample, in equal parts",
    )


def walk_forward_line(
    efficiency: float | None, sharpe: float | None, windows: int, why: str = ""
) -> TrustLine:
    """Judge what choosing again and again gave in the bars after each choice."""
    key, title = "walk_forward", "Walk-forward"
    if not windows:
        return _unknown(key, title, why)
    if efficiency is None:
        text = "Nothing grew in sample, in the mean of the windows."
        return TrustLine(key, title, Verdict.BAD, None, text, f"{windows} windows")
    return TrustLine(
        key,
        title,
        verdict_of(efficiency, EFFICIENT, INEFFICIENT),
        efficiency,
        f"Out of sample keeps {max(efficiency, -9.99):.0%} of the growth in sample; Sharpe"
        f" {sharpe or 0.0:.2f}.",
        f"{windows} windows, each chosen anew before it is traded",
    )


def _unknown(key: str, title: str, text: str) -> TrustLine:
    return TrustLine(key, title, Verdict.UNKNOWN, None, text, "nothing yet")
