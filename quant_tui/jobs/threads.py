"""Tasks on threads of this process: for code that lets go of the interpreter's lock."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Generic

from quant_tui.domain.tasks import Data, Part, Result, Task
from quant_tui.jobs.task_runs import Heard, Session, TaskExecutor, run_bunch


class ThreadTasks(TaskExecutor):
    """Threads of this process.

    Parameters
    ----------
    workers
        How many.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="task")

    @property
    def workers(self) -> int:
        """How many tasks run at once."""
        return self._workers

    def open(
        self, task: Task[Data, Part, Result], data: Data, heard: Heard
    ) -> Session[Part, Result]:
        """Return a session; the data are where they are."""
        return _ThreadSession(self._pool, task, data, heard)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class _ThreadSession(Session[Part, Result], Generic[Data, Part, Result]):
    def __init__(
        self,
        pool: ThreadPoolExecutor,
        task: Task[Data, Part, Result],
        data: Data,
        heard: Heard,
    ) -> None:
        self._pool = pool
        self._task = task
        self._data = data
        self._heard = heard
        self._stopped = threading.Event()
        self._futures: list[Future[list[Result]]] = []

    def submit(self, number: int, parts: Sequence[Part]) -> Future[list[Result]]:
        future = self._pool.submit(
            run_bunch,
            self._task,
            self._data,
            parts,
            self._stopped.is_set,
            partial(self._heard, number),
        )
        self._futures.append(future)
        return future

    def stop(self) -> None:
        self._stopped.set()
        for future in self._futures:
            future.cancel()

    def close(self) -> None:
        self._futures.clear()
