"""CMA-ES: finds what is there, and goes on after a stop as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import optuna
import pytest

from quant_tui.domain.errors import Cancelled
from quant_tui.engine.optimization.space import Combination, ParameterRange, SearchSpace
from quant_tui.engine.rules import parse_document
from quant_tui.services.study_cmaes import CmaEs
from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_report import StudyProgress, StudyTrial
from quant_tui.services.study_run import StudyRun
from quant_tui.services.study_search import Search, distribution
from tests.studies import data_of, prepared_study

RULES = parse_document(
    """
name: numbers and a choice
params:
  whole: {int: [0, 100], default: 1}
  even: {int: [1, 1000], default: 10}
  share: {float: [0, 1], default: 0.5}
  way: {bool: true}
entry: "close > sma(close, whole + 1) * share and way"
exit: "close < even"
"""
)
RANGES = {
    "whole": ParameterRange("int", 0, 100, 5),
    "even": ParameterRange("int", 1, 1000, log=True),
    "share": ParameterRange("float", 0.0, 1.0),
    "way": ParameterRange("cat", choices=(False, True)),
}


def search(
    value: Callable[[Combination], float],
    trials: int,
    seed: int = 3,
    ranges: Mapping[str, ParameterRange] = RANGES,
) -> list[Combination]:
    """Run CMA-ES on a function of the parameters, a generation at a time."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    named = {name: distribution(one) for name, one in ranges.items()}
    sampler = CmaEs(SearchSpace(RULES, ranges), seed, 1.0, named)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    rows: list[Combination] = []
    while len(rows) < trials:
        asked = [study.ask(named) for _ in range(sampler.learn(study, len(rows)))]
        for trial in asked:
            rows.append(dict(trial.params))
            study.tell(trial, value(trial.params))
    return rows[:trials]


def test_it_comes_near_what_is_best_and_stays_in_the_ranges() -> None:
    def hill(row: Combination) -> float:
        return -(
            (float(row["whole"]) / 100 - 0.8) ** 2
            + (np.log(float(row["even"])) / np.log(1000) - 0.3) ** 2
            + (float(row["share"]) - 0.15) ** 2
        )

    rows = search(hill, 120)
    first, last = rows[:30], rows[90:120]
    assert np.mean([hill(row) for row in last]) > np.mean([hill(row) for row in first]) / 10
    best = max(rows, key=hill)
    assert abs(int(best["whole"]) - 80) <= 5
    assert abs(float(best["share"]) - 0.15) < 0.05
    assert all(int(row["whole"]) % 5 == 0 and 0 <= int(row["whole"]) <= 100 for row in rows)
    assert all(1 <= int(row["even"]) <= 1000 and 0.0 <= float(row["share"]) <= 1.0 for row in rows)
    assert {row["way"] for row in rows} == {False, True}
    assert search(hill, 30) == rows[:30]
    assert search(hill, 30, seed=4) != rows[:30]


def test_a_search_that_has_settled_begins_anew_with_larger_generations() -> None:
    rows = search(lambda row: -abs(int(row["whole"]) - 40) - abs(float(row["even"]) - 9), 400,
                  ranges={name: RANGES[name] for name in ("whole", "even", "way")})  # fmt: skip
    assert {(row["whole"], row["even"]) for row in rows} >= {(40, 9)}
    assert len({tuple(row.values()) for row in rows}) > 150


def run(folder: Path, trials: int, stop_at: int | None = None) -> list[StudyTrial]:
    """Run a study, or stop it once so many of its trials are done."""
    done = 0

    def told(progress: StudyProgress) -> None:
        nonlocal done
        done = progress.done

    def cancelled() -> bool:
        return stop_at is not None and done >= stop_at

    prepared = prepared_study("cmaes", trials)
    return StudyRun(StudyFiles(folder), "one", prepared, data_of(prepared), told, cancelled).run()


def test_stopped_and_grown_it_is_the_study_it_would_have_been(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", 60)
    assert len(whole) == 60
    assert len({tuple(one.params.values()) for one in whole}) > 40
    for stop in (3, 17, 40):
        folder = tmp_path / str(stop)
        with pytest.raises(Cancelled):
            run(folder, 60, stop_at=stop)
        assert run(folder, 60) == whole
    grown = tmp_path / "grown"
    assert run(grown, 25) == whole[:25]
    assert run(grown, 60) == whole


def test_what_was_asked_and_never_told_is_taken_up(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", 30)
    with pytest.raises(Cancelled):
        run(tmp_path / "cut", 30, stop_at=12)
    prepared = prepared_study("cmaes", 30)
    with Search(StudyFiles(tmp_path / "cut"), "one", prepared) as opened:
        assert opened.ask(4)
    assert run(tmp_path / "cut", 30) == whole
