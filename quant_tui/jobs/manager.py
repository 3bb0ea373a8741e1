"""Jobs: anything that takes longer than a blink, with progress and a cancel that works."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, ParamSpec, TypeVar

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import Cancelled, QuantError
from quant_tui.domain.redaction import redact
from quant_tui.domain.turns import frequent_turns
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.jobs.cancel import CancelToken

T = TypeVar("T")
P = ParamSpec("P")

NOTIFY_SECONDS = 0.1
"""Least time between two notices of one job's progress."""

KEPT_FINISHED = 200
"""How many finished jobs are remembered."""

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Job(Generic[T]):
    """One piece of long work.

    Attributes
    ----------
    kind
        What sort of work, for example ``backtest`` or ``import``.
    title
        What it is, for people.
    target
        Id of what it makes, so that a screen can jump there; empty when nothing.
    progress
        Fraction done, 0 to 1.
    error, detail
        Why it failed, and the full traceback for the Jobs screen.
    result
        What it returned, once completed.
    """

    id: int
    kind: str
    title: str
    target: str = ""
    status: RunStatus = RunStatus.PENDING
    progress: float = 0.0
    message: str = ""
    created_at: datetime = field(default_factory=utc_now)
    error: QuantError | None = None
    detail: str = ""
    result: T | None = None
    token: CancelToken = field(default_factory=CancelToken)
    task: asyncio.Task[None] | None = None
    _place: asyncio.Task[bool] | None = None
    _started: float | None = None
    _ended: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds that it has run, or ran."""
        if self._started is None:
            return 0.0
        return (self._ended or time.monotonic()) - self._started

    @property
    def eta_seconds(self) -> float | None:
        """Seconds still to go, from the progress so far; None before 2 % are done."""
        if self.status is not RunStatus.RUNNING or self.progress < 0.02:
            return None
        return self.elapsed * (1 - self.progress) / self.progress

    def cancel(self) -> None:
        """Ask the job to stop; it ends as cancelled within a second. Call it on the loop."""
        self.token.cancel()
        if self._place is not None:
            self._place.cancel()

    async def wait(self) -> T:
        """Wait for the end and return the result.

        Raises
        ------
        QuantError
            What the job failed with; Cancelled when it was cancelled.
        """
        if self.task is not None:
            await asyncio.wait({self.task})
        if self.error is not None:
            raise self.error
        if self.status is RunStatus.CANCELLED:
            raise Cancelled
        return self.result  # type: ignore[return-value]  # completed jobs hold their result


class JobContext:
    """What running work is given: progress, cancellation and threads.

    ``progress`` and ``cancel`` may be used from any thread.
    """

    def __init__(self, manager: JobManager, job: Job[object]) -> None:
        self._manager = manager
        self._job = job
        self.cancel = job.token

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how far the work is.

        Parameters
        ----------
        fraction
            Done so far, 0 to 1.
        message
            What is being done now; empty leaves the last one.
        """
        self._job.progress = min(1.0, max(0.0, fraction))
        if message:
            self._job.message = message
        self._manager.notify_soon(self._job)

    async def run_in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function in the heavy-work threads and wait for it."""
        return await self._manager.run_in_thread(function, *args, **kwargs)

    def set_target(self, target: str) -> None:
        """Name the object that the job makes."""
        self._job.target = target


class JobManager:
    """Runs jobs on the event loop, with heavy parts in threads of its own.

    Jobs beyond ``workers`` wait as pending. Listeners are called on the event loop,
    at most ten times a second for a job's progress and at once for its status.
    """

    def __init__(self, workers: int = 2) -> None:
        self._slots = asyncio.Semaphore(workers)
        # one thread more than slots, so that a cancelled job's last step never blocks the next
        self._threads = ThreadPoolExecutor(workers + 1, thread_name_prefix="job")
        self._jobs: list[Job[object]] = []
        self._listeners: list[Callable[[Job[object]], None]] = []
        self._ids = itertools.count(1)
        self._loop = asyncio.get_running_loop()
        self._noticed: dict[int, float] = {}
        self._ended = False

    @property
    def jobs(self) -> list[Job[object]]:
        """All jobs of this run, the newest first."""
        return list(reversed(self._jobs))

    @property
    def active(self) -> list[Job[object]]:
        """Jobs that wait or run, the oldest first."""
        return [job for job in self._jobs if not job.status.is_final]

    def subscribe(self, listener: Callable[[Job[object]], None]) -> Callable[[], None]:
        """Call ``listener`` on every change of a job; return how to stop that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    def start(
        self,
        kind: str,
        title: str,
        work: Callable[[JobContext], Awaitable[T]],
        *,
        target: str = "",
        abandoned: Callable[[], Awaitable[None]] | None = None,
    ) -> Job[T]:
        """Start work as a job. Call it on the event loop.

        Parameters
        ----------
        kind, title, target
            See :class:`Job`.
        work
            An asynchronous function; blocking parts go through
            :meth:`JobContext.run_in_thread`.
        abandoned
            Called instead of ``work`` when the job is cancelled while it still waits.
        """
        job: Job[T] = Job(next(self._ids), kind, title, target)
        known: Job[object] = job  # type: ignore[assignment]  # a Job of anything is a Job of object
        self._jobs.append(known)
        self._forget_old()
        job.task = self._loop.create_task(self._run(job, work, abandoned), name=f"job-{job.id}")
        self._notify(known)
        return job

    async def run_in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function in the heavy-work threads and wait for it.

        Raises
        ------
        Cancelled
            The program ends.
        """
        if self._ended:
            raise Cancelled

        def work() -> T:
            with frequent_turns():
                return function(*args, **kwargs)

        return await self._loop.run_in_executor(self._threads, work)

    async def forget_all(self, timeout_seconds: float = 5.0) -> None:
        """Cancel everything, wait for it to end, and forget all jobs with their results."""
        await self._cancel_all(timeout_seconds)
        self._jobs.clear()
        self._noticed.clear()

    async def shutdown(self, timeout_seconds: float = 5.0) -> None:
        """Cancel everything and wait, at most ``timeout_seconds``, for it to end."""
        await self._cancel_all(timeout_seconds)
        self._ended = True
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _cancel_all(self, timeout_seconds: float) -> None:
        tasks = []
        for job in self.active:
            job.cancel()
            if job.task is not None:
                tasks.append(job.task)
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_seconds)

    def notify_soon(self, job: Job[object]) -> None:
        """Tell the listeners of progress, from any thread, but not too often."""
        now = time.monotonic()
        if now - self._noticed.get(job.id, 0.0) < NOTIFY_SECONDS:
            return
        self._noticed[job.id] = now
        with suppress(RuntimeError):  # the loop has closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._notify, job)

    def _notify(self, job: Job[object]) -> None:
        for listener in list(self._listeners):
            listener(job)

    async def _run(
        self,
        job: Job[T],
        work: Callable[[JobContext], Awaitable[T]],
        abandoned: Callable[[], Awaitable[None]] | None,
    ) -> None:
        known: Job[object] = job  # type: ignore[assignment]  # as in start
        has_place = False
        try:
            job.token.raise_if_cancelled()
            # Only the wait for a place is cancelled from outside; the work hears its token.
            job._place = asyncio.create_task(self._slots.acquire())
            has_place = await job._place
            job._place = None
            job.token.raise_if_cancelled()
            job.status = RunStatus.RUNNING
            job._started = time.monotonic()
            self._notify(known)
            job.result = await work(JobContext(self, known))
            job.status = RunStatus.COMPLETED
            job.progress = 1.0
        except (Cancelled, asyncio.CancelledError):
            await self._cancelled(job, abandoned)
        except QuantError as error:
            self._fail(job, error)
        except Exception as error:
            log.exception("job %s (%s) failed unexpectedly", job.id, job.title)
            unexpected = QuantError(f"{type(error).__name__}: {error}")
            unexpected.__cause__ = error
            self._fail(job, unexpected)
        finally:
            if has_place:
                self._slots.release()
            job._ended = time.monotonic()
            self._notify(known)

    async def _cancelled(
        self, job: Job[T], abandoned: Callable[[], Awaitable[None]] | None
    ) -> None:
        """End a job as cancelled, once that of one which never began has been kept."""
        status = RunStatus.CANCELLED
        try:
            if job._started is None and abandoned is not None:
                await abandoned()
        except QuantError as error:
            self._fail(job, error)
            status = RunStatus.FAILED
        finally:
            job.status = status

    @staticmethod
    def _fail(job: Job[T], error: QuantError) -> None:
        job.status = RunStatus.FAILED
        job.error = error
        job.message = error.message
        job.detail = redact("".join(traceback.format_exception(error)))

    def _forget_old(self) -> None:
        finished = [job for job in self._jobs if job.status.is_final]
        for job in finished[: max(0, len(finished) - KEPT_FINISHED)]:
            self._jobs.remove(job)
            self._noticed.pop(job.id, None)
