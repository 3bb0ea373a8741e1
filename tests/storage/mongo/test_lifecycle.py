"""A backtest's life, and what a crash between any two steps leaves."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.domain.trading import Backtest, BacktestExecution
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.storage.mongo.lifecycle import BacktestLifecycle
from quant_tui.storage.mongo.processes import this_process
from quant_tui.storage.mongo.repositories import Repositories, UserRepositories
from quant_tui.storage.mongo.store import MetadataStore
from tests.storage.mongo.samples import OTHER, USER
from tests.storage.mongo.test_results import parts_left, result

pytestmark = pytest.mark.parametrize("transactions", [True, False], indirect=True)


@pytest.fixture(autouse=True)
def transactions(request: pytest.FixtureRequest, store: MetadataStore) -> bool:
    """Run every test with transactions, and as on a server that has none."""
    store.supports_transactions = request.param
    return bool(request.param)


async def status_of(mine: UserRepositories, backtest: Backtest) -> RunStatus:
    return (await mine.backtests.get(backtest.id)).status


async def disown(store: MetadataStore, execution: BacktestExecution, **process: Any) -> None:
    """Make an execution look as if another process had run it."""
    await store.collection("backtest_executions").update_one(
        {"_id": ObjectId(execution.id)},
        {"$set": {"process": {**this_process(), **process}}},
    )
    # Where two writes are two, recover() leaves alone what was changed just now.
    await store.collection("backtests").update_many(
        {}, {"$set": {"updated_at": utc_now() - timedelta(minutes=5)}}
    )


async def test_begin_complete(
    lifecycle: BacktestLifecycle, mine: UserRepositories, backtest: Backtest
) -> None:
    execution = await lifecycle.begin(backtest)
    assert await status_of(mine, backtest) is RunStatus.RUNNING
    assert execution.status is RunStatus.RUNNING
    assert execution.process["pid"] == os.getpid()
    assert await lifecycle.heartbeat(execution)
    stored = await lifecycle.complete(execution, result(7_000, 3_000))
    done = await mine.executions.get(execution.id)
    assert done.status is RunStatus.COMPLETED
    assert done.completed_at is not None
    assert await status_of(mine, backtest) is RunStatus.COMPLETED
    assert stored.execution_id == execution.execution_id
    assert await mine.results.of_backtest(backtest.id) == stored
    assert not await lifecycle.heartbeat(execution)


@pytest.mark.parametrize("way", ["fail", "cancel"])
async def test_fail_and_cancel(
    lifecycle: BacktestLifecycle, mine: UserRepositories, backtest: Backtest, way: str
) -> None:
    execution = await lifecycle.begin(backtest)
    if way == "fail":
        ended = await lifecycle.fail(execution, {"message": "no bars for XYZ"})
        assert ended.status is RunStatus.FAILED
        assert await mine.executions.last_errors([backtest.id]) == {backtest.id: "no bars for XYZ"}
    else:
        ended = await lifecycle.cancel(execution)
        assert ended.status is RunStatus.CANCELLED
    assert await mine.executions.get(execution.id) == ended
    assert await status_of(mine, backtest) is ended.status
    for late in (lifecycle.cancel(execution), lifecycle.fail(execution, {})):
        with pytest.raises(Conflict, match="already"):
            await late
    with pytest.raises(Conflict, match="already"):
        await lifecycle.complete(execution, result())
    assert await mine.results.count() == 0


async def test_cancel_pending(
    lifecycle: BacktestLifecycle, mine: UserRepositories, backtest: Backtest
) -> None:
    assert await lifecycle.cancel_pending(backtest)
    assert await status_of(mine, backtest) is RunStatus.CANCELLED
    execution = await lifecycle.begin(backtest)
    assert not await lifecycle.cancel_pending(backtest)
    assert await mine.executions.last_of(backtest.id) == execution


async def test_only_one_of_many_begins(
    lifecycle: BacktestLifecycle, mine: UserRepositories, backtest: Backtest
) -> None:
    begun = await asyncio.gather(
        *(lifecycle.begin(backtest) for _ in range(6)), return_exceptions=True
    )
    assert sum(isinstance(one, BacktestExecution) for one in begun) == 1
    assert sum(isinstance(one, Conflict) for one in begun) == 5
    assert await mine.executions.count() == 1


async def test_a_finished_backtest_runs_again(
    lifecycle: BacktestLifecycle, mine: UserRepositories, backtest: Backtest
) -> None:
    for _ in range(2):
        execution = await lifecycle.begin(backtest)
        await lifecycle.complete(execution, result())
    assert await mine.results.count({"backtest_id": backtest.id}) == 2
    assert len(await mine.executions.of_backtest(backtest.id)) == 2


async def test_others_and_deleted_backtests_do_not_begin(
    lifecycle: BacktestLifecycle, mine: UserRepositories, backtest: Backtest
) -> None:
    with pytest.raises(NotFound):
        await lifecycle.begin(backtest.model_copy(update={"user_id": OTHER}))
    await mine.backtests.delete(backtest.id)
    with pytest.raises(NotFound):
        await lifecycle.begin(backtest)
    assert await mine.executions.count() == 0


async def test_deleting_a_backtest_deletes_all_of_it(
    lifecycle: BacktestLifecycle,
    mine: UserRepositories,
    backtest: Backtest,
    store: MetadataStore,
) -> None:
    execution = await lifecycle.begin(backtest)
    await lifecycle.complete(execution, result(100_500, 2_100))
    await lifecycle.fail(await lifecycle.begin(backtest), {"message": "x"})
    await mine.backtests.delete(backtest.id)
    assert await mine.executions.count() == await mine.results.count() == 0
    assert await parts_left(store) == 0


async def test_what_cannot_be_stored_leaves_the_run_running_and_no_parts(
    lifecycle: BacktestLifecycle,
    mine: UserRepositories,
    backtest: Backtest,
    store: MetadataStore,
) -> None:
    execution = await lifecycle.begin(backtest)
    with pytest.raises(InvalidInput):
        await lifecycle.complete(execution, result(10, 4_000, performance={"bad": object()}))
    assert await parts_left(store) == 0
    assert (await mine.executions.get(execution.id)).status is RunStatus.RUNNING
    await lifecycle.fail(execution, {"message": "cannot be stored"})
    assert await status_of(mine, backtest) is RunStatus.FAILED


async def test_a_run_deleted_meanwhile_keeps_nothing(
    lifecycle: BacktestLifecycle,
    mine: UserRepositories,
    backtest: Backtest,
    store: MetadataStore,
) -> None:
    execution = await lifecycle.begin(backtest)
    await mine.backtests.delete(backtest.id)
    with pytest.raises(NotFound):
        await lifecycle.complete(execution, result(10, 4_000))
    assert await mine.results.count() == 0
    assert await parts_left(store) == 0


async def test_recover_leaves_living_runs_alone(
    lifecycle: BacktestLifecycle, mine: UserRepositories, backtest: Backtest
) -> None:
    execution = await lifecycle.begin(backtest)
    assert await lifecycle.recover() == 0
    assert await mine.executions.get(execution.id) == execution


DEAD: dict[str, Callable[[], Document]] = {
    "no such process": lambda: {"pid": 2**22 - 3},
    "its number was given to another": lambda: {"started_at": datetime(2020, 1, 1, tzinfo=UTC)},
    "nobody knows": lambda: {"pid": None},
}


@pytest.mark.parametrize("case", DEAD)
async def test_recover_fails_runs_of_dead_processes(
    lifecycle: BacktestLifecycle,
    mine: UserRepositories,
    backtest: Backtest,
    store: MetadataStore,
    case: str,
) -> None:
    execution = await lifecycle.begin(backtest)
    await disown(store, execution, **DEAD[case]())
    assert await lifecycle.recover() == 1
    ended = await mine.executions.get(execution.id)
    assert ended.status is RunStatus.FAILED
    assert ended.completed_at is not None
    assert ended.error_details["message"]
    assert await status_of(mine, backtest) is RunStatus.FAILED
    assert await lifecycle.recover() == 0


@pytest.mark.parametrize(("silent", "failed"), [(30, 0), (90, 1)])
async def test_recover_waits_for_the_heartbeat_of_another_machine(
    lifecycle: BacktestLifecycle,
    backtest: Backtest,
    store: MetadataStore,
    silent: int,
    failed: int,
) -> None:
    execution = await lifecycle.begin(backtest)
    await disown(store, execution, host=f"not-{socket.gethostname()}")
    await store.collection("backtest_executions").update_one(
        {"_id": ObjectId(execution.id)},
        {"$set": {"heartbeat_at": utc_now() - timedelta(seconds=silent)}},
    )
    assert await lifecycle.recover() == failed


async def test_many_instances_recover_each_run_once(
    lifecycle: BacktestLifecycle, mine: UserRepositories, store: MetadataStore
) -> None:
    for number in range(5):
        made = await mine.backtests.create(Backtest(name=str(number), user_id=USER))
        await disown(store, await lifecycle.begin(made), pid=2**22 - 3)
    counts = await asyncio.gather(*(lifecycle.recover() for _ in range(4)))
    assert sum(counts) == 5


class Killed(BaseException):
    """The process is gone at this point; nothing after it happens."""


@pytest.mark.parametrize("survives", range(8))
async def test_a_crash_after_any_write_leaves_a_whole_result_or_none(
    store: MetadataStore,
    repositories: Repositories,
    mine: UserRepositories,
    backtest: Backtest,
    monkeypatch: pytest.MonkeyPatch,
    survives: int,
) -> None:
    """Let ``survives`` writes happen while completing a run, then nothing any more."""
    from gridfs.asynchronous import AsyncGridFSBucket
    from pymongo.asynchronous.collection import AsyncCollection

    lifecycle = BacktestLifecycle(store, repositories)
    execution = await lifecycle.begin(backtest)
    writes = 0

    def dying(original: Any) -> Any:
        async def call(self: Any, *arguments: Any, **options: Any) -> Any:
            nonlocal writes
            if writes >= survives:
                raise Killed
            writes += 1
            return await original(self, *arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for owner, name in (
            (AsyncCollection, "insert_one"),
            (AsyncCollection, "update_one"),
            (AsyncCollection, "delete_many"),
            (AsyncGridFSBucket, "upload_from_stream"),
        ):
            patch.setattr(owner, name, dying(getattr(owner, name)))
        finished = True
        try:
            await lifecycle.complete(execution, result(100_500, 2_100))
        except Killed:
            finished = False
    await disown(store, execution, pid=2**22 - 3)
    await lifecycle.recover()

    ended = await mine.executions.get(execution.id)
    assert await status_of(mine, backtest) is ended.status
    stored = await mine.results.of_execution(execution.execution_id)
    if ended.status is RunStatus.COMPLETED:
        assert stored is not None
        assert len(stored.trades) == 2_100
        assert len(stored.portfolio_value["value"]) == 100_500
    else:
        assert ended.status is RunStatus.FAILED
        assert stored is None
        assert await mine.results.count() == 0
    if finished:
        assert ended.status is RunStatus.COMPLETED
