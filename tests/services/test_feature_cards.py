"""Cards, and the leakage check: what looks ahead is caught, whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from quant_tui.domain.errors import Conflict, InvalidInput, LeakageFound, NotFound
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.vocabulary import FeatureType, ModelStatus, ModelType
from quant_tui.ml.features.functions import function_names
from quant_tui.services.composition import Services
from quant_tui.services.deployment_gates import GateClosed
from quant_tui.services.feature_cards import FeatureScope
from quant_tui.services.training_request import TrainingRequest

SOME = FeatureScope(
    symbols=("GAON.SYN", "ASHBY.SYN", "LOOM.SYN", "MOSSY.SYN", "NARU.SYN", "SPX"),
    start=date(2012, 1, 1),
    end=date(2014, 12, 31),
)
PACKAGE = """
import numpy as np

class Honest:
    version, description = "1", "Change over five bars."
    warm_up, across_symbols = 5, False
    def compute(self, bars):
        found = np.full(bars.close.shape, np.nan)
        found[5:] = bars.close[5:] / bars.close[:-5] - 1
        return found

class Tomorrow(Honest):
    def compute(self, bars):
        found = np.full(bars.close.shape, np.nan)
        found[:-1] = bars.close[1:] / bars.close[:-1] - 1
        return found

class Seldom(Honest):
    # looks ahead before the greatest moves alone
    warm_up = 1
    def compute(self, bars):
        found = bars.close / bars.open
        later = np.zeros(bars.close.shape)
        later[:-1] = bars.close[1:] / bars.close[:-1] - 1
        found[np.abs(later) > 0.05] = 0.0
        return found

class WholeSample(Honest):
    warm_up = 0
    def compute(self, bars):
        return (bars.close - np.nanmean(bars.close, axis=0)) / np.nanstd(bars.close, axis=0)

class Wrong(Honest):
    def compute(self, bars):
        return np.zeros(3)

class Broken(Honest):
    def compute(self, bars):
        raise RuntimeError("no figures today")

