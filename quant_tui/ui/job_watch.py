"""What the frame knows of running jobs: who wants their result, and when to repaint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from quant_tui.domain.errors import Cancelled, QuantError
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui.reporting import report, toast

if TYPE_CHECKING:
    from textual.app import App

    from quant_tui.jobs.manager import Job, JobManager
    from quant_tui.ui.workspaces import Workspace

T = TypeVar("T")

Follower = tuple[
    "Workspace",
    Callable[[Any], Awaitable[None] | None] | None,
    Callable[[BaseException], None] | None,
]


UNASKED = frozenset({"alerts", "watchlist"})
"""Kinds of work that begin by themselves: their end is no news, what they found is."""


class JobWatch:
    """Listens to the job manager for the whole app.

    Parameters
    ----------
    app
        Where toasts go.
    changed
        Called when the status line and the Jobs screen should look again.
    """

    def __init__(self, app: App[None], changed: Callable[[], None]) -> None:
        self._app = app
        self._changed = changed
        self._manager: JobManager | None = None
        self._followers: dict[int, list[Follower]] = {}
        self._ended: set[int] = set()

    def attach(self, manager: JobManager) -> None:
        """Listen to the manager once the services are open."""
        self._manager = manager
        manager.subscribe(self._on_change)

    @property
    def jobs(self) -> list[Job[object]]:
        """All jobs of this run, the newest first."""
        return [] if self._manager is None else self._manager.jobs

    @property
    def active(self) -> list[Job[object]]:
        """Jobs that wait or run."""
        return [] if self._manager is None else self._manager.active

    def follow(
        self,
        job: Job[T],
        workspace: Workspace,
        on_done: Callable[[T], Awaitable[None] | None] | None = None,
        on_failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Call back when a job ends.

        Parameters
        ----------
        on_done
            Gets the result; it is the caller's to say where it can be seen. It may be
            a coroutine function.
        on_failed
            Gets the error, :class:`Cancelled` included, instead of the usual toast.
        """
        self._followers.setdefault(job.id, []).append((workspace, on_done, on_failed))
        if job.status.is_final:
            self._end(cast("Job[object]", job))

    def forget(self) -> None:
        """Tell nobody of the jobs so far any more."""
        self._followers.clear()
        self._ended |= {job.id for job in self.jobs}

    def _on_change(self, job: Job[object]) -> None:
        if job.status.is_final and job.id not in self._ended:
            self._ended.add(job.id)
            # after the manager's own bookkeeping of the end
            self._app.call_later(self._end, job)
        self._changed()

    def _end(self, job: Job[object]) -> None:
        followers = self._followers.pop(job.id, [])
        error: QuantError | None = job.error
        if job.status is RunStatus.CANCELLED:
            error = error or Cancelled(f"{job.title}: cancelled.")
        told = False
        for workspace, on_done, on_failed in followers:
            if error is None and on_done is not None:
                workspace.spawn(partial(_finish, on_done, job.result), group=f"job-{job.id}")
                told = True
            elif error is not None and on_failed is not None:
                on_failed(error)
                told = True
        if told:
            return
        if job.kind in UNASKED and (error is None or isinstance(error, Cancelled)):
            return
        if error is None:
            toast(self._app, f"{job.title}: done", title="Jobs")
        elif isinstance(error, Cancelled):
            report(self._app, error)
        else:
            toast(
                self._app,
                f"{job.title}: {error.message}\n9 Jobs has the details.",
                title=error.title,
                severity="error",
                seconds=10,
            )


async def _finish(on_done: Callable[[Any], Awaitable[None] | None], result: object) -> None:
    outcome = on_done(result)
    if isawaitable(outcome):
        await outcome
