"""The checks that need the strategy to be run or decided again, each judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from quant_tui.domain.errors import InsufficientData
from quant_tui.engine.robustness.card import TrustLine, Verdict
from quant_tui.engine.robustness.causality import look_ahead, warm_up_check
from quant_tui.engine.robustness.check import Check, CheckColumn, CheckTable, outcomes_table
from quant_tui.engine.robustness.jitter import parameter_jitter
from quant_tui.engine.robustness.leave_one_out import leave_one_out
from quant_tui.engine.robustness.lines import verdict_of
from quant_tui.engine.robustness.reruns import Reruns, has_costs
from quant_tui.engine.robustness.stress import (
    COST_FACTORS,
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
    "jitter": "Parameter jitter",
    "leave_one_out": "Leave one symbol out",
    "look_ahead": "Look-ahead",
    "warm_up": "Warm-up",
}


def cost_check(reruns: Reruns, told: Progress) -> Check:
    """Judge what is left at twice the costs.

    Good when half of the Sharpe ratio is left; doubtful when anything is; bad when
    nothing is. Without costs doubtful: what they would take is not known.
    """
    key = "cost_stress"
    if not has_costs(reruns.report.config):
        text = "No costs were charged: what they would take is not known."
        rests_on = "the configuration"
        return Check(TrustLine(key, TITLES[key], Verdict.DOUBTFUL, None, text, rests_on))
    found = cost_stress(reruns, told)
    shown = ", ".join(f"{one.sharpe or 0.0:.2f} at {one.changed}" for one in found)
    _, own, double, _ = (one.sharpe or 0.0 for one in found)
    if double <= 0.0:
        verdict, text = Verdict.BAD, f"Nothing is left at twice the costs: Sharpe {shown}."
    else:
        verdict = Verdict.GOOD if double >= HALF_LEFT * own else Verdict.DOUBTFUL
        text = f"Sharpe by costs: {shown}."
    rests_on = "runs with all costs x0, x1, x2 and x4"
    line = TrustLine(key, TITLES[key], verdict, double, text, rests_on)
    return Check(line, outcomes_table("Costs", found, COST_FACTORS.index(1.0)))


def start_check(reruns: Reruns, told: Progress) -> Check:
    """Judge the share of start dates that end with a Sharpe ratio above 0."""
    key = "start_dates"
    found = start_dates(reruns, told=told)
    table = outcomes_table("Start", _by_day(found), 0)
    ran = [one for one in found if one.sharpe is not None]
    sharpes = [one.sharpe for one in ran if one.sharpe is not None]
    if len(sharpes) < 2:
        text = "Too few bars to begin later."
        line = TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, text, "the run's bars")
        return Check(line, table)
    share = sum(sharpe > 0.0 for sharpe in sharpes) / len(sharpes)
    # All but one of the eight: a share of 0.875 counts as nine in ten.
    allowed = MOST_STARTS if len(sharpes) >= 10 else 1.0 - 1.0 / len(sharpes)
    line = TrustLine(
        key,
        TITLES[key],
        verdict_of(share, allowed, HALF_THE_STARTS),
        share,
        f"{sum(sharpe > 0.0 for sharpe in sharpes)} of {len(sharpes)} start dates end above 0:"
        f" Sharpe {min(sharpes):.2f} to {max(sharpes):.2f}.",
        f"runs from {ran[0].changed[:10]} to {ran[-1].changed[:10]}",
    )
    return Check(line, table)


def _by_day(outcomes: list[Outcome]) -> list[Outcome]:
    return [replace(one, changed=_day(one.changed)) for one in outcomes]


def plateau_check(reruns: Reruns, told: Progress) -> Check:
    """Judge how much of the Sharpe ratio the median neighbour in parameters keeps."""
    key = "plateau"
    found = parameter_neighbours(reruns, told)
    table = outcomes_table("Parameter", [_as_is(reruns), *found], 0) if found else None
    own = _as_is(reruns).sharpe or 0.0
    score = plateau_score(own, [one.sharpe for one in found if one.sharpe is not None])
    if score is None:
        reason = "The Sharpe is not above 0." if found else "No number of the strategy to vary."
        line = TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, reason, "the parameters")
        return Check(line, table)
    worst = min(found, key=lambda one: one.sharpe if one.sharpe is not None else own)
    line = TrustLine(
        key,
        TITLES[key],
        verdict_of(score, PLATEAU, SLOPE),
        score,
        f"Neighbouring parameters keep {max(score, -9.99):.0%} of the Sharpe; the worst is"
        f" {worst.sharpe or 0.0:.2f} at {worst.changed}.",
        f"{len(found)} runs, one parameter a step down or up",
    )
    return Check(line, table)


def jitter_check(reruns: Reruns, told: Progress) -> Check:
    """Judge how much of the Sharpe ratio the median keeps when all parameters move at once."""
    key = "jitter"
    found = parameter_jitter(reruns, seed=reruns.report.config.seed, told=told)
    own = _as_is(reruns).sharpe or 0.0
    sharpes = [one.sharpe for one in found if one.sharpe is not None]
    score = plateau_score(own, sharpes)
    ranked = sorted(found, key=lambda one: -(one.sharpe if one.sharpe is not None else -1e9))
    table = outcomes_table("Parameters", [_as_is(reruns), *ranked], 0) if found else None
    if score is None:
        reason = "The Sharpe is not above 0." if found else "No number of the strategy to vary."
        line = TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, reason, "the parameters")
        return Check(line, table)
    good = sum(sharpe > 0.0 for sharpe in sharpes)
    line = TrustLine(
        key,
        TITLES[key],
        verdict_of(score, PLATEAU, SLOPE),
        score,
        f"All parameters moved at once by up to a tenth: the median keeps"
        f" {max(score, -9.99):.0%} of the Sharpe, {good} of {len(sharpes)} stay above 0.",
        f"{len(found)} runs with parameters drawn around the run's own",
    )
    return Check(line, table)


def leave_one_out_check(reruns: Reruns, told: Progress) -> Check:
    """Judge what is left of the Sharpe ratio without the symbol that it needs most.

    Good when half is left; doubtful when anything is; bad when nothing is.
    """
    key, symbols = "leave_one_out", reruns.report.bars.symbols
    found = leave_one_out(reruns, told=told)
    ran = [one for one in found if one.sharpe is not None]
    own = _as_is(reruns).sharpe or 0.0
    table = outcomes_table("Left out", [_as_is(reruns), *found], 0) if found else None
    if not ran or own <= 0.0:
        reason = "The Sharpe is not above 0." if ran else "There is one symbol alone."
        line = TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, reason, "the symbols")
        return Check(line, table)
    worst = min(ran, key=lambda one: one.sharpe or 0.0)
    share = (worst.sharpe or 0.0) / own
    if share <= 0.0:
        verdict = Verdict.BAD
        text = f"Nothing is left {worst.changed}: Sharpe {worst.sharpe or 0.0:.2f}."
    else:
        verdict = Verdict.GOOD if share >= HALF_LEFT else Verdict.DOUBTFUL
        text = f"At worst {share:.0%} of the Sharpe is left, {worst.changed}:"
        text += f" {worst.sharpe or 0.0:.2f}."
    of_all = f" of {len(symbols):,}, those that moved most" if len(found) < len(symbols) else ""
    rests_on = f"{len(found)} runs without one symbol each{of_all}"
    return Check(TrustLine(key, TITLES[key], verdict, share, text, rests_on), table)


def _as_is(reruns: Reruns) -> Outcome:
    return Outcome.of("as it is", reruns.report.metrics)


def look_ahead_check(reruns: Reruns, told: Progress) -> Check:
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
        unknown = TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, error.message, "the bars")
        return Check(unknown)
    if found.row is None:
        verdict = Verdict.GOOD
        text = f"Cutting the future off at {found.cuts} places changed no decision before."
    else:
        verdict, date = Verdict.BAD, reruns.seen.dates[found.row]
        text = f"{found.what} uses the future: it changes when the bars end at {date}."
    rests_on = "signals and figures on cut bars"
    line = TrustLine(key, TITLES[key], verdict, float(found.changed), text, rests_on)
    dates = reruns.seen.dates
    columns = (CheckColumn("ends", "Bars end", "text"), CheckColumn("changed", "Changed", "text"))
    rows = tuple((_day(dates[row]), what or "nothing") for row, what in found.found)
    return Check(line, CheckTable(columns, rows))


def settling_check(reruns: Reruns, told: Progress) -> Check:
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
        unknown = TrustLine(key, TITLES[key], Verdict.UNKNOWN, None, error.message, "the bars")
        return Check(unknown)
    share = found.changed / max(found.decisions, 1)
    if not found.changed:
        verdict, text = Verdict.GOOD, "Beginning later changes no decision after the warm-up."
    else:
        verdict = Verdict.DOUBTFUL if share <= FEW_CHANGED else Verdict.BAD
        text = f"Beginning later changes {found.changed:,} of {found.decisions:,} decisions"
        text += f": {found.what} has not settled." if found.what else "."
    rests_on = f"{found.starts} later beginnings, after {report.warm_up} bars of warm-up"
    line = TrustLine(key, TITLES[key], verdict, share, text, rests_on)
    columns = (
        CheckColumn("begins", "Bars begin", "text"),
        CheckColumn("decisions", "Decisions", "count"),
        CheckColumn("changed", "Changed", "count"),
    )
    dates = reruns.seen.dates
    rows = tuple((_day(dates[one.row]), one.decisions, one.changed) for one in found.found)
    return Check(line, CheckTable(columns, rows))


def _day(date: object) -> str:
    return str(date)[:16].replace("T", " ")


RERUN_CHECKS: dict[str, Callable[[Reruns, Progress], Check]] = {
    "cost_stress": cost_check,
    "start_dates": start_check,
    "plateau": plateau_check,
    "look_ahead": look_ahead_check,
    "warm_up": settling_check,
    "jitter": jitter_check,
    "leave_one_out": leave_one_out_check,
}
"""By the key of their line."""
