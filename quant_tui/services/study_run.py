"""Running a study's trials: batches to the engine, figures to the journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.tasks import HoldTasks
from quant_tui.engine.optimization.evaluate import Evaluator, TrialData
from quant_tui.engine.optimization.scoring import merits
from quant_tui.engine.optimization.space import Combination
from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_report import StudyProgress, StudyTrial
from quant_tui.services.study_request import PreparedStudy

BLOCK_SECONDS = 0.25
"""What a block of the grid should take: what a kill costs, and how often progress is told."""

FIRST_BLOCK, MOST_IN_BLOCK = 64, 8192

MOST_PROPOSALS = 20
"""Proposals a trial, on average, before a search whose constraints nothing fulfils ends."""

Told = Callable[[StudyProgress], None]


@dataclass
class _Best:
    """The best trial so far, by its merit."""

    merit: float = -np.inf
    trial: StudyTrial | None = None


class StudyRun:
    """The trials of one study.

    Parameters
    ----------
    files, study_id
        Where its journal is.
    prepared, data
        What is searched, and on what.
    told
        Told how far it is, after each batch.
    cancel
        Asked all along.
    hold
        Runs parts of long batches elsewhere; None runs all here.
    """

    def __init__(
        self,
        files: StudyFiles,
        study_id: str,
        prepared: PreparedStudy,
        data: TrialData,
        told: Told,
        cancel: Callable[[], bool],
        hold: HoldTasks | None = None,
    ) -> None:
        self._files = files
        self._study_id = study_id
        self._prepared = prepared
        self._evaluate = Evaluator(data, prepared.workers, hold, prepared.trials)
        self._told = told
        self._cancel = cancel
        self._best = _Best()
        self._began = time.monotonic()
        self._known = 0

    def run(self) -> list[StudyTrial]:
        """Run what is left of the study and return all its trials.

        Raises
        ------
        Cancelled
            ``cancel`` said so; what was done is kept.
        InvalidInput
            Nothing that was proposed fulfils the constraints.
        """
        from quant_tui.services.study_search import BATCHES, Search

        with Search(self._files, self._study_id, self._prepared) as search, self._evaluate:
            self._known = len(search.trials)
            self._judge(search.trials)
            self._tell(len(search.trials))
            if self._prepared.sampler == "grid":
                self._grid(search.trials, search.add)
                return sorted(search.trials, key=lambda one: one.number)
            size = BATCHES[self._prepared.sampler]
            limit = MOST_PROPOSALS * self._prepared.trials + 10 * size
            while (missing := self._prepared.trials - len(search.trials)) > 0:
                raise_if_cancelled(self._cancel)
                rows = search.pending or search.ask(min(size, missing))
                if rows:
                    figures = self._evaluate([chosen for _, chosen in rows], self._cancel)
                    self._judge(search.tell(rows, figures, self._prepared.scoring.score(figures)))
                    self._tell(len(search.trials))
                elif search.asked >= limit:
                    if not search.trials:
                        raise self._prepared.space.nothing_fulfils()
                    break
            return sorted(search.trials, key=lambda one: one.number)

    def _grid(self, done: list[StudyTrial], add: Callable[..., list[StudyTrial]]) -> None:
        rows = self._prepared.space.grid()
        size = FIRST_BLOCK
        while len(done) < len(rows):
            raise_if_cancelled(self._cancel)
            began = time.monotonic()
            part: list[Combination] = rows[len(done) : len(done) + size]
            figures = self._evaluate(part, self._cancel)
            self._judge(add(part, figures, self._prepared.scoring.score(figures)))
            self._tell(len(done))
            took = max(time.monotonic() - began, 1e-3)
            size = int(np.clip(size * BLOCK_SECONDS / took, 1, min(8 * size, MOST_IN_BLOCK)))

    def _judge(self, trials: list[StudyTrial]) -> None:
        objectives = self._prepared.scoring.objectives
        if not trials:
            return
        usable = [one for one in trials if one.feasible and one.values is not None]
        # Among several objectives the first decides what is shown while it runs.
        found = merits(objectives[:1], [one.values[:1] for one in usable if one.values])
        for one, merit in zip(usable, found.tolist(), strict=True):
            if merit > self._best.merit:
                self._best.merit, self._best.trial = merit, one

    def _tell(self, done: int) -> None:
        total, best = self._prepared.trials, self._best.trial
        made = done - self._known
        elapsed = time.monotonic() - self._began
        self._told(
            StudyProgress(
                done=done,
                total=total,
                best_value=None if best is None or best.values is None else best.values[0],
                best_params=None if best is None else best.params,
                eta_seconds=elapsed / made * (total - done) if made > 0 else None,
                message=f"trial {done:,} of {total:,}",
            )
        )
