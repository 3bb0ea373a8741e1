"""What a study's trials come to: the best, the plateau's centre, importance, the front."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.tasks import RunTasks, run_in_turn
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.optimization.evaluate import TrialData
from quant_tui.engine.optimization.judge import Judge, Judged
from quant_tui.engine.optimization.plateau import Plateau, find_plateau
from quant_tui.engine.optimization.scoring import merits, pareto_front
from quant_tui.engine.optimization.stability import rank_correlation
from quant_tui.engine.robustness.walk_forward import WalkForward
from quant_tui.services.study_report import StudyTrial
from quant_tui.services.study_request import PreparedStudy

MOST_FOR_IMPORTANCE = 2_000
"""Trials that importance is measured on, evenly taken: its cost grows faster than they do."""


def choose(prepared: PreparedStudy, trials: Sequence[StudyTrial]) -> Document:
    """Return the part of a study's ``analysis`` that its trials alone decide.

    Keys: ``best``, ``suggested`` (numbers, None where no trial may be chosen),
    ``suggestion_reason``, ``plateau``, ``pareto`` (numbers), ``best_kept``,
    ``suggested_kept`` (what the median neighbour keeps of the value), ``importance``.
    """
    objectives = prepared.scoring.objectives
    found, values = _plateau(prepared, trials)
    document: Document = {
        "best": None,
        "suggested": None,
        "suggestion_reason": _none_reason(trials),
        "plateau": [],
        "best_kept": None,
        "suggested_kept": None,
        "pareto": list(
            pareto_front(
                objectives,
                {one.number: v for one, v in zip(trials, values, strict=True) if v is not None},
            )
        ),
        "importance": importance(prepared, trials),
    }
    if found is None:
        return document
    return document | {
        "best": trials[found.best].number,
        "suggested": trials[found.centre].number,
        "suggestion_reason": _reason(found),
        "plateau": [trials[place].number for place in found.members],
        "best_kept": found.best_kept,
        "suggested_kept": found.centre_kept,
    }


def judge_of(
    prepared: PreparedStudy,
    data: TrialData,
    trials: Sequence[StudyTrial],
    cancel: Callable[[], bool] | None,
    run: RunTasks = run_in_turn,
) -> Judge:
    """Return what looks at a study that has run."""
    plateau, _ = _plateau(prepared, trials)
    return Judge(
        data,
        prepared.space,
        prepared.scoring.objectives[0],
        [one.params for one in trials],
        plateau,
        threads=prepared.workers,
        seed=prepared.seed,
        cancel=cancel,
        run=run,
    )


def judged_document(
    judged: Judged, prepared: PreparedStudy, data: TrialData, trials: Sequence[StudyTrial]
) -> Document:
    """Return the part of a study's ``analysis`` that the judge found.

    Keys: ``trust``, ``stability``, ``walk_forward`` (None where it was left out).
    """
    dates = [str(day) for day in data.bars.dates]
    inside = dates[data.begin : data.stop]
    parts = [
        {
            "start": inside[best.first],
            "end": inside[best.stop - 1],
            "best": best.sharpe,
            "suggested": suggested.sharpe,
        }
        for best, suggested in zip(judged.best, judged.suggested, strict=True)
    ]
    above = sum(one.sharpe is not None and one.sharpe > 0.0 for one in judged.suggested)
    walked = judged.walk_forward
    return {
        "trust": judged.card.to_document(),
        "stability": {
            "stretches": parts,
            "positive": above / len(parts) if parts else None,
            "rank_correlation": _between_samples(prepared, trials),
        },
        "walk_forward": None if walked is None else _walked_document(walked, dates),
    }


def unjudged(analysis: Document) -> Document:
    """Return an ``analysis`` without what the judge found: it says nothing of trials to come."""
    judged = ("trust", "stability", "walk_forward")
    return {key: value for key, value in analysis.items() if key not in judged}


def _walked_document(walked: WalkForward, dates: Sequence[str]) -> Document:
    return {
        "steps": [
            {
                "start": dates[one.window.train],
                "test": dates[one.window.test],
                "end": dates[one.window.stop - 1],
                "params": dict(one.params),
                "in_sample": one.in_sample,
                "out_of_sample": one.out_of_sample,
            }
            for one in walked.steps
        ],
        "sharpe": walked.sharpe,
        "growth": walked.growth,
        "efficiency": walked.efficiency,
    }


def _between_samples(prepared: PreparedStudy, trials: Sequence[StudyTrial]) -> float | None:
    """Return how the order of the trials in sample agrees with that out of it."""
    objective = prepared.scoring.objectives[0]
    known = [one for one in trials if one.out_of_sample is not None]

    def values(figures: Sequence[Mapping[str, float | None]]) -> FloatArray:
        columns = {
            name: np.array([one[name] for one in figures], dtype=np.float64)
            for name in objective.metrics
        }
        return objective.values(columns)

    if not known or not objective.metrics:
        return None
    return rank_correlation(
        values([one.metrics for one in known]),
        values([one.out_of_sample for one in known if one.out_of_sample is not None]),
    )


def _plateau(
    prepared: PreparedStudy, trials: Sequence[StudyTrial]
) -> tuple[Plateau | None, list[tuple[float, ...] | None]]:
    """Return the plateau, and the values of the trials that may be chosen."""
    values = [one.values if one.feasible else None for one in trials]
    found = find_plateau(
        prepared.space.ranges,
        [one.params for one in trials],
        merits(prepared.scoring.objectives, values),
    )
    return found, values


def importance(prepared: PreparedStudy, trials: Sequence[StudyTrial]) -> dict[str, float]:
    """Return how much each parameter decides of the first objective (PED-ANOVA), of 1 in all.

    Empty with too few trials, or where nothing differs.

    Source: Watanabe, Bansal & Hutter (2023), "PED-ANOVA: Efficiently quantifying
    hyperparameter importance in arbitrary subspaces".
    """
    import optuna

    from quant_tui.services.study_search import direction_of, distribution, quiet

    usable = [one for one in trials if one.feasible and one.values is not None]
    if len(usable) < 10 or len({one.values for one in usable}) < 2:
        return {}
    if len(usable) > MOST_FOR_IMPORTANCE:
        rows = np.linspace(0, len(usable) - 1, MOST_FOR_IMPORTANCE).astype(int).tolist()
        usable = [usable[row] for row in rows]
    objective = prepared.scoring.objectives[0]
    distributions = {n: distribution(given) for n, given in prepared.space.ranges.items()}
    with quiet():
        study = optuna.create_study(direction=direction_of(objective))
        study.add_trials(
            [
                optuna.trial.create_trial(
                    value=cast("tuple[float, ...]", one.values)[0],
                    params=cast("dict[str, Any]", one.params),
                    distributions=distributions,
                )
                for one in usable
            ]
        )
        found = optuna.importance.get_param_importances(study)
    return {name: float(share) for name, share in found.items() if np.isfinite(share)}


def _reason(found: Plateau) -> str:
    if found.centre == found.best and found.best_kept is None:
        return "The best trial has no neighbours to compare it with."
    if found.centre == found.best:
        kept = f"they keep {found.best_kept:.0%} of its value"
        return f"The best trial is also the one whose neighbours do best: {kept}."
    own = "" if found.centre_kept is None else f" keep {found.centre_kept:.0%} of its value"
    best = "" if found.best_kept is None else f"; those of the best keep {found.best_kept:.0%}"
    if not own:
        return "Its neighbours do better than those of the best trial."
    return f"Its {found.neighbours} neighbours{own}{best}."


def _none_reason(trials: Sequence[StudyTrial]) -> str:
    if not trials:
        return "No trial is done yet."
    return f"No trial may be chosen: {trials[0].reason or 'none fulfils the constraints.'}"
