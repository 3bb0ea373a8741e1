"""Optimisation studies through the services, over real stores and the sample bars."""

from __future__ import annotations

import asyncio
import csv
import json
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import Cancelled, Conflict, InvalidInput, NotFound
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine.optimization.objective import Objective
from quant_tui.engine.optimization.space import ParameterRange
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services, open_services
from quant_tui.services.study_report import StudyReport
from quant_tui.services.study_request import StudyRequest, WalkForwardPlan
from quant_tui.services.study_run import StudyRun
from quant_tui.services.study_work import StudyWork

REQUEST = StudyRequest(
    symbols=("SPX",),
    strategy_type="SMA_CROSSOVER",
    space={
        "short_window": ParameterRange("int", 5, 40),
        "long_window": ParameterRange("int", 20, 120),
    },
    start=date(2005, 1, 1),
    end=date(2012, 12, 31),
    trials=40,
    min_trades=3,
)


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "nsga2"])
async def test_a_study_is_run_kept_and_the_same_with_the_same_seed(
    stocked: Services, sampler: str
) -> None:
    request = replace(REQUEST, sampler=sampler)
    first = await (await stocked.studies.start(request)).wait()
    assert first.study.status is RunStatus.COMPLETED
    assert len(first.trials) == 40
    assert first.best is not None
    assert first.suggested is not None
    assert all(one.params["short_window"] < one.params["long_window"] for one in first.trials)
    second = await (await stocked.studies.start(replace(request, workers=1))).wait()
    assert [one.to_document() for one in second.trials] == [
        one.to_document() for one in first.trials
    ]
    read = await stocked.studies.report(first.study.id)
    assert read == first
    other = await (await stocked.studies.start(replace(request, seed=7))).wait()
    assert [one.params for one in other.trials] != [one.params for one in first.trials]


async def test_the_card_counts_every_trial_and_undoing_gives_the_parameters_back(
    stocked: Services,
) -> None:
    strategy = await stocked.strategies.create("Mine", "SMA_CROSSOVER")
    request = replace(REQUEST, strategy_id=strategy.id, strategy_type="", sampler="random")
    report = await (await stocked.studies.start(request)).wait()
    assert report.trust is not None
    assert report.trust.trials == 40
    assert report.walk_forward is not None
    assert len(report.walk_forward.steps) == 6
    assert sum(report.importance.values()) == pytest.approx(1.0)
    growing = await stocked.studies.resume(report.study.id, more=10)
    assert (await stocked.studies.report(report.study.id)).trust is None, "of 40 trials, not of 50"
    grown = await growing.wait()
    assert [one.number for one in grown.trials[:40]] == [one.number for one in report.trials]
    assert grown.trust is not None
    assert (len(grown.trials), grown.trust.trials) == (50, 50)
    assert grown.suggested is not None
    changed = await stocked.studies.apply(report.study.id)
    assert changed.id == strategy.id
    assert changed.parameters == dict(grown.suggested.params)
    undone = await stocked.studies.undo_apply(report.study.id)
    assert undone is not None
    assert undone.parameters == strategy.parameters
    with pytest.raises(InvalidInput, match="Nothing of"):
        await stocked.studies.undo_apply(report.study.id)


@pytest.mark.parametrize("sampler", ["grid", "tpe", "cmaes", "qmc"])
async def test_a_space_that_no_constraint_allows_fails_and_says_so(
    stocked: Services, sampler: str
) -> None:
    space = {
        "short_window": ParameterRange("int", 60, 80, 1),
        "long_window": ParameterRange("int", 20, 30, 1),
    }
    request = replace(REQUEST, sampler=sampler, space=space, trials=5)
    with pytest.raises(InvalidInput, match="No combination fulfils") as refused:
        await (await stocked.studies.start(request)).wait()
    assert "short_window < long_window" in refused.value.hint


async def test_a_grid_tries_every_combination_once(stocked: Services) -> None:
    space = {
        "short_window": ParameterRange("int", 10, 30, 10),
        "long_window": ParameterRange("int", 20, 60, 20),
    }
    request = replace(REQUEST, sampler="grid", space=space, trials=1)
    report = await (await stocked.studies.start(request)).wait()
    assert report.study.n_trials == len(report.trials) == 7
    assert [one.number for one in report.trials] == list(range(7))
    assert (await stocked.studies.report(report.study.id)) == report
    with pytest.raises(InvalidInput, match="no more trials"):
        await stocked.studies.resume(report.study.id, more=5)
    backtest = BacktestRequest(
        symbols=("SPX",),
        strategy_type="SMA_CROSSOVER",
        params=report.trials[3].params,
        start=REQUEST.start,
        end=REQUEST.end,
    )
    whole = await (await stocked.studies.start(replace(request, out_of_sample=None))).wait()
    single = await (await stocked.backtests.run_unsaved(backtest)).wait()
    assert single.result is not None
    found = whole.trials[3].metrics
    for name in ("sharpe_ratio", "total_return", "max_drawdown"):
        assert found[name] == pytest.approx(single.result.performance[name], abs=1e-12)