class Unfinished:
    version = "1"
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that gives feature functions."""
    (tmp_path / "their_features.py").write_text(PACKAGE)
    about = tmp_path / "their_features-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-features\nVersion: 1.0\n")
    points = {
        "honest": "Honest", "tomorrow": "Tomorrow", "seldom": "Seldom",
        "whole_sample": "WholeSample", "wrong": "Wrong", "broken": "Broken",
        "unfinished": "Unfinished", "absent": "Absent",
    }  # fmt: skip
    lines = [f"{name} = their_features:{made}" for name, made in points.items()]
    (about / "entry_points.txt").write_text(
        "[quant_tui.feature_functions]\n" + "\n".join(lines) + "\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


async def test_a_leaky_feature_is_caught_and_kept_out_of_production(
    stocked: Services, package: None
) -> None:
    """One that peeks a bar ahead, one that knows the whole sample; an honest one passes."""
    features, cards = stocked.features, stocked.feature_cards
    assert "tomorrow" in function_names()
    for name in ("honest", "tomorrow", "seldom", "whole_sample"):
        made = await features.create(name, name, feature_type=FeatureType.FUNCTION)
        assert (made.expression, made.feature_type) == (name, FeatureType.FUNCTION)
        assert made.description == "Change over five bars."
        with pytest.raises(LeakageFound, match="not checked for leakage"):
            await features.promote(name)

    # nobody has checked it yet: a training does, before it learns anything
    request = TrainingRequest("signal", ("SPX",), features=("tomorrow",), parameters={"rounds": 2})
    with pytest.raises(LeakageFound, match=r"tomorrow 0\.1\.0 looks ahead"):
        await (await stocked.training.start(request)).wait()
    model = await (await stocked.training.start(replace(request, features=("honest",)))).wait()
    deployments = stocked.deployments
    await deployments.promote(model.id, "dev")
    version = await features.version("honest")
    found = {"leaks": True, "changed": 1, "compared": 2, "first": None}
    await features.record(version.id, {"leakage": found})  # as of a check on other bars
    with pytest.raises(GateClosed, match=r"honest@0\.1\.0 looks ahead"):
        await deployments.promote(model.id, "staging", force=True, reason="all the same")
    [warning] = await stocked.scoring.warnings()
    assert (warning.kind, "honest@0.1.0 looks ahead" in warning.text) == ("leak", True)

    clean = await (await cards.start_check("honest", SOME)).wait()
    assert (clean.leaks, clean.changed, clean.first, clean.cuts, clean.symbols) == (
        False, 0, None, 23, 6,
    )  # fmt: skip
    assert clean.compared > 10_000
    assert (await features.promote("honest")).version == "0.1.0"

    ahead = await (await cards.start_check("tomorrow", SOME)).wait()
    assert ahead.leaks
    assert ahead.first is not None
    assert ahead.first.date == ahead.first.cut, "only the last bar's value needs the next one"
    assert ahead.first.truncated is None
    whole = await (await cards.start_check("whole_sample@0.1.0", SOME)).wait()
    assert whole.changed > whole.compared * 0.9
    seldom = await (await cards.start_check("seldom", SOME)).wait()
    assert 0 < seldom.changed < 100
    for name in ("tomorrow", "seldom", "whole_sample"):
        with pytest.raises(LeakageFound, match="looks ahead") as refused:
            await features.promote(name)
        assert "feature check" in refused.value.hint
        with pytest.raises(LeakageFound, match="looks ahead"):
            await features.panel([name], ["SPX"])

    card = await (await cards.start("tomorrow", SOME)).wait()
    assert card.leak.leaks
    assert card.too_good, "it foretells the next return because it is the next return"
    assert card.information.pearson[0].mean == pytest.approx(1.0)
    assert card.version.statistics["leakage"]["leaks"] is True


async def test_a_function_that_cannot_be_used_is_said_to_be(
    stocked: Services, package: None
) -> None:
    features = stocked.features
    for name, says in (("unfinished", "has no description"), ("absent", "cannot be used")):
        with pytest.raises(InvalidInput, match=says):
            await features.create(name, name, feature_type=FeatureType.FUNCTION)
    for name, says in (("wrong", r"gave the shape \(3,\)"), ("broken", "no figures today")):
        await features.create(name, name, feature_type=FeatureType.FUNCTION)
        with pytest.raises(InvalidInput, match=says):
            await features.panel([name], ["SPX"])
    with pytest.raises(NotFound, match="no_such"):
        await features.create("x", "no_such", feature_type=FeatureType.FUNCTION)


async def test_a_card(stocked: Services, package: None) -> None:
    """Every part of it, what is kept of it, and who uses the feature."""
    features, cards = stocked.features, stocked.feature_cards
    momentum = await features.create("momentum", "close / sma(close, 20) - 1")
    await features.create("turned", "1 - close / sma(close, 20)")
    await features.create("broken", "broken", feature_type=FeatureType.FUNCTION)
    await features.create("macro", 'macro("CPI")')
    card = await (await cards.start("momentum", SOME)).wait()

    panel = await features.panel(["momentum"], SOME.symbols, "1d", SOME.start, SOME.end)
    values = panel.values[np.isfinite(panel.values)]
    assert card.summary.count == len(values)
    assert card.summary.mean == pytest.approx(values.mean())
    assert (card.fingerprint, card.available) == (panel.fingerprint, 14)
    assert (card.course.unit, len(card.course.starts)) == ("months", 36)
    assert card.information.across
    assert card.information.rank[0].count > 700
    assert not card.leak.leaks
    assert not card.too_good
    assert str(card.drift.split)[:4] == "2013"
    pairs = {one.name: one for one in card.neighbours}
    assert pairs["turned"].pearson == pytest.approx(-1.0)
    assert pairs["turned"].rank == pytest.approx(-1.0)
    assert (pairs["broken"].rank, bool(pairs["broken"].why)) == (None, True)
    assert "outside" in pairs["macro"].why

    (run,) = card.version.statistics["runs"]
    assert run["mean"] == card.summary.mean
    assert run["fingerprint"] == panel.fingerprint
    assert run["quantiles"]["p50"] == card.summary.quantiles[0.5]
    assert (await features.get("momentum")).statistics["runs"] == [run]
    await (await cards.start("momentum", SOME)).wait()
    later = FeatureScope(SOME.symbols, start=date(2014, 6, 1), end=SOME.end)
    again = await (await cards.start("momentum", later)).wait()
    assert len(again.version.statistics["runs"]) == 2, "one a universe and period"

    models = stocked.stores.repositories.for_user(momentum.user_id).ml_models
    model = await models.create(
        MLModel(
            name="forest", model_type=ModelType.LIGHTGBM, user_id=momentum.user_id,
            status=ModelStatus.PRODUCTION,
        )
    )  # fmt: skip
    await models._collection.update_one(
        {"name": "forest"}, {"$set": {"lineage.feature_version_ids": [card.version.id]}}
    )
    (use,) = await features.models_of("momentum")
    assert (use.id, use.name, use.feature_version) == (model.id, "forest", "0.1.0")
    with pytest.raises(Conflict, match=r"used by forest 0\.1\.0"):
        await features.delete("momentum")
