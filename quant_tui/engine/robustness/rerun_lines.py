"""The lines of the trust card that need the strategy to be run or decided again."""

from __future__ import annotations

from collections.abc import Callable

from quant_tui.domain.errors import InsufficientData
from quant_tui.engine.robustness.card import TrustLine, Verdict
from quant_tui.engine.robustness.causality import look_ahead, warm_up_check
from quant_tui.engine.robustness.lines import verdict_of
from quant_tui.engine.robustness.reruns import Reruns, has_costs
from quant_tui.engine.robustness.stress import (
    Outcome,
    cost_stress,
    parameter_neighbours,
    plateau_score,
    start_dates,
)

Progress = Callable[[float], None]

HALF_LEFT = 0.5
"""Share of the Sharpe ratio that has to be left when costs double: real costs are easily
twice what was assumed."""

MOST_STARTS, HALF_THE_STARTS = 0.9, 0.5
"""Shares of the start dates with a Sharpe above 0: all but one good, half doubtful."""

PLATEAU, SLOPE = 0.7, 0.3
"""Share of the Sharpe ratio that the median neighbour keeps: a real effect does not care
for a tenth more or less; what keeps less than a third was fitted to these very numbers."""

FEW_CHANGED = 0.05
"""Share of the decisions that a later beginning may change before it is bad."""

TITLES = {
    "cost_stress": "Cost stress",
    "start_dates": "Start dates",
    "plateau": "Parameter plateau",
    "look_ahead": "Look-ahead",
    "warm_up": "Warm-up",
}


def cost_line(reruns: Reruns, told: Progress) -> TrustLine:
    """Judge what is left at twice the costs.

    Good when half of the Sharpe ratio is left; doubtful when anything is; bad when
    nothing is. Without costs doubtful: what they would take is not known.
    """
    key = "cost_stress"
    if not has_costs(reruns.report.config):
        text = "No costs were charged: what they would take is not known."
        return TrustLine(key, TITLES[key], Verdict.DOUBTFUL, None, text, "the configuration")
    found = cost_stress(reruns, told)
    shown = ", ".join(f"{one.sharpe or 0.0:.2f} at {one.changed}" for one in found)
    _, own, double, _ = (one.sharpe or 0.0 for one in found)
    if double <= 0.0:
        verdict, text = Verdict.BAD, f"Nothing is left at twice the costs: Sharpe {shown}."
    else:
        verdict = Verdict.GOOD if double >= HALF_LEFT * own else Verdict.DOUBTFUL
        text = f"Sharpe by costs: {shown}."
    rests_on = "runs with all costs x0, x1, x2 and x4"
    return TrustLine(key, TITLES[key], verdict, double, text, rests_on)


def start_line(reruns: Reruns, told: Progress) -> TrustLine:
    """Judge the share of start dates that end with a Sharpe ratio above 0."""
    key = "start_dates"
    ran = [one for one in start_dates(reruns, told=told) if one.sharpe is not None]
    sharpes = [one.sharpe for one in ran if one.sharpe is not None]
    if len(sharpes) < 2:
        text = "Too few bars to begin later."
        return TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, text, "the run's bars")
    share = sum(sharpe > 0.0 for sharpe in sharpes) / len(sharpes)
    # All but one of the eight: a share of 0.875 counts as nine in ten.
    allowed = MOST_STARTS if len(sharpes) >= 10 else 1.0 - 1.0 / len(sharpes)
    return TrustLine(
        key,
        TITLES[key],
        verdict_of(share, allowed, HALF_THE_STARTS),
        share,
        f"{sum(sharpe > 0.0 for sharpe in sharpes)} of {len(sharpes)} start dates end above 0:"
        f" Sharpe {min(sharpes):.2f} to {max(sharpes):.2f}.",
        f"runs from {ran[0].changed[:10]} to {ran[-1].changed[:10]}",
    )


def plateau_line(reruns: Reruns, told: Progress) -> TrustLine:
    """Judge how much of the Sharpe ratio the median neighbour in parameters keeps."""
    key = "plateau"
    found = parameter_neighbours(reruns, told)
    own = Outcome.of("", reruns.report.metrics).sharpe or 0.0
    score = plateau_score(own, [one.sharpe for one in found if one.sharpe is not None])
    if score is None:
        reason = "The Sharpe is not above 0." if found else "No number of the strategy to vary."
        return TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, reason, "the parameters")
    worst = min(found, key=lambda one: one.sharpe if one.sharpe is not None else own)
    return TrustLine(
        key,
        TITLES[key],
        verdict_of(score, PLATEAU, SLOPE),
        score,
        f"Neighbouring parameters keep {max(score, -9.99):.0%} of the Sharpe; the worst is"
        f" {worst.sharpe or 0.0:.2f} at {worst.changed}.",
        f"{len(found)} runs, one parameter a step down or up",
    )


def look_ahead_line(reruns: Reruns, told: Progress) -> TrustLine:
    """Judge whether the past changes when the future is cut off: any change is bad."""
    key, report = "look_ahead", reruns.report
    told(0.0)
    try:
        found = look_ahead(
            reruns.seen,
            report.strategy,
            report.params,
            inputs=reruns.inputs,
            cancel=reruns.cancel,
        )
    except InsufficientData as error:
        return TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, error.message, "the bars")
    if found.row is None:
        verdict = Verdict.GOOD
        text = f"Cutting the future off at {found.cuts} places changed no decision before."
    else:
        verdict, date = Verdict.BAD, reruns.seen.dates[found.row]
        text = f"{found.what} uses the future: it changes when the bars end at {date}."
    rests_on = "signals and figures on cut bars"
    return TrustLine(key, TITLES[key], verdict, float(found.changed), text, rests_on)


def warm_up_line(reruns: Reruns, told: Progress) -> TrustLine:
    """Judge the share of decisions that a later beginning changes: 0 good, 5 % doubtful."""
    key, report = "warm_up", reruns.report
    told(0.0)
    try:
        found = warm_up_check(
            reruns.seen,
            report.strategy,
            report.params,
            report.warm_up,
            inputs=reruns.inputs,
            cancel=reruns.cancel,
        )
    except InsufficientData as error:
        return TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, error.message, "the bars")
    share = found.changed / max(found.decisions, 1)
    if not found.changed:
        verdict, text = Verdict.GOOD, "Beginning later changes no decision after the warm-up."
    else:
        verdict = Verdict.DOUBTFUL if share <= FEW_CHANGED else Verdict.BAD
        text = f"Beginning later changes {found.changed:,} of {found.decisions:,} decisions"
        text += f": {found.what} has not settled." if found.what else "."
    rests_on = f"{found.starts} later beginnings, after {report.warm_up} bars of warm-up"
    return TrustLine(key, TITLES[key], verdict, share, text, rests_on)
