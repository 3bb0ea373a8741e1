"""Tasks on niced processes of this machine: for code that holds the interpreter's lock.

Each worker is a fresh interpreter (a forked one would keep our locks) with a pipe to and
from it, and one thread here that hands it a bunch at a time. So it is known which task a
worker was at when it ended: that one is run again, and nothing else.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Generic

from quant_tui.domain.errors import Cancelled, StoreUnavailable
from quant_tui.domain.tasks import Data, Part, Result, Task
from quant_tui.jobs.task_runs import TRIES, Heard, Session, TaskExecutor, lost_too_often
from quant_tui.jobs.versions import Versions
from quant_tui.jobs.worker_messages import (
    Done,
    Forget,
    Hello,
    Message,
    RunBunch,
    Stop,
    Told,
    read_message,
    write_data,
    write_message,
)

GRACE_SECONDS = 2.0
"""What a stopped task is given to hear of it before its worker is ended."""

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
_session_numbers = itertools.count(1)


class WorkerEnded(Exception):
    """A worker process ended in the middle of a task; the exit code is its argument."""


class ProcessTasks(TaskExecutor):
    """Processes of this machine, started when first needed.

    Parameters
    ----------
    workers
        How many.
    versions
        Tells the versions that a worker must share; an update of the program while it runs
        would otherwise mix two of them.
    """

    def __init__(self, workers: int, versions: Versions) -> None:
        self._workers = workers
        self._versions = versions
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="worker")
        self._idle: queue.LifoQueue[WorkerProcess | None] = queue.LifoQueue()
        for _ in range(workers):
            self._idle.put(None)
        self._living: set[WorkerProcess] = set()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def workers(self) -> int:
        """How many tasks run at once."""
        return self._workers

    def open(
        self, task: Task[Data, Part, Result], data: Data, heard: Heard
    ) -> Session[Part, Result]:
        """Write the data where the workers map them."""
        return _ProcessSession(self, task, data, heard)

    def close(self) -> None:
        """End the workers."""
        with self._lock:
            self._closed = True
            living = list(self._living)
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in living:
            worker.kill()
        self._threads.shutdown(wait=True)  # each hears that its worker has ended
        for worker in living:
            worker.end()

    def submit(self, session: ProcessSessionState, number: int, work: bytes) -> Future[bytes]:
        """Run a bunch at the next free worker; the results stay pickled.

        Raises
        ------
        Cancelled
            The workers have ended.
        """
        with self._lock:
            if self._closed:
                raise Cancelled
            return self._threads.submit(self._run, session, number, work)

    def tell(self, message: Message) -> None:
        """Say something to all workers that live."""
        with self._lock:
            living = list(self._living)
        for worker in living:
            with contextlib.suppress(OSError):  # it has just ended
                worker.tell(message)

    def _run(self, session: ProcessSessionState, number: int, work: bytes) -> bytes:
        worker = self._idle.get()
        ended = 0
        try:
            while True:
                session.raise_if_stopped()
                if worker is not None and not worker.lives:  # it was idle for long
                    self._let_go(worker)
                    worker = None
                if worker is None:
                    worker = self._start()
                try:
                    return session.run(worker, number, work)
                except WorkerEnded as end:
                    self._let_go(worker)
                    worker = None
                    session.raise_if_stopped()
                    ended += 1
                    if self._closed:
                        raise Cancelled from end
                    if ended >= TRIES:
                        raise lost_too_often(ended, f" (the last with {end})") from end
        finally:
            self._idle.put(worker)

    def _start(self) -> WorkerProcess:
        with self._lock:
            if self._closed:
                raise Cancelled
            worker = WorkerProcess()
            self._living.add(worker)
        with contextlib.suppress(OSError):  # ended at once: its first task will tell
            worker.tell(Hello(pickle.dumps(self._versions), self._versions()))
        return worker

    def _let_go(self, worker: WorkerProcess) -> None:
        worker.end()
        with self._lock:
            self._living.discard(worker)


class WorkerProcess:
    """One worker process and the pipes to it."""

    def __init__(self) -> None:
        places = [place or str(Path.cwd()) for place in sys.path]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "quant_tui.jobs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**_ONE_THREAD, **os.environ, "PYTHONPATH": os.pathsep.join(places)},
            start_new_session=True,  # ctrl+c is for the program, which ends its workers
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),  # Windows'
        )
        self._writing = threading.Lock()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def tell(self, message: Message) -> None:
        """Say something.

        Raises
        ------
        OSError
            It has ended.
        """
        assert self._process.stdin is not None  # noqa: S101 -- a pipe, see above
        with self._writing:
            if self._process.stdin.closed:
                raise BrokenPipeError
            write_message(self._process.stdin, message)

    def hear(self) -> Message:
        """Wait for what it says next.

        Raises
        ------
        WorkerEnded
            It said no more.
        """
        assert self._process.stdout is not None  # noqa: S101 -- a pipe, see above
        message = read_message(self._process.stdout)
        if message is None:
            raise WorkerEnded(_how(self._process.wait()))
        return message

    def kill(self) -> None:
        """End it at once; whoever waits for it hears of it."""
        self._process.kill()

    def end(self) -> None:
        """End it and let go of it, when nobody waits for it any more."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None  # noqa: S101 -- a pipe, see above
            with self._writing, contextlib.suppress(OSError):  # what was not sent is lost
                pipe.close()


