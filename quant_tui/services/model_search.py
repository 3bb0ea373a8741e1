"""Choosing a model's parameters by trials: Optuna's TPE over inner splits of the samples.

What the model is judged on in the end takes no part: trials are judged on a holdout of the
dates before the first test part. Only ``purged_kfold``, which tests every date, has none to
spare; its figures are then those of the best of so many trials, and are marked so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import InsufficientData
from quant_tui.engine.optimization.space import ParameterRange
from quant_tui.ml.metrics import DIRECTION
from quant_tui.ml.models.protocol import LossCurve, ModelKind, Value
from quant_tui.ml.models.registry import checked_parameters
from quant_tui.ml.panel import Panel
from quant_tui.ml.splits import Split, folds_of
from quant_tui.ml.targets import labels_of
from quant_tui.ml.training import Plan, Progress, train
from quant_tui.services.training_request import SearchPlan, usual_metric

if TYPE_CHECKING:
    from optuna.study import Study

WARM_UP_TRIALS = 10


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What a search came to: the parameters, and its account for the model."""

    parameters: dict[str, Value]
    document: Document


def usual_space(kind: ModelKind) -> dict[str, ParameterRange]:
    """Return the ranges of the parameters that a search varies where nobody says."""
    found: dict[str, ParameterRange] = {}
    for name, spec in kind.parameters.items():
        if not spec.searched:
            continue
        if isinstance(spec.default, bool | str):
            choices = spec.choices or (False, True)
            found[name] = ParameterRange("cat", choices=choices)
            continue
        around = 8.0 if spec.log else 4.0
        low = max(float(spec.low or 0.0), float(spec.default) / around)
        high = min(float(spec.high or 0.0), float(spec.default) * around)
        whole = isinstance(spec.default, int)
        if whole:
            low, high = max(round(low), round(spec.low or 0)), round(high)
        found[name] = ParameterRange("int" if whole else "float", low, high, log=spec.log)
    return found


def search(
    panel: Panel,
    kind: ModelKind,
    plan: Plan,
    wanted: SearchPlan,
    progress: Progress,
    cancel: CancelCheck,
) -> SearchOutcome:
    """Try combinations of parameters and return the best.

    Raises
    ------
    InsufficientData
        No trial has the figure that is looked for.
    Cancelled
        ``cancel`` said so.
    """
    import optuna
    from optuna.samplers import TPESampler

    from quant_tui.services.study_search import distribution, quiet

    space = dict(wanted.space) or usual_space(kind)
    metric = wanted.metric or usual_metric(plan.target)
    inner_panel, inner = _inner(panel, plan)
    with quiet():
        study: Study = optuna.create_study(
            direction="maximize" if DIRECTION[metric] else "minimize",
            sampler=TPESampler(seed=plan.seed, n_startup_trials=WARM_UP_TRIALS),
        )
    trials: list[Document] = []
    for number in range(wanted.trials):
        raise_if_cancelled(cancel)
        with quiet():
            trial = study.ask({name: distribution(given) for name, given in space.items()})
        chosen = checked_parameters(kind, {**plan.parameters, **trial.params})

        def told(fraction: float, message: str, curve: LossCurve, done: int = number) -> None:
            progress((done + fraction) / wanted.trials, f"trial {done + 1}: {message}", curve)

        found = train(
            inner_panel, kind, replace(inner, parameters=chosen), progress=told, cancel=cancel
        )
        value = found.figures.get(metric)
        trials.append({"parameters": dict(trial.params), "value": value})
        with quiet():
            if value is None:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, value)
    valued = [one for one in trials if one["value"] is not None]
    if not valued:
        raise InsufficientData(
            f"No trial has a figure {metric}.", hint="Choose another metric for the search."
        )
    sign = 1.0 if DIRECTION[metric] else -1.0
    best = max(valued, key=lambda one: sign * float(one["value"]))
    return SearchOutcome(
        checked_parameters(kind, {**plan.parameters, **best["parameters"]}),
        {
            "metric": metric,
            "best": trials.index(best),
            "trials": trials,
            "space": {name: given.to_document() for name, given in space.items()},
            "judged_on_test": not plan.split.is_causal,
        },
    )


def _inner(panel: Panel, plan: Plan) -> tuple[Panel, Plan]:
    """Return what trials are judged on."""
    if not plan.split.is_causal:
        return panel, replace(plan, refit=False)
    samples = labels_of(panel.close, plan.target).samples(panel)
    fold = folds_of(samples, plan.split)[0]
    stop = int(samples.rows[fold.test[0]])
    before = Panel(
        panel.symbols, panel.dates[:stop], panel.columns, panel.values[:stop], panel.close[:stop]
    )
    split = Split("holdout", validation_share=plan.split.validation_share)
    return before, replace(plan, split=split, refit=False)
