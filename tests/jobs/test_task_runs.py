"""What is made of results that fail and get lost at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from quant_tui.domain.errors import ClusterUnavailable, WorkerLost
from quant_tui.domain.tasks import Data, Part, Result, Task
from quant_tui.jobs.task_runs import Heard, HeldTasks, Session, TaskExecutor, lost_too_often
from tests.jobs import tasks


class LeftWithoutWorkers(TaskExecutor, Session[int, int]):
    """Workers that the second part ended, and that took the first one's result along."""

    workers = 1

    def open(
        self, task: Task[Data, Part, Result], data: Data, heard: Heard
    ) -> Session[Part, Result]:
        return self

    def submit(self, number: int, parts: Sequence[int]) -> Future[list[int]]:
        found: Future[list[int]] = Future()
        if number == 0:
            found.cancel()
            found.set_running_or_notify_cancel()
        else:
            found.set_exception(lost_too_often(3))
        return found

    def renew(self) -> bool:
        return False

    def check(self) -> None:
        raise ClusterUnavailable("nothing is there any more")

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_task_that_ends_its_workers_is_blamed_even_when_none_is_left() -> None:
    with (
        HeldTasks(LeftWithoutWorkers, tasks.process_of, None) as held,
        pytest.raises(WorkerLost, match="3 workers ended one after another"),
    ):
        held.run([0, 1])
