"""What a study will take: a few of its trials are run, the rest is worked out from them."""

from __future__ import annotations

import time

from quant_tui.engine.optimization.evaluate import Evaluator, TrialData
from quant_tui.engine.optimization.judge import CANDIDATES, DRAWN, LOOKED_AT
from quant_tui.services.study_report import StudyEstimate
from quant_tui.services.study_request import PreparedStudy

TRIAL_BYTES = 4_000
"""What one trial takes in memory, with Optuna's record of it."""

SAMPLED = 16
"""Trials that an estimate runs."""

PROPOSING: dict[str, tuple[float, float]] = {
    "tpe": (6e-3, 1.6e-5),
    "nsga2": (2e-3, 0.0),
    "random": (1e-3, 0.0),
    "qmc": (1e-3, 0.0),
    "cmaes": (1e-3, 0.0),
    "grid": (0.0, 0.0),
}
"""Seconds that Optuna takes to propose and keep trial n: the first and n times the second,
which is what it looks through. Measured with two parameters on two cores of 2026."""

CHECKED = 60
"""Full runs that the checks of the best trial come to."""

JUDGING_SECONDS = 1.0
"""What judging takes beside running trials: resampling, importance, plateau."""


def estimate_study(prepared: PreparedStudy, data: TrialData) -> StudyEstimate:
    """Return what a study would take, with what the sampler and the judging do.

    The time of a trial is that of a few which are run, so this takes some itself.
    """
    rows = prepared.space.candidates(SAMPLED, prepared.seed)
    evaluate = Evaluator(data, prepared.workers)
    seconds = None
    if rows:
        evaluate(rows[:1])  # the first one compiles and caches
        began = time.perf_counter()
        evaluate(rows)
        trial = (time.perf_counter() - began) / len(rows)
        seconds = _searching(prepared, trial) + _judging(prepared, trial)
    memory = evaluate.memory_bytes + prepared.trials * TRIAL_BYTES
    return StudyEstimate(prepared.trials, memory, seconds)


def _searching(prepared: PreparedStudy, trial: float) -> float:
    first, growth = PROPOSING[prepared.sampler]
    count = prepared.trials
    return count * (trial + first + growth * count / 2.0)


def _judging(prepared: PreparedStudy, trial: float) -> float:
    runs = min(LOOKED_AT, prepared.trials) + DRAWN + CHECKED
    if (plan := prepared.walk_forward) is not None:
        runs += round(CANDIDATES * plan.windows * plan.train_share)
    return JUDGING_SECONDS + runs * trial
