"""What a promotion has to pass: the figures of the model beside the champion's, data, kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.domain.ml_platform import EvaluationScenario, MLModel
from quant_tui.ml.metrics import DIRECTION, METRIC_TITLES
from quant_tui.ml.targets import Target
from quant_tui.services.features import leaking_inputs
from quant_tui.services.scenario_judging import RANKED
from quant_tui.services.training_request import is_better
from quant_tui.storage.duck.records import is_intraday

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from quant_tui.services.scenarios import ScenarioService

OLDEST_DATA, OLDEST_INTRADAY = timedelta(days=90), timedelta(days=7)
"""How much newer the newest bars may be than those of a model that is fresh."""

KNOWS_NOTHING = {"ic": 0.0, "icir": 0.0, "rank_ic": 0.0, "rank_icir": 0.0, "auc": 0.5}
"""Figures of a forecast that says the same of everything."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition of a promotion.

    Attributes
    ----------
    name
        ``trained``, ``artifact``, ``features``, ``baselines``, ``metric``, ``signature`` or
        ``fresh``.
    passed
        Whether it holds.
    reason
        What was found.
    warns
        Whether it is open, but better looked at.
    """

    name: str
    passed: bool
    reason: str
    warns: bool = False

    def to_document(self) -> Document:
        """Return it as plain data."""
        return {
            "name": self.name,
            "passed": self.passed,
            "reason": self.reason,
            "warns": self.warns,
        }


NEVER_FORCED = frozenset({"trained", "artifact", "features"})
"""Gates past which there is no way."""

OPEN = "✓"
"""Mark of a gate that is open."""


def gate_mark(gate: Document) -> str:
    """Return the mark of a gate that is plain data: open, closed, or open with a warning."""
    if not gate["passed"]:
        return "✗"
    return "!" if gate.get("warns") else OPEN


class GateClosed(InvalidInput):
    """A model may not be promoted as it is; ``gates`` says why."""

    title = "Not promoted"

    def __init__(self, model: MLModel, gates: tuple[Gate, ...]) -> None:
        closed = "; ".join(one.reason for one in gates if not one.passed)
        super().__init__(
            f"{model.title}: {closed}.",
            hint="Force it with a reason, or train another.",
            field="model",
        )
        self.gates = gates


def honest_inputs(model: MLModel, looking_ahead: Collection[str]) -> Gate:
    """Look for features of which is known that they look ahead; as ``leaking_inputs``."""
    leaking = leaking_inputs(model, looking_ahead)
    if leaking:
        return Gate("features", False, f"{', '.join(leaking)} looks ahead")
    return Gate("features", True, "none is known to look ahead")


def beats_baselines(model: MLModel, metric: str) -> Gate:
    """Compare a model with what takes none, on the dates that it was judged on; only warns.

    A baseline that has not the figure, as a constant has no IC, counts as one that knows
    nothing: 0, and 0.5 for the AUC.
    """
    known = {name: found.get(metric) for name, found in model.baselines.items()}
    if None in known.values() and metric in KNOWS_NOTHING:
        nothing = KNOWS_NOTHING[metric]
        known = {name: nothing if value is None else value for name, value in known.items()}
    values = {name: value for name, value in known.items() if value is not None}
    one, title = model.metrics.get(metric), METRIC_TITLES[metric]
    if not values:
        return Gate("baselines", True, f"no {title} to compare with", warns=True)
    best = (max if DIRECTION[metric] else min)(values, key=lambda name: values[name])
    shown = f"{title} {_figure(one)}, {best} {_figure(values[best])}"
    if is_better(metric, one, values[best]):
        return Gate("baselines", True, f"better than what takes no model: {shown}")
    return Gate("baselines", True, f"not better than what takes no model: {shown}", warns=True)


def no_worse(model: MLModel, champion: MLModel, metric: str) -> Gate:
    """Compare the figures that both had on the dates that each was judged on."""
    one, other = model.metrics.get(metric), champion.metrics.get(metric)
    same = model.lineage.get("tested") == champion.lineage.get("tested")
    where = "" if same else ", on other dates"
    worse = is_better(metric, other, one)
    shown = f"{METRIC_TITLES[metric]} {_figure(one)}, {'better was' if worse else 'beside'} "
    return Gate("metric", not worse, f"{shown}{_figure(other)} of {champion.version}{where}")


async def no_worse_in_scenario(
    model: MLModel,
    champion: MLModel | None,
    scenario: EvaluationScenario,
    scenarios: ScenarioService,
) -> Gate:
    """Compare both in the windows of a scenario in which both are out of sample.

    Without a champion the baselines are what it may not be worse than, and holding where
    strategies are compared. A model that is out of sample in no window does not pass.
    """
    try:
        results = await scenarios.judge(scenario, [model, *([champion] if champion else [])])
    except InsufficientData as error:
        return Gate("metric", False, f"{scenario.name} cannot be run: {error}")
    metric = str(scenario.config["ranked_by"])
    title = METRIC_TITLES.get(metric, metric.replace("_", " "))
    places = {window["window"]["name"]: window["models"] for window in results["windows"]}
    both = [name for name, found in places.items() if all(one["state"] == RANKED for one in found)]
    where = f"in {scenario.name}, {len(both)} of {len(places)} windows"
    if not both:
        states = {one["state"] for found in places.values() for one in found}
        return Gate("metric", False, f"{where} to compare in ({', '.join(sorted(states))})")
    windows = [one for one in results["windows"] if one["window"]["name"] in both]
    found = _mean([_of_model(one, model.id, metric) for one in windows])
    if champion is not None:
        other = _mean([_of_model(one, champion.id, metric) for one in windows])
        shown = f"{model.version} {_figure(found)}, {champion.version} {_figure(other)}"
        passed = found is not None and (other is None or found >= other)
        return Gate("metric", passed, f"{title} {shown} {where}")
    name, other = _best_baseline(windows, model.id, metric)
    passed = found is not None and found >= other
    return Gate("metric", passed, f"{title} {_figure(found)}, {name} {_figure(other)} {where}")


def same_signature(model: MLModel, champion: MLModel) -> Gate:
    """Compare what the two foretell."""
    if model.signature.get("output") == champion.signature.get("output"):
        return Gate("signature", True, "it foretells the same")
    one = Target.from_document(model.target).title
    other = Target.from_document(champion.target).title
    return Gate("signature", False, f"it foretells {one}, {champion.version} {other}")


def fresh(model: MLModel, newest: date | None) -> Gate:
    """Compare the dates of a model's data with those of the newest bars."""
    last = date.fromisoformat(str(model.lineage["last_date"])[:10])
    newer = (newest - last).days if newest else 0
    reason = f"its data end on {last}"
    if newer > 0:
        reason += f", and there are bars of {newer} days more"
    most = OLDEST_INTRADAY if is_intraday(model.lineage["interval"]) else OLDEST_DATA
    return Gate("fresh", newer <= most.days, reason)


def _best_baseline(windows: Sequence[Document], model_id: str, metric: str) -> tuple[str, float]:
    """Return what takes no model and is best; one without the figure counts as 0."""
    if metric == "sharpe_ratio":
        held = _mean([one["buy_and_hold"][0]["sharpe_ratio"] for one in windows])
        return "holding", held or 0.0
    found: dict[str, list[float]] = {}
    for window in windows:
        for one in window["models"]:
            if one["model_id"] == model_id:
                for name, figures in one["baselines"].items():
                    found.setdefault(name, []).append(figures.get(metric) or 0.0)
    means = {name: sum(values) / len(values) for name, values in found.items()}
    best = max(means, key=lambda name: means[name])
    return best, means[best]


def _of_model(window: Document, model_id: str, metric: str) -> float | None:
    one = next(one for one in window["models"] if one["model_id"] == model_id)
    value: float | None = (
        one["strategy"][0]["sharpe_ratio"]
        if metric == "sharpe_ratio"
        else one["metrics"].get(metric)
    )
    return value


def _mean(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return sum(known) / len(known) if known else None


def _figure(value: float | None) -> str:
    return "–" if value is None else format(value, ".4g")
