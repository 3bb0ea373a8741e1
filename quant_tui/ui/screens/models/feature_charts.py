"""The card of a feature as charts; everything here is computed in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_listing import figure
from quant_tui.ui.widgets.chart_axes import TimeAxis, ValueAxis
from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series, Vertical

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.services.feature_cards import FeatureCard

    Floats = NDArray[np.float64]

MEAN_BARS = 63
"""Bars that the running mean of the rank IC is of: a quarter."""


@dataclass(frozen=True, slots=True)
class PlaceAxis:
    """A few places with names, each a stretch of the axis."""

    names: tuple[str, ...]
    cells: ClassVar[bool] = True

    def __len__(self) -> int:
        return len(self.names)

    def write(self, position: int) -> str:
        """Return the name of a place."""
        return self.names[position]

    def ticks(self, start: int, stop: int, width: int) -> list[tuple[int, str]]:
        """Return columns and names, as many as there is room for."""
        count = max(1, stop - start)
        every = max(1, -(-count * (max(map(len, self.names), default=1) + 2) // max(1, width)))
        return [
            (int((at - start + 0.5) * width / count), self.names[at])
            for at in range(start, stop, every)
        ]


def distribution_chart(card: FeatureCard) -> ChartData | None:
    """Return the histogram of the values; None where they are all alike."""
    summary = card.summary
    if not summary.counts:
        return None
    low, step = summary.edges[0], summary.edges[1] - summary.edges[0]
    axis = ValueAxis(low, step, len(summary.counts), figure)
    counts = np.array(summary.counts, dtype=np.float64)
    marks = {"mean": summary.mean, "median": summary.quantiles.get(0.5)}
    verticals = tuple(
        Vertical(axis.position(value), f"{name} {figure(value)}", "second")
        for name, value in marks.items()
        if value is not None and summary.edges[0] <= value <= summary.edges[-1]
    )
    outside = summary.below + summary.above
    note = (
        f"{fmt.integer(summary.count)} values · mean {figure(summary.mean)} · "
        f"σ {figure(summary.std)} · {fmt.integer(outside)} further out"
    )
    pane = Pane(
        (Series("values", counts, "first", kind="bars"),),
        write=fmt.integer, verticals=verticals, counts=True,
    )  # fmt: skip
    return ChartData(axis, (pane,), note)


def course_chart(card: FeatureCard) -> ChartData | None:
    """Return how the values went, between their quantiles, and how many are missing."""
    course = card.course
    if len(course.starts) < 2:
        return None
    values = Pane(
        (
            Series("5 %", course.low, "second", pattern="dotted"),
            Series("95 %", course.high, "second", pattern="dotted"),
            Series("median", course.median, "first"),
        ),
        weight=3,
        write=figure,
    )
    missing = Pane(
        (Series("missing", course.missing, "third", kind="bars"),),
        write=lambda value: fmt.percent(value, 0),
    )
    return ChartData(TimeAxis(course.starts), (values, missing))


def information_chart(card: FeatureCard) -> ChartData | None:
    """Return the running mean of the rank IC, and its sum; None of too few symbols."""
    series = card.information.series
    rows = np.flatnonzero(np.isfinite(series))
    if len(rows) < 2:
        return None
    shown = slice(int(rows[0]), int(rows[-1]) + 1)
    series, dates = series[shown], card.dates[shown]
    known = np.isfinite(series)
    total = np.cumsum(np.where(known, series, 0.0))
    count = np.cumsum(known).astype(np.float64)
    mean = np.full(len(series), np.nan)
    bars = min(MEAN_BARS, max(2, len(series) // 4))
    inside = count[bars:] - count[:-bars]
    np.divide(total[bars:] - total[:-bars], inside, out=mean[bars:], where=inside >= bars / 2)
    panes = (
        Pane((Series(f"mean of {bars} bars", mean, "first"),), write=figure, level=0.0),
        Pane((Series("sum", total, "second"),), write=fmt.number),
    )
    return ChartData(TimeAxis(dates), panes)


def drift_chart(card: FeatureCard) -> ChartData | None:
    """Return PSI and KS of every later year against the earlier period."""
    years = card.drift.years
    if len(years) < 2:
        return None
    axis = PlaceAxis(tuple(str(year) for year, _ in years))
    psi = _line([one.psi for _, one in years])
    ks = _line([one.ks for _, one in years])
    return ChartData(
        axis,
        (
            Pane((Series("PSI", psi, "first", kind="bars"),), write=fmt.number),
            Pane((Series("KS", ks, "second", kind="bars"),), write=fmt.number),
        ),
    )


def _line(values: list[float | None]) -> Floats:
    return np.array([np.nan if one is None else one for one in values], dtype=np.float64)