async def test_a_paused_study_goes_on_to_the_same_end(
    stocked: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await (await stocked.studies.start(REQUEST)).wait()
    reached, tell = threading.Event(), StudyRun._tell

    def wait_to_be_paused(run: StudyRun, done: int) -> None:
        tell(run, done)
        if done >= 8:
            reached.set()
            while not run._cancel():
                reached.wait(0.01)

    with monkeypatch.context() as slowly:
        slowly.setattr(StudyRun, "_tell", wait_to_be_paused)
        job = await stocked.studies.start(REQUEST)
        study_id = job.target
        await asyncio.to_thread(reached.wait)
        await stocked.studies.pause(study_id)
        with pytest.raises(Cancelled):
            await job.wait()
    study = await stocked.studies.get(study_id)
    assert study.is_paused
    assert 8 <= study.done_trials < 40
    assert stocked.studies.progress(study_id) is None
    partial = await stocked.studies.report(study_id)
    assert len(partial.trials) == study.done_trials
    assert partial.best is not None
    resumed = await (await stocked.studies.resume(study_id)).wait()
    assert resumed.trials == whole.trials
    assert resumed.suggested == whole.suggested
    assert resumed.study.status is RunStatus.COMPLETED
    with pytest.raises(InvalidInput, match="complete"):
        await stocked.studies.resume(study_id)
    with pytest.raises(Conflict):
        await stocked.studies.pause(study_id)


async def test_a_study_of_a_killed_process_waits_to_be_resumed(
    stocked: Services, stocked_settings: Settings
) -> None:
    report = await (await stocked.studies.start(replace(REQUEST, sampler="random"))).wait()
    study = report.study
    assert stocked.user is not None
    studies = stocked.stores.repositories.for_user(stocked.user.id).studies
    await studies.update(study.model_copy(update={"status": RunStatus.RUNNING, "n_trials": 45}))
    assert (await stocked.studies.list())[0].is_paused
    grown = await (await stocked.studies.resume(study.id)).wait()
    assert len(grown.trials) == 45
    assert grown.trials[:40] == report.trials
    assert grown.trust is not None
    assert grown.trust.trials == 45
    journal = stocked_settings.locations.studies / f"{study.id}.log"
    assert journal.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["data", "_judged"])
