"""A real Dask cluster on loopback: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0


def wait_until(predicate: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not predicate():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)


class DaskCluster:
    """A scheduler and its workers.

    Parameters
    ----------
    folder
        For the scheduler's address and the workers' own files.
    workers
        How many, of one thread each, that are not started again when they end.
    options
        More options of both commands.
    """

    def __init__(self, folder: Path, workers: int = 2, options: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._options = options
        self._file = folder / "scheduler.json"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start(
            *("distributed.cli.dask_scheduler", "--scheduler-file", str(self._file)),
            *("--host", "127.0.0.1", "--port", "0"),
        )
        self.workers: list[subprocess.Popen[bytes]] = []
        self.fill(workers)

    def fill(self, workers: int) -> None:
        """Start workers until there are so many."""
        self.workers = [one for one in self.workers if one.poll() is None]
        while len(self.workers) < workers:
            self.add_worker()

    def kill_workers(self) -> None:
        """Kill them all."""
        for one in self.workers:
            one.kill()
            one.wait()

    def add_worker(self, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        worker = self._start(
            *("distributed.cli.dask_worker", "--scheduler-file", str(self._file)),
            *("--host", "127.0.0.1", "--no-nanny", "--nthreads", "1", "--memory-limit", "0"),
            *("--death-timeout", "60", "--local-directory", str(self._folder)),
            environment=environment,
        )
        self.workers.append(worker)
        return worker

    @property
    def address(self) -> str:
        """Where the scheduler is, once it is there."""
        found: list[str] = []

        def written() -> bool:
            try:
                found.append(json.loads(self._file.read_text())["address"])
            except (FileNotFoundError, json.JSONDecodeError):
                return False
            return True

        wait_until(written)
        return found[0]

    def close(self) -> None:
        """End everything."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _start(
        self, module: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, "--no-dashboard", *self._options],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "2",
                **(environment or {}),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._processes.append(process)
        return process
