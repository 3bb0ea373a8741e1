"""Studies: the search for a strategy's parameters, kept, resumed, judged and applied."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from quant_tui.domain.errors import (
    Conflict,
    InsufficientData,
    InvalidInput,
    NotFound,
    StrategyError,
)
from quant_tui.domain.tasks import HoldTasks
from quant_tui.domain.trading import OptimizationStudy, Strategy
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine.optimization.space import ParameterRange, usual_ranges
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.names import checked_name
from quant_tui.services.outside_series import OutsideSeriesService
from quant_tui.services.strategies import StrategyService
from quant_tui.services.strategy_rules import rules_of
from quant_tui.services.study_apply import StudyApplication
from quant_tui.services.study_estimate import estimate_study
from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_report import (
    StudyEstimate,
    StudyProgress,
    StudyReport,
    report_of,
)
from quant_tui.services.study_request import PreparedStudy, StudyRequest, prepare_study
from quant_tui.services.study_work import StudyWork
from quant_tui.services.trust import TrustService
from quant_tui.storage.mongo.repositories import UserRepositories


class StudyService:
    """Studies of one user."""

    def __init__(
        self,
        *,
        repositories: UserRepositories,
        market_data: MarketDataService,
        strategies: StrategyService,
        trust: TrustService,
        outside: OutsideSeriesService,
        jobs: JobManager,
        folder: Path,
        hold: HoldTasks | None = None,
    ) -> None:
        self._user_id = repositories.user_id
        self._studies = repositories.studies
        self._market_data = market_data
        self._strategies = strategies
        self._jobs = jobs
        self._files = StudyFiles(folder)
        self._work = StudyWork(repositories, market_data, trust, outside, self._files, hold)
        self._application = StudyApplication(strategies)
        self._active: dict[str, Job[StudyReport]] = {}
        self._deleted: dict[str, OptimizationStudy] = {}

    async def ranges(self, strategy_id: str) -> dict[str, ParameterRange]:
        """Return a range of every parameter of a strategy for a form to begin with."""
        strategy = await self._strategies.get(strategy_id)
        return usual_ranges(rules_of(strategy))

    async def validate(self, request: StudyRequest) -> dict[str, str]:
        """Return what is wrong with a request: field to message, empty when all is well.

        Its bars are loaded for it: whether every symbol has some on both sides of the split
        is not known without.
        """
        try:
            prepared = await prepare_study(request, self._strategies, self._market_data)
            await self._work.data(prepared)
        except InvalidInput as error:
            return {error.field or "strategy": str(error)}
        except (NotFound, InsufficientData) as error:
            return {"symbols": str(error)}
        except StrategyError as error:
            return {"strategy": str(error)}
        return {}

    async def estimate(self, request: StudyRequest) -> StudyEstimate:
        """Return what a study would take, from a few of its trials.

        Raises
        ------
        InvalidInput, NotFound, StrategyError
            When the request cannot be run.
        """
        prepared = await prepare_study(request, self._strategies, self._market_data)
        data = await self._work.data(prepared)

        return await self._jobs.run_in_thread(partial(estimate_study, prepared, data))

    async def start(self, request: StudyRequest) -> Job[StudyReport]:
        """Keep the study and run it as a job, whose ``target`` is the study's id.

        Raises
        ------
        InvalidInput, NotFound, StrategyError
            When the request cannot be run; nothing is kept then.
        """
        prepared = await prepare_study(request, self._strategies, self._market_data)
        name = checked_name(request.name)
        shown = ", ".join(prepared.backtest.symbols[:3])
        study = await self._studies.create(
            OptimizationStudy(
                name=name or f"{prepared.backtest.strategy_name} on {shown}",
                strategy_id=prepared.backtest.strategy_id,
                parameter_space={n: r.to_document() for n, r in prepared.space.ranges.items()},
                n_trials=prepared.trials,
                user_id=self._user_id,
                config=prepared.snapshot(),
                sampler=prepared.sampler,
                seed=prepared.seed,
                notes=request.notes.strip(),
            )
        )
        return self._start(study, prepared)

    async def resume(self, study_id: str, more: int = 0) -> Job[StudyReport]:
        """Go on with a study that was paused, cancelled, killed or is to grow.

        Parameters
        ----------
        more
            Trials on top of those it was to have; a grid has no more.

        Raises
        ------
        Conflict
            It is running.
        InvalidInput
            There is nothing left to do, or ``more`` is out of range.
        """
        study = await self.get(study_id)
        if study.status is RunStatus.RUNNING or study_id in self._active:
            raise Conflict(f"{study.name} is running.", hint="Pause it first.")
        if more < 0:
            raise InvalidInput("Give 0 trials more, or some.", field="more")
        if more and study.sampler == "grid":
            raise InvalidInput("A grid has no more trials.", field="more")
        if study.status is RunStatus.COMPLETED and not more:
            raise InvalidInput(
                f"{study.name} is complete.", field="more", hint="Say how many trials more."
            )
        if more:
            from quant_tui.services.study_analysis import unjudged

            grown = {"n_trials": study.n_trials + more, "analysis": unjudged(study.analysis)}
            study = await self._work.change(study_id, grown)
        return self._start(study, PreparedStudy.from_study(study))

    async def pause(self, study_id: str) -> None:
        """Stop a running study, so that :meth:`resume` goes on where it was."""
        job = self._active.get(study_id)
        if job is None:
            raise Conflict("The study does not run here.", hint="It can be resumed.")
        self._work.pause(study_id)
        job.cancel()

    def progress(self, study_id: str) -> StudyProgress | None:
        """Return how far a study that runs here is; None when it does not."""
        return self._work.progress.get(study_id)

    async def get(self, study_id: str) -> OptimizationStudy:
        """Return one study.

        Raises
        ------
        NotFound
            When the user has none with that id.
        """
        return await self._recovered(await self._studies.get(study_id))

    async def list(self, search: str = "", *, limit: int = 1000) -> list[OptimizationStudy]:
        """Return the user's studies, the newest first.

        Parameters
        ----------
        search
            Part of a name, in any case.
        """
        found = await self._studies.list(sort=[("created_at", -1)], limit=limit)
        kept = [one for one in found if search.casefold() in one.name.casefold()]
        return [await self._recovered(one) for one in kept]

    async def report(self, study_id: str) -> StudyReport:
        """Return a study with everything; of one that runs, with the trials so far.

        Raises
        ------
        NotFound
            When the user has none with that id.
        """
        study = await self.get(study_id)
        prepared = PreparedStudy.from_study(study)

        def read() -> StudyReport:
            from quant_tui.services.study_analysis import choose

            trials = self._files.trials(study_id, prepared)
            if not study.analysis or study.status is not RunStatus.COMPLETED:
                analysis = {**study.analysis, **choose(prepared, trials)}
                return report_of(study.model_copy(update={"analysis": analysis}), trials)
            return report_of(study, trials)

        return await asyncio.to_thread(read)

    async def rename(self, study_id: str, name: str) -> OptimizationStudy:
        """Give a study another name.

        Raises
        ------
        InvalidInput
            It is empty.
        """
        name = checked_name(name)
        if not name:
            raise InvalidInput("A study needs a name.", field="name")
        return await self._work.change(study_id, {"name": name})

    async def describe(self, study_id: str, notes: str) -> OptimizationStudy:
        """Keep notes with a study."""
        return await self._work.change(study_id, {"notes": notes.strip()})

    async def export(
        self, study_id: str, out: Path, *, file_format: str = "csv", overwrite: bool = False
    ) -> Path:
        """Write a study's trials, or all of it, to a file; return that.

        Raises
        ------
        NotFound
            When the user has none with that id.
        FileExists, InvalidInput
            See :func:`~quant_tui.services.study_export.export_study`.
        """
        from quant_tui.services.study_export import export_study

        report = await self.report(study_id)
        return await asyncio.to_thread(export_study, report, out, file_format, overwrite=overwrite)

    async def apply(self, study_id: str, number: int | None = None) -> Strategy:
        """Put a trial's parameters into the strategy; a strategy is made where none is kept.

        Parameters
        ----------
        number
            Of the trial; None for the suggested one.

        Raises
        ------
        InvalidInput
            There is no such trial, or none may be chosen.
        NotFound
            The strategy is gone.
        """
        report = await self.report(study_id)
        strategy, applied = await self._application.apply(report, number)
        await self._work.change(study_id, {"applied": applied, "strategy_id": strategy.id})
        return strategy

    async def undo_apply(self, study_id: str) -> Strategy | None:
        """Give the strategy back the parameters it had; return it, None where it was made.

        Raises
        ------
        InvalidInput
            Nothing was applied.
        Conflict
            The strategy's parameters were changed since.
        """
        study = await self.get(study_id)
        strategy = await self._application.undo(study)
        made = strategy is None
        await self._work.change(study_id, {"applied": {}, **({"strategy_id": ""} if made else {})})
        return strategy

    async def delete(self, study_id: str) -> OptimizationStudy:
        """Delete a study with its trials; :meth:`restore` brings it back till the sign-out.

        Raises
        ------
        InvalidInput
            It is running.
        """
        study = await self.get(study_id)
        if study.status is RunStatus.RUNNING or study_id in self._active:
            raise InvalidInput(f"{study.name} is running.", hint="Cancel it first.")
        await self._studies.delete(study_id)
        self._files.set_aside(study_id)
        self._deleted[study_id] = study
        return study

    async def restore(self, study_id: str) -> OptimizationStudy:
        """Bring back a study deleted since the sign-in, under its old id.

        Raises
        ------
        NotFound
            It was not deleted here.
        """
        study = self._deleted.pop(study_id, None)
        if study is None:
            raise NotFound("This study was not deleted here.")
        self._files.bring_back(study_id)
        return await self._studies.create(study)

    def close(self) -> None:
        """Remove the files of what was deleted for good."""
        for study_id in self._deleted:
            self._files.remove(study_id)
        self._deleted.clear()

    def _start(self, study: OptimizationStudy, prepared: PreparedStudy) -> Job[StudyReport]:
        study_id = study.id

        async def work(context: JobContext) -> StudyReport:
            try:
                return await self._work.run(study_id, prepared, context)
            finally:
                self._forget(study_id)

        async def abandoned() -> None:
            self._forget(study_id)
            await self._work.change(study_id, {"status": RunStatus.CANCELLED})

        job = self._jobs.start("study", study.name, work, target=study_id, abandoned=abandoned)
        self._active[study_id] = job
        self._work.progress[study_id] = StudyProgress(
            study.done_trials, study.n_trials, message="waiting"
        )
        return job

    def _forget(self, study_id: str) -> None:
        self._active.pop(study_id, None)
        self._work.forget(study_id)

    async def _recovered(self, study: OptimizationStudy) -> OptimizationStudy:
        """Return a study; one whose process was killed waits to be resumed."""
        if study.status is not RunStatus.RUNNING or study.id in self._active:
            return study
        if await asyncio.to_thread(self._files.is_running, study.id):
            return study
        prepared = PreparedStudy.from_study(study)
        trials = await asyncio.to_thread(self._files.trials, study.id, prepared)
        now = await self._studies.find(study.id)
        if now is None or now.status is not RunStatus.RUNNING or study.id in self._active:
            return now or study  # it has ended since it was read
        return await self._work.change(
            study.id, {"status": RunStatus.PENDING, "done_trials": len(trials)}
        )
