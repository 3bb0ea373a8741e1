"""A study killed with kill -9 goes on as if nothing had happened, whatever it was doing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_report import StudyProgress, StudyTrial
from quant_tui.services.study_run import StudyRun
from tests.studies import data_of, prepared_study

TRIALS = 60

STUDY = """
import sys
from pathlib import Path
from quant_tui.engine.optimization.evaluate import Evaluator
from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_run import StudyRun
from tests.studies import data_of, prepared_study

folder, sampler, stop = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
batches = 0
call = Evaluator.__call__

def slow(self, rows, cancel=None):
    global batches
    batches += 1
    if batches == stop:
        print("in a batch", flush=True)
        sys.stdin.read()  # here it is killed: asked for, and not told
    return call(self, rows, cancel)

Evaluator.__call__ = slow
prepared = prepared_study(sampler, 60)
data = data_of(prepared)
StudyRun(StudyFiles(folder), "one", prepared, data, lambda _: None, lambda: False).run()
"""


def finish(folder: Path, sampler: str, told: list[StudyProgress] | None = None) -> list[StudyTrial]:
    prepared = prepared_study(sampler, TRIALS)
    seen = [] if told is None else told
    run = StudyRun(
        StudyFiles(folder), "one", prepared, data_of(prepared), seen.append, lambda: False
    )
    return run.run()


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "qmc", "random"])
@pytest.mark.parametrize("stop", [1, 4])
def test_a_killed_study_loses_nothing(tmp_path: Path, sampler: str, stop: int) -> None:
    if sampler in ("random", "qmc"):
        stop = min(stop, 2)
    killed = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", STUDY, str(killed), sampler, str(stop)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in a batch\n"
    files = StudyFiles(killed)
    assert files.is_running("one")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.close()
    assert not files.is_running("one")
    before = files.trials("one", prepared_study(sampler, TRIALS))
    told: list[StudyProgress] = []
    resumed = finish(killed, sampler, told)
    whole = finish(tmp_path / "whole", sampler)
    assert told[0].done == len(before)
    assert resumed[: len(before)] == before
    assert resumed == whole
    assert len(resumed) == TRIALS


def test_a_journal_cut_anywhere_is_taken_up(tmp_path: Path) -> None:
    whole = finish(tmp_path / "whole", "tpe")
    journal = StudyFiles(tmp_path / "whole").journal("one").read_bytes()
    for place in range(1, 12):
        folder = tmp_path / str(place)
        folder.mkdir()
        cut = len(journal) * place // 12
        StudyFiles(folder).journal("one").write_bytes(journal[:cut])
        found = finish(folder, "tpe")
        assert len(found) == TRIALS
        known = sum(one == other for one, other in zip(found, whole, strict=True))
        assert known >= TRIALS * (place - 1) // 12 - 8