async def test_another_instance_takes_no_study_for_dead_that_loads_bars_or_is_judged(
    stocked: Services, stocked_settings: Settings, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    reached, go_on, real = asyncio.Event(), asyncio.Event(), getattr(StudyWork, place)

    async def held(self: StudyWork, *arguments: object) -> object:
        reached.set()
        await go_on.wait()
        return await real(self, *arguments)

    monkeypatch.setattr(StudyWork, place, held)
    job = await stocked.studies.start(replace(REQUEST, sampler="random", walk_forward=None))
    await reached.wait()
    other = await open_services(stocked_settings)
    try:
        assert stocked.user is not None
        await other.sign_in(stocked.user)
        assert (await other.studies.get(job.target)).status is RunStatus.RUNNING
        with pytest.raises(Conflict, match="is running"):
            await other.studies.resume(job.target)
    finally:
        await other.close()
        go_on.set()
    assert (await job.wait()).study.status is RunStatus.COMPLETED


async def test_a_study_that_ends_while_it_is_read_is_not_taken_for_dead(stocked: Services) -> None:
    report = await (
        await stocked.studies.start(replace(REQUEST, sampler="random", walk_forward=None))
    ).wait()
    before = report.study.model_copy(update={"status": RunStatus.RUNNING})
    assert (await stocked.studies._recovered(before)).status is RunStatus.COMPLETED
    assert (await stocked.studies.get(report.study.id)).status is RunStatus.COMPLETED


async def test_several_objectives_symbols_and_conditions(stocked: Services) -> None:
    rules = {
        "name": "with a stop",
        "params": {
            "window": {"int": [5, 100], "default": 20},
            "stopped": {"bool": True},
            "stop": {"float": [0.01, 0.3], "default": 0.1},
        },
        "entry": "close > sma(close, window)",
        "exit": "close < sma(close, window) or (stopped and close < lag(close, 20) * (1 - stop))",
    }
    report = await (
        await stocked.studies.start(
            StudyRequest(
                symbols=("SPX", "IXIC"),
                document=rules,
                space={
                    "window": ParameterRange("int", 10, 60),
                    "stopped": ParameterRange("cat", choices=(False, True)),
                    "stop": ParameterRange("float", 0.02, 0.2, when=("stopped", (True,))),
                },
                sampler="nsga2",
                objectives=(
                    Objective("sharpe_ratio - 0.1 * abs(max_drawdown)"),
                    Objective("max_drawdown", "maximize"),
                ),
                constraints=("window > 12",),
                start=date(2010, 1, 1),
                end=date(2013, 12, 31),
                trials=30,
                walk_forward=WalkForwardPlan(3, 0.5, anchored=True),
            )
        )
    ).wait()
    assert len(report.trials) == 30
    assert all(len(one.values or ()) == 2 for one in report.trials if one.feasible)
    assert all(one.params["window"] > 12 for one in report.trials)  # type: ignore[operator]
    assert all(one.params["stop"] == 0.1 for one in report.trials if not one.params["stopped"])
    assert report.pareto
    assert report.walk_forward is not None
    assert [one.start for one in report.walk_forward.steps] == ["2010-01-04"] * 3
    made = await stocked.studies.apply(report.study.id, report.pareto[0])
    chosen = report.trial(report.pareto[0])
    assert chosen is not None
    assert made.parameters == dict(chosen.params)
    assert await stocked.studies.undo_apply(report.study.id) is None
    assert made.id not in {one.id for one in await stocked.strategies.list()}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"symbols": ()}, "symbols"),
        ({"symbols": ("NOPE",)}, "symbols"),
        ({"sampler": "gp"}, "sampler"),
        ({"sampler": "cmaes", "objectives": (Objective(), Objective("cagr"))}, "sampler"),
        ({"trials": 0}, "trials"),
        ({"trials": 30_000}, "trials"),
        ({"space": {"windw": ParameterRange("int", 2, 9)}}, "windw"),
        ({"constraints": ("short_window <",)}, "constraints"),
        ({"objectives": ()}, "objectives"),
        ({"out_of_sample": 0.95}, "out_of_sample"),
        ({"out_of_sample": date(2013, 6, 1)}, "out_of_sample"),
        ({"walk_forward": WalkForwardPlan(1)}, "walk_forward"),
        ({"min_trades": -1}, "min_trades"),
        ({"penalty": 0.0}, "penalty"),
        ({"workers": 0}, "workers"),
        ({"params": {"short_window": "x"}}, "short_window"),
    ],
)
async def test_a_request_that_cannot_be_run_names_its_field(
    stocked: Services, changes: dict[str, object], field: str
) -> None:
    wrong = await stocked.studies.validate(replace(REQUEST, **changes))  # type: ignore[arg-type]
    assert list(wrong) == [field]
    assert await stocked.studies.validate(REQUEST) == {}


@pytest.mark.parametrize(
    ("symbol", "out", "said"),
    [
        ("FABEL.SYN", date(2017, 3, 1), "no bar out of sample, only from 2010-01-04 to 2016-09-"),
        ("BYEOL.SYN", 0.6, "no bar in sample, only from 2014-05-15 to"),
    ],
)
async def test_a_symbol_without_bars_on_one_side_of_the_split_is_named(
    stocked: Services, symbol: str, out: object, said: str
) -> None:
    request = replace(
        REQUEST, symbols=("SPX", symbol), start=date(2010, 1, 1), end=date(2018, 12, 31),
        out_of_sample=out,  # type: ignore[arg-type]
    )  # fmt: skip
    wrong = await stocked.studies.validate(request)
    assert list(wrong) == ["out_of_sample"]
    assert f"{symbol} has {said}" in wrong["out_of_sample"]
    one = replace(REQUEST, space={"short_window": ParameterRange("int", 5, 5)})
    assert "nothing to search" in (await stocked.studies.validate(one))["space"]
    few = replace(request, symbols=("SPX",), start=date(2018, 9, 1), out_of_sample=0.5)
    assert "each needs 50" in (await stocked.studies.validate(few))["out_of_sample"]


