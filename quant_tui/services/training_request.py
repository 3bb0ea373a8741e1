"""What training is asked for, checked before anything is begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.ml.metrics import DIRECTION
from quant_tui.ml.splits import Split
from quant_tui.ml.targets import Target
from quant_tui.ml.training import Plan
from quant_tui.services.model_names import checked_model_name

if TYPE_CHECKING:
    from quant_tui.engine.optimization.space import ParameterRange
    from quant_tui.ml.models.protocol import ModelKind

MOST_TRIALS = 1000
MOST_TAGS = 20
MOST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How parameters are chosen before the model is trained.

    Attributes
    ----------
    trials
        How many combinations are tried.
    space
        Range of each parameter that is varied; empty for the usual ones of the type.
    metric
        Figure that is looked for; empty for the usual one of the target.
    """

    trials: int = 20
    space: Mapping[str, ParameterRange] = field(default_factory=dict)
    metric: str = ""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train.

    Attributes
    ----------
    name
        Of the model; the version is counted on.
    model_type
        One of :func:`~quant_tui.ml.models.registry.model_types`, in any case.
    features
        Names, or ``name@1.2.0``; empty for all of the user's.
    start, end
        First and last session, both included; None for all there is.
    parameters
        Of the type; those not given keep their defaults.
    class_weight, patience, seed, threads, refit
        See :class:`~quant_tui.ml.training.Plan`.
    search
        Chooses parameters by trials first; None takes those given.
    experiment
        Name of the group that the run belongs to; made where there is none. Empty: none.
    """

    name: str
    symbols: tuple[str, ...]
    model_type: str = "LightGBM"
    features: tuple[str, ...] = ()
    interval: str = "1d"
    start: date | None = None
    end: date | None = None
    target: Target = field(default_factory=Target)
    split: Split = field(default_factory=Split)
    parameters: Mapping[str, object] = field(default_factory=dict)
    class_weight: str = "none"
    patience: int = 20
    seed: int = 0
    threads: int = 1
    refit: bool | None = None
    search: SearchPlan | None = None
    experiment: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, eq=False)
class PreparedTraining:
    """A request whose parts were found to be right.

    Attributes
    ----------
    kind, plan
        What is trained, and how.
    symbols, features
        As they are written; features may still be empty.
    """

    request: TrainingRequest
    name: str
    kind: ModelKind
    plan: Plan
    symbols: tuple[str, ...]
    features: tuple[str, ...]


def prepare_training(request: TrainingRequest) -> PreparedTraining:
    """Check a request as far as it goes without data.

    Raises
    ------
    InvalidInput
        Something cannot be used; ``field`` says what.
    """
    from quant_tui.ml.models.registry import checked_parameters, model_kind, require_installed

    name = checked_model_name(request.name)
    kind = model_kind(request.model_type)
    require_installed(kind.name)
    symbols = _distinct(request.symbols, "symbols")
    if not symbols:
        raise InvalidInput("Training needs at least one symbol.", field="symbols")
    if request.target.kind == "ranking" and len(symbols) < 2:
        raise InvalidInput("A ranking needs two symbols or more.", field="symbols")
    if len(request.target.classes) > kind.most_classes:
        raise InvalidInput(
            f"{kind.name} does not tell {len(request.target.classes)} classes apart.",
            field="target",
            hint="Choose another target, or another type.",
        )
    if request.start and request.end and request.end < request.start:
        raise InvalidInput("The end is before the start.", field="end")
    if len(request.tags) > MOST_TAGS or not all(0 < len(one) <= 40 for one in request.tags):
        raise InvalidInput(f"{MOST_TAGS} tags of 1 to 40 letters at most.", field="tags")
    if not 0 <= request.seed <= MOST_SEED:
        raise InvalidInput(f"The seed is a number from 0 to {MOST_SEED:,}.", field="seed")
    plan = Plan(
        target=request.target,
        split=request.split,
        parameters=checked_parameters(kind, request.parameters),
        class_weight=request.class_weight,
        patience=request.patience,
        seed=request.seed,
        threads=request.threads,
        refit=request.refit,
    )
    if request.search is not None:
        _check_search(request.search, kind)
    return PreparedTraining(
        request, name, kind, plan, symbols, _distinct(request.features, "features")
    )


def usual_metric(target: Target) -> str:
    """Return the figure by which models of a target are compared where nobody says."""
    if target.classes:
        return "auc" if len(target.classes) == 2 else "log_loss"
    return "rmse" if target.kind == "volatility" else "rank_ic"


def is_better(metric: str, one: float | None, other: float | None) -> bool:
    """Whether a figure is better than another; one that is undefined never is."""
    if one is None:
        return False
    if other is None:
        return True
    return one > other if DIRECTION[metric] else one < other


def signature_of(features: Sequence[str], target: Target) -> Document:
    """Return what goes in and comes out of a model."""
    output = {
        "return": "simple return",
        "direction": "probability of a rise less one half",
        "volatility": "standard deviation of log returns a bar",
        "triple_barrier": "probability of a gain less that of a loss",
        "ranking": "place among the symbols, -0.5 to 0.5",
    }[target.kind]
    return {"inputs": list(features), "output": {**target.to_document(), "unit": output}}


def _distinct(names: Sequence[str], field_name: str) -> tuple[str, ...]:
    found = tuple(one.strip() for one in names if one.strip())
    twice = {one for one in found if found.count(one) > 1}
    if twice:
        raise InvalidInput(f"{', '.join(sorted(twice))} is named twice.", field=field_name)
    return found


def _check_search(plan: SearchPlan, kind: ModelKind) -> None:
    if not 1 <= plan.trials <= MOST_TRIALS:
        raise InvalidInput(f"1 to {MOST_TRIALS} trials, not {plan.trials}.", field="trials")
    if plan.metric and plan.metric not in DIRECTION:
        raise InvalidInput(
            f"There is no figure {plan.metric!r}.",
            field="metric",
            hint=f"There are {', '.join(DIRECTION)}.",
        )
    for name, given in plan.space.items():
        if name not in kind.parameters:
            raise InvalidInput(
                f"{kind.name} has no parameter {name!r}.",
                field="space",
                hint=f"There are {', '.join(kind.parameters)}.",
            )
        _check_range(name, given, kind)


def _check_range(name: str, given: ParameterRange, kind: ModelKind) -> None:
    from quant_tui.ml.models.registry import checked_parameters

    low, high = given.low, given.high
    if low is not None and high is not None:
        if low > high:
            text = f"{name}: the range's low {low:g} is above its high {high:g}."
            raise InvalidInput(text, field="space")
        if given.log and (low <= 0 or given.step is not None):
            text = f"{name}: a logarithmic range begins above zero and has no step."
            raise InvalidInput(text, field="space")
        if given.step is not None and not given.step > 0:
            raise InvalidInput(f"{name}: the step must be above zero.", field="space")
    for value in given.choices or (low, high):
        checked_parameters(kind, {name: value})
