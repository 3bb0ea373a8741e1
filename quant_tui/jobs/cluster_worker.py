"""What a worker of the cluster runs; imported there, by its name."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from distributed import Event, get_client, get_worker

from quant_tui.domain.errors import Cancelled
from quant_tui.domain.tasks import Data, Part, Result, Task
from quant_tui.jobs.task_runs import run_bunch
from quant_tui.jobs.versions import Versions, check_versions

ASK_SECONDS = 0.2
"""How often the scheduler is asked whether the session was stopped, and told of progress."""


def run_here(
    task: Task[Data, Part, Result],
    data: Data,
    parts: Sequence[Part],
    number: int,
    session: str,
    versions: Versions,
    expected: Mapping[str, str],
) -> list[Result]:
    """Run a bunch of parts on this worker.

    The versions are compared here too: a worker may have joined since the others were asked.

    Parameters
    ----------
    number, session
        The bunch's number, and the name under which progress is told and stopping heard.
    versions, expected
        Tells those of this process; what they must be.
    """
    check_versions(f"The worker {get_worker().address}", expected, versions())
    stopped = _Stopped(session)
    told = _Teller(session, number)
    try:
        return run_bunch(task, data, parts, stopped, told)
    except Cancelled:
        return []  # nobody waits for it; as an error it would fill the logs of the cluster


class _Stopped:
    """Asks the scheduler, but not too often, whether a session was stopped."""

    def __init__(self, session: str) -> None:
        self._event = Event(session, client=get_client())
        self._next = 0.0
        self._is_set = False

    def __call__(self) -> bool:
        now = time.monotonic()
        if not self._is_set and now >= self._next:
            self._is_set = self._event.is_set()
            self._next = time.monotonic() + ASK_SECONDS
        return self._is_set


class _Teller:
    """Tells the program how far a bunch is, but not too often."""

    def __init__(self, session: str, number: int) -> None:
        self._worker = get_worker()
        self._session = session
        self._number = number
        self._next = time.monotonic() + ASK_SECONDS

    def __call__(self, fraction: float) -> None:
        now = time.monotonic()
        if fraction < 1.0 and now < self._next:
            return
        self._next = now + ASK_SECONDS
        self._worker.log_event(self._session, {"number": self._number, "fraction": fraction})
