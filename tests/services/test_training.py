"""Models from training to production and back, over real stores and the sample bars."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import (
    ArtifactDamaged,
    Cancelled,
    InvalidInput,
    NotFound,
    StrategyError,
)
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.vocabulary import ModelStatus, ModelType
from quant_tui.engine.optimization.space import ParameterRange
from quant_tui.jobs.manager import JobContext
from quant_tui.ml.splits import Split
from quant_tui.ml.targets import Target
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services, open_services
from quant_tui.services.deployment_gates import beats_baselines, fresh
from quant_tui.services.models import ModelService
from quant_tui.services.training_request import SearchPlan, TrainingRequest, prepare_training

REQUEST = TrainingRequest(
    name="signal",
    symbols=("SPX", "IXIC"),
    start=date(2010, 1, 1),
    end=date(2014, 12, 31),
    target=Target("return", 5),
    parameters={"rounds": 15, "learning_rate": 0.1},
)


async def train(services: Services, **changes: object):  # type: ignore[no-untyped-def]
    job = await services.training.start(replace(REQUEST, **changes))  # type: ignore[arg-type]
    return await job.wait()


async def test_a_model_is_trained_registered_and_asked(stocked: Services) -> None:
    model = await train(stocked, tags=("first",), experiment="Trial runs", seed=3)
    assert (model.title, model.status, model.is_ready) == (
        "signal@0.1.0", ModelStatus.TRAINING, True
    )  # fmt: skip
    assert [one.partition("@")[0] for one in model.features] == [
        "distance_50", "return_1", "return_21", "return_5", "rsi_14", "volatility_21",
    ]  # fmt: skip
    assert set(model.baselines) == {"zero", "last", "mean"}
    assert model.metrics.keys() == model.baselines["zero"].keys()
    assert model.lineage["seed"] == 3
    assert len(model.lineage["data_fingerprint"]) == 64
    assert model.lineage["code_version"].keys() == {"quant-tui", "lightgbm"}
    assert model.report["folds"][0]["test"][1] <= "2014-12-31"
    assert sum(model.report["importance"].values()) == pytest.approx(1.0)
    assert is_there(stocked.models.artifact_place(model))
    again = await stocked.models.get("signal")
    assert again == model
    # The same request and seed give the same figures, and the next version.
    second = await train(stocked, seed=3)
    assert second.version == "0.2.0"
    assert second.metrics == model.metrics
    assert second.lineage["artifact_hash"] == model.lineage["artifact_hash"]
    other = await train(stocked, target=Target("direction", 5))
    assert other.version == "1.0.0"
    request = BacktestRequest(("SPX",), strategy_type="ML_SIGNAL", start=date(2016, 1, 1))
    with pytest.raises(
        StrategyError, match=r"No version of signal is in prod\. Your models: signal"
    ):
        await (await stocked.backtests.start(request)).wait()
    await stocked.deployments.promote(other.id, "prod", reason="test", force=True)
    report = await (await stocked.backtests.start(request)).wait()
    assert report.result is not None
    told = "signal@1.0.0 is one of 3 trained versions"
    assert any(told in one for one in report.result.details["warnings"])
    runs = await stocked.experiments.runs("Trial runs")
    assert [one.id for one in runs.models] == [model.id]
    everything = await stocked.experiments.runs()
    assert everything.differing >= {"target"}
    assert "seed" not in everything.differing or other.lineage["seed"] != 3


async def test_what_a_model_says_is_out_of_sample_and_does_not_change_later(
    stocked: Services,
) -> None:
    model = await train(stocked)
    known = np.datetime64(model.lineage["known_until"])
    found = await stocked.predictions.predict("signal", end=date(2016, 12, 30))
    there = np.isfinite(found.values).any(axis=1)
    assert found.dates[there].min() == known
    assert found.left_out > 0
    assert there[found.later :].mean() > 0.95
    # What was foretold while judging is what the model kept says of those dates.
    shorter = await stocked.predictions.predict("signal@0.1.0", end=date(2014, 6, 30))
    assert np.array_equal(shorter.values, found.values[: len(shorter.dates)], equal_nan=True)
    # Models judged on parts after which others had learned say nothing of them.
    folded = await train(stocked, split=Split("purged_kfold", folds=3))
    inside = await stocked.predictions.predict(folded.id, end=date(2014, 12, 30))
    assert not np.isfinite(inside.values).any()
    walked = await train(stocked, split=Split("walk_forward", folds=3))
    walked_found = await stocked.predictions.predict(walked.id, end=date(2015, 6, 30))
    first_test = np.datetime64(walked.report["folds"][0]["test"][0])
    spoken = np.isfinite(walked_found.values).any(axis=1)
    assert walked_found.dates[spoken].min() == first_test
    assert spoken[walked_found.dates > np.datetime64("2014-12-31")].all()


async def test_from_training_to_production_and_back(stocked: Services) -> None:
    old = await train(stocked)
    [closed] = [one for one in await stocked.deployments.gates(old.id, "prod") if not one.passed]
    assert closed.name == "fresh"
    await stocked.models.delete(old.id)
    await stocked.features.create("momentum", "rocp(close, 10)")
    recent = {"start": date(2016, 1, 1), "end": None, "features": ("momentum",)}
    first = await train(stocked, **recent)
    with pytest.raises(NotFound, match="in prod"):
        await stocked.models.get("signal@prod")
    await stocked.deployments.promote("signal", "staging", reason="looks well")
    made = await stocked.deployments.promote("signal", reason="better than nothing")
    assert made.config["deployed_by"] == "trader"
    assert [one["name"] for one in made.config["gates"]] == [
        "trained", "artifact", "features", "baselines", "fresh",
    ]  # fmt: skip
    baselines = made.config["gates"][3]
    rank_ic = first.metrics["rank_ic"]
    assert baselines["passed"], "it only warns"
    assert baselines["warns"] == (rank_ic <= 0.0), "a constant has no rank IC: it knows nothing"
    assert (await stocked.models.get("signal@prod")).status is ModelStatus.PRODUCTION
    assert (await stocked.models.get("signal@champion")).id == first.id
    worse = await train(stocked, parameters={"rounds": 1, "learning_rate": 0.0001}, **recent)
    gates = await stocked.deployments.gates(worse.id, "prod", "rmse")
    assert [one.name for one in gates] == [
        "trained", "artifact", "features", "baselines", "metric", "signature", "fresh",
    ]  # fmt: skip
    least = min(one["rmse"] for one in worse.baselines.values())
    assert gates[3].warns == (worse.metrics["rmse"] >= least)
    other = await train(stocked, target=Target("direction", 5), **recent)
    with pytest.raises(InvalidInput, match="foretells direction:5"):
        await stocked.deployments.promote(other.id, metric="rank_ic")
    with pytest.raises(InvalidInput, match="Say why"):
        await stocked.deployments.promote(worse.id, force=True)
    await stocked.deployments.promote(worse.id, reason="a test", force=True)
    # it still stands in staging
    assert (await stocked.models.get(first.id)).status is ModelStatus.TRAINING
    with pytest.raises(InvalidInput, match="is in prod"):
        await stocked.models.delete(worse.id)
    back = await stocked.deployments.roll_back("signal")
    assert back.model_id == first.id
    assert (await stocked.models.get("signal@prod")).id == first.id
    assert (await stocked.models.get("signal@champion")).id == first.id
    history = await stocked.deployments.list("signal", "prod")
    assert [(one.model_version, str(one.status)) for one in history] == [
        ("0.1.0", "deployed"), ("0.2.0", "rollback"), ("0.1.0", "deployed"),
    ]  # fmt: skip
    with pytest.raises(NotFound, match="No other version"):
        await stocked.deployments.roll_back("signal")
    standing = await stocked.deployments.on("signal", "prod", back.deployed_at.date())
    assert standing is not None
    assert standing.id == back.id
    assert await stocked.deployments.on("signal", "prod", date(2001, 1, 1)) is None
    assert [str(one.environment) for one in await stocked.deployments.standing()] == [
        "prod", "staging",
    ]  # fmt: skip
    # what was rolled back counts again once it was promoted again
    await stocked.deployments.promote(worse.id, reason="another test", force=True)
    assert (await stocked.deployments.roll_back("signal")).model_id == first.id
    cut_short(stocked.models.artifact_place(worse))
    stocked.models._loaded.clear()
    with pytest.raises(InvalidInput, match="damaged"):
        await stocked.deployments.promote(worse.id, reason="a test", force=True)


def cut_short(path: str) -> None:
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole[:-1])


async def test_parameters_are_searched_without_the_test_part(stocked: Services) -> None:
    space = {
        "num_leaves": ParameterRange("int", 2, 16),
        "learning_rate": ParameterRange("float", 0.01, 0.3),
    }
    plan = SearchPlan(3, space, "rmse")
    model = await train(stocked, search=plan)
    trials = model.search["trials"]
    assert len(trials) == 3
    best = min(trials, key=lambda one: one["value"])
    assert trials[model.search["best"]] == best
    assert model.parameters["num_leaves"] == best["parameters"]["num_leaves"]
    assert model.parameters["rounds"] == 15
    assert not model.search["judged_on_test"]


async def test_what_fails_or_is_cancelled_leaves_no_model_behind(stocked: Services) -> None:
    job = await stocked.training.start(replace(REQUEST, start=date(2014, 12, 1)))
    with pytest.raises(Exception, match=r"each needs"):
        await job.wait()
    (failed,) = await stocked.models.list()
    assert failed.version == f"0.1.0+{failed.id[-6:]}"
    assert failed.status is ModelStatus.FAILED
    assert failed.error
    with pytest.raises(InvalidInput, match="not trained to the end"):
        await stocked.predictions.predict(failed.id)
    with pytest.raises(InvalidInput, match="not trained"):
        await stocked.deployments.promote(failed.id, force=True, reason="x")
    job = await stocked.training.start(replace(REQUEST, parameters={"rounds": 20_000}, patience=0))
    job.cancel()
    with pytest.raises(Cancelled):
        await job.wait()
    cancelled = await stocked.models.get(job.target)
    assert cancelled.status is ModelStatus.CANCELLED
    # neither has used up a version
    assert cancelled.version == f"0.1.0+{cancelled.id[-6:]}"
    assert not artifacts(stocked)
    with pytest.raises(NotFound, match="Versions: none"):
        await stocked.models.get("signal")
    wrong = await stocked.training.validate(replace(REQUEST, name="a b"))
    assert wrong.keys() == {"name"}
    wrong = await stocked.training.validate(replace(REQUEST, features=("nothing",)))
    assert wrong.keys() == {"features"}


async def test_a_damaged_or_swapped_artifact_is_refused_and_the_deleted_come_back(
    stocked: Services,
) -> None:
    model = await train(stocked)
    place = stocked.models.artifact_place(model)
    data = changed(place, b"damaged")
    with pytest.raises(ArtifactDamaged, match="not the one that was registered"):
        await stocked.models.load(model)
    changed(place, data)
    assert (await stocked.models.load(model)).columns == tuple(
        one.partition("@")[0] for one in model.features
    )
    await stocked.models.delete("signal")
    with pytest.raises(NotFound):
        await stocked.models.get("signal")
    await stocked.models.restore(model.id)
    assert (await stocked.models.get("signal")).id == model.id
    twin = await train(stocked)
    assert twin.artifact_path == model.artifact_path
    await stocked.models.delete(model.id)
    stocked.models.close()
    assert is_there(place), "another model has the same artifact"
    await stocked.models.delete(twin.id)
    stocked.models.close()
    assert not is_there(place)


def artifacts(services: Services) -> list[Path]:
    return list(services.settings.locations.models.rglob("*.zip"))


def is_there(path: str) -> bool:
    return Path(path).is_file()


def changed(path: str, data: bytes) -> bytes:
    """Put other bytes into a file and return those it had."""
    file = Path(path)
    before = file.read_bytes()
    file.write_bytes(data)
    return before


@pytest.mark.parametrize(
    ("metric", "own", "baseline", "warns", "said"),
    [
        ("rank_ic", 0.04, None, False, "better than what takes no model: rank IC 0.04, zero 0"),
        ("rank_ic", -0.01, None, True, "not better than what takes no model: rank IC -0.01"),
        ("rmse", 0.02, 0.019, True, "not better than what takes no model: RMSE 0.02, zero 0.019"),
        ("auc", 0.49, None, True, "AUC 0.49, zero 0.5"),
        ("log_loss", 0.6, None, True, "no log-loss to compare with"),
    ],
)
def test_a_model_no_better_than_what_takes_none_is_warned_of(
    metric: str, own: float, baseline: float | None, warns: bool, said: str
) -> None:
    model = MLModel(
        name="signal", version="0.1.0", model_type=ModelType.LIGHTGBM, user_id="1",
        metrics={metric: own}, baselines={"zero": {metric: baseline}},
    )  # fmt: skip
    gate = beats_baselines(model, metric)
    assert (gate.passed, gate.warns) == (True, warns)
    assert said in gate.reason


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": -1}, "seed is a number from 0"),
        ({"space": ParameterRange("int", 64, 4)}, "low 64 is above its high 4"),
        ({"space": ParameterRange("int", 0, 4)}, "num_leaves lies from 2 to"),
        ({"space": ParameterRange("int", 4, 64, step=2, log=True)}, "has no step"),
    ],
)
def test_what_cannot_be_searched_is_said_before_anything_runs(
    changes: dict[str, object], said: str
) -> None:
    if (given := changes.pop("space", None)) is not None:
        changes["search"] = SearchPlan(3, space={"num_leaves": given})  # type: ignore[dict-item]
    with pytest.raises(InvalidInput, match=said):
        prepare_training(replace(REQUEST, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("interval", "passes"), [("1d", True), ("5m", False)])
def test_bars_of_minutes_age_a_model_in_days(interval: str, passes: bool) -> None:
    model = MLModel(
        name="signal", version="0.1.0", model_type=ModelType.LIGHTGBM, user_id="1",
        lineage={"last_date": "2018-12-01", "interval": interval},
    )  # fmt: skip
    assert fresh(model, date(2018, 12, 31)).passed is passes


async def test_another_instance_leaves_a_training_alone_that_waits_for_its_turn(
    stocked: Services, stocked_settings: Settings
) -> None:
    go_on = asyncio.Event()

    async def busy(_context: JobContext) -> None:
        await go_on.wait()

    for number in range(stocked.settings.jobs.workers):
        stocked.jobs.start("busy", str(number), busy)
    job = await stocked.training.start(REQUEST)
    other = await open_services(stocked_settings)
    try:
        assert stocked.user is not None
        await other.sign_in(stocked.user)
        await other.training.recover()
        waiting = await other.models.get(job.target)
        assert (waiting.status, waiting.error) == (ModelStatus.TRAINING, "")
    finally:
        await other.close()
        go_on.set()
    assert (await job.wait()).title == "signal@0.1.0"


async def test_a_training_that_ends_while_it_is_looked_at_is_not_taken_for_dead(
    stocked: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = await train(stocked)

    async def read_before(_self: ModelService) -> list[MLModel]:
        return [model.model_copy(update={"trained_at": None})]

    monkeypatch.setattr(ModelService, "unfinished", read_before)
    await stocked.training.recover()
    assert await stocked.models.get("signal") == model
