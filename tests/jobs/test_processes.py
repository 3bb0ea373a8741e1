"""Worker processes: modest, replaced when they end, gone when the program is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from quant_tui.domain.errors import Cancelled, StoreUnavailable, VersionsDiffer, WorkerLost
from quant_tui.domain.tasks import Part, Result, Task
from quant_tui.jobs import processes
from quant_tui.jobs.processes import ProcessTasks
from quant_tui.jobs.task_runs import HeldTasks
from tests.jobs import tasks
from tests.jobs.dask_cluster import ROOT, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and niceness are POSIX")


@pytest.fixture
def workers() -> Iterator[ProcessTasks]:
    workers = ProcessTasks(2, tasks.versions)
    yield workers
    workers.close()


def run(
    workers: ProcessTasks, task: Task[object, Part, Result], data: object, parts: list[Part]
) -> list[Result]:
    with HeldTasks(lambda: workers, task, data) as held:
        return held.run(parts)


def test_workers_are_other_processes_that_leave_the_processor_to_whoever_types(
    workers: ProcessTasks,
) -> None:
    found = run(workers, tasks.process_of, None, list(range(50)))
    assert [part for part, _, _ in found] == list(range(50))
    assert os.getpid() not in {process for _, process, _ in found}
    assert {niceness for _, _, niceness in found} == {min(os.nice(0) + 10, 19)}


def test_large_data_are_mapped_and_cannot_be_changed(
    workers: ProcessTasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with HeldTasks(lambda: workers, tasks.can_write, np.zeros((100, 100))) as held:
        assert held.run([1, 2]) == [False, False]
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "data").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.iterdir()), "nothing is left"


def test_a_part_whose_worker_is_killed_is_run_again(workers: ProcessTasks, tmp_path: Path) -> None:
    assert run(workers, tasks.die_once, tmp_path, list(range(10))) == [n * n for n in range(10)]
    assert (tmp_path / "died").exists()


def test_a_part_that_ends_every_worker_fails_clearly(workers: ProcessTasks) -> None:
    with pytest.raises(WorkerLost, match=r"3 workers ended .* \(the last with signal 9\)"):
        run(workers, tasks.die, None, list(range(10)))
    assert run(workers, tasks.fail_at, set(), [1, 2]) == [1, 2], "and the others work on"


def test_a_worker_that_ended_while_idle_is_replaced(workers: ProcessTasks) -> None:
    before = {process for _, process, _ in run(workers, tasks.process_of, None, list(range(9)))}
    for process in before:
        psutil.Process(process).kill()
    after = {process for _, process, _ in run(workers, tasks.process_of, None, list(range(9)))}
    assert after
    assert not after & before


def test_a_task_that_does_not_hear_is_ended(
    workers: ProcessTasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.1)
    began = tmp_path / "began-0"
    with HeldTasks(lambda: workers, tasks.hear_nothing, tmp_path) as held, pytest.raises(Cancelled):
        held.run(list(range(4)), cancel=lambda: bool(began.exists() and began.read_text()))
    process = int(began.read_text())
    wait_until(lambda: not psutil.pid_exists(process))
    assert run(workers, tasks.fail_at, set(), [1, 2]) == [1, 2], "and the others work on"


def test_closing_ends_them_in_the_middle_of_a_task(workers: ProcessTasks, tmp_path: Path) -> None:
    began = tmp_path / "began-0"
    processes_of: list[int] = []

    def close_when_begun() -> bool:
        if began.exists() and began.read_text():
            processes_of.append(int(began.read_text()))
            workers.close()
        return False

    with HeldTasks(lambda: workers, tasks.hear_nothing, tmp_path) as held, pytest.raises(Cancelled):
        held.run([0], cancel=close_when_begun)
    assert not psutil.pid_exists(processes_of[0])


def test_nothing_is_begun_after_closing(workers: ProcessTasks) -> None:
    with HeldTasks(lambda: workers, tasks.fail_at, set()) as held:
        assert held.run([1]) == [1]
        workers.close()
        with pytest.raises(Cancelled):
            held.run([2])


def test_no_worker_outlives_a_program_that_was_killed(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from tests.jobs import tasks\n"
        "from quant_tui.jobs.processes import ProcessTasks\n"
        "from quant_tui.jobs.task_runs import HeldTasks\n"
        "workers = ProcessTasks(1, tasks.versions)\n"
        f"held = HeldTasks(lambda: workers, tasks.hear_nothing, Path({str(tmp_path)!r}))\n"
        "held.run([0])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    )
    began = tmp_path / "began-0"
    wait_until(lambda: began.exists() and bool(began.read_text()))
    process.kill()
    process.wait()
    wait_until(lambda: not psutil.pid_exists(int(began.read_text())))


def test_a_worker_of_another_version_runs_nothing() -> None:
    workers = ProcessTasks(1, tasks.versions_of_the_process)
    try:
        with pytest.raises(VersionsDiffer, match=f"instead of {os.getpid()}"):
            run(workers, tasks.fail_at, set(), [1])
    finally:
        workers.close()


def test_data_that_cannot_be_written_are_an_error_of_the_disk(
    workers: ProcessTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(processes, "write_data", full)
    with pytest.raises(StoreUnavailable, match="No space left on device"):
        run(workers, tasks.fail_at, set(), [1])
