"""Tasks on threads, processes and a Dask cluster: the same to whoever runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from quant_tui.config.settings import JobSettings
from quant_tui.domain.cancellation import CancelCheck
from quant_tui.domain.errors import Cancelled, InvalidInput
from quant_tui.domain.tasks import HoldTasks, run_in_turn
from quant_tui.engine import BacktestConfig, sweep
from quant_tui.engine.optimization import evaluate
from quant_tui.engine.optimization.evaluate import TrialData
from quant_tui.engine.optimization.scoring import Scoring
from quant_tui.engine.optimization.space import ParameterRange, SearchSpace
from quant_tui.engine.robustness import bootstrap
from quant_tui.engine.robustness.walk_forward import walk_forward, walk_forward_windows
from quant_tui.engine.sweep import tasks as sweep_tasks
from quant_tui.jobs.executors import Executors
from quant_tui.services.backtest_request import PreparedBacktest
from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_report import StudyTrial
from quant_tui.services.study_request import PreparedStudy
from quant_tui.services.study_run import StudyRun
from tests.engine.robustness.studies import RULES, daily, prices
from tests.jobs import tasks
from tests.jobs.dask_cluster import DaskCluster, wait_until

KINDS = ("threads", "processes", "cluster")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    cluster = DaskCluster(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.close()


@pytest.fixture(scope="module", params=KINDS)
def executors(request: pytest.FixtureRequest) -> Iterator[Executors]:
    cluster = request.param == "cluster"
    executors = Executors(
        JobSettings(
            workers=2,
            executor="processes" if cluster else request.param,
            cluster=request.getfixturevalue("dask").address if cluster else "",
        ),
        tasks.versions,
    )
    assert executors.kind == request.param
    if cluster:
        wait_until(lambda: executors.describe()["workers"] == 2)
    yield executors
    executors.close()


def test_results_come_in_the_order_of_the_parts_with_progress(executors: Executors) -> None:
    data = np.random.default_rng(1).random((1000, 5))
    parts = [(start, start + 10) for start in range(0, 1000, 10)]
    told: list[float] = []
    found = executors.run(
        tasks.mean_of, data, parts, progress=lambda fraction, _: told.append(fraction)
    )
    assert found == run_in_turn(tasks.mean_of, data, parts), "bit by bit"
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert executors.run(tasks.mean_of, data, []) == []


def test_data_that_are_held_serve_part_after_part(executors: Executors) -> None:
    data = np.arange(20.0).reshape(10, 2)
    with executors.hold(tasks.mean_of, data) as held:
        assert held.run([(0, 1)]) == [0.5]
        assert held.run([(1, 2), (2, 3)]) == [2.5, 4.5]
        told: list[float] = []
        held.run([(3, 4)], progress=lambda fraction, _: told.append(fraction))
        assert told[-1] == 1.0


def test_the_first_part_that_fails_gives_the_error(executors: Executors) -> None:
    for _ in range(3):
        with pytest.raises(InvalidInput) as failed:
            executors.run(tasks.fail_at, {7, 8, 60, 99}, range(100))
        assert failed.value.message == "part 7 is wrong"
        assert (failed.value.field, failed.value.hint) == ("part", "Leave it out.")
    assert executors.run(tasks.fail_at, set(), range(5)) == list(range(5)), "and it works on"


def test_an_error_of_any_kind_arrives(executors: Executors) -> None:
    with pytest.raises(Exception, match="0 and 0"):
        executors.run(tasks.fail_awkwardly, None, range(4))


def test_running_tasks_hear_that_they_are_cancelled(executors: Executors, tmp_path: Path) -> None:
    def begun(what: str) -> int:
        return len(list(tmp_path.glob(f"{what}-*")))

    with pytest.raises(Cancelled):
        executors.run(
            tasks.wait_for_cancel, tmp_path, range(100), cancel=lambda: begun("began") == 2
        )
    wait_until(lambda: begun("heard") == 2)
    assert begun("began") == 2, "what waited is not begun"
    assert executors.run(tasks.fail_at, set(), range(5)) == list(range(5)), "and it works on"


def test_work_that_is_cancelled_already_begins_nothing(executors: Executors) -> None:
    with pytest.raises(Cancelled):
        executors.run(tasks.fail_at, {0}, range(5), cancel=lambda: True)


LONG = ParameterRange("cat", choices=(5, 20, 40))
GRID = {"short": list(range(2, 12)), "long": [5, 20, 40]}


@pytest.mark.parametrize("metrics", [("sharpe_ratio", "total_trades"), ("sharpe_ratio", "sqn")])
def test_a_sweep_has_the_figures_of_one_that_is_not_cut(
    executors: Executors, monkeypatch: pytest.MonkeyPatch, metrics: tuple[str, ...]
) -> None:
    bars = daily(prices(3, 0.002, 600))
    config = BacktestConfig(commission=0.001)
    whole = sweep(bars, RULES, GRID, config, metrics)
    monkeypatch.setattr(sweep_tasks, "PART_RUNS", 7)
    monkeypatch.setattr(sweep_tasks, "LEAST_PARTS", 2)
    monkeypatch.setattr(sweep_tasks, "PART_BARS", 7 * 600)
    cuts: list[int] = []

    def run(task, data, parts, **given):
        cuts.append(len(parts))
        return executors.run(task, data, parts, **given)

    cut = sweep(bars, RULES, GRID, config, metrics, run=run)
    assert cuts == [4]
    assert cut.columns == whole.columns
    for name in whole:
        np.testing.assert_array_equal(cut[name], whole[name])
    assert dict(cut.invalid) == dict(whole.invalid)
    assert cut.invalid


def test_a_walk_forward_has_the_figures_of_one_here(
    executors: Executors, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = daily(prices(4, 0.002, 900))
    monkeypatch.setattr(sweep_tasks, "LEAST_PARTS", 0)
    windows = walk_forward_windows(900, 300, 100)
    here = walk_forward(bars, RULES, GRID, windows)
    calls: list[int] = []

    def run(task, data, parts, **given):
        calls.append(len(parts))
        return executors.run(task, data, parts, **given)

    there = walk_forward(bars, RULES, GRID, windows, run=run)
    assert calls == [6], "each window is a part"
    assert there.steps == here.steps
    np.testing.assert_array_equal(there.returns, here.returns)
    assert (there.sharpe, there.growth, there.efficiency) == (
        here.sharpe,
        here.growth,
        here.efficiency,
    )


def test_a_bootstrap_draws_the_same_however_it_is_cut(
    executors: Executors, monkeypatch: pytest.MonkeyPatch
) -> None:
    returns = np.random.default_rng(5).normal(0.001, 0.02, 300)
    here = bootstrap.bootstrap_intervals(returns, 252.0, draws=500, seed=9)
    monkeypatch.setattr(bootstrap, "PART_FIGURES", 300 * 77)
    calls: list[int] = []

    def run(task: Callable[..., object], data: object, parts: list[object], **given: CancelCheck):
        calls.append(len(parts))
        return executors.run(task, data, parts, **given)

    there = bootstrap.bootstrap_intervals(returns, 252.0, draws=500, seed=9, run=run)
    assert calls == [7]
    assert there == here
    other = bootstrap.bootstrap_intervals(returns, 252.0, draws=500, seed=10, run=run)
    assert other != here


@pytest.mark.parametrize("sampler", ["tpe", "grid"])
def test_a_study_has_the_trials_of_one_here(
    executors: Executors, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sampler: str
) -> None:
    config = BacktestConfig(commission=0.001)
    backtest = PreparedBacktest(
        strategy=RULES,
        strategy_id="",
        strategy_name="Mine",
        params=RULES.default_parameters(),
        symbols=("X",),
        start=None,
        end=None,
        config=config,
        benchmark="",
    )
    space = SearchSpace(RULES, {"short": ParameterRange("int", 2, 8), "long": LONG})
    prepared = PreparedStudy(
        backtest=backtest,
        space=space,
        scoring=Scoring(min_trades=1),
        sampler=sampler,
        trials=len(space.grid()) if sampler == "grid" else 24,
        seed=1,
        workers=1,
        out_of_sample=0.3,
        walk_forward=None,
    )
    bars = daily(prices(3, 0.002, 600))
    metrics = (*evaluate.metrics_of(prepared.scoring.objectives), "sqn")  # no bit loop has it
    data = TrialData(bars, RULES, config, split=prepared.split(bars), metrics=metrics)
    handed_out: list[int] = []

    def hold(task, data):
        handed_out.append(1)
        return executors.hold(task, data)

    def trials(name: str, hold: HoldTasks | None) -> list[StudyTrial]:
        files = StudyFiles(tmp_path / name)
        return StudyRun(files, "study", prepared, data, lambda _: None, lambda: False, hold).run()

    here = trials("here", None)
    monkeypatch.setattr(evaluate, "PART_BARS", 3 * 600)
    assert trials("there", hold) == here
    assert handed_out == [1], "its data is sent once"
