"""Features, models, deployments and a scenario for the pictures of their screens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from quant_tui.domain.errors import InsufficientData
from quant_tui.ml.targets import Target
from quant_tui.services.composition import Services
from quant_tui.services.scenario_definition import ScenarioDefinition
from quant_tui.services.scenario_windows import Window
from quant_tui.services.training_request import TrainingRequest

from .test_models_registry import REQUEST, one_model


async def features(services: Services) -> None:
    """Make four features, one of them in production with a newer draft."""
    await services.sample_data.load_bars()
    store = services.features
    await store.create("모멘텀_20", "close / sma(close, 20) - 1", description="한 달 평균과의 거리")
    await store.create("rsi_14", "rsi(close, 14)", description="Relative strength of 14 bars")
    await store.create("calm", "stddev(roc(close, 1), 20) < 1.5")
    await store.create("place", "rank(roc(close, 20))", description="Rank among the symbols")
    await store.promote("모멘텀_20")
    await store.edit("모멘텀_20", expression="close / sma(close, 50) - 1")


async def train(services: Services, request: TrainingRequest) -> None:
    """Train a model to its end."""
    await (await services.training.start(request)).wait()


async def two_models(services: Services) -> None:
    """Train two versions of a model."""
    await one_model(services)
    await train(services, replace(REQUEST, parameters={"rounds": 9, "learning_rate": 0.2}))


async def model_of_directions(services: Services) -> None:
    """Train a model that says how probable a rise is."""
    await services.features.create("모멘텀", "rocp(close, 10)")
    await train(services, replace(REQUEST, name="방향", target=Target("direction", 5)))


async def one_that_failed(services: Services) -> None:
    """Train a model, and one that has too few bars."""
    await one_model(services)
    late = replace(REQUEST, start=date(2018, 12, 20))
    job = await services.training.start(late)
    with pytest.raises(InsufficientData):
        await job.wait()
    # what it gave its version back with is of its id
    await services.models.change(job.target, {"version": "0.2.0+1a2b3c"})


async def everything(services: Services) -> None:
    """Have two models in use one after the other, judged in a scenario."""
    await two_models(services)
    windows = (Window("하반기 2018", date(2018, 7, 2), date(2018, 12, 28)),
               Window("learned from", date(2017, 1, 2), date(2017, 3, 31)))  # fmt: skip
    definition = ScenarioDefinition(windows, ("GAON.SYN", "DORAN.SYN"), costs=(0.0, 0.001))
    models = [one.id for one in sorted(await services.models.list(), key=lambda one: one.version)]
    await services.scenarios.create("위기", definition, models=models)
    await (await services.scenarios.start("위기")).wait()
    # of its content, in which the models' ids are chance
    scenarios = services.stores.metadata.database["evaluation_scenarios"]
    await scenarios.update_many({}, {"$set": {"results.fingerprint": "0123456789abcdef"}})
    for version, place, reason in (
        ("0.1.0", "prod", "첫 배포"),
        ("0.2.0", "staging", "to be watched"),
        ("0.2.0", "prod", "better in the 하반기"),
    ):
        await services.deployments.promote(f"signal@{version}", place, reason=reason, force=True)
    await services.deployments.roll_back("signal", "prod", reason="drawdown")
    # both changed within a thousandth of a second, which orders them by chance
    models_kept = services.stores.metadata.database["ml_models"]
    for minute, version in enumerate(("0.2.0", "0.1.0")):
        changed = datetime(2026, 3, 2, 9, 30 + minute, tzinfo=UTC)
        await models_kept.update_many({"version": version}, {"$set": {"updated_at": changed}})
