"""Tasks handed out, their results gathered in order; progress, cancelling, failures."""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Generic, Self

from quant_tui.domain.base import Document
from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import WorkerLost
from quant_tui.domain.tasks import Data, Part, Progress, Result, Task

LOOK_SECONDS = 0.05
"""How often cancelling is looked for and progress told."""

BUNCHES_A_WORKER = 8
"""Most bunches of parts for each worker: so many that none is left idle for long."""

TRIES = 3
"""Workers that may end under a task before the task is blamed."""

Heard = Callable[[int, float], None]
"""Takes a bunch's number and the fraction of it that is done; from any thread."""


class Session(ABC, Generic[Part, Result]):
    """One task with its data at the workers, taken back at the end.

    ``submit`` gives ordinary futures; one that was cancelled by nobody lost its data and
    may be submitted again after :meth:`renew`.
    """

    @abstractmethod
    def submit(self, number: int, parts: Sequence[Part]) -> Future[list[Result]]:
        """Run the task on a bunch of parts."""

    @abstractmethod
    def stop(self) -> None:
        """Ask what still runs to stop, and end what does not hear; nothing is run after it."""

    @abstractmethod
    def close(self) -> None:
        """Take the data back."""

    def check(self) -> None:
        """Raise when no result can be hoped for any more; called while waiting."""

    def renew(self) -> bool:
        """Bring the data to the workers again; False when there is no worker just now."""
        return True


class TaskExecutor(ABC):
    """Somewhere tasks run: threads, processes, a cluster."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many tasks run at once."""

    def describe(self) -> Document:
        """Return what it has: ``workers``."""
        return {"workers": self.workers}

    @property
    def usable(self) -> bool:
        """Whether it can still run tasks; otherwise another one must be made."""
        return True

    @abstractmethod
    def open(
        self, task: Task[Data, Part, Result], data: Data, heard: Heard
    ) -> Session[Part, Result]:
        """Bring a task's data to where it will run.

        Parameters
        ----------
        task, data
            As :class:`~quant_tui.domain.tasks.RunTasks` takes them.
        heard
            Told of progress inside bunches.
        """

    @abstractmethod
    def close(self) -> None:
        """End the workers; what still runs is given up."""


