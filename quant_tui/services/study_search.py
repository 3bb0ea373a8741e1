"""One study's search: Optuna's samplers asked and told, over a journal of its own.

The sampler is made anew for every batch, seeded by the study's seed and the number of the
batch's first trial: a study that was paused or killed goes on as if nothing had happened.
(CMA-ES, see :mod:`study_cmaes`, is made once and learns from every generation.)
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, NSGAIISampler, QMCSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from quant_tui.engine.optimization.evaluate import TrialFigures
from quant_tui.engine.optimization.objective import Objective
from quant_tui.engine.optimization.scoring import Scored
from quant_tui.engine.optimization.space import Combination, ParameterRange
from quant_tui.engine.rules import ParameterValue
from quant_tui.services.study_blocks import block_document, block_trials, trials_of
from quant_tui.services.study_cmaes import CmaEs
from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_report import StudyTrial
from quant_tui.services.study_request import PreparedStudy
from quant_tui.storage.optuna.journal import StudyJournal

if TYPE_CHECKING:
    from optuna.study import Study

FIGURES = "figures"
"""Attribute of a trial that holds what it came to."""

BROKEN = "constraint"
"""Attribute of a proposal that broke a constraint between parameters and was never run."""

BLOCK = "grid:"
"""Attributes of a study that hold a block of its grid, each with its first number."""

BATCHES = {"tpe": 8, "nsga2": 10, "cmaes": 64, "random": 64, "qmc": 64}
"""Trials that a sampler is asked for before it is told: they decide what it proposes next,
so they are the same whatever runs them. CMA-ES asks for no more than a generation."""

POPULATION = 50
"""Trials of a generation of NSGA-II, Optuna's own number."""


class Search:
    """A study open in this process, and in no other.

    Parameters
    ----------
    files
        Where its journal is.
    study_id
        Whose it is.
    prepared
        What is searched, and how.

    Raises
    ------
    Conflict
        Another process works on it.
    """

    def __init__(self, files: StudyFiles, study_id: str, prepared: PreparedStudy) -> None:
        self._held = ExitStack()
        self._held.enter_context(files.working(study_id))
        self._prepared = prepared
        self._space = prepared.space
        self._journal = StudyJournal(files.journal(study_id), writable=True)
        objectives = prepared.scoring.objectives
        with quiet():
            self._storage = JournalStorage(self._journal)
            self._study: Study = optuna.create_study(
                storage=self._storage,
                study_name=study_id,
                directions=[direction_of(one) for one in objectives],
                load_if_exists=True,
            )
        self._worst = [-math.inf * one.sign for one in objectives]
        self.trials: list[StudyTrial] = []
        self.pending: list[tuple[int, Combination]] = []
        self._asked = 0
        self._cmaes = self._cma_es() if prepared.sampler == "cmaes" else None
        self._load()

    @property
    def asked(self) -> int:
        """Proposals so far, with those that broke a constraint."""
        return self._asked

    def ask(self, count: int) -> list[tuple[int, Combination]]:
        """Return the numbers and combinations of trials to run next; maybe none.

        Proposals that break a constraint are told to the sampler and left out.
        """
        asked: list[tuple[Trial, Combination]] = []
        with quiet():
            if self._cmaes is not None:
                self._study.sampler = self._cmaes
                count = min(count, self._cmaes.learn(self._study, self._asked))
            else:
                self._study.sampler = self._sampler(self._asked)
            for _ in range(count):
                trial = self._study.ask()
                asked.append((trial, self._suggest(trial)))
            self._asked += count
            held = self._space.fulfilled([chosen for _, chosen in asked]).tolist()
            kept = []
            for (trial, chosen), fulfils in zip(asked, held, strict=True):
                if fulfils:
                    kept.append((trial.number, chosen))
                else:
                    trial.set_user_attr(BROKEN, True)
                    trial.set_constraint(BROKEN, 1.0)
                    self._study.tell(trial, self._worst)
        self._journal.flush()
        self.pending.extend(kept)
        return kept

    def tell(
        self,
        rows: Sequence[tuple[int, Combination]],
        figures: TrialFigures,
        scored: Sequence[Scored],
    ) -> list[StudyTrial]:
        """Take in what asked trials came to."""
        made = trials_of([number for number, _ in rows], [one for _, one in rows], figures, scored)
        with quiet():
            for one, score in zip(made, scored, strict=True):
                trial = self._storage.get_trial_id_from_study_id_trial_number(
                    self._study._study_id, one.number
                )
                self._storage.set_trial_user_attr(trial, FIGURES, _figures_document(one))
                self._storage.set_trial_system_attr(trial, "constraints:violation", score.violation)
                values = self._worst if one.values is None else list(one.values)
                self._study.tell(one.number, values)
        self._journal.flush()
        done = {one.number for one in made}
        self.pending = [one for one in self.pending if one[0] not in done]
        self.trials.extend(made)
        return made

    def add(
        self, rows: Sequence[Combination], figures: TrialFigures, scored: Sequence[Scored]
    ) -> list[StudyTrial]:
        """Take in trials that no sampler was asked for: of the grid, in its order.

        No sampler learns from them, so they are kept as one line of columns a block, in
        an attribute of the study: ten thousand trials would take Optuna seconds.
        """
        first = len(self.trials)
        block = block_document(rows, figures, scored)
        with quiet():
            self._study.set_user_attr(f"{BLOCK}{first}", block)
        self._journal.flush()
        made = block_trials(first, block)
        self.trials.extend(made)
        return made

    def close(self) -> None:
        """Write everything and let go of the study."""
        self._journal.close()
        self._held.close()

    def __enter__(self) -> Search:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self) -> None:
        self.trials.extend(grid_trials(self._study.user_attrs))
        for trial in self._study.get_trials(deepcopy=False):
            self._asked += 1
            known = trial_of(trial, self._prepared)
            if known is not None:
                self.trials.append(known)
            elif trial.state is TrialState.RUNNING:
                self._recover(trial)

    def _recover(self, trial: FrozenTrial) -> None:
        """Take up again what a killed process had asked for and not told."""
        active = self._active(trial.params)
        if set(active) <= set(trial.params):
            self.pending.append((trial.number, self._space.settled(trial.params)))
        else:  # killed between two of its parameters
            self._study.tell(trial.number, state=TrialState.FAIL)

    def _active(self, params: dict[str, ParameterValue]) -> list[str]:
        chosen = self._space.settled(params)
        return [
            name
            for name, given in self._space.ranges.items()
            if given.when is None or chosen[given.when[0]] in given.when[1]
        ]

    def _suggest(self, trial: Trial) -> Combination:
        chosen: Combination = {}
        for name, given in self._space.ranges.items():
            if given.when is not None and chosen[given.when[0]] not in given.when[1]:
                chosen[name] = self._space.default(name)
            elif given.kind == "cat":
                picked = trial.suggest_categorical(name, list(given.choices))
                chosen[name] = cast(ParameterValue, picked)
            elif given.kind == "int":
                step = int(given.step or 1)
                low, high = int(given.low or 0), int(given.high or 0)
                chosen[name] = trial.suggest_int(name, low, high, step=step, log=given.log)
            else:
                low_, high_ = float(given.low or 0.0), float(given.high or 0.0)
                chosen[name] = trial.suggest_float(
                    name, low_, high_, step=given.step, log=given.log
                )
        return chosen

    def _cma_es(self) -> CmaEs:
        ranges = self._space.ranges
        return CmaEs(
            self._space,
            self._prepared.seed,
            self._prepared.scoring.objectives[0].sign,
            {name: distribution(one) for name, one in ranges.items()},
        )

    def _sampler(self, number: int) -> BaseSampler:
        seed = int(np.random.SeedSequence([self._prepared.seed, number]).generate_state(1)[0])
        match self._prepared.sampler:
            case "tpe":
                return TPESampler(seed=seed, group=self._space.is_conditional)
            case "nsga2":
                return NSGAIISampler(seed=seed, population_size=POPULATION)
            case "qmc":
                # One sequence for the whole study: its place in it is in the journal.
                return QMCSampler(
                    scramble=True,
                    seed=self._prepared.seed,
                    independent_sampler=RandomSampler(seed=seed),
                    warn_independent_sampling=False,
                )
            case _:
                return RandomSampler(seed=seed)