class ProcessSessionState:
    """What the threads that serve a session share.

    Parameters
    ----------
    number
        Its number.
    data
        File of its data.
    heard
        Told of progress.
    """

    def __init__(self, number: int, data: Path, heard: Heard) -> None:
        self.number = number
        self._data = data
        self._heard = heard
        self._stopped = False
        self._lock = threading.Lock()
        self._busy: set[WorkerProcess] = set()

    def raise_if_stopped(self) -> None:
        """Raise Cancelled once the session was stopped."""
        if self._stopped:
            raise Cancelled

    def run(self, worker: WorkerProcess, number: int, work: bytes) -> bytes:
        """Have a worker run a bunch and return its pickled results.

        Raises
        ------
        WorkerEnded
            It ended in the middle.
        Exception
            What the task raised.
        """
        with self._lock:
            self.raise_if_stopped()
            self._busy.add(worker)
        try:
            with contextlib.suppress(OSError):  # it has ended, which is heard next
                worker.tell(RunBunch(self.number, str(self._data), work))
            while not isinstance(message := worker.hear(), Done):
                if isinstance(message, Told):
                    self._heard(number, message.fraction)
        finally:
            with self._lock:
                self._busy.discard(worker)
        if message.failed:
            raise pickle.loads(message.results)  # noqa: S301 -- from our own pipe
        return message.results

    def stop(self) -> list[WorkerProcess]:
        """Begin nothing more, and return the workers that are still at it."""
        with self._lock:
            self._stopped = True
            return list(self._busy)

    def kill(self, asked: Sequence[WorkerProcess]) -> None:
        """End those that were asked to stop and are still at it."""
        with self._lock:
            for worker in self._busy.intersection(asked):
                worker.kill()


class _ProcessSession(Session[Part, Result], Generic[Data, Part, Result]):
    def __init__(
        self, executor: ProcessTasks, task: Task[Data, Part, Result], data: Data, heard: Heard
    ) -> None:
        self._executor = executor
        self._task = task
        self._folder = Path(tempfile.mkdtemp(prefix="quant-tui-tasks-"))
        path = self._folder / "data"
        try:
            write_data(path, data)
        except BaseException as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise StoreUnavailable(
                    f"The data of the tasks cannot be written to {path}: {error.strerror}.",
                    hint="Make room there, or set TMPDIR to a folder that has some.",
                ) from error
            raise
        self._state = ProcessSessionState(next(_session_numbers), path, heard)
        self._futures: list[Future[bytes]] = []

    def submit(self, number: int, parts: Sequence[Part]) -> Future[list[Result]]:
        work = pickle.dumps((self._task, parts), pickle.HIGHEST_PROTOCOL)
        packed = self._executor.submit(self._state, number, work)
        self._futures.append(packed)
        results: Future[list[Result]] = Future()

        def hand_on(done: Future[bytes]) -> None:
            if not results.set_running_or_notify_cancel():
                return
            try:
                found: list[Result] = pickle.loads(done.result())  # noqa: S301 -- from our own pipe
            except CancelledError:
                results.set_exception(Cancelled())
            except BaseException as error:  # noqa: BLE001 -- it is the waiting side's
                results.set_exception(error)
            else:
                results.set_result(found)

        packed.add_done_callback(hand_on)
        return results

    def stop(self) -> None:
        for future in self._futures:
            future.cancel()
        asked = self._state.stop()
        if asked:
            self._executor.tell(Stop(self._state.number))
            timer = threading.Timer(GRACE_SECONDS, self._state.kill, [asked])
            timer.daemon = True
            timer.start()

    def close(self) -> None:
        self._executor.tell(Forget(self._state.number))
        shutil.rmtree(self._folder, ignore_errors=True)


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
