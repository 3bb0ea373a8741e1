"""Where the tasks of long work run: threads, processes of this machine, or a cluster."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from quant_tui.config.settings import JobSettings
from quant_tui.domain.base import Document
from quant_tui.domain.cancellation import CancelCheck
from quant_tui.domain.errors import Cancelled
from quant_tui.domain.tasks import Data, Part, Progress, Result, Task
from quant_tui.jobs.task_runs import HeldTasks, TaskExecutor
from quant_tui.jobs.versions import Versions


class Executors:
    """The executor that the settings choose, made when first needed.

    A cluster is taken wherever its address is set; otherwise processes or threads.

    Parameters
    ----------
    settings
        Of jobs.
    versions
        Tells what tasks' figures depend on; see :data:`~quant_tui.jobs.versions.Versions`.
    """

    def __init__(self, settings: JobSettings, versions: Versions) -> None:
        self._settings = settings
        self._versions = versions
        self._made: TaskExecutor | None = None
        self._lock = threading.Lock()
        self._closed = False

    @property
    def kind(self) -> str:
        """``cluster``, ``processes`` or ``threads``."""
        return "cluster" if self._settings.cluster else self._settings.executor

    @property
    def place(self) -> Document:
        """Where tasks run, as it is set: ``executor``, and ``workers`` or ``address``."""
        if self._settings.cluster:
            return {"executor": self.kind, "address": self._settings.cluster}
        return {"executor": self.kind, "workers": self._settings.workers}

    def describe(self) -> Document:
        """Return :attr:`place`; of a cluster also what it has, after comparing versions.

        Raises
        ------
        ClusterUnavailable, VersionsDiffer
            The cluster cannot be used.
        """
        if not self._settings.cluster:
            return self.place
        return {**self.place, **self._executor().describe()}

    def hold(self, task: Task[Data, Part, Result], data: Data) -> HeldTasks[Data, Part, Result]:
        """Hold a task and its data; see :class:`~quant_tui.domain.tasks.HoldTasks`."""
        return HeldTasks(self._executor, task, data)

    def run(
        self,
        task: Task[Data, Part, Result],
        data: Data,
        parts: Sequence[Part],
        *,
        progress: Progress | None = None,
        cancel: CancelCheck | None = None,
    ) -> list[Result]:
        """Run tasks; see :class:`~quant_tui.domain.tasks.RunTasks`. It blocks: not on the loop.

        Raises
        ------
        ClusterUnavailable, VersionsDiffer
            The cluster cannot be used.
        WorkerLost
            A task ended its workers one after another.
        Cancelled
            ``cancel`` said so, or the program ends.
        """
        with self.hold(task, data) as held:
            return held.run(parts, progress=progress, cancel=cancel)

    def close(self) -> None:
        """End the workers, or leave the cluster. It blocks for a moment."""
        with self._lock:
            self._closed = True
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _executor(self) -> TaskExecutor:
        with self._lock:
            if self._closed:
                raise Cancelled
            if self._made is not None and not self._made.usable:
                self._made.close()
                self._made = None
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> TaskExecutor:
        settings = self._settings
        if settings.cluster:
            from quant_tui.jobs.cluster import ClusterTasks, address_of

            return ClusterTasks(address_of(settings), self._versions)
        if settings.executor == "threads":
            from quant_tui.jobs.threads import ThreadTasks

            return ThreadTasks(settings.workers)
        from quant_tui.jobs.processes import ProcessTasks

        return ProcessTasks(settings.workers, self._versions)
