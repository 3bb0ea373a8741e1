"""CMA-ES for Optuna: a Gaussian over the space that moves towards where good trials lie.

Optuna's own sampler keeps its state pickled in the journal, and cannot use all trials of a
batch. Here the state is worked out from the trials themselves, generation by generation:
what trial *n* proposes depends on the study's seed, on *n* and on the generations before
its own, so that a study that was paused, killed or grown goes on as if nothing had happened.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.optimization.space import ParameterRange, SearchSpace
from quant_tui.engine.rules import ParameterValue

if TYPE_CHECKING:
    from cmaes import CMAwM
    from optuna.study import Study

SPREAD = 1.0 / 6.0
"""Standard deviation that it begins with, as a share of every range: Optuna's own."""

GROWTH, MOST = 2, 256
"""Factor by which the next search has more trials a generation, once one has settled, and
how many it has at most."""

VIOLATION = "constraints:violation"
"""What a trial lacks to be chosen, where Optuna keeps it."""


class CmaEs(BaseSampler):
    """CMA-ES with margin, begun anew with larger generations where it has settled.

    It has where a whole generation holds nothing that was not tried before.
    Numbers are searched from 0 to 1 of their range; whole numbers and steps keep a margin of
    probability for their neighbours, so that the search does not stand still on one value.
    Choices have no order to learn from and are drawn at random. Trials that may not be chosen
    rank behind all others, the nearest to being allowed first.

    Parameters
    ----------
    space
        What is searched, with a number among it.
    seed
        The same gives the same proposals for the same values.
    sign
        1 where more is better, -1 where less is.
    named
        Optuna's name for a range.

    References
    ----------
    Hansen (2016), "The CMA evolution strategy: a tutorial"; Hamano, Saito, Nomura &
    Shirakawa (2022), "CMA-ES with margin", GECCO; Auger & Hansen (2005), "A restart CMA
    evolution strategy with increasing population size", CEC.
    """

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        sign: float,
        named: Mapping[str, BaseDistribution],
    ) -> None:
        self._numbers = {name: one for name, one in space.ranges.items() if one.is_number}
        self._named = {name: named[name] for name in self._numbers}
        self._seed = seed
        self._sign = sign
        self._first = 0
        self._began = 0
        self._tried: set[tuple[object, ...]] = set()
        self._size = 4 + math.floor(3 * math.log(len(self._numbers)))
        self._state = self._begin()

    def learn(self, study: Study, asked: int) -> int:
        """Learn from the generations that are done.

        Parameters
        ----------
        asked
            Proposals so far, all of them told.

        Returns
        -------
        int
            How many may be asked for before they must be told.
        """
        if asked >= self._first + self._size:
            trials = study.get_trials(deepcopy=False)
            while asked >= self._first + self._size:
                self._next(trials[self._first : self._first + self._size])
        return self._first + self._size - asked

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the numbers."""
        del study, trial
        return dict(self._named)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the numbers of a trial."""
        del study, search_space
        shown, _ = self._drawn(trial.number)
        return {
            name: value_at(given, float(place))
            for (name, given), place in zip(self._numbers.items(), shown, strict=True)
        }

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw a choice."""
        drawn = RandomSampler(seed=self._seed_of(trial.number))
        return drawn.sample_independent(study, trial, param_name, param_distribution)

    def _next(self, trials: Sequence[FrozenTrial]) -> None:
        """Learn from a generation, or begin anew where the search has settled."""
        points = [self._drawn(one.number)[1] for one in trials]
        self._state.tell(list(zip(points, _ranks(trials, self._sign), strict=True)))
        self._first += self._size
        rows = {tuple(one.params.values()) for one in trials}
        settled = rows <= self._tried
        self._tried |= rows
        if settled or self._state.should_stop():
            self._began, self._size = self._first, min(self._size * GROWTH, MOST)
            self._state = self._begin()

    def _begin(self) -> CMAwM:
        from cmaes import CMAwM

        count = len(self._numbers)
        random = np.random.default_rng([self._seed, self._began])
        mean = np.full(count, 0.5) if not self._began else random.random(count)
        return CMAwM(
            mean=mean,
            sigma=SPREAD,
            bounds=np.tile([0.0, 1.0], (count, 1)),
            steps=np.array([step_of(one) for one in self._numbers.values()]),
            n_max_resampling=10 * count,
            seed=self._seed_of(self._began),
            population_size=self._size,
        )

    def _drawn(self, number: int) -> tuple[FloatArray, FloatArray]:
        """Return a trial's point as it is run, and as the search learns from it."""
        self._state.reseed_rng(self._seed_of(number))
        shown, learned = self._state.ask()
        return shown, learned

    def _seed_of(self, number: int) -> int:
        return int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])


def step_of(given: ParameterRange) -> float:
    """Return the distance between two values as a share of a range; 0 for any distance."""
    if given.log or (given.kind == "float" and given.step is None):
        return 0.0
    return 1.0 / (len(given.values()) - 1)


def value_at(given: ParameterRange, place: float) -> ParameterValue:
    """Return the value at a share, 0 to 1, of a range of numbers."""
    if step_of(given):
        values = given.values()
        return values[round(place * (len(values) - 1))]
    return given.draw(min(place, math.nextafter(1.0, 0.0)))


def _ranks(trials: Sequence[FrozenTrial], sign: float) -> list[float]:
    """Return the place of each trial in its generation, the best 0; alike ones share theirs."""
    keys = [_worth(one, sign) for one in trials]
    order = sorted(set(keys))
    return [float(order.index(key)) for key in keys]


def _worth(trial: FrozenTrial, sign: float) -> tuple[float, float]:
    if trial.state is not TrialState.COMPLETE:
        return math.inf, 0.0
    value = trial.values[0]
    broken = float(trial.system_attrs.get(VIOLATION, 0.0))
    if math.isinf(value):  # undefined, or a condition between parameters was broken
        return math.inf, 0.0
    return broken, -sign * value
