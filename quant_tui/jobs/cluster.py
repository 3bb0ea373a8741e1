"""Tasks on a Dask cluster, reached through its scheduler; needs the extra ``cluster``."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, cast

from quant_tui.config.settings import JobSettings
from quant_tui.domain.base import Document
from quant_tui.domain.errors import (
    ClusterUnavailable,
    InvalidInput,
    VersionsDiffer,
    WorkerLost,
)
from quant_tui.domain.tasks import Data, Part, Result, Task
from quant_tui.jobs.task_runs import TRIES, Heard, Session, TaskExecutor, lost_too_often
from quant_tui.jobs.versions import Versions, check_versions

if TYPE_CHECKING:
    from distributed import Client, Security
    from distributed import Future as Remote
    from distributed.client import VersionsDict
    from tornado.platform.asyncio import BaseAsyncIOLoop

CONNECT_SECONDS = 10.0
WITHOUT_WORKERS_SECONDS = 30.0
"""How long a cluster may be without any worker, or unreachable, before work is given up."""

LOOK_SECONDS = 1.0
STOP_SECONDS = 1.0
"""What stopped tasks are waited for, so that the scheduler need not remember the stop."""


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """Where the cluster is.

    Attributes
    ----------
    address
        Of the scheduler: ``tcp://host:8786``, or ``tls://host:8786``.
    ca, certificate, key
        Files in PEM format for TLS; empty for what Dask's own configuration says.
    """

    address: str
    ca: str = ""
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What a cluster has: workers, and threads of all together."""

    workers: int
    threads: int


def address_of(settings: JobSettings) -> ClusterAddress:
    """Return where the cluster of the settings is."""
    return ClusterAddress(
        settings.cluster,
        settings.cluster_tls_ca,
        settings.cluster_tls_cert,
        settings.cluster_tls_key,
    )


