"""Forecasts of one window judged: figures, losses by date, and what takes no model.

What is judged is the score of a forecast (see :func:`quant_tui.ml.metrics.score_of`), one
number for every target, beside the score of what came: the number itself, a rise 0.5 and a
fall -0.5, a gain 1 and a loss -1. Its squared error is for ``direction`` the Brier score
(1950), so that the best forecast of each kind of target is the one with the least loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quant_tui.ml.baselines import TRUST_IN_LAST
from quant_tui.ml.metrics import Figures, Forecasts, correlations_by_date, figures_of, information
from quant_tui.ml.panel import Floats
from quant_tui.ml.targets import Labels, Target, labels_of

REFERENCE = "mean"
"""The baseline that skill is measured against."""


@dataclass(frozen=True, eq=False)
class JudgedWindow:
    """Scores on the dates of a window, judged.

    Attributes
    ----------
    figures
        Those of :func:`~quant_tui.ml.metrics.figures_of`, and ``skill``.
    losses
        Mean squared error of the scores of each date, (T,); NaN where there is none.
    by_horizon
        For each horizon, ``ic`` and ``rank_ic`` of the scores with the return over so many
        bars.
    count
        Scores that were judged.
    """

    figures: Figures
    losses: Floats
    by_horizon: dict[int, Figures]
    count: int


@dataclass(frozen=True, eq=False)
class Truth:
    """What came on the dates of a window, and what could have been foretold without a model.

    Attributes
    ----------
    target
        What is foretold.
    labels
        Labels, (T, N): numbers, or places of classes.
    actual
        Score of what came, (T, N); NaN where it is not known at the window's end.
    outcome
        Return that a forecast is to go along with, (T, N).
    returns
        For each horizon, the return over so many bars, (T, N).
    baselines
        Scores of :data:`~quant_tui.ml.baselines.BASELINES`, (T, N) each.
    """

    target: Target
    labels: Floats
    actual: Floats
    outcome: Floats
    returns: Mapping[int, Floats]
    baselines: Mapping[str, Floats]


def truth_of(close: Floats, first: int, target: Target, horizons: Sequence[int]) -> Truth:
    """Return what came on the dates from a row on.

    Parameters
    ----------
    close
        Prices (R, N) up to the window's end, with those before it, from which the baselines
        are; NaN where a symbol has no bar. No later price is known: what ends after the
        window does not count.
    first
        Row of the window's first date; T = R - first.
    """
    labels = labels_of(close, target)
    actual = _as_scores(labels.values, target)
    last = _last_scores(labels.last_known, target)
    mean = _running_mean(actual, labels)
    return Truth(
        target,
        labels.values[first:],
        actual[first:],
        labels.outcome[first:],
        {bars: labels_of(close, Target("return", bars)).values[first:] for bars in horizons},
        {
            "zero": np.zeros_like(actual[first:]),
            "last": np.where(np.isfinite(last), last, mean[:, None])[first:],
            "mean": np.broadcast_to(mean[first:, None], actual[first:].shape),
        },
    )


def judge(scores: Floats, truth: Truth) -> JudgedWindow:
    """Judge scores, (T, N), NaN where nothing is foretold."""
    there = np.isfinite(scores) & np.isfinite(truth.actual)
    figures: Figures = dict(figures_of(_forecasts(scores, truth, there)))
    squares = np.where(there, (scores - truth.actual) ** 2, 0.0)
    reference = np.where(there, (truth.baselines[REFERENCE] - truth.actual) ** 2, 0.0).sum()
    figures["skill"] = 1.0 - float(squares.sum() / reference) if reference > 0.0 else None
    counts = there.sum(axis=1)
    losses = np.full(len(scores), np.nan)
    np.divide(squares.sum(axis=1), counts, out=losses, where=counts > 0)
    by_horizon = {bars: _association(scores, returns) for bars, returns in truth.returns.items()}
    return JudgedWindow(figures, losses, by_horizon, int(there.sum()))


def actual_scores(close: Floats, target: Target) -> Floats:
    """Return the score of what came, (T, N), as of prices; NaN where it is not known yet."""
    return _as_scores(labels_of(close, target).values, target)


def baseline_of(name: str, scores: Floats, truth: Truth) -> JudgedWindow:
    """Judge a baseline where a model's scores are."""
    return judge(np.where(np.isfinite(scores), truth.baselines[name], np.nan), truth)


def cumulative_gain(losses: Floats, reference: Floats) -> Floats:
    """Return the squared error saved against a reference up to each date, (T,).

    Notes
    -----
    Goyal and Welch (2008), "A Comprehensive Look at the Empirical Performance of Equity Premium
    Prediction", figure 1: it rises where the model is better.
    """
    saved = reference - losses
    gain: Floats = np.cumsum(np.where(np.isfinite(saved), saved, 0.0))
    return gain


def _forecasts(scores: Floats, truth: Truth, there: NDArray[np.bool_]) -> Forecasts:
    rows, columns = np.nonzero(there)
    chosen = scores[rows, columns]
    outcome = truth.outcome[rows, columns]
    if truth.target.kind != "direction":
        return Forecasts(chosen, truth.actual[rows, columns], outcome, rows, columns)
    rise = np.clip(chosen + 0.5, 0.0, 1.0)
    labels = truth.labels[rows, columns]
    classes = truth.target.classes
    return Forecasts(np.column_stack((1.0 - rise, rise)), labels, outcome, rows, columns, classes)


def _association(scores: Floats, returns: Floats) -> Figures:
    rows, columns = np.nonzero(np.isfinite(scores) & np.isfinite(returns))
    came = returns[rows, columns]
    forecasts = Forecasts(scores[rows, columns], came, came, rows, columns)
    found = information(correlations_by_date(forecasts), forecasts)
    return {name: found[name] for name in ("ic", "rank_ic")}


def _as_scores(labels: Floats, target: Target) -> Floats:
    if not target.classes:
        return labels
    return labels - (0.5 if len(target.classes) == 2 else 1.0)


def _last_scores(labels: Floats, target: Target) -> Floats:
    """Return the score of a forecast that trusts the class last known."""
    scores = _as_scores(labels, target)
    if not target.classes:
        return scores
    others = (1.0 - TRUST_IN_LAST) / (len(target.classes) - 1)
    return scores * (TRUST_IN_LAST - others)


def _running_mean(actual: Floats, labels: Labels) -> Floats:
    """Return the mean of all scores that were known on each row, (R,); 0 before the first."""
    there = np.isfinite(actual) & (labels.ends >= 0)
    ends = labels.ends[there]
    sums = np.cumsum(np.bincount(ends, actual[there], len(actual)))
    counts = np.cumsum(np.bincount(ends, minlength=len(actual)))
    mean: Floats = sums / np.maximum(counts, 1)
    return mean
