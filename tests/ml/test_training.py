"""Training: judged on what was not learned from, beside forecasts that take no model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quant_tui.domain.errors import Cancelled, InvalidInput
from quant_tui.ml.models.protocol import LossCurve
from quant_tui.ml.models.registry import checked_parameters, model_kind
from quant_tui.ml.panel import Panel
from quant_tui.ml.splits import Split
from quant_tui.ml.targets import Target
from quant_tui.ml.training import Plan, score, train
from tests.ml.panels import cut, made_panel

KIND = model_kind("LightGBM")
PLAN = Plan(
    Target("return", 1),
    Split("holdout"),
    checked_parameters(KIND, {"rounds": 40, "learning_rate": 0.15}),
)


@pytest.mark.parametrize("split", ["holdout", "purged_kfold", "walk_forward"])
def test_a_model_beats_the_baselines_where_there_is_something_to_learn(split: str) -> None:
    panel = made_panel()
    told: list[tuple[float, str]] = []

    def progress(done: float, message: str, curve: LossCurve) -> None:
        told.append((done, message))

    plan = replace(PLAN, split=Split(split, folds=3))
    found = train(panel, KIND, plan, progress=progress)
    assert set(found.baselines) == {"zero", "last", "mean"}
    least = min(one["rmse"] or 0.0 for one in found.baselines.values())
    assert (found.figures["rmse"] or 1.0) < 0.8 * least
    assert (found.figures["rank_ic"] or 0.0) > 0.5
    assert found.baselines["zero"]["ic"] is None
    assert found.is_tradable is (split != "purged_kfold")
    assert found.known_until == (199 if split != "holdout" else found.folds[0].last_train + 1)
    assert len(found.folds) == (1 if split == "holdout" else 3)
    tested = np.isfinite(found.predictions)
    assert tested.sum() == sum(one.tested for one in found.folds)
    if split != "purged_kfold":
        assert not tested[: found.folds[0].first_test].any()
    assert told
    assert [one for one, _ in told] == sorted(one for one, _ in told)
    assert train(panel, KIND, plan).figures == found.figures


def test_noise_cannot_be_learned_and_leaks_would_show() -> None:
    panel = made_panel(6, 250, strength=0.0)
    found = train(panel, KIND, replace(PLAN, split=Split("purged_kfold", folds=4)))
    assert abs(found.figures["rank_ic"] or 0.0) < 0.1
    assert (found.figures["r2"] or 0.0) < 0.05
    # The label itself as a feature is what a leak looks like.
    later = np.full(panel.close.shape, np.nan)
    later[:-1] = panel.close[1:] / panel.close[:-1] - 1
    values = panel.values.copy()
    values[:, :, 0] = later
    leaky = Panel(panel.symbols, panel.dates, panel.columns, values, panel.close)
    assert (train(leaky, KIND, PLAN).figures["rank_ic"] or 0.0) > 0.9


def test_test_predictions_do_not_change_with_what_comes_after() -> None:
    """Walk-forward predictions of a date are the same when the data end there."""
    panel = made_panel(4, 220)
    plan = replace(PLAN, split=Split("walk_forward", folds=2, test_share=0.4), refit=False)
    whole = train(panel, KIND, plan)
    first, last = whole.folds[0].first_test, whole.folds[0].last_test
    # The same first part of the split, from a panel that ends where it does.
    share = (last + 1 - first) / (last + 1)
    single = replace(plan, split=Split("holdout", test_share=share))
    part = train(cut(panel, last + 2), KIND, single)
    assert part.folds[0].first_test == first
    shown = slice(first, last + 1)
    assert np.array_equal(part.predictions[shown], whole.predictions[shown])


def test_classes_are_judged_as_classes() -> None:
    panel = made_panel()
    plan = replace(PLAN, target=Target("direction", 1), class_weight="balanced")
    found = train(panel, KIND, plan)
    assert (found.figures["auc"] or 0.0) > 0.8
    assert (found.figures["log_loss"] or 1.0) < (found.baselines["mean"]["log_loss"] or 0.0)
    assert len(found.charts["confusion"]) == 2
    three = train(panel, KIND, replace(PLAN, target=Target("triple_barrier", 3)))
    assert sum(map(sum, three.charts["confusion"])) == three.folds[0].tested
    assert np.nanmax(np.abs(three.predictions)) <= 1.0


def test_scores_of_later_dates_are_the_models_own() -> None:
    panel = made_panel()
    found = train(cut(panel, 150), KIND, PLAN)
    later = score(found.model, panel, PLAN.target, 150)
    assert np.isnan(later[:150]).all()
    assert np.isfinite(later[150:]).all()
    # What the split judged is what the model kept forecasts.
    tested = np.isfinite(found.predictions)
    again = score(found.model, cut(panel, 150), PLAN.target)
    assert np.array_equal(again[tested], found.predictions[tested])


def test_wrong_plans_and_cancelled_trainings_end_clearly() -> None:
    panel = made_panel()
    with pytest.raises(InvalidInput, match="no classes to balance"):
        replace(PLAN, class_weight="balanced")
    with pytest.raises(InvalidInput, match="does not tell 3 classes apart"):
        train(panel, model_kind("Prophet"), replace(PLAN, target=Target("triple_barrier", 3)))
    rising = Panel(
        panel.symbols, panel.dates, panel.columns, panel.values,
        np.tile(np.arange(1.0, 201.0)[:, None], 4),
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="one class"):
        train(rising, KIND, replace(PLAN, target=Target("direction", 1)))
    with pytest.raises(InvalidInput, match="No date has both"):
        train(cut(panel, 1), KIND, PLAN)
    with pytest.raises(Cancelled):
        train(panel, KIND, PLAN, cancel=lambda: True)
