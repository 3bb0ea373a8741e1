"""How good forecasts are: figures on samples that no model had learned from.

Every figure is a number or None; None means that it does not exist for these samples, for
example the area under a curve with one class alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.base import Document
from quant_tui.ml.panel import Floats, Ints, distinct
from quant_tui.ml.statistics import (
    FEWEST,
    correlation,
    row_correlations,
    row_rank_correlations,
    row_ranks,
)

Figures = dict[str, float | None]

DATES_AT_ONCE = 256
"""Dates whose symbols are correlated before other threads get a turn."""

LEAST_PROBABILITY = 1e-6
"""Forecast probabilities are moved this far from 0 and 1, so that a loss stays a number."""

CALIBRATION_BINS = 10

DIRECTION: Mapping[str, bool] = {
    "rmse": False,
    "mae": False,
    "r2": True,
    "log_loss": False,
    "accuracy": True,
    "auc": True,
    "ic": True,
    "icir": True,
    "rank_ic": True,
    "rank_icir": True,
    "calibration_error": False,
}
"""Each figure, and whether more of it is better."""

METRIC_TITLES: Mapping[str, str] = {
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "log_loss": "log-loss",
    "accuracy": "accuracy",
    "auc": "AUC",
    "ic": "IC",
    "icir": "ICIR",
    "rank_ic": "rank IC",
    "rank_icir": "rank ICIR",
    "calibration_error": "cal. error",
}
"""Each figure as people read it."""


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Forecasts of samples beside what came.

    Attributes
    ----------
    predicted
        Numbers (n,), or probabilities of the classes (n, C).
    values
        Labels (n,): numbers, or places of classes.
    outcome
        What a forecast is to go along with, (n,); see :class:`~quant_tui.ml.targets.Labels`.
    rows, columns
        Date and symbol of each, (n,), in the order of the dates.
    classes
        Values of the classes; empty of numbers.
    """

    predicted: Floats
    values: Floats
    outcome: Floats
    rows: Ints
    columns: Ints
    classes: tuple[float, ...] = ()

    @property
    def score(self) -> Floats:
        """One number a sample, (n,): see :func:`score_of`."""
        return score_of(self.predicted, self.classes)


def score_of(predicted: Floats, classes: tuple[float, ...]) -> Floats:
    """Return one number a forecast, (n,).

    Of numbers themselves; of ``direction`` the probability of a rise above one half; of three
    classes the probability of a gain less that of a loss: so 0 is always "neither".
    """
    if not classes:
        return predicted
    if len(classes) == 2:
        return predicted[:, 1] - 0.5
    expected: Floats = predicted @ np.array(classes)
    return expected


def figures_of(forecasts: Forecasts) -> Figures:
    """Return every figure that forecasts of this kind have."""
    if forecasts.classes:
        found = classification(forecasts.predicted, forecasts.values)
    else:
        found = regression(forecasts.predicted, forecasts.values)
    return found | information(correlations_by_date(forecasts), forecasts)


def regression(predicted: Floats, values: Floats) -> Figures:
    """Return RMSE, MAE and R² (1 − residual over total sum of squares)."""
    if not len(values):
        return dict.fromkeys(("rmse", "mae", "r2"))
    residual = predicted - values
    squares = float(residual @ residual)
    spread = values - values.mean()
    total = float(spread @ spread)
    return {
        "rmse": math.sqrt(squares / len(values)),
        "mae": float(np.abs(residual).mean()),
        "r2": 1.0 - squares / total if total > 0.0 else None,
    }


def classification(probabilities: Floats, classes: Floats) -> Figures:
    """Return log-loss (natural), accuracy, AUC and expected calibration error.

    Parameters
    ----------
    probabilities
        (n, C); rows sum to 1.
    classes
        Place of the class that came, (n,).

    Notes
    -----
    AUC is Mann and Whitney's statistic with shared ranks (Hanley and McNeil 1982); of more
    than two classes the mean of each against the rest. The calibration error is the mean
    distance of forecast and frequency over ten equal bins (Naeini et al. 2015), of the last
    class where there are two, otherwise of the forecast class.
    """
    if not len(classes):
        return dict.fromkeys(("log_loss", "accuracy", "auc", "calibration_error"))
    came = classes.astype(np.int64)
    chosen = probabilities[np.arange(len(came)), came]
    loss = -np.log(np.clip(chosen, LEAST_PROBABILITY, 1.0))
    areas = [
        area_under_curve(probabilities[:, place], came == place)
        for place in ([1] if probabilities.shape[1] == 2 else range(probabilities.shape[1]))
    ]
    known = [one for one in areas if one is not None]
    bins = calibration(probabilities, classes)
    count = sum(one["count"] for one in bins)
    error = sum(abs(one["predicted"] - one["observed"]) * one["count"] for one in bins) / count
    return {
        "log_loss": float(loss.mean()),
        "accuracy": float((probabilities.argmax(axis=1) == came).mean()),
        "auc": sum(known) / len(known) if known else None,
        "calibration_error": error,
    }


