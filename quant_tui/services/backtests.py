"""Backtests: from a request to a stored result."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import logging
import re
import traceback
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import Cancelled, InvalidInput, NotFound, QuantError, StrategyError
from quant_tui.domain.trading import Backtest, BacktestExecution, BacktestResult
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine import run_backtest
from quant_tui.engine.data_quality import data_quality
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.backtest_compare import (
    BacktestComparison,
    checked_ids,
    compare_reports,
)
from quant_tui.services.backtest_export import export_report
from quant_tui.services.backtest_report import BacktestReport, BacktestSummary
from quant_tui.services.backtest_request import (
    BacktestRequest,
    PreparedBacktest,
    load_bars,
    prepare,
)
from quant_tui.services.backtest_rerun import changed_models, make_bundle
from quant_tui.services.backtest_result import result_of
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.names import checked_name
from quant_tui.services.outside_series import OutsideSeriesService
from quant_tui.services.strategies import StrategyService
from quant_tui.services.trust import TrustService
from quant_tui.storage.mongo.lifecycle import BacktestLifecycle
from quant_tui.storage.mongo.repositories import UserRepositories

HEARTBEAT_SECONDS = 5.0
"""How often a running execution says that it lives."""

log = logging.getLogger(__name__)


class BacktestService:
    """Backtests of one user."""

    def __init__(
        self,
        *,
        user_id: str,
        repositories: UserRepositories,
        lifecycle: BacktestLifecycle,
        market_data: MarketDataService,
        strategies: StrategyService,
        trust: TrustService,
        outside: OutsideSeriesService,
        jobs: JobManager,
    ) -> None:
        self._user_id = user_id
        self._backtests = repositories.backtests
        self._executions = repositories.executions
        self._results = repositories.results
        self._lifecycle = lifecycle
        self._market_data = market_data
        self._strategies = strategies
        self._trust = trust
        self._outside = outside
        self._jobs = jobs

    async def validate(self, request: BacktestRequest) -> dict[str, str]:
        """Return what is wrong with a request: field to message, empty when all is well."""
        try:
            await prepare(request, self._strategies, self._market_data)
        except InvalidInput as error:
            return {error.field or "strategy": str(error)}
        except NotFound as error:
            return {"symbols": str(error)}
        except StrategyError as error:
            return {"strategy": str(error)}
        return {}

    async def start(self, request: BacktestRequest) -> Job[BacktestReport]:
        """Keep the backtest and run it as a job, whose ``target`` is the backtest's id.

        Raises
        ------
        InvalidInput, NotFound, StrategyError
            When the request cannot be run; nothing is kept then.
        """
        prepared = await prepare(request, self._strategies, self._market_data)
        backtest = await self._backtests.create(self._backtest(request, prepared))
        return self._start(backtest, prepared)

    async def run_unsaved(self, request: BacktestRequest) -> Job[BacktestReport]:
        """Run a backtest as a job without keeping anything of it but its count as a trial.

        Raises
        ------
        InvalidInput, NotFound, StrategyError
            When the request cannot be run.
        """
        prepared = await prepare(request, self._strategies, self._market_data)
        backtest = self._backtest(request, prepared)

        async def work(context: JobContext) -> BacktestReport:
            result = await self._compute(backtest, prepared, "", context)
            done = backtest.model_copy(update={"status": RunStatus.COMPLETED})
            return BacktestReport(done, None, result)

        return self._jobs.start("backtest", backtest.name, work)

    async def rerun(self, backtest_id: str) -> Job[BacktestReport]:
        """Run a kept backtest again, as a new execution of the same backtest.

        Where it asks models, and one of them is another version now, its result is kept as it
        is and the run is another backtest, which says so in its description.

        Raises
        ------
        Conflict
            When it is running already.
        NotFound, InsufficientData
            A model that it asks is gone, or has no forecasts any more.
        """
        backtest = await self._backtests.get(backtest_id)
        prepared = PreparedBacktest.from_snapshot(backtest)
        models = await self._outside.models(prepared.strategy)
        if models:
            # a run that cannot be is not begun: it would stand in the place of the result
            bars, _ = await load_bars(prepared, self._market_data)
            await self._outside.of(prepared.strategy, bars)
            result = (await self.show(backtest_id)).result
            changed = changed_models(result, models) if result is not None else ()
            if changed:
                said = f"{backtest.name}, run again: {'; '.join(changed)}. Its result is kept."
                copy = backtest.model_copy(
                    update={
                        "id": "", "name": f"{backtest.name}, again", "description": said,
                        "status": RunStatus.PENDING, "created_at": utc_now(),
                    }
                )  # fmt: skip
                backtest = await self._backtests.create(copy)
        return self._start(backtest, prepared)

    async def list(
        self,
        search: str = "",
        *,
        status: RunStatus | None = None,
        strategy_id: str = "",
        skip: int = 0,
        limit: int = 1000,
    ) -> list[BacktestSummary]:
        """Return backtests, the newest first, without trades and series.

        Parameters
        ----------
        search
            Part of a name, in any case.
        """
        where: Document = {}
        if search:
            where["name"] = {"$regex": re.escape(search), "$options": "i"}
        if status is not None:
            where["status"] = str(status)
        if strategy_id:
            where["strategy_id"] = strategy_id
        found = await self._backtests.list(
            where=where, sort=[("created_at", -1)], skip=skip, limit=limit
        )
        completed = [one.id for one in found if one.status is RunStatus.COMPLETED]
        failed = [one.id for one in found if one.status is RunStatus.FAILED]
        performances, errors = await asyncio.gather(
            self._results.last_performances(completed), self._executions.last_errors(failed)
        )
        return [
            BacktestSummary.of(one, performances.get(one.id), errors.get(one.id, ""))
            for one in found
        ]

    async def count(self, *, strategy_id: str) -> int:
        """Return how many backtests of a strategy there are."""
        return await self._backtests.count({"strategy_id": strategy_id})

    async def show(self, backtest_id: str) -> BacktestReport:
        """Return a backtest with everything.

        Raises
        ------
        NotFound
            When the user has none with that id.
        """
        backtest = await self._backtests.get(backtest_id)
        execution = await self._executions.last_of(backtest_id)
        result = None
        if execution is not None and execution.status is RunStatus.COMPLETED:
            result = await self._results.of_execution(execution.execution_id)
        return BacktestReport(backtest, execution, result)

    async def compare(self, backtest_ids: Sequence[str]) -> BacktestComparison:
        """Compare the last results of two to six backtests.

        Raises
        ------
        InvalidInput
            There are fewer or more, one is given twice, or one has no result.
        NotFound
            The user has none with one of the ids.
        """
        ids = checked_ids(backtest_ids)
        reports = await asyncio.gather(*(self.show(one) for one in ids))
        return await asyncio.to_thread(compare_reports, reports)

    async def delete(self, backtest_id: str) -> BacktestReport:
        """Delete a backtest with its executions and results; return it for :meth:`restore`."""
        report = await self.show(backtest_id)
        if report.backtest.status is RunStatus.RUNNING:
            raise InvalidInput(f"{report.backtest.name} is running.", hint="Cancel it first.")
        await self._backtests.delete(backtest_id)
        return report

    async def restore(self, report: BacktestReport) -> None:
        """Bring back a deleted backtest under its old id, with its last result."""
        if report.result is not None:
            await self._results.create(report.result)
        if report.execution is not None:
            await self._executions.create(report.execution)
        await self._backtests.create(report.backtest)

    async def export(
        self, backtest_id: str, out: Path, *, file_format: str = "json", overwrite: bool = False
    ) -> builtins.list[Path]:
        """Write a backtest to files and return their paths.

        Parameters
        ----------
        out
            A folder, made when missing, for ``csv`` (one file a table); a file otherwise.
        file_format
            ``json``, ``csv``, ``html`` (one page that needs nothing else) or ``bundle``
            (a ZIP from which ``backtest rerun`` gives the same result anywhere).
        overwrite
            Whether files that are there give way.

        Raises
        ------
        FileExists
            When there is one of the files, and it may not be overwritten.
        InvalidInput
            When there is no result, the format is unknown, the path cannot be written, or
            a bundle's bars are no longer those of the run.
        """
        report = await self.show(backtest_id)
        bundle = None
        if file_format == "bundle" and report.result is not None:
            prepared = PreparedBacktest.from_snapshot(report.backtest)
            bars, benchmark = await load_bars(prepared, self._market_data)
            outside = await self._outside.of(prepared.strategy, bars)
            bundle = await asyncio.to_thread(make_bundle, report, bars, benchmark, outside.inputs)
        return await asyncio.to_thread(
            export_report, report, out, file_format, bundle, overwrite=overwrite
        )

    def _backtest(self, request: BacktestRequest, prepared: PreparedBacktest) -> Backtest:
        shown = ", ".join(prepared.symbols[:3])
        if len(prepared.symbols) > 3:
            shown += f" +{len(prepared.symbols) - 3}"
        return Backtest(
            name=checked_name(request.name) or f"{prepared.strategy_name} on {shown}",
            description=request.description.strip(),
            strategy_id=prepared.strategy_id,
            config=prepared.snapshot(),
            user_id=self._user_id,
        )

    def _start(self, backtest: Backtest, prepared: PreparedBacktest) -> Job[BacktestReport]:
        async def work(context: JobContext) -> BacktestReport:
            return await self._execute(backtest, prepared, context)

        async def abandoned() -> None:
            await self._lifecycle.cancel_pending(backtest)

        return self._jobs.start(
            "backtest", backtest.name, work, target=backtest.id, abandoned=abandoned
        )

    async def _execute(
        self, backtest: Backtest, prepared: PreparedBacktest, context: JobContext
    ) -> BacktestReport:
        execution = await self._lifecycle.begin(backtest)
        try:
            async with self._beating(execution):
                result = await self._compute(backtest, prepared, execution.execution_id, context)
            context.progress(0.95, "keeping the result")
            kept = await self._lifecycle.complete(execution, result)
        except (Cancelled, asyncio.CancelledError):
            await self._lifecycle.cancel(execution)
            raise
        except Exception as error:
            await self._lifecycle.fail(execution, _error_details(error))
            raise
        # Not read back: a million bars would be unpacked again beside those held already.
        return BacktestReport(
            await self._backtests.get(backtest.id),
            await self._executions.last_of(backtest.id),
            kept,
        )

    async def _compute(
        self, backtest: Backtest, prepared: PreparedBacktest, execution_id: str, context: JobContext
    ) -> BacktestResult:
        context.progress(0.02, "loading bars")
        bars, benchmark = await load_bars(prepared, self._market_data)
        outside = await self._outside.of(prepared.strategy, bars)
        context.cancel.raise_if_cancelled()
        context.progress(0.1, "running")

        def progress(fraction: float, message: str) -> None:
            context.progress(0.1 + 0.6 * fraction, message)

        report = await context.run_in_thread(
            run_backtest,
            bars,
            prepared.strategy,
            prepared.params,
            prepared.config,
            benchmark=benchmark,
            inputs=outside.inputs,
            progress=progress,
            cancel=context.cancel,
            begin=prepared.begin(bars),
        )
        trials = await self._trust.record(prepared, report)
        card = await self._trust.card(report, trials, context, start=0.7, inputs=outside.inputs)
        document = await context.run_in_thread(report.to_document)
        document["details"]["trust"] = card.to_document()
        issues = await context.run_in_thread(data_quality, bars)
        provenance = await self._market_data.provenance(
            (*prepared.symbols, *filter(None, [prepared.benchmark]))
        )
        context.cancel.raise_if_cancelled()
        return await context.run_in_thread(
            result_of,
            document,
            backtest_id=backtest.id,
            execution_id=execution_id,
            user_id=self._user_id,
            issues=issues,
            provenance=provenance,
            inputs_hash=outside.content_hash,
            inputs_sources=outside.sources,
        )

    @contextlib.asynccontextmanager
    async def _beating(self, execution: BacktestExecution) -> AsyncIterator[None]:
        """Say every few seconds that the execution lives."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(HEARTBEAT_SECONDS)
                try:
                    await self._lifecycle.heartbeat(execution)
                except QuantError:
                    log.warning("no heartbeat for execution %s", execution.execution_id)

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()


def _error_details(error: Exception) -> Document:
    known = isinstance(error, QuantError)
    return {
        "type": type(error).__name__,
        "title": error.title if isinstance(error, QuantError) else "Unexpected error",
        "message": str(error),
        "traceback": "" if known else "".join(traceback.format_exception(error)),
    }
