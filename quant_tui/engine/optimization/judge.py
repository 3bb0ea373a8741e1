"""From a study's trials to how far their best can be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InsufficientData
from quant_tui.domain.tasks import RunTasks, run_in_turn
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.optimization import lines
from quant_tui.engine.optimization.card import study_card
from quant_tui.engine.optimization.evaluate import Evaluator, TrialData
from quant_tui.engine.optimization.luck import DRAWS, reality_check
from quant_tui.engine.optimization.objective import Objective
from quant_tui.engine.optimization.plateau import Plateau
from quant_tui.engine.optimization.space import Combination, SearchSpace, columns_of
from quant_tui.engine.optimization.stability import Part, stretches
from quant_tui.engine.report import Report
from quant_tui.engine.robustness.assess import assess
from quant_tui.engine.robustness.card import TrustCard, TrustLine
from quant_tui.engine.robustness.overfitting import backtest_overfitting
from quant_tui.engine.robustness.walk_forward import (
    WalkForward,
    Window,
    walk_forward,
    walk_forward_windows,
)
from quant_tui.engine.run import run_backtest

LOOKED_AT = 300
"""Trials whose returns are looked at, the best among them; the rest are evenly left out."""

LOOKED_AT_RETURNS = 2_000_000
"""Returns of all of them together, at most; fewer trials of longer bars."""

DRAWN = 150
"""Combinations drawn from the space beside the trials, to measure the luck of the search."""

CANDIDATES = 300
"""Combinations that a walk-forward window chooses among."""

BLOCKS = 12
"""Blocks of the cross-validation of overfitting: 924 splits."""

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Judged:
    """What looking at a study found.

    Attributes
    ----------
    card
        How far its best can be believed.
    best, suggested
        Sharpe ratio of both in stretches of the bars in sample.
    walk_forward
        None where it was left out or the bars do not suffice.
    """

    card: TrustCard
    best: tuple[Part, ...] = ()
    suggested: tuple[Part, ...] = ()
    walk_forward: WalkForward | None = None


class Judge:
    """Looks at one study.

    Parameters
    ----------
    data
        What the trials ran on.
    space, objective
        What was searched, and what is looked for first.
    rows
        Combinations of the trials.
    plateau
        Best and centre among them; None where none may be chosen.
    threads
        Most threads.
    seed
        Of what is random.
    cancel
        Asked all along.
    run
        Runs the windows of a long walk-forward.
    """

    def __init__(
        self,
        data: TrialData,
        space: SearchSpace,
        objective: Objective,
        rows: Sequence[Combination],
        plateau: Plateau | None,
        *,
        threads: int = 2,
        seed: int = 0,
        cancel: Callable[[], bool] | None = None,
        run: RunTasks = run_in_turn,
    ) -> None:
        self._data = data
        self._space = space
        self._objective = objective
        self._rows = rows
        self._plateau = plateau
        self._evaluate = Evaluator(data, threads)
        self._seed = seed
        self._cancel = cancel
        self._run = run

    def run_best(self) -> Report | None:
        """Return the best trial's run in sample; None where none may be chosen."""
        return None if self._plateau is None else self.run(self._plateau.best)

    def run(self, place: int) -> Report:
        """Return the run in sample of a trial by its place."""
        data = self._data.in_sample
        return run_backtest(
            data.bars,
            data.document,
            self._rows[place],
            data.config,
            cancel=self._cancel,
            inputs=data.inputs,
            begin=data.begin,
        )

    def judge(
        self,
        report: Report | None,
        trials: int,
        trial_variance: float | None,
        windows: tuple[int, float, bool] | None,
        progress: Progress = lambda _fraction, _message: None,
    ) -> Judged:
        """Make the card.

        Parameters
        ----------
        report
            From :meth:`run_best`.
        trials, trial_variance
            What the ledger has of the strategy; see
            :func:`~quant_tui.engine.robustness.assess.assess`.
        windows
            Number, share of the bars to choose in, and whether anchored, of the
            walk-forward; None leaves it out.
        progress
            Told how far it is.
        """
        if report is None or self._plateau is None:
            return Judged(study_card(None, (), trials))
        progress(0.0, "looking at the luck of the search")
        plateau = self._plateau
        chosen = self._looked_at(plateau)
        returns = self._evaluate.returns([self._rows[place] for place in chosen], self._cancel)
        annualization = report.config.annualization or report.bars.periods_per_year
        own = returns[:, chosen.index(plateau.best)]
        other = returns[:, chosen.index(plateau.centre)]
        parts = stretches(own, annualization), stretches(other, annualization)
        raise_if_cancelled(self._cancel)
        progress(0.3, "walking forward")
        walked, walk_line = self._walk_forward(windows)
        found = (
            self._luck(returns, chosen.index(plateau.best), trials=len(self._rows)),
            self._sample_line(plateau),
            self._overfitting(returns),
            lines.study_plateau_line(plateau.best_kept, plateau.centre_kept, plateau.neighbours),
            lines.stability_line(
                sum(one.sharpe is not None and one.sharpe > 0.0 for one in parts[1]),
                len(parts[1]),
            ),
            walk_line,
        )
        card = assess(
            report,
            trials=max(trials, 1),
            trial_variance=trial_variance,
            inputs=self._data.in_sample.inputs,
            progress=lambda fraction, message: progress(0.6 + 0.4 * fraction, message),
            cancel=self._cancel,
        )
        return Judged(study_card(card, found, trials), tuple(parts[0]), tuple(parts[1]), walked)

    def _looked_at(self, plateau: Plateau) -> list[int]:
        """Return the places of the trials whose returns are looked at."""
        bars = self._data.stop - self._data.begin
        most = int(np.clip(LOOKED_AT_RETURNS // bars, 20, LOOKED_AT))
        count = len(self._rows)
        even = np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist()
        return sorted({*even, plateau.best, plateau.centre})

    def _luck(self, returns: FloatArray, best: int, trials: int) -> TrustLine:
        """Judge luck over the trials and over the space.

        A sampler that learns looks closer and closer around its best, so that its trials
        are near copies of that; the luck it had to choose from is that of the whole space.
        """
        drawn = self._space.candidates(DRAWN, self._seed)
        both = np.hstack([returns, self._evaluate.returns(drawn, self._cancel)])
        try:
            value = reality_check(both, best, seed=self._seed, cancel=self._cancel)
        except InsufficientData:
            value = None
        return lines.luck_line(value, trials, len(drawn), DRAWS)

    def _overfitting(self, returns: FloatArray) -> TrustLine:
        known = returns[:, np.isfinite(returns).all(axis=0)]
        try:
            found = backtest_overfitting(known, BLOCKS, self._cancel)
        except InsufficientData as error:
            return lines.overfitting_line(None, known.shape[1], error.message)
        return lines.overfitting_line(found, known.shape[1])

    def _sample_line(self, plateau: Plateau) -> TrustLine:
        data = self._data.out_of_sample
        if data is None:
            return lines.sample_line(None, None, None, 0)
        rows = [self._rows[plateau.best], self._rows[plateau.centre]]
        figures = self._evaluate(rows, self._cancel)
        inside = figures.in_sample["sharpe_ratio"].tolist()
        outside = (figures.out_of_sample or {})["sharpe_ratio"].tolist()
        known = [None if value != value else value for value in (inside[0], *outside)]
        return lines.sample_line(known[0], known[1], known[2], len(data.bars) - data.begin)

    def _walk_forward(
        self, windows: tuple[int, float, bool] | None
    ) -> tuple[WalkForward | None, TrustLine]:
        if windows is None:
            return None, lines.walk_forward_line(None, None, 0, "It was left out.")
        number, share, anchored = windows
        data = self._data
        bars = len(data.bars) - data.begin
        train = round(bars * share)
        test = -(-(bars - train) // number)
        rows = self._space.candidates(CANDIDATES, self._seed)
        try:
            found = walk_forward(
                data.bars,
                data.document,
                columns_of(rows),
                [
                    Window(one.train + data.begin, one.test + data.begin, one.stop + data.begin)
                    for one in walk_forward_windows(bars, train, test, anchored=anchored)
                ],
                data.config,
                metric=self._objective,
                product=False,
                inputs=data.inputs,
                cancel=self._cancel,
                run=self._run,
            )
        except InsufficientData as error:
            return None, lines.walk_forward_line(None, None, 0, error.message)
        return found, lines.walk_forward_line(found.efficiency, found.sharpe, len(found.steps))
