"""The work of a study as a job: its trials, then what they come to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Cancelled, Conflict
from quant_tui.domain.tasks import HoldTasks, run_by
from quant_tui.domain.trading import OptimizationStudy
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine.optimization.evaluate import TrialData, metrics_of
from quant_tui.engine.report import Report
from quant_tui.jobs.manager import JobContext
from quant_tui.services.backtest_request import load_bars
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.outside_series import OutsideSeriesService
from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_report import StudyProgress, StudyReport, StudyTrial, report_of
from quant_tui.services.study_request import PreparedStudy
from quant_tui.services.study_run import StudyRun
from quant_tui.services.trust import TrustService, variance_of_a_period
from quant_tui.storage.mongo.repositories import UserRepositories
from quant_tui.storage.mongo.trials import TrialCount

SEARCHED = 0.8
"""Share of a study's progress that its trials are; the rest is looking at them."""


class StudyWork:
    """Runs a user's studies.

    Parameters
    ----------
    repositories, market_data, trust, outside
        Where studies are kept, their bars and series come from, and their trials are counted.
    files
        Where their journals are.
    hold
        Runs parts of long batches elsewhere; None runs all here.

    Attributes
    ----------
    progress
        How far each study that waits or runs here is.
    """

    def __init__(
        self,
        repositories: UserRepositories,
        market_data: MarketDataService,
        trust: TrustService,
        outside: OutsideSeriesService,
        files: StudyFiles,
        hold: HoldTasks | None,
    ) -> None:
        self._studies = repositories.studies
        self._market_data = market_data
        self._trust = trust
        self._outside = outside
        self._files = files
        self._hold = hold
        self._pausing: set[str] = set()
        self.progress: dict[str, StudyProgress] = {}

    def pause(self, study_id: str) -> None:
        """Let a study that is about to be stopped wait for being resumed."""
        self._pausing.add(study_id)
        progress = self.progress.get(study_id)
        if progress is not None:
            self.progress[study_id] = replace(progress, paused=True, message="pausing")

    def forget(self, study_id: str) -> None:
        """Let go of a study that runs no more."""
        self._pausing.discard(study_id)
        self.progress.pop(study_id, None)

    async def run(self, study_id: str, prepared: PreparedStudy, context: JobContext) -> StudyReport:
        """Run what is left of a study.

        Raises
        ------
        Cancelled
            The job was; what was done is kept.
        Conflict
            Another process works on it.
        """
        # From the first change of the study to the last: who finds it running and nobody at
        # work on it takes it for one whose process was killed.
        with contextlib.ExitStack() as held:
            await asyncio.to_thread(held.enter_context, self._files.working(study_id))
            return await self._run(study_id, prepared, context)

    async def _run(
        self, study_id: str, prepared: PreparedStudy, context: JobContext
    ) -> StudyReport:
        def told(progress: StudyProgress) -> None:
            paused = study_id in self._pausing
            self.progress[study_id] = replace(progress, paused=paused)
            share = progress.done / max(progress.total, 1)
            best = "" if progress.best_value is None else f", best {progress.best_value:.3g}"
            context.progress(0.02 + (SEARCHED - 0.02) * share, progress.message + best)

        study = await self.change(study_id, {"status": RunStatus.RUNNING, "error": ""})
        data = None
        try:
            context.progress(0.01, "loading bars")
            self._say(study_id, "loading bars")
            data = await self.data(prepared)
            run = StudyRun(self._files, study_id, prepared, data, told, context.cancel, self._hold)
            trials = await context.run_in_thread(run.run)
            document = await self._judged(study, prepared, data, trials, context)
        except (Cancelled, asyncio.CancelledError):
            status = RunStatus.PENDING if study_id in self._pausing else RunStatus.CANCELLED
            await asyncio.shield(self._stopped(study, prepared, data, {"status": status}))
            raise
        except Exception as error:
            failed = {"status": RunStatus.FAILED, "error": str(error)[:2000]}
            await self._stopped(study, prepared, None, failed)
            raise
        study = await self.change(study_id, document | {"status": RunStatus.COMPLETED})
        return report_of(study, trials)

    async def _judged(
        self,
        study: OptimizationStudy,
        prepared: PreparedStudy,
        data: TrialData,
        trials: list[StudyTrial],
        context: JobContext,
    ) -> Document:
        """Return what a study that ran to its end has come to."""
        from quant_tui.services.study_analysis import choose, judge_of, judged_document

        def progress(fraction: float, message: str) -> None:
            self._say(study.id, message, judging=True)
            context.progress(SEARCHED + (0.98 - SEARCHED) * fraction, message)

        progress(0.0, "looking at the trials")
        analysis = await context.run_in_thread(choose, prepared, trials)
        judge = judge_of(prepared, data, trials, context.cancel, run_by(self._hold))
        report = await context.run_in_thread(judge.run_best)
        tried = report
        if tried is None and trials:  # none may be chosen: all were looked at nevertheless
            tried = await context.run_in_thread(judge.run, 0)
        count = await self._entered(study, prepared, tried, trials)
        plan = prepared.walk_forward
        judged = await context.run_in_thread(
            judge.judge,
            report,
            count.trials,
            variance_of_a_period(count, report),
            None if plan is None else (plan.windows, plan.train_share, plan.anchored),
            progress,
        )
        analysis |= judged_document(judged, prepared, data, trials)
        return _outcome(trials, analysis | {"entered": len(trials)})

    async def _entered(
        self,
        study: OptimizationStudy,
        prepared: PreparedStudy,
        report: Report | None,
        trials: Sequence[StudyTrial],
    ) -> TrialCount:
        """Enter the trials that the ledger does not have yet, and return what it has then."""
        known = int(study.analysis.get("entered", 0))
        sharpes = [one.metrics["sharpe_ratio"] for one in trials[known:]]
        if report is None or not sharpes:
            return await self._trust.trials_of(prepared.backtest)
        return await self._trust.record(prepared.backtest, report, sharpes)

    async def _stopped(
        self,
        study: OptimizationStudy,
        prepared: PreparedStudy,
        data: TrialData | None,
        changes: Document,
    ) -> None:
        """Keep what a study that did not run to its end has come to.

        Its trials were looked at, so the ledger has them, too.
        """
        from quant_tui.services.study_analysis import choose, judge_of

        def look() -> tuple[list[StudyTrial], Document, Report | None]:
            trials = self._files.trials(study.id, prepared)
            if data is None:
                return trials, choose(prepared, trials), None
            report = judge_of(prepared, data, trials, None).run_best()
            return trials, choose(prepared, trials), report

        trials, analysis, report = await asyncio.to_thread(look)
        entered = study.analysis.get("entered", 0)
        if report is not None:
            await self._entered(study, prepared, report, trials)
            entered = len(trials)
        outcome = _outcome(trials, study.analysis | analysis | {"entered": entered})
        await self.change(study.id, outcome | changes)

    async def data(self, prepared: PreparedStudy) -> TrialData:
        """Return what a study's trials run on."""
        backtest = replace(prepared.backtest, benchmark="")
        bars, _ = await load_bars(backtest, self._market_data)
        outside = await self._outside.of(prepared.space.document, bars)
        return TrialData(
            bars=bars,
            document=prepared.space.document,
            config=prepared.backtest.config,
            inputs=outside.inputs,
            begin=prepared.begin(bars),
            split=prepared.split(bars),
            metrics=metrics_of(prepared.scoring.objectives),
        )

    def _say(self, study_id: str, message: str, *, judging: bool = False) -> None:
        progress = self.progress.get(study_id)
        if progress is not None:
            self.progress[study_id] = replace(
                progress, message=message, eta_seconds=None, judging=judging
            )

    async def change(self, study_id: str, changes: Document) -> OptimizationStudy:
        """Change some fields of a study, whatever else was changed meanwhile."""

        async def once() -> OptimizationStudy:
            study = await self._studies.get(study_id)
            return await self._studies.update(study.model_copy(update=changes))

        return await _retried(once)


def _outcome(trials: list[StudyTrial], analysis: Document) -> Document:
    best = next((one for one in trials if one.number == analysis["best"]), None)
    return {
        "done_trials": len(trials),
        "best_params": {} if best is None else dict(best.params),
        "best_value": None if best is None or best.values is None else best.values[0],
        "analysis": analysis,
    }


async def _retried(
    once: Callable[[], Awaitable[OptimizationStudy]], times: int = 5
) -> OptimizationStudy:
    for left in range(times - 1, -1, -1):
        try:
            return await once()
        except Conflict:
            if not left:
                raise
    raise AssertionError("unreachable")
