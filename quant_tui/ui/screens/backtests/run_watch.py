"""Runs, from their start to the message that tells how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from quant_tui.domain.errors import Cancelled, QuantError
from quant_tui.ui.reporting import report as report_error
from quant_tui.ui.screens.backtests import result_actions

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job
    from quant_tui.services.backtest_report import BacktestReport
    from quant_tui.ui.workspaces import Workspace


class RunWatch:
    """Follows the jobs that a workspace starts for its backtests.

    Parameters
    ----------
    workspace
        Whose jobs they are.
    refresh
        Fetches the list again.
    update_open
        Shows a backtest again if it is the one that is open.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        refresh: Callable[[], Awaitable[None]],
        update_open: Callable[[str], Awaitable[None]],
    ) -> None:
        self._workspace = workspace
        self._refresh = refresh
        self._update_open = update_open

    def active(self, backtest_id: str) -> list[Job[object]]:
        """Return what is going on for a backtest."""
        return [job for job in self._workspace.services.jobs.active if job.target == backtest_id]

    def cancel(self, backtest_id: str) -> None:
        """Stop what is going on for a backtest."""
        for job in self.active(backtest_id):
            job.cancel()

    # -- running

    def follow(self, job: Job[BacktestReport]) -> None:
        """Tell how a run ends."""
        self._workspace.host.jumps.expect(job.target)
        self._workspace.follow(
            job, on_done=self._finished, on_failed=partial(self._failed, job.target)
        )

    async def rerun(self, backtest_id: str) -> None:
        """Run a kept one again, in its place."""
        self.follow(await self._started_again(backtest_id))

    async def verify(self, backtest_id: str) -> None:
        """Run a kept one again, and tell whether it finds the same."""
        workspace = self._workspace
        before = await workspace.services.backtests.show(backtest_id)
        job = await self._started_again(backtest_id)
        workspace.host.jumps.expect(job.target)
        workspace.follow(
            job,
            on_done=partial(self._verified, before),
            on_failed=partial(self._failed, job.target),
        )

    async def _started_again(self, backtest_id: str) -> Job[BacktestReport]:
        job = await self._workspace.services.backtests.rerun(backtest_id)
        await self._refresh()
        return job

    async def _finished(self, report: BacktestReport) -> None:
        await self._tell(report, *result_actions.finished(report))

    async def _verified(self, before: BacktestReport, after: BacktestReport) -> None:
        await self._tell(after, *await asyncio.to_thread(result_actions.verdict, before, after))

    async def _tell(self, report: BacktestReport, title: str, text: str) -> None:
        await self._refresh()
        backtest_id = report.backtest.id
        self._workspace.host.jumps.offer(text, "backtests", backtest_id, title=title)
        await self._update_open(backtest_id)

    def _failed(self, backtest_id: str, error: BaseException) -> None:
        self._tell_failure(backtest_id, "✗ Backtest failed", error)
        self._workspace.spawn(partial(self._update_open, backtest_id))

    def _tell_failure(self, target: str, title: str, error: BaseException) -> None:
        jumps = self._workspace.host.jumps
        if isinstance(error, Cancelled) or not isinstance(error, QuantError):
            jumps.withdraw(target)
            report_error(self._workspace, error)
        else:
            jumps.offer(str(error), "backtests", target, title=title, failed=True)