def area_under_curve(score: Floats, positive: NDArray[np.bool_]) -> float | None:
    """Return the chance that a positive sample scores above a negative; None without both."""
    many = int(positive.sum())
    few = len(positive) - many
    if not many or not few:
        return None
    ranks = float(row_ranks(score.reshape(1, -1))[0][positive].sum())
    return (ranks - many * (many + 1) / 2.0) / (many * few)


def information(daily: Daily, forecasts: Forecasts) -> Figures:
    """Return information coefficients: how forecasts go along with what came.

    ``ic`` is Pearson's and ``rank_ic`` Spearman's correlation across the symbols of a date,
    their mean over the dates; ``icir`` and ``rank_icir`` are mean over standard deviation of
    those (Grinold and Kahn, *Active Portfolio Management*, 2000). With fewer than three
    symbols on every date there is one correlation, over time, and no ratio. Forecasts of
    more that are the same for all symbols of each date have none: one over time would stand
    beside those across symbols and mean something else.
    """
    if daily.across:
        if not len(daily.ic):
            return dict.fromkeys(("ic", "icir", "rank_ic", "rank_icir"))
        return {
            "ic": float(daily.ic.mean()),
            "icir": _ratio(daily.ic),
            "rank_ic": float(daily.rank_ic.mean()),
            "rank_icir": _ratio(daily.rank_ic),
        }
    score, outcome = forecasts.score, forecasts.outcome
    return {
        "ic": correlation(score, outcome),
        "icir": None,
        "rank_ic": correlation(score, outcome, ranked=True),
        "rank_icir": None,
    }


@dataclass(frozen=True, eq=False)
class Daily:
    """Correlations across the symbols of each date that has some.

    Attributes
    ----------
    rows, ic, rank_ic
        The date's row, and its figures.
    across
        Whether some date has symbols enough for one.
    """

    rows: Ints
    ic: Floats
    rank_ic: Floats
    across: bool


def correlations_by_date(forecasts: Forecasts) -> Daily:
    """Return the correlation of forecast and outcome across the symbols of each date.

    Dates of fewer than three symbols, or on which either is the same everywhere, are left
    out.
    """
    dates, place = distinct(forecasts.rows)
    width = int(forecasts.columns.max()) + 1 if len(place) else 0
    score, outcome = np.full((2, len(dates), width), np.nan)
    score[place, forecasts.columns] = forecasts.score
    outcome[place, forecasts.columns] = forecasts.outcome
    plain, ranked = np.full((2, len(dates)), np.nan)
    for start in range(0, len(dates), DATES_AT_ONCE):
        part = slice(start, start + DATES_AT_ONCE)
        plain[part] = row_correlations(score[part], outcome[part])
        ranked[part] = row_rank_correlations(score[part], outcome[part])
    known = np.isfinite(plain) & np.isfinite(ranked)
    across = bool(np.bincount(place).max(initial=0) >= FEWEST)
    return Daily(dates[known], plain[known], ranked[known], across)


def calibration(probabilities: Floats, classes: Floats) -> list[Document]:
    """Return forecast against frequency in ten equal bins: predicted, observed, count."""
    if probabilities.shape[1] == 2:
        forecast, came = probabilities[:, 1], classes == 1
    else:
        forecast, came = probabilities.max(axis=1), probabilities.argmax(axis=1) == classes
    place = np.minimum((forecast * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    counts = np.bincount(place, minlength=CALIBRATION_BINS)
    sums = np.bincount(place, forecast, CALIBRATION_BINS)
    hits = np.bincount(place, came.astype(float), CALIBRATION_BINS)
    return [
        {
            "predicted": float(sums[one] / counts[one]),
            "observed": float(hits[one] / counts[one]),
            "count": int(counts[one]),
        }
        for one in np.flatnonzero(counts).tolist()
    ]


def confusion(probabilities: Floats, classes: Floats) -> list[list[int]]:
    """Return counts: a row for each class that came, a column for each forecast."""
    size = probabilities.shape[1]
    flat = classes.astype(np.int64) * size + probabilities.argmax(axis=1)
    return [
        [int(one) for one in row]
        for row in np.bincount(flat, minlength=size**2).reshape(size, size)
    ]


def predicted_against_actual(predicted: Floats, values: Floats, bins: int = 20) -> list[Document]:
    """Return means of label and forecast in bins of equally many forecasts.

    Each bin has ``predicted``, ``actual``, ``deviation`` (of the labels, ddof=1) and ``count``.
    """
    order = np.argsort(predicted, kind="stable")
    parts = np.array_split(order, min(bins, max(1, len(order) // 2)))
    return [
        {
            "predicted": float(predicted[part].mean()),
            "actual": float(values[part].mean()),
            "deviation": float(values[part].std(ddof=1)),
            "count": len(part),
        }
        for part in parts
        if len(part) > 1
    ]


def residuals(predicted: Floats, values: Floats, bins: int = 30) -> Document:
    """Return a histogram of label less forecast: edges (bins + 1) and counts (bins)."""
    rest = values - predicted
    low, high = (float(np.quantile(rest, share)) for share in (0.005, 0.995))
    if not high > low:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(np.clip(rest, low, high), bins, (low, high))
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _ratio(values: Floats) -> float | None:
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return float(values.mean()) / spread if spread > 1e-12 else None
