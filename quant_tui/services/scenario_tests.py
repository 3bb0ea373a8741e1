"""The champion against each challenger on the same dates, and how much of it is chance.

Losses are compared by Diebold and Mariano's test and, beside it, by the stationary bootstrap
of their mean difference; the strategies that trade the forecasts by the bootstrap of the
difference of their Sharpe ratios, as Ledoit and Wolf (2008), "Robust performance hypothesis
testing with the Sharpe ratio", Journal of Empirical Finance 15(5), have it, with percentile
intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.engine.robustness.bootstrap import optimal_block_length, stationary_rows
from quant_tui.ml.comparison import FEWEST_DATES, diebold_mariano
from quant_tui.services.scenario_judging import JudgedModel, JudgedScenarioWindow

if TYPE_CHECKING:
    from quant_tui.engine.arrays import FloatArray

DRAWS = 1000
CONFIDENCE = 0.95
LEVEL = 0.05
"""p-value below which a difference counts."""

DRAWN_AT_ONCE = 100
ALL_WINDOWS = "all windows"


@dataclass(frozen=True, slots=True)
class BootstrapDifference:
    """A figure of the first less that of the second, and how far chance moves it.

    Attributes
    ----------
    low, high
        Percentile interval of 95 %.
    p_value
        How often the resamples, moved to a difference of 0, are as far from it.
    """

    difference: float
    low: float
    high: float
    p_value: float
    draws: int
    block_length: float


def bootstrap_difference(
    first: FloatArray,
    second: FloatArray,
    figure: Callable[[FloatArray], FloatArray],
    seed: int,
    draws: int = DRAWS,
) -> BootstrapDifference | None:
    """Resample two series together, so that what moves both stays together.

    Parameters
    ----------
    first, second
        (T,), without NaN.
    figure
        Takes (D, T) and returns (D,).

    Returns
    -------
    BootstrapDifference or None
        None of fewer than eight dates, or of two series that are the same.
    """
    apart = first - second
    if len(apart) < FEWEST_DATES or not np.abs(apart).max() > 0.0:
        return None
    length = optimal_block_length(apart)
    chance = np.random.default_rng(seed)
    found = []
    for start in range(0, draws, DRAWN_AT_ONCE):
        size = min(DRAWN_AT_ONCE, draws - start)
        rows = stationary_rows(chance.random((size, len(apart))), 1.0 / length)
        found.append(figure(first[rows]) - figure(second[rows]))
    drawn = np.concatenate(found)
    difference = float((figure(first[None]) - figure(second[None]))[0])
    outside = (1.0 - CONFIDENCE) / 2.0
    low, high = (float(one) for one in np.quantile(drawn, [outside, 1.0 - outside]))
    as_far = np.abs(drawn - difference) >= abs(difference)
    p_value = (float(as_far.sum()) + 1.0) / (draws + 1.0)
    return BootstrapDifference(difference, low, high, p_value, draws, float(length))


def compare_models(
    windows: Sequence[JudgedScenarioWindow],
    champion: str,
    seed: int,
    annualization: float,
    pause: Callable[[], None],
) -> list[Document]:
    """Return the champion against every other model, in each window and in all together."""
    others = [one.model.id for one in windows[0].models if one.model.id != champion]
    found: list[Document] = []
    for other in others:
        pairs: list[tuple[str, JudgedModel, JudgedModel]] = []
        for window in windows:
            one, two = window.of(champion), window.of(other)
            if one is not None and two is not None and one.is_ranked and two.is_ranked:
                pairs.append((window.window.name, one, two))
        for name, one, two in pairs:
            pause()
            found.append(_compared(name, [(one, two)], seed, annualization))
        if len(pairs) > 1:
            pause()
            both = [(one, two) for _, one, two in pairs]
            found.append(_compared(ALL_WINDOWS, both, seed, annualization))
    return found


def _compared(
    window: str,
    pairs: Sequence[tuple[JudgedModel, JudgedModel]],
    seed: int,
    annualization: float,
) -> Document:
    one, two = pairs[0]
    same = one.truth is not None and two.truth is not None and one.truth.target == two.truth.target
    made: Document = {
        "window": window,
        "champion": one.model.id,
        "challenger": two.model.id,
        "same_target": same,
        "diebold_mariano": None,
        "bootstrap": None,
        "sharpe": None,
        "better": "",
    }
    if same and one.truth is not None:
        losses = [np.concatenate([pair[place].losses for pair in pairs]) for place in (0, 1)]
        tested = diebold_mariano(losses[0], losses[1], one.truth.target.horizon)
        made["diebold_mariano"] = None if tested is None else asdict(tested)
        there = np.isfinite(losses[0]) & np.isfinite(losses[1])
        drawn = bootstrap_difference(losses[0][there], losses[1][there], _mean, seed)
        made["bootstrap"] = None if drawn is None else asdict(drawn)
        if tested is not None and tested.p_value is not None and tested.p_value < LEVEL:
            made["better"] = one.model.id if tested.difference < 0 else two.model.id
    if all(model.returns is not None for pair in pairs for model in pair):
        returns = [
            np.concatenate([np.asarray(pair[place].returns) for pair in pairs]) for place in (0, 1)
        ]
        scale = math.sqrt(annualization)
        drawn = bootstrap_difference(
            returns[0], returns[1], lambda rows: _sharpe(rows) * scale, seed
        )
        made["sharpe"] = None if drawn is None else asdict(drawn)
    return made


def _mean(rows: FloatArray) -> FloatArray:
    found: FloatArray = rows.mean(axis=1)
    return found


def _sharpe(rows: FloatArray) -> FloatArray:
    spread = rows.std(axis=1, ddof=1)
    found: FloatArray = np.divide(
        rows.mean(axis=1), spread, out=np.zeros(len(rows)), where=spread > 0.0
    )
    return found
