"""The life of a backtest: pending → running → completed, failed or cancelled.

Each step changes the execution and its backtest together. Where the server has no
transactions the execution goes first, and :meth:`BacktestLifecycle.recover` brings the
backtest after it. A result's large parts are written before its document, and the
document before the run is called completed: a crash at any point leaves either no
result or a whole one.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import Conflict, NotFound
from quant_tui.domain.trading import Backtest, BacktestExecution, BacktestResult
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.storage.mongo.codec import object_id
from quant_tui.storage.mongo.failures import translated
from quant_tui.storage.mongo.processes import this_process, why_dead
from quant_tui.storage.mongo.repositories import Repositories, UserRepositories
from quant_tui.storage.mongo.repository import next_stamp
from quant_tui.storage.mongo.result_parts import delete_abandoned
from quant_tui.storage.mongo.store import MetadataStore, Session
from quant_tui.storage.mongo.writes import Written

SILENCE = timedelta(seconds=60)
"""A run on another machine that said nothing for so long is taken for dead."""

_EXECUTIONS = "backtest_executions"
_BACKTESTS = "backtests"
_RESULTS = "backtest_results"


class BacktestLifecycle:
    """Takes backtests through their life.

    Parameters
    ----------
    store
        Where they are.
    repositories
        How they are read and written.
    """

    def __init__(self, store: MetadataStore, repositories: Repositories) -> None:
        self._store = store
        self._repositories = repositories

    async def begin(self, backtest: Backtest) -> BacktestExecution:
        """Mark a backtest as running and return its new execution.

        A finished backtest may be run again; it then has one execution more.

        Raises
        ------
        Conflict
            It is running already.
        NotFound
            It was deleted, or belongs to another user.
        """
        mine = self._mine(backtest.user_id)
        now = utc_now()
        planned = BacktestExecution(
            backtest_id=backtest.id,
            execution_id=str(uuid.uuid4()),
            status=RunStatus.RUNNING,
            started_at=now,
            heartbeat_at=now,
            process=this_process(),
            user_id=backtest.user_id,
        )

        async def work(session: Session | None) -> BacktestExecution:
            startable = [one for one in RunStatus if one is not RunStatus.RUNNING]
            if not await self._move_backtest(
                backtest.id, backtest.user_id, startable, RunStatus.RUNNING, session
            ):
                found = await mine.backtests.get(backtest.id, session=session)
                raise Conflict(
                    f"The backtest {found.name!r} is running already.",
                    hint="Wait for it, or cancel it first.",
                )
            return await mine.executions.create(planned, session=session)

        with translated("backtest"):
            return await self._store.in_transaction(work)

    async def heartbeat(self, execution: BacktestExecution) -> bool:
        """Say that the run lives; return False when it was ended from elsewhere."""
        with translated("execution"):
            done = await self._store.collection(_EXECUTIONS).update_one(
                {**self._key(execution), "status": RunStatus.RUNNING.value},
                {"$set": {"heartbeat_at": utc_now()}},
            )
        return bool(done.matched_count)

    async def complete(
        self, execution: BacktestExecution, result: BacktestResult
    ) -> BacktestResult:
        """Store what a run found and mark it completed, both or neither.

        Raises
        ------
        Conflict
            The run was ended from elsewhere; nothing is stored.
        InvalidInput
            The result cannot be stored; the run is still running.
        """
        results = self._mine(execution.user_id).results
        owned = {
            "backtest_id": execution.backtest_id,
            "execution_id": execution.execution_id,
            "user_id": execution.user_id,
        }
        prepared = await results.prepare(result.model_copy(update=owned))

        async def work(session: Session | None) -> BacktestResult:
            if session is None:
                # The result first: a crash in between leaves a whole result, and
                # recover() completes the run that it belongs to.
                await self._require_running(execution)
                stored = await results.insert(prepared)
                await self._end(execution, RunStatus.COMPLETED, {}, None)
                return stored
            await self._end(execution, RunStatus.COMPLETED, {}, session)
            return await results.insert(prepared, session=session)

        try:
            with translated("result"):
                return await self._store.in_transaction(work)
        except Exception:
            if await results.exists(prepared.result.id):
                return prepared.result  # stored, only the answer was lost
            await results.discard(prepared)
            raise

    async def fail(
        self, execution: BacktestExecution, error_details: Document
    ) -> BacktestExecution:
        """Mark a run failed.

        Parameters
        ----------
        error_details
            What went wrong; ``message`` is shown to people.

        Raises
        ------
        Conflict
            The run has ended already.
        """
        return await self._finish(execution, RunStatus.FAILED, error_details)

    async def cancel(self, execution: BacktestExecution) -> BacktestExecution:
        """Mark a run cancelled.

        Raises
        ------
        Conflict
            The run has ended already.
        """
        return await self._finish(execution, RunStatus.CANCELLED, {})

    async def cancel_pending(self, backtest: Backtest) -> bool:
        """Mark a backtest cancelled that never began; return whether it was still pending."""
        with translated("backtest"):
            return await self._move_backtest(
                backtest.id, backtest.user_id, [RunStatus.PENDING], RunStatus.CANCELLED, None
            )

    async def recover(self) -> int:
        """End the runs of processes that live no more; call it at start.

        A run whose result was already whole is completed, any other is marked failed
        with the reason. Parts of results that were never finished are deleted.

        Returns
        -------
        int
            How many runs were marked failed.
        """
        failed = 0
        with translated("execution"):
            running = self._store.collection(_EXECUTIONS).find({"status": RunStatus.RUNNING.value})
            for document in await running.to_list():
                reason = why_dead(document["process"], document["heartbeat_at"], utc_now(), SILENCE)
                if reason:
                    failed += await self._bury(document, reason)
            await self._settle_backtests()
            await delete_abandoned(self._store, _RESULTS)
        return failed

    async def _bury(self, document: Document, reason: str) -> int:
        execution = await self._mine(document["user_id"]).executions.get(str(document["_id"]))
        stored = await self._store.collection(_RESULTS).count_documents(
            {"execution_id": execution.execution_id}, limit=1
        )
        status = RunStatus.COMPLETED if stored else RunStatus.FAILED
        details = (
            {}
            if stored
            else {"type": "ProcessEnded", "title": "Run was interrupted", "message": reason}
        )
        try:
            await self._finish(execution, status, details)
        except (Conflict, NotFound):
            return 0  # another instance was faster, or its user deleted it
        return 0 if stored else 1

    async def _settle_backtests(self) -> None:
        """Bring backtests after their last execution, where a crash came in between."""
        query: Document = {"status": RunStatus.RUNNING.value}
        if not self._store.supports_transactions:
            # Between two writes of a living run the two differ as after a crash.
            query["updated_at"] = {"$lt": utc_now() - SILENCE}
        async for document in self._store.collection(_BACKTESTS).find(query, {"user_id": 1}):
            key, user_id = str(document["_id"]), document["user_id"]
            last = await self._mine(user_id).executions.last_of(key)
            status = RunStatus.FAILED if last is None else last.status
            if status.is_final:
                await self._move_backtest(key, user_id, [RunStatus.RUNNING], status, None)

    async def _finish(
        self, execution: BacktestExecution, status: RunStatus, details: Document
    ) -> BacktestExecution:
        async def work(session: Session | None) -> BacktestExecution:
            return await self._end(execution, status, details, session)

        with translated("execution"):
            return await self._store.in_transaction(work)

    async def _end(
        self,
        execution: BacktestExecution,
        status: RunStatus,
        details: Document,
        session: Session | None,
    ) -> BacktestExecution:
        changes: Document = {"status": status, "completed_at": utc_now(), "error_details": details}
        done = await self._store.collection(_EXECUTIONS).update_one(
            {**self._key(execution), "status": RunStatus.RUNNING.value},
            {"$set": {**changes, "status": status.value}},
            session=session,
        )
        if not done.matched_count:
            await self._require_running(execution)
        await self._move_backtest(
            execution.backtest_id, execution.user_id, [RunStatus.RUNNING], status, session
        )
        return execution.model_copy(update=changes)

    async def _require_running(self, execution: BacktestExecution) -> None:
        found = await self._mine(execution.user_id).executions.get(execution.id)
        if found.status is not RunStatus.RUNNING:
            raise Conflict(f"This run is {found.status.value} already.")

    async def _move_backtest(
        self,
        backtest_id: str,
        user_id: str,
        sources: Sequence[RunStatus],
        target: RunStatus,
        session: Session | None,
    ) -> bool:
        """Change a backtest's status if it is one of ``sources``; return whether it was."""
        collection = self._store.collection(_BACKTESTS)
        query: dict[str, Any] = {
            "_id": object_id(backtest_id, "backtest"),
            "user_id": user_id,
            "status": {"$in": [source.value for source in sources]},
        }
        found = await collection.find_one(query, {"updated_at": 1}, session=session)
        if found is None:
            return False
        done = await collection.update_one(
            query,
            {"$set": {"status": target.value, "updated_at": next_stamp(found["updated_at"])}},
            session=session,
        )
        self._store.writes.publish(Written(_BACKTESTS, user_id, backtest_id))
        return bool(done.matched_count)

    def _mine(self, user_id: str) -> UserRepositories:
        return self._repositories.for_user(user_id)

    @staticmethod
    def _key(execution: BacktestExecution) -> Document:
        return {
            "_id": object_id(execution.id, "execution"),
            "user_id": execution.user_id,
        }