class ClusterTasks(TaskExecutor):
    """A Dask cluster whose versions are ours.

    Parameters
    ----------
    where
        The scheduler.
    versions
        Tells the versions that every worker must share.

    Raises
    ------
    ClusterUnavailable
        It cannot be reached, or ``distributed`` is not installed here.
    VersionsDiffer
        The scheduler or a worker has other versions; the message names them.
    InvalidInput
        A file for TLS is not there.
    """

    def __init__(self, where: ClusterAddress, versions: Versions) -> None:
        self._where = where
        self._versions = versions
        self._expected = versions()
        self._client = _connected(where)
        try:
            self._check_versions()
        except BaseException:
            self.close()
            raise

    @property
    def workers(self) -> int:
        """How many tasks run at once; at least 1, for workers may be on their way."""
        return max(self.state.threads, 1)

    @property
    def usable(self) -> bool:
        """Whether the scheduler is still connected."""
        return self._client.status == "running"

    @property
    def state(self) -> ClusterState:
        """What the cluster has now.

        Raises
        ------
        ClusterUnavailable
            It does not answer.
        """
        threads = self.threads
        return ClusterState(len(threads), sum(threads.values()))

    @property
    def threads(self) -> dict[str, int]:
        """How many threads each worker has, by its address.

        Raises
        ------
        ClusterUnavailable
            It does not answer.
        """
        if not self.usable:
            raise self.gone("went away")
        with self.answering():
            found = self._client.scheduler_info(n_workers=-1).get("workers", {})
        return {address: one["nthreads"] for address, one in found.items()}

    def describe(self) -> Document:
        """Return what it has: ``workers``, and their ``threads``."""
        state = self.state
        return {"workers": state.workers, "threads": state.threads}

    def open(
        self, task: Task[Data, Part, Result], data: Data, heard: Heard
    ) -> Session[Part, Result]:
        """Send the data to every worker."""
        self._wait_for_a_worker()
        self._check_versions()
        return _ClusterSession(self, self._client, task, data, heard)

    def close(self) -> None:
        """Leave the cluster; it goes on without us."""
        with contextlib.suppress(OSError, TimeoutError):
            self._client.close(timeout=2)

    def on_worker(self) -> tuple[Versions, dict[str, str]]:
        """Return what a worker compares versions by."""
        return self._versions, self._expected

    def gone(self, what: str) -> ClusterUnavailable:
        """Return the error of a cluster that is not there any more, saying what it did."""
        return _gone(self._where.address, what)

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Turn a silent scheduler into an error of ours.

        Raises
        ------
        ClusterUnavailable
            It did not answer.
        """
        try:
            yield
        except (OSError, TimeoutError) as error:
            raise self.gone("does not answer") from error

    def _wait_for_a_worker(self) -> None:
        with self.answering():
            try:
                self._client.wait_for_workers(1, timeout=WITHOUT_WORKERS_SECONDS)
            except TimeoutError:
                raise self.gone("has no worker") from None

    def _check_versions(self) -> None:
        """Compare versions at the scheduler and every worker before anything runs there.

        What is installed is asked for by Dask's own means first, which need nothing of ours
        over there; only where that is right can our own function be called.
        """
        packages = [name for name in self._expected if name not in ("python", "engine")]
        with self.answering():
            found = cast("VersionsDict", self._client.get_versions(packages=packages))
        expected = _installed(found["client"], packages)
        check_versions("The scheduler", expected, _installed(found["scheduler"], packages))
        for address, one in found["workers"].items():
            check_versions(f"The worker {address}", expected, _installed(one, packages))
        try:
            with self.answering():
                at_scheduler = self._client.run_on_scheduler(self._versions)
                at_workers = self._client.run(self._versions)
        except (ImportError, AttributeError) as error:
            raise VersionsDiffer(
                f"The cluster cannot import what it needs of quant_tui: {error}.",
                hint="Install quant-tui[cluster] for the scheduler and every worker.",
            ) from error
        check_versions("The scheduler", self._expected, at_scheduler)
        for address, versions in at_workers.items():
            check_versions(f"The worker {address}", self._expected, versions)


class _ClusterSession(Session[Part, Result], Generic[Data, Part, Result]):
    def __init__(
        self,
        executor: ClusterTasks,
        client: Client,
        task: Task[Data, Part, Result],
        data: Data,
        heard: Heard,
    ) -> None:
        self._executor = executor
        self._client = client
        self._task = task
        self._data = data
        self._heard = heard
        self._name = f"quant_tui-{uuid.uuid4().hex}"
        self._futures: list[Future[list[Result]]] = []
        self._well = time.monotonic()
        self._looked = self._well
        self._seen = set(executor.threads)
        client.subscribe_topic(self._name, self._hear)
        self._remote = self._sent()

    def submit(self, number: int, parts: Sequence[Part]) -> Future[list[Result]]:
        from quant_tui.jobs.cluster_worker import run_here

        versions, expected = self._executor.on_worker()
        remote = self._client.submit(
            run_here,
            self._task,
            self._remote,
            list(parts),
            number,
            self._name,
            versions,
            expected,
            pure=False,
        )
        loop = cast("BaseAsyncIOLoop", self._client.loop).asyncio_loop
        found = asyncio.run_coroutine_threadsafe(_result_of(remote), loop)
        self._futures.append(found)
        return _with_our_errors(found)

    def check(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        self._look()
        if self._client.status == "closed" or (
            time.monotonic() - self._well > WITHOUT_WORKERS_SECONDS
        ):
            raise self._lost()

    def renew(self) -> bool:
        if not self._look():
            return False
        try:
            self._remote = self._sent()
        except ClusterUnavailable:
            return False  # it may come back; if it does not, the next check says so
        return True

    def stop(self) -> None:
        from distributed import Event

        event = Event(self._name, client=self._client)
        with contextlib.suppress(OSError, TimeoutError):
            event.set()
            _, deaf = wait(self._futures, STOP_SECONDS)
            if not deaf:
                event.clear()
            for future in deaf:  # it hears later, when the event is still set
                future.cancel()

    def close(self) -> None:
        self._client.unsubscribe_topic(self._name)
        self._futures.clear()
        self._remote.release()

    def _look(self) -> bool:
        """Return whether there is a worker, noting who was there and when."""
        try:
            present = self._executor.threads
        except ClusterUnavailable:
            return False
        if present:
            self._seen.update(present)
            self._well = time.monotonic()
        return bool(present)

    def _lost(self) -> WorkerLost | ClusterUnavailable:
        """Return why there is no worker any more.

        Dask blames a task only as long as the data outlive its workers, and of those it keeps
        no more copies than it thinks are needed.
        """
        if self._executor.usable and len(self._seen) >= TRIES:
            return lost_too_often(len(self._seen))
        return self._executor.gone("lost all its workers, or went away")

    def _sent(self) -> Remote[Data]:
        with self._executor.answering():
            sent = self._client.scatter([self._data], broadcast=True, hash=False)
        return cast("Remote[Data]", sent[0])

    def _hear(self, event: tuple[float, dict[str, float]]) -> None:
        _, said = event
        self._heard(int(said["number"]), said["fraction"])


def _connected(where: ClusterAddress) -> Client:
    try:
        from quant_tui.jobs.cluster_client import QuietClient, log_into_ours
    except ImportError as error:
        raise ClusterUnavailable(
            "A cluster needs the package distributed, which is not installed here.",
            hint="Install quant-tui[cluster].",
        ) from error
    log_into_ours()
    security = _security(where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared by ourselves, and refused
            return QuietClient(  # type: ignore[no-untyped-call]  # Dask's
                where.address,
                timeout=CONNECT_SECONDS,
                security=security,
                set_as_default=False,
                name="quant_tui",
            )
    except ValueError as error:
        raise InvalidInput(
            f"{where.address!r} is no address of a scheduler: {error}.",
            field="jobs.cluster",
            hint="Give one as tcp://host:8786.",
        ) from error
    except (OSError, TimeoutError, RuntimeError, TypeError) as error:
        raise _gone(where.address, f"cannot be reached ({error})") from error


def _security(where: ClusterAddress) -> Security | None:
    """Return what TLS needs; None leaves it to Dask's own configuration."""
    from distributed import Security

    files = {
        "tls_ca_file": where.ca,
        "tls_client_cert": where.certificate,
        "tls_client_key": where.key,
    }
    given = {name: str(Path(file).expanduser()) for name, file in files.items() if file}
    if not given:
        return None
    for file in given.values():
        if not Path(file).is_file():
            raise InvalidInput(f"The file {file} for TLS is not there.", field="jobs.cluster")
    return Security(require_encryption=True, **given)