class HeldTasks(Generic[Data, Part, Result]):
    """One task with its data, run on parts as often as one likes; see ``HoldTasks``.

    Parameters
    ----------
    executor
        Gives the executor, when first needed: until then nothing is started or sent.
    task, data
        As :class:`~quant_tui.domain.tasks.HoldTasks` takes them.
    """

    def __init__(
        self, executor: Callable[[], TaskExecutor], task: Task[Data, Part, Result], data: Data
    ) -> None:
        self._executor = executor
        self._task = task
        self._data = data
        self._session: Session[Part, Result] | None = None
        self._most = 1
        self._told = _Told([1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def run(
        self,
        parts: Sequence[Part],
        *,
        progress: Progress | None = None,
        cancel: CancelCheck | None = None,
    ) -> list[Result]:
        """Run the task on parts; see :class:`~quant_tui.domain.tasks.RunTasks`.

        The parts are the same wherever they run, and only bunched by the number of workers,
        so that the results are too.

        Raises
        ------
        WorkerLost
            A task ended :data:`TRIES` workers one after another.
        ClusterUnavailable, VersionsDiffer
            The cluster cannot be used, or not any more.
        """
        raise_if_cancelled(cancel)
        if not parts:
            return []
        session = self._opened()
        bunches = bunched(parts, self._most)
        self._told = told = _Told([len(bunch) for bunch in bunches])
        try:
            gathering = _Gathering(session, bunches)
            while gathering.unfinished:
                gathering.take(LOOK_SECONDS)
                raise_if_cancelled(cancel)
                session.check()
                if progress is not None:
                    progress(told.fraction, f"{told.done} of {len(parts)} parts")
            if gathering.failure is not None:
                raise gathering.failure
        except BaseException:
            session.stop()
            self._close()
            raise
        return [result for number in range(len(bunches)) for result in gathering.results[number]]

    def _opened(self) -> Session[Part, Result]:
        if self._session is None:
            executor = self._executor()
            self._most = executor.workers * BUNCHES_A_WORKER
            self._session = executor.open(
                self._task, self._data, lambda number, part: self._told.hear(number, part)
            )
        return self._session

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def run_bunch(
    task: Task[Data, Part, Result],
    data: Data,
    parts: Sequence[Part],
    cancel: CancelCheck,
    told: Callable[[float], None],
) -> list[Result]:
    """Run a task on a bunch of parts, where the worker is."""
    results = []
    for place, part in enumerate(parts):
        raise_if_cancelled(cancel)
        results.append(task(data, part, cancel))
        told((place + 1) / len(parts))
    return results


def bunched(parts: Sequence[Part], most: int) -> list[Sequence[Part]]:
    """Cut parts into at most ``most`` bunches of neighbours."""
    size = math.ceil(len(parts) / most)
    return [parts[start : start + size] for start in range(0, len(parts), size)]


class _Gathering(Generic[Part, Result]):
    """Futures of all bunches, and what came of them.

    After a failure only the bunches before it are waited for, so that it is always the
    first part that fails whose error is raised, whichever was quicker. A task that ends its
    workers is given up at once: it may have left none to wait for.
    """

    def __init__(self, session: Session[Part, Result], bunches: Sequence[Sequence[Part]]) -> None:
        self._session = session
        self._bunches = bunches
        self._losses = [0] * len(bunches)
        self._lost: list[int] = []
        self.results: dict[int, list[Result]] = {}
        self.failure: BaseException | None = None
        self.waiting = {session.submit(n, one): n for n, one in enumerate(bunches)}

    @property
    def unfinished(self) -> bool:
        """Whether there is something to wait for."""
        return bool(self.waiting or self._lost)

    def take(self, seconds: float) -> None:
        """Take what is done, waiting for something at most so long."""
        if self._lost and self._session.renew():
            again, self._lost = self._lost, []
            for number in again:
                self.waiting[self._session.submit(number, self._bunches[number])] = number
        if not self.waiting:
            time.sleep(seconds)
            return
        for future in wait(self.waiting, seconds, FIRST_COMPLETED).done:
            if future not in self.waiting:  # it comes after one that failed
                continue
            number = self.waiting.pop(future)
            if future.cancelled():
                self._lose(number)
            elif isinstance(error := future.exception(), WorkerLost):
                raise error  # what came before may have gone with the workers
            elif error is not None:
                self._fail(number, error)
            else:
                self.results[number] = future.result()

    def _fail(self, number: int, error: BaseException) -> None:
        self.failure = error
        self._lost = [other for other in self._lost if other < number]
        for future, later in list(self.waiting.items()):
            if later > number:
                del self.waiting[future]
                future.cancel()

    def _lose(self, number: int) -> None:
        self._losses[number] += 1
        if self._losses[number] >= TRIES:
            raise lost_too_often(TRIES)
        self._lost.append(number)


class _Told:
    """Progress of all bunches together."""

    def __init__(self, sizes: list[int]) -> None:
        self._sizes = sizes
        self._fractions = [0.0] * len(sizes)
        self._lock = threading.Lock()

    def hear(self, number: int, fraction: float) -> None:
        """Note how far a bunch is; a bunch that is run again never goes back."""
        with self._lock:
            self._fractions[number] = max(self._fractions[number], min(fraction, 1.0))

    @property
    def done(self) -> int:
        """Parts that are done."""
        return round(sum(map(float.__mul__, self._fractions, map(float, self._sizes))))

    @property
    def fraction(self) -> float:
        """Fraction of all parts that is done."""
        return self.done / sum(self._sizes)


def lost_too_often(times: int, why: str = "") -> WorkerLost:
    """Return the error of a task under which workers end again and again.

    Parameters
    ----------
    times
        How many ended.
    why
        How the last one did, in brackets; empty when that is not known.
    """
    return WorkerLost(
        f"{times} workers ended one after another while they ran the same task{why}.",
        hint="Its memory may not suffice: give each worker more, or ask for less at once.",
    )
