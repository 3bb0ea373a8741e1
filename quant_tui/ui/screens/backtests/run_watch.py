"""Runs and checks of results, from their start to the message that tells how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from quant_tui.domain.errors import Cancelled, QuantError
from quant_tui.ui.reporting import report as report_error
from quant_tui.ui.screens.backtests import result_actions

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.engine.robustness.card import TrustCard
    from quant_tui.jobs.manager import Job
    from quant_tui.services.backtest_report import BacktestReport
    from quant_tui.ui.workspaces import Workspace

CHECK = "check:"
"""A jump to ``check:ID`` opens the trust card of that backtest."""


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
    show_card
        Shows another trust card of a backtest if it is the one that is open.

    Attributes
    ----------
    cards
        Trust cards with every check, by backtest, for as long as the app runs; the stores
        keep the quick ones.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        refresh: Callable[[], Awaitable[None]],
        update_open: Callable[[str], Awaitable[None]],
        show_card: Callable[[str, Document], Awaitable[None]],
    ) -> None:
        self._workspace = workspace
        self._refresh = refresh
        self._update_open = update_open
        self._show_card = show_card
        self.cards: dict[str, Document] = {}

    def active(self, backtest_id: str, kind: str = "") -> list[Job[object]]:
        """Return what is going on for a backtest; of one kind, if that is given."""
        return [
            job
            for job in self._workspace.services.jobs.active
            if job.target == backtest_id and kind in ("", job.kind)
        ]

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
        workspace.host.jumps.expect(backtest_id)
        workspace.follow(
            job,
            on_done=partial(self._verified, before),
            on_failed=partial(self._failed, backtest_id),
        )

    async def _started_again(self, backtest_id: str) -> Job[BacktestReport]:
        job = await self._workspace.services.backtests.rerun(backtest_id)
        self.cards.pop(backtest_id, None)
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
            report_error(self._workspace.app, error)
        else:
            jumps.offer(str(error), "backtests", target, title=title, failed=True)

    # -- checking

    def checking(self, backtest_id: str) -> str | None:
        """Say how far the checks of a result are; None when none are being made."""
        job = next(iter(self.active(backtest_id, "check")), None)
        return None if job is None else f"{job.progress:.0%} {job.message}"

    async def check(self, backtest_id: str) -> None:
        """Make every check of a result, and show the fuller card where its page is open."""
        workspace = self._workspace
        if self.active(backtest_id, "check"):
            workspace.toast("Its checks are being made; ctrl+x stops them.")
            return
        job = await workspace.services.trust.check(backtest_id)
        workspace.host.jumps.expect(CHECK + backtest_id)
        workspace.refresh_bindings()
        workspace.jobs_changed()
        workspace.follow(
            job,
            on_done=partial(self._checked, backtest_id),
            on_failed=partial(self._check_failed, backtest_id),
        )

    async def _checked(self, backtest_id: str, card: TrustCard) -> None:
        document = card.to_document()
        self.cards[backtest_id] = document
        await self._show_card(backtest_id, document)
        self._check_ended()
        title, text = result_actions.checked(document)
        self._workspace.host.jumps.offer(text, "backtests", CHECK + backtest_id, title=title)

    def _check_failed(self, backtest_id: str, error: BaseException) -> None:
        self._check_ended()
        self._tell_failure(CHECK + backtest_id, "✗ Checks not made", error)

    def _check_ended(self) -> None:
        self._workspace.refresh_bindings()
        self._workspace.jobs_changed()
