"""Evaluation scenarios over real stores and the sample bars."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.ml.splits import Split
from quant_tui.ml.targets import Target
from quant_tui.services.composition import Services
from quant_tui.services.scenario_definition import ScenarioDefinition
from quant_tui.services.scenario_documents import titles_of, verdict_of
from quant_tui.services.scenario_windows import KNOWN, Window
from tests.services.test_training import train

SPLIT = Split("walk_forward", folds=3, test_share=0.6)
CRISIS = Window("Debt crisis 2011", date(2011, 7, 22), date(2011, 10, 3))
LATER = Window("2015", date(2015, 1, 2), date(2015, 6, 30))
DEFINITION = ScenarioDefinition(
    (LATER,), ("SPX", "IXIC"), costs=(0.002, 0.0), horizons=(1, 5), seed=3
)


async def test_models_are_run_judged_tested_and_ranked(stocked: Services) -> None:
    one = await train(stocked)
    two = await train(stocked, parameters={"rounds": 2, "learning_rate": 0.01})
    rises = await train(stocked, target=Target("direction", 5))
    scenarios = stocked.scenarios
    made = await scenarios.create("Later", DEFINITION, models=["signal@0.1.0", two.id, rises.id])
    assert (await scenarios.get("Later")).model_ids == [one.id, two.id, rises.id]
    job = await scenarios.start("Later")
    results = (await job.wait()).results
    [window] = results["windows"]
    assert [model["state"] for model in window["models"]] == ["out of sample"] * 3
    first = window["models"][0]
    assert first["metrics"].keys() == {
        "rmse", "mae", "r2", "ic", "icir", "rank_ic", "rank_icir", "skill",
    }  # fmt: skip
    assert window["models"][2]["metrics"].keys() >= {"auc", "log_loss", "skill"}
    assert first["baselines"].keys() == {"zero", "last", "mean"}
    assert first["baselines"]["mean"]["skill"] == 0.0
    errors = [found["metrics"]["rmse"] for found in window["models"][:2]]
    reference = first["baselines"]["mean"]["rmse"]
    assert first["metrics"]["skill"] == pytest.approx(1.0 - (errors[0] / reference) ** 2)
    assert [one["bars"] for one in first["horizons"]] == [1, 5]
    costs = [one["cost"] for one in first["strategy"]]
    assert costs == [0.0, 0.002]
    returns = [one["total_return"] for one in first["strategy"]]
    assert first["strategy"][0]["total_trades"] == 0 or returns[0] > returns[1]
    ranks = {found["model_id"]: found["rank"] for found in results["models"]}
    assert sorted(ranks.values()) == [1, 2, 3]
    assert results["champion"] == results["models"][0]["model_id"]
    # the same target is tested by its losses, another by what trading it gave
    for test in results["tests"]:
        same_target = rises.id not in (test["champion"], test["challenger"])
        assert (test["diebold_mariano"] is not None) == same_target
        assert (test["bootstrap"] is not None) == same_target
    again = (await (await scenarios.start("Later")).wait()).results
    assert again["fingerprint"] == results["fingerprint"]
    changed = await scenarios.change(made.id, definition=replace(DEFINITION, seed=4))
    assert changed.results == {}
    other = (await (await scenarios.start("Later")).wait()).results
    assert [one["rank"] for one in other["models"]] == [one["rank"] for one in results["models"]]


async def test_a_window_of_a_few_days_takes_no_rank_away(stocked: Services) -> None:
    one = await train(stocked)
    two = await train(stocked, parameters={"rounds": 2, "learning_rate": 0.01})
    week = Window("a week", date(2015, 7, 6), date(2015, 7, 8))
    scenarios = stocked.scenarios
    for name, windows in (("Later", (LATER,)), ("Both", (LATER, week))):
        await scenarios.create(name, replace(DEFINITION, windows=windows), models=[one.id, two.id])
    alone = (await (await scenarios.start("Later")).wait()).results
    both = (await (await scenarios.start("Both")).wait()).results
    assert [found["metrics"]["skill"] for found in both["windows"][1]["models"]] == [None, None]
    ranked = [(found["model_id"], found["rank"], found["value"]) for found in alone["models"]]
    assert [(one["model_id"], one["rank"], one["value"]) for one in both["models"]] == ranked
    assert {found["windows"] for found in both["models"]} == {2}
    titles = titles_of(both)
    said = {test["window"]: verdict_of(test, titles) for test in both["tests"]}
    assert said["a week"] == "too few dates"


async def test_what_a_model_learned_from_is_not_ranked(stocked: Services) -> None:
    held = await train(stocked)  # judged on the last part of 2010 to 2014, learned from the rest
    walked = await train(stocked, split=SPLIT)
    definition = replace(DEFINITION, windows=(CRISIS, LATER, Window("None", *NEVER)))
    await stocked.scenarios.create("Both", definition)
    job = await stocked.scenarios.start("Both", ["signal@0.1.0", walked.id])
    kept = await job.wait()
    assert kept.model_ids == [held.id, walked.id]
    crisis, later = kept.results["windows"]
    assert [one["state"] for one in crisis["models"]] == ["in sample", "in sample"]
    assert [one["forecasts"] for one in crisis["models"]] == [0, 0]
    assert [one["rank"] for one in crisis["models"]] == [None, None]
    assert {one["rank"] for one in later["models"]} == {1, 2}
    assert [one["rank"] for one in kept.results["models"]] == [None, None]
    assert [one["windows"] for one in kept.results["models"]] == [1, 1]
    assert kept.results["missing"][0]["window"]["name"] == "None"
    tested = Window("2013", date(2013, 1, 2), date(2014, 12, 31))
    await stocked.scenarios.change("Both", definition=replace(definition, windows=(tested,)))
    [window] = (await (await stocked.scenarios.start("Both")).wait()).results["windows"]
    # forecasts made while judging count where their models had seen nothing of it
    assert [one["state"] for one in window["models"]] == ["partly in sample", "out of sample"]


NEVER = (date(2040, 1, 1), date(2041, 1, 1))


async def test_scenarios_are_kept_changed_and_deleted(stocked: Services) -> None:
    scenarios = stocked.scenarios
    made = await scenarios.create("위기", replace(DEFINITION, is_gate=True), description="crises")
    with pytest.raises(Conflict, match="already"):
        await scenarios.create("위기", DEFINITION)
    for name in ("own", " "):
        with pytest.raises(InvalidInput, match="needs a name"):
            await scenarios.create(name, DEFINITION)
    with pytest.raises(InvalidInput, match="No bars for NONE"):
        await scenarios.create("other", replace(DEFINITION, symbols=("NONE",)))
    with pytest.raises(NotFound, match="no model 'ghost'"):
        await scenarios.create("other", DEFINITION, models=["ghost"])
    with pytest.raises(InvalidInput, match="no models to compare"):
        await scenarios.start("위기")
    await scenarios.create("other", replace(DEFINITION, is_gate=True))
    gate = await scenarios.gate()
    assert gate is not None
    assert gate.name == "other"
    await scenarios.delete("위기")
    with pytest.raises(NotFound):
        await scenarios.get(made.id)
    assert (await scenarios.restore(made.id)).description == "crises"
    names = [one.name for one in await scenarios.windows(["SPX"])]
    assert names[:2] == ["Dot-com crash", "Recovery 2003"]
    assert "Bear 2007-10 to 2008-11" in names
    assert "Covid crash" not in names
    assert len(await scenarios.windows()) == len(KNOWN)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"windows": ()}, "windows"),
        ({"windows": (LATER, LATER)}, "windows"),
        ({"costs": (1.5,)}, "costs"),
        ({"horizons": (0,)}, "horizons"),
        ({"symbols": ()}, "symbols"),
        ({"ranked_by": "luck"}, "ranked_by"),
    ],
)
def test_a_definition_is_checked(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        replace(DEFINITION, **changes)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_windows_are_read_as_they_are_written() -> None:
    for window in (*KNOWN, LATER, Window("2015-01-02..2015-02-02", *SHORT)):
        assert Window.parse(window.text, KNOWN) == window
    for text in ("nothing", "a=2015-01-01", "a=2015-02-01..2015-01-01", "2015..2016"):
        with pytest.raises(InvalidInput):
            Window.parse(text)


SHORT = (date(2015, 1, 2), date(2015, 2, 2))


async def test_promotions_are_judged_in_a_scenario(stocked: Services) -> None:
    await stocked.features.create("momentum", "rocp(close, 10)")
    recent = {"start": date(2010, 1, 1), "end": None, "features": ("momentum",)}
    first = await train(stocked, split=Split(test_share=0.5), **recent)
    gated = replace(DEFINITION, is_gate=True)
    scenario = await stocked.scenarios.create("Gate", gated)
    deployments = stocked.deployments
    [metric] = [one for one in await deployments.gates(first.id, "dev") if one.name == "metric"]
    judged = await stocked.scenarios.judge(scenario, [first])
    [found] = judged["windows"][0]["models"]
    best = max(one["skill"] for one in found["baselines"].values())
    assert metric.passed == (found["metrics"]["skill"] >= best)
    assert metric.reason.endswith("in Gate, 1 of 1 windows")
    # their own dates instead: nothing stands there to compare with
    own = await deployments.gates(first.id, "dev", scenario="own")
    assert [one.name for one in own] == ["trained", "artifact", "features", "baselines"]
    made = await deployments.promote(first.id, "dev", reason="the first", force=True)
    assert made.config["scenario"] == "Gate"
    worse = await train(
        stocked, split=Split(test_share=0.5), **recent,
        parameters={"rounds": 40, "learning_rate": 0.9},
    )  # fmt: skip
    with pytest.raises(InvalidInput, match=r"skill 0\.2\.0 .*, 0\.1\.0 .* in Gate"):
        await deployments.promote(worse.id, "dev")
    seen = await train(stocked, **recent)  # it learned from the window
    with pytest.raises(InvalidInput, match=r"0 of 1 windows to compare in \(in sample"):
        await deployments.promote(seen.id, "dev", scenario="Gate")
    with pytest.raises(NotFound, match="no scenario"):
        await deployments.promote(seen.id, "dev", scenario="ghost")
