"""A model as charts: how it learned, and what it foretold beside what came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_charts import PlaceAxis
from quant_tui.ui.screens.models.feature_listing import figure
from quant_tui.ui.widgets.chart_axes import TimeAxis, ValueAxis
from quant_tui.ui.widgets.chart_data import ChartData, Pane, Pattern, Role, Series, Vertical

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.domain.base import Document
    from quant_tui.domain.ml_platform import MLModel

    Floats = NDArray[np.float64]

LEAST_POINTS = 2
ROLES: tuple[Role, ...] = ("first", "second", "third", "fourth", "fifth", "sixth")
PATTERNS: tuple[Pattern, ...] = ("solid", "dashed", "dotted", "long", "sparse", "thin")


def curve_chart(curve: Document) -> ChartData | None:
    """Return the losses of each round; None where the type has no rounds."""
    train, validation = curve.get("train") or [], curve.get("validation") or []
    if len(train) < LEAST_POINTS:
        return None
    series = [Series("learned from", np.array(train, np.float64), "second", pattern="dashed")]
    verticals: tuple[Vertical, ...] = ()
    note = f"{curve['name']} of {fmt.integer(len(train))} rounds"
    if validation:
        series.append(Series("held back", np.array(validation, np.float64), "first"))
        best = int(curve["best"])
        verticals = (Vertical(best - 1, f"kept {best}", "third"),)
        note += f"  ╍ learned from  ━ held back, least after {fmt.integer(best)}"
    pane = Pane(tuple(series), write=_loss, verticals=verticals)
    return ChartData(_rounds(len(train)), (pane,), note)


def curves_chart(models: Sequence[MLModel]) -> ChartData | None:
    """Return the losses of several models, those held back where there are any.

    Where the models measure different losses, each is a share of its own first one.
    """
    curves = [(one.title, one.report.get("curve", {})) for one in models[: len(ROLES)]]
    found = [
        (title, np.array(one.get("validation") or one.get("train"), np.float64))
        for title, one in curves
        if len(one.get("validation") or one.get("train") or []) >= LEAST_POINTS
    ]
    if not found:
        return None
    if measure_different_losses(models):
        found = [(title, values / values[0] if values[0] else values) for title, values in found]
    rounds = max(len(values) for _, values in found)
    series = tuple(
        Series(title, _padded(values, rounds), role, pattern=pattern)
        for (title, values), role, pattern in zip(found, ROLES, PATTERNS, strict=False)
    )
    return ChartData(_rounds(rounds), (Pane(series, write=_loss),))


def measure_different_losses(models: Sequence[MLModel]) -> bool:
    """Return whether the losses of models cannot be laid over one another as they are."""
    curves = [one.report.get("curve", {}) for one in models]
    return len({one["name"] for one in curves if one.get("train")}) > 1


def forecast_chart(model: MLModel) -> ChartData | None:
    """Return what was foretold beside what came: calibration of classes, means of numbers."""
    report = model.report
    if report.get("calibration"):
        bins = report["calibration"]
        came, foretold = np.full(10, np.nan), np.full(10, np.nan)
        for one in bins:
            place = min(9, int(one["predicted"] * 10))
            came[place], foretold[place] = one["observed"], one["predicted"]
        axis = ValueAxis(0.0, 0.1, 10, lambda value: fmt.percent(value, 0))
        series = (
            Series("came", came, "first", kind="bars"),
            Series("foretold", foretold, "second", pattern="dashed"),
        )
        pane = Pane(series, write=lambda value: fmt.percent(value, 0))
        error = model.metrics.get("calibration_error")
        note = f"█ came  ╍ foretold  mean distance {figure(error)}"
        return ChartData(axis, (pane,), note)
    bins = report.get("predicted_actual") or []
    if len(bins) < LEAST_POINTS:
        return None
    series = (
        Series("foretold", _column(bins, "predicted"), "second", pattern="dashed"),
        Series("came", _column(bins, "actual"), "first"),
    )
    note = f"means of {len(bins)} groups of forecasts, the lowest first  ━ came  ╍ foretold"
    return ChartData(_rounds(len(bins)), (Pane(series, write=figure, level=0.0),), note)


def residual_chart(model: MLModel) -> ChartData | None:
    """Return how far forecasts were off; None of classes."""
    found = model.report.get("residuals")
    if not found:
        return None
    edges = found["edges"]
    axis = ValueAxis(edges[0], edges[1] - edges[0], len(found["counts"]), figure)
    counts = np.array(found["counts"], np.float64)
    verticals = (Vertical(axis.position(0.0), "0", "second"),) if edges[0] < 0 < edges[-1] else ()
    pane = Pane(
        (Series("samples", counts, "first", kind="bars"),),
        write=fmt.integer,
        verticals=verticals,
        counts=True,
    )
    note = "what came less what was foretold; the outermost bars hold all further out"
    return ChartData(axis, (pane,), note)


def information_chart(model: MLModel) -> ChartData | None:
    """Return the running mean of the rank IC of the tested dates; None of too few symbols."""
    found = model.report.get("information") or {}
    values = np.array(found.get("rank_ic") or [], np.float64)
    if len(values) < LEAST_POINTS:
        return None
    counts = np.array(found.get("dates") or np.ones(len(values)), np.float64)
    each = int(counts[0])  # dates that a value is the mean of; the last may be of fewer
    width = max(2, min(63 // each, len(values) // 4))
    sums, window = values * counts, np.ones(width)
    mean = np.full(len(values), np.nan)
    mean[width - 1 :] = np.convolve(sums, window, "valid") / np.convolve(counts, window, "valid")
    dates = np.array(found["date"], "datetime64[D]")
    panes = (
        Pane((Series(f"mean of {width * each}", mean, "first"),), write=figure, level=0.0),
        Pane((Series("sum", np.cumsum(sums), "second"),), write=fmt.number),
    )
    return ChartData(TimeAxis(dates), panes)


def _loss(value: float | None) -> str:
    """Write a loss, which may be small; nothing where a curve has ended before."""
    return fmt.NOTHING if value is None or math.isnan(value) else f"{value:.3g}"


def _rounds(count: int) -> PlaceAxis:
    return PlaceAxis(tuple(str(number) for number in range(1, count + 1)))


def _padded(values: Floats, count: int) -> Floats:
    found = np.full(count, np.nan)
    found[: len(values)] = values
    return found


def _column(bins: Sequence[Document], name: str) -> Floats:
    return np.array([one[name] for one in bins], np.float64)