async def check_files(stocked: Services, report: StudyReport, folder: Path) -> None:
    """Check what a study is written to."""
    study_id = report.study.id
    path = await stocked.studies.export(study_id, folder / "trials.csv")
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["trial"]) for row in rows] == list(range(12))
    for row, one in zip(rows, report.trials, strict=True):
        assert int(row["short_window"]) == one.params["short_window"]
        assert row["may_be_chosen"] == str(one.feasible)
        assert row["why_not"] == one.reason
        assert row["suggested"] == str(one == report.suggested)
        shown = one.metrics["sharpe_ratio"]
        assert (row["sharpe_ratio"] or None) == (None if shown is None else str(shown))
        assert "out sharpe_ratio" in row
        if one.values is not None:
            assert float(row["value sharpe_ratio"]) == one.values[0]
    path = await stocked.studies.export(study_id, folder / "s.json", file_format="json")
    assert json.loads(path.read_text("utf-8")) == report.to_document()
    for out, file_format, field in (("s.txt", "txt", "format"), ("", "csv", "out")):
        with pytest.raises(InvalidInput) as caught:
            await stocked.studies.export(study_id, folder / out, file_format=file_format)
        assert caught.value.field == field


async def test_a_study_is_written_renamed_deleted_and_brought_back_and_is_nobody_elses(
    stocked: Services, tmp_path: Path
) -> None:
    request = replace(REQUEST, sampler="random", trials=12, walk_forward=None)
    report = await (await stocked.studies.start(request)).wait()
    study_id = report.study.id
    await check_files(stocked, report, tmp_path)
    await stocked.studies.rename(study_id, "이름")
    await stocked.studies.describe(study_id, "notes\n")
    await stocked.studies.delete(study_id)
    assert await stocked.studies.list() == []
    with pytest.raises(NotFound):
        await stocked.studies.report(study_id)
    await stocked.studies.restore(study_id)
    back = await stocked.studies.report(study_id)
    assert (back.study.name, back.study.notes) == ("이름", "notes")
    assert back.trials == report.trials
    other = stocked.stores.repositories.for_user("6741aaaaaaaaaaaaaaaaaaaa")
    assert await other.studies.list() == []
    with pytest.raises(InvalidInput, match="no trial 99"):
        await stocked.studies.apply(study_id, 99)


async def test_an_estimate_counts_combinations_memory_and_time(stocked: Services) -> None:
    found = await stocked.studies.estimate(replace(REQUEST, sampler="grid"))
    assert found.combinations == 3_405
    assert found.memory_bytes > 100_000_000
    assert found.seconds is not None
    assert 1.0 < found.seconds < 60.0  # with judging, which takes longer than these trials
    small = await stocked.studies.estimate(replace(REQUEST, sampler="tpe", trials=100))
    large = await stocked.studies.estimate(replace(REQUEST, sampler="tpe", trials=1_000))
    assert (large.seconds or 0.0) > (
        small.seconds or 0.0
    ) + 10.0  # Optuna looks through all before it proposes


async def test_trials_are_warmed_up_by_the_bars_before_the_start(stocked: Services) -> None:
    request = replace(
        REQUEST, sampler="random", trials=6, warm_up=True, out_of_sample=None, walk_forward=None,
        objectives=(Objective("profit_factor"),),
    )  # fmt: skip
    report = await (await stocked.studies.start(request)).wait()
    backtest = BacktestRequest(
        symbols=("SPX",), strategy_type="SMA_CROSSOVER", params=report.trials[2].params,
        start=REQUEST.start, end=REQUEST.end, warm_up=True,
    )  # fmt: skip
    single = await (await stocked.backtests.run_unsaved(backtest)).wait()
    assert single.result is not None
    for name in ("profit_factor", "sharpe_ratio", "total_trades"):
        expected = single.result.performance[name]
        assert report.trials[2].metrics[name] == pytest.approx(expected, abs=1e-9)


async def test_a_study_in_which_nothing_may_be_chosen_says_why(stocked: Services) -> None:
    request = replace(REQUEST, sampler="random", trials=5, min_trades=500, walk_forward=None)
    report = await (await stocked.studies.start(request)).wait()
    assert report.best is report.suggested is None
    assert "fewer than 500" in report.suggestion_reason
    assert report.trust is not None
    assert (report.trust.verdict, report.trust.trials) == ("unknown", 5)
    with pytest.raises(InvalidInput, match="suggests no trial"):
        await stocked.studies.apply(report.study.id)
