"""Jobs: progress, cancellation, failure, order, and nothing left running."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from quant_tui.domain.errors import Cancelled, InvalidInput, QuantError, StoreUnavailable
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.jobs.manager import Job, JobContext, JobManager


@pytest.fixture
async def manager() -> AsyncIterator[JobManager]:
    manager = JobManager(workers=1)
    yield manager
    await manager.shutdown()


async def test_a_job_returns_what_its_work_returns(manager: JobManager) -> None:
    async def work(context: JobContext) -> int:
        return await context.run_in_thread(lambda: 6 * 7)

    job = manager.start("sum", "Six times seven", work)
    assert await job.wait() == 42
    assert job.status is RunStatus.COMPLETED
    assert job.progress == 1.0
    assert job.eta_seconds is None


async def test_listeners_hear_of_every_status_and_of_progress(manager: JobManager) -> None:
    heard: list[tuple[RunStatus, float]] = []
    unsubscribe = manager.subscribe(lambda job: heard.append((job.status, job.progress)))

    async def work(context: JobContext) -> None:
        def count() -> None:
            for step in range(1000):
                context.progress(step / 1000, "counting")

        await context.run_in_thread(count)

    await manager.start("count", "Counting", work).wait()
    statuses = [status for status, _ in heard]
    assert statuses[0] is RunStatus.PENDING
    assert RunStatus.RUNNING in statuses
    assert statuses[-1] is RunStatus.COMPLETED
    assert len(heard) < 50, "a flood of progress must be thinned"
    unsubscribe()
    before = len(heard)
    await manager.start("count", "Counting", work).wait()
    assert len(heard) == before


async def test_running_work_stops_when_cancelled(manager: JobManager) -> None:
    started = threading.Event()

    async def work(context: JobContext) -> None:
        def spin() -> None:
            started.set()
            while True:
                context.cancel.raise_if_cancelled()

        await context.run_in_thread(spin)

    job = manager.start("spin", "Spinning", work)
    await asyncio.to_thread(started.wait)
    job.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(Cancelled):
            await job.wait()
    assert job.status is RunStatus.CANCELLED


async def test_waiting_work_is_abandoned_when_cancelled(manager: JobManager) -> None:
    release = asyncio.Event()
    abandoned: list[str] = []

    async def hold(context: JobContext) -> None:
        await release.wait()

    async def never(context: JobContext) -> None:
        pytest.fail("cancelled work must not start")

    async def note() -> None:
        assert not second.status.is_final, "who sees its end finds what it left"
        abandoned.append("yes")

    first = manager.start("hold", "Holding", hold)
    second = manager.start("never", "Never", never, abandoned=note)
    second.cancel()
    with pytest.raises(Cancelled):
        await second.wait()
    assert abandoned == ["yes"]
    release.set()
    await first.wait()


async def test_a_known_failure_keeps_its_cause(manager: JobManager) -> None:
    async def work(context: JobContext) -> None:
        raise InvalidInput("The window is 0.", field="window")

    job = manager.start("fail", "Failing", work)
    with pytest.raises(InvalidInput):
        await job.wait()
    assert job.status is RunStatus.FAILED
    assert job.message == "The window is 0."


async def test_a_defect_is_a_failure_with_its_traceback(manager: JobManager) -> None:
    async def work(context: JobContext) -> None:
        raise ZeroDivisionError("oh")

    job = manager.start("fail", "Failing", work)
    with pytest.raises(QuantError, match="ZeroDivisionError"):
        await job.wait()
    assert "test_manager.py" in job.detail


async def test_only_as_many_run_as_there_are_workers(manager: JobManager) -> None:
    running = 0
    most = 0

    async def work(context: JobContext) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await context.run_in_thread(lambda: None)
        running -= 1

    jobs = [manager.start("one", str(number), work) for number in range(5)]
    for job in jobs:
        await job.wait()
    assert most == 1
    assert [job.title for job in manager.jobs] == ["4", "3", "2", "1", "0"]


async def test_shutdown_cancels_what_runs() -> None:
    manager = JobManager(workers=2)
    started = threading.Event()

    async def work(context: JobContext) -> None:
        def spin() -> None:
            started.set()
            while not context.cancel():
                pass
            context.cancel.raise_if_cancelled()

        await context.run_in_thread(spin)

    job: Job[None] = manager.start("spin", "Spinning", work)
    await asyncio.to_thread(started.wait)
    await manager.shutdown()
    assert job.status is RunStatus.CANCELLED
    assert manager.active == []


async def test_work_that_goes_on_after_the_shutdown_hears_that_it_is_over() -> None:
    manager = JobManager()
    go_on = asyncio.Event()

    async def work(context: JobContext) -> None:
        await go_on.wait()
        await context.run_in_thread(lambda: None)

    job: Job[None] = manager.start("slow", "Slow", work)
    await asyncio.sleep(0)
    await manager.shutdown(timeout_seconds=0.01)
    go_on.set()
    with pytest.raises(Cancelled):
        await job.wait()
    assert job.status is RunStatus.CANCELLED


async def test_waiting_work_that_cannot_be_abandoned_ends_nevertheless(manager: JobManager) -> None:
    async def away() -> None:
        raise StoreUnavailable("The store is away.")

    async def never(_context: JobContext) -> None:
        pytest.fail("cancelled work must not start")

    job: Job[None] = manager.start("never", "Never", never, abandoned=away)
    job.cancel()
    with pytest.raises(StoreUnavailable):
        await job.wait()
    assert (job.status, manager.active) == (RunStatus.FAILED, [])