def _gone(address: str, what: str) -> ClusterUnavailable:
    return ClusterUnavailable(
        f"The cluster at {address} {what}.",
        hint="Look at its scheduler and workers, or unset jobs.cluster to compute here.",
    )


def _installed(said: Mapping[str, Mapping[str, Any]], packages: list[str]) -> dict[str, str]:
    """Return versions as Dask tells them: of Python to the minor one, of packages in full."""
    there = said["packages"]
    python = ".".join((there["python"] or "").split(".")[:2])
    names = ["distributed", *packages]
    return {"python": python, **{name: there.get(name) or "" for name in names}}


async def _result_of(remote: Remote[list[Result]]) -> list[Result]:
    """Return a task's result; cancelled when it went with a worker and its data.

    Dask's own executor leaves a future without an end whose result was lost on the way here.
    """
    try:
        return cast("list[Result]", await remote)
    except CancelledError:  # by the scheduler, which has nothing to run it on
        raise asyncio.CancelledError from None
    except asyncio.CancelledError:  # by us
        with contextlib.suppress(OSError):
            await remote.cancel()
        raise


def _with_our_errors(found: Future[list[Result]]) -> Future[list[Result]]:
    """Return a future that says of a task that ended its workers what it did."""
    from distributed import KilledWorker

    told: Future[list[Result]] = Future()

    def hand_on(done: Future[list[Result]]) -> None:
        if done.cancelled():
            told.cancel()
        if not told.set_running_or_notify_cancel():
            return
        error = done.exception()
        if isinstance(error, KilledWorker):
            told.set_exception(lost_too_often(error.allowed_failures + 1))
        elif error is not None:
            told.set_exception(error)
        else:
            told.set_result(done.result())

    found.add_done_callback(hand_on)
    return told
