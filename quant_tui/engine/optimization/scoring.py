"""From figures to what a search is told: values, and what makes a trial unusable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.optimization.evaluate import TrialFigures
from quant_tui.engine.optimization.objective import Objective


@dataclass(frozen=True, slots=True)
class Scored:
    """What one trial is worth.

    Attributes
    ----------
    values
        Of each objective, in its own direction; None where it is undefined.
    violation
        0 for a trial that may be chosen, else how far from it, to 1.
    reason
        Why it may not be chosen, or what was taken off; empty for nothing.
    """

    values: tuple[float, ...] | None
    violation: float = 0.0
    reason: str = ""

    @property
    def feasible(self) -> bool:
        """Whether it may be chosen."""
        return self.values is not None and self.violation == 0.0


@dataclass(frozen=True)
class Scoring:
    """How trials are judged.

    Attributes
    ----------
    objectives
        What is looked for.
    min_trades
        Closed trades in sample below which a result says nothing.
    penalty
        What a trial without any trade loses of each objective; with fewer than
        ``min_trades`` it loses in proportion to those missing. None: such a trial may not
        be chosen at all.
    """

    objectives: tuple[Objective, ...] = (Objective(),)
    min_trades: int = 0
    penalty: float | None = None

    def score(self, figures: TrialFigures) -> list[Scored]:
        """Judge a batch of trials."""
        columns = [one.values(figures.in_sample) for one in self.objectives]
        trades = figures.in_sample["total_trades"]
        return [
            self._one(figures.invalid.get(place, ""), row, float(trades[place]))
            for place, row in enumerate(zip(*(one.tolist() for one in columns), strict=True))
        ]

    def _one(self, invalid: str, values: Sequence[float], trades: float) -> Scored:
        if invalid:
            return Scored(None, 1.0, invalid)
        for objective, value in zip(self.objectives, values, strict=True):
            if np.isnan(value):
                why = "it never traded" if trades == 0 else "it is not defined for this run"
                return Scored(None, 1.0, f"No {objective.rule}: {why}.")
        missing = max(0.0, 1.0 - trades / self.min_trades) if self.min_trades else 0.0
        if not missing:
            return Scored(tuple(values))
        few = f"{trades:.0f} closed trades, fewer than {self.min_trades}"
        if self.penalty is None:
            return Scored(tuple(values), missing, f"{few}.")
        lost = self.penalty * missing
        lowered = tuple(
            value - objective.sign * lost
            for objective, value in zip(self.objectives, values, strict=True)
        )
        return Scored(lowered, 0.0, f"{few}: {lost:.3g} taken off.")


def merits(objectives: Sequence[Objective], values: Sequence[Sequence[float] | None]) -> FloatArray:
    """Return one figure a trial (K,) by which more is better; NaN where it may not be chosen.

    With one objective its value, signed; with several the mean over the objectives of the
    share of trials that a trial is at least as good as.
    """
    table = np.array(
        [[np.nan] * len(objectives) if one is None else list(one) for one in values],
        dtype=np.float64,
    ).reshape(len(values), len(objectives))
    table = table * np.array([one.sign for one in objectives])
    if len(objectives) == 1:
        found: FloatArray = table[:, 0]
        return found
    known = ~np.isnan(table).any(axis=1)
    ranks = np.full(len(values), np.nan)
    if known.any():
        inside = table[known]
        order = np.array(
            [np.searchsorted(np.sort(column), column, side="right") for column in inside.T]
        )
        ranks[known] = order.mean(axis=0) / len(inside)
    return ranks


def pareto_front(
    objectives: Sequence[Objective], values: Mapping[int, Sequence[float]]
) -> tuple[int, ...]:
    """Return the trials that no other is at least as good as in all and better in one.

    Parameters
    ----------
    objectives
        What is looked for.
    values
        Of each trial that may be chosen, by its number.
    """
    numbers = sorted(values)
    if not numbers:
        return ()
    table = np.array([values[one] for one in numbers]) * np.array([o.sign for o in objectives])
    order = np.lexsort(-table.T[::-1])
    front: list[int] = []
    kept = np.empty((0, table.shape[1]))
    for place in order.tolist():
        row = table[place]
        beaten = (kept >= row).all(axis=1) & (kept > row).any(axis=1)
        if not beaten.any():
            front.append(numbers[place])
            kept = np.vstack([kept, row])
    return tuple(sorted(front))
