"""What became of what an approved proposal started: told by its job, else by the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_tui.domain.errors import NotFound
from quant_tui.domain.vocabulary import RunStatus

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job
    from quant_tui.services.composition import Services
    from quant_tui.ui.screens.chat.reading import Cited


def standing(job: Job[object]) -> str:
    """Say how far a job is that was started, or how it ended."""
    if job.status is RunStatus.RUNNING:
        return f"{job.progress:.0%} done"
    return _words(job.status, str(job.error or ""))


async def stored_standing(services: Services, started: Cited) -> str:
    """Say how a run stands whose job this process does not know, "" where nothing tells."""
    try:
        match started.kind:
            case "backtest":
                report = await services.backtests.show(started.id)
                details = report.execution.error_details if report.execution else {}
                return _words(report.backtest.status, str(details.get("message") or ""))
            case "study":
                study = await services.studies.get(started.id)
                return "it is paused" if study.is_paused else _words(study.status, study.error)
    except NotFound:
        return "it was deleted"
    return ""


def _words(status: RunStatus, error: str) -> str:
    match status:
        case RunStatus.PENDING:
            return "it waits for its turn"
        case RunStatus.RUNNING:
            return "it runs"
        case RunStatus.FAILED:
            return f"it failed: {error}" if error else "it failed"
        case RunStatus.CANCELLED:
            return "it was cancelled"
        case RunStatus.COMPLETED:
            return "it has ended"
