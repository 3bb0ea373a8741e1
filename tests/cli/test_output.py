"""What commands print alike."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from quant_tui.cli.output import finished, print_deleted
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.jobs.manager import JobContext, JobManager


def test_what_is_deleted_is_named_and_cannot_act_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = {"deleted": "6741", "name": "a\x1b[31mb"}
    print_deleted(gone, as_json=False)
    print_deleted(gone, as_json=False, called="signal@0.1.0")
    print_deleted(gone, as_json=True)
    first, second, document = capsys.readouterr().out.split("\n", 2)
    assert (first, second) == ("a\\x1b[31mb is deleted.", "signal@0.1.0 is deleted.")
    assert json.loads(document) == gone


async def test_a_job_that_is_no_longer_waited_for_is_cancelled() -> None:
    jobs = JobManager()
    begun, never = asyncio.Event(), threading.Event()

    async def work(context: JobContext) -> int:
        begun.set()
        return await context.run_in_thread(wait, context)

    def wait(context: JobContext) -> int:
        while not never.wait(0.01):
            context.cancel.raise_if_cancelled()
        return 0

    async def answer(_context: JobContext) -> int:
        return 42

    assert await finished(jobs, jobs.start("test", "Answer", answer)) == 42
    job = jobs.start("test", "Work", work)
    waiting = asyncio.create_task(finished(jobs, job))
    await begun.wait()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert job.task is not None
    await asyncio.wait([job.task])
    assert job.status is RunStatus.CANCELLED
    await jobs.shutdown(timeout_seconds=5)