def read_trials(path: Path, study_id: str, prepared: PreparedStudy) -> list[StudyTrial]:
    """Return the trials in the journal of a study that may be running."""
    with quiet():
        storage = JournalStorage(StudyJournal(path, writable=False))
        try:
            study = storage.get_study_id_from_name(study_id)
        except KeyError:  # killed before its first line
            return []
        blocks = storage.get_study_user_attrs(study)
        found = storage.get_all_trials(study, deepcopy=False)
    if blocks:
        return grid_trials(blocks)
    known = (trial_of(trial, prepared) for trial in found)
    return [one for one in known if one is not None]


def grid_trials(attributes: Mapping[str, Any]) -> list[StudyTrial]:
    """Return the trials of a grid's blocks."""
    found: list[StudyTrial] = []
    for name in sorted(attributes, key=lambda one: int(one.removeprefix(BLOCK))):
        found.extend(block_trials(int(name.removeprefix(BLOCK)), attributes[name]))
    return found


def trial_of(trial: FrozenTrial, prepared: PreparedStudy) -> StudyTrial | None:
    """Return a trial as ours; None where it was never run."""
    figures = trial.user_attrs.get(FIGURES)
    if figures is None or trial.state is not TrialState.COMPLETE:
        return None
    values = trial.values
    return StudyTrial(
        number=trial.number,
        params=prepared.space.settled(cast("dict[str, ParameterValue]", trial.params)),
        values=None if any(map(math.isinf, values)) else tuple(values),
        feasible=figures["feasible"],
        reason=figures["reason"],
        metrics=figures["in"],
        out_of_sample=figures["out"],
    )


def direction_of(objective: Objective) -> StudyDirection:
    """Return Optuna's name for an objective's direction."""
    maximize = objective.direction == "maximize"
    return StudyDirection.MAXIMIZE if maximize else StudyDirection.MINIMIZE


def distribution(given: ParameterRange) -> BaseDistribution:
    """Return Optuna's name for a range."""
    if given.kind == "cat":
        return CategoricalDistribution(list(given.choices))
    low, high = float(given.low or 0.0), float(given.high or 0.0)
    if given.kind == "int":
        return IntDistribution(int(low), int(high), log=given.log, step=int(given.step or 1))
    return FloatDistribution(low, high, log=given.log, step=given.step)


def _figures_document(one: StudyTrial) -> dict[str, object]:
    return {
        "feasible": one.feasible,
        "reason": one.reason,
        "in": one.metrics,
        "out": one.out_of_sample,
    }


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's chatter out of a terminal that draws."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
