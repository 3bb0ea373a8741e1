"""The charts of a result, as what the chart widget draws; built in threads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.services.result_series import to_dates, to_floats
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.chart_axes import TimeAxis, ValueAxis
from quant_tui.ui.widgets.chart_data import ChartData, Markers, Pane, Role, Series, Vertical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quant_tui.domain.base import Document
    from quant_tui.domain.trading import BacktestResult
    from quant_tui.engine.metrics.rolling import ReturnHistogram
    from quant_tui.services.result_series import ResultSeries

    Bools = NDArray[np.bool_]

_percent = partial(fmt.percent, decimals=1)
_NUMBERS = "123456789"
_SCATTER_STEPS = 240
"""Stretches of a scatter's horizontal axis: more than the columns of most terminals."""


def equity_chart(result: BacktestResult, series: ResultSeries, benchmark: str) -> ChartData:
    """Return equity and benchmark, with the fills on it, over the drawdown."""
    lines = [Series("Strategy", series.equity, "first")]
    if benchmark and series.benchmark is not None:
        lines.insert(0, Series(benchmark, series.benchmark, "second", pattern="thin"))
    return ChartData(
        TimeAxis(series.dates),
        (
            Pane(
                tuple(lines),
                weight=3,
                write=fmt.compact,
                may_log=True,
                markers=_fills(result.trades, series),
            ),
            Pane(
                (Series("Drawdown", series.drawdown, "down", kind="area"),),
                weight=1,
                write=_percent,
            ),
        ),
    )


def _fills(trades: Sequence[Document], series: ResultSeries) -> tuple[Markers, ...]:
    """Return buys below the curve and sells above it."""
    kinds: tuple[tuple[str, str, str, Role, int], ...] = (
        ("buy", "BUY", "▲", "up", -1),
        ("sell", "SELL", "▼", "down", 1),
    )
    found = []
    for name, action, mark, role, above in kinds:
        dates = [fill["date"] for fill in trades if fill["action"] == action]
        rows = np.sort(series.rows_of(to_dates(dates)))
        if len(rows):
            found.append(Markers(name, rows, series.equity[rows], mark, role, above))
    return tuple(found)


def drawdown_chart(result: BacktestResult, series: ResultSeries) -> ChartData:
    """Return the equity and the drawdown, with the deepest falls numbered on both."""
    drawdowns: Sequence[Document] = result.details.get("drawdowns") or ()
    valleys = series.rows_of(to_dates([one["valley_date"] for one in drawdowns]))
    order = np.argsort(valleys, kind="stable")
    rows = valleys[order]
    numbers = "".join(_NUMBERS[at] for at in order)
    deep = np.full(len(series), np.nan)
    for one in drawdowns:
        first, last = series.rows_of(to_dates([one["peak_date"], one["valley_date"]]))
        if one.get("recovery_date"):
            last = series.rows_of(to_dates([one["recovery_date"]]))[0]
        else:
            last = len(series) - 1
        deep[first : last + 1] = series.drawdown[first : last + 1]
    marks = (
        (
            Markers("deepest", rows, series.equity[rows], numbers, "text", -1),
            Markers("deepest", rows, series.drawdown[rows], numbers, "text"),
        )
        if numbers
        else None
    )
    return ChartData(
        TimeAxis(series.dates),
        (
            Pane(
                (Series("Equity", series.equity, "first"),),
                write=fmt.compact,
                may_log=True,
                markers=marks[:1] if marks else (),
            ),
            Pane(
                (
                    Series("Drawdown", series.drawdown, "axis", kind="area"),
                    Series("of the five", deep, "down", kind="area"),
                ),
                write=_percent,
                markers=marks[1:] if marks else (),
            ),
        ),
    )


def sharpe_chart(series: ResultSeries, window: int, whole: float | None) -> ChartData:
    """Return the rolling Sharpe ratio; ``whole`` is that of the whole period."""
    values = series.rolling_sharpe(window)
    lines = [Series("Sharpe", values, "first")]
    if whole is not None:
        flat = np.full(len(series), whole)
        lines.insert(0, Series("all", flat, "second", pattern="sparse"))
    note = "" if np.isfinite(values).any() else f"Fewer than {window} bars that vary."
    return ChartData(
        TimeAxis(series.dates), (Pane(tuple(lines), write=fmt.number, level=0.0),), note
    )


def distribution_chart(result: BacktestResult, series: ResultSeries) -> ChartData | None:
    """Return the histogram of the returns under a normal distribution's curve.

    Bars at which the equity stood still are left out, and counted in the note: one bar as
    tall as all of them would hide the others.
    """
    found = series.histogram()
    if found is None:
        return None
    flat = len(series) - int(found.counts.sum())
    marks = {
        name: value
        for name, key in (("VaR", "value_at_risk"), ("CVaR", "conditional_value_at_risk"))
        if (value := result.risk_metrics.get(key)) is not None and value < 0
    }
    return histogram_chart(found, flat, marks)


def histogram_chart(found: ReturnHistogram, flat: int, marks: Mapping[str, float]) -> ChartData:
    """Return a histogram of returns under a normal distribution's curve.

    Parameters
    ----------
    flat
        Bars that were left out because nothing moved; told in the note.
    marks
        Name → return that is marked by a line.
    """
    decimals = 2 if found.step < 0.005 else 1
    axis = ValueAxis(
        found.low, found.step, len(found.counts), partial(fmt.percent, decimals=decimals)
    )
    middles = found.low + (np.arange(len(found.counts)) + 0.5) * found.step
    bars = (
        Series("falls", np.where(middles < 0, found.counts, np.nan), "down", kind="bars"),
        Series("rises", np.where(middles >= 0, found.counts, np.nan), "up", kind="bars"),
    )
    tall = found.normal >= 0.002 * found.normal.max()
    normal = Series("normal", np.where(tall, found.normal, np.nan), "second")
    verticals = tuple(
        Vertical(axis.position(value), f"{name} {fmt.percent(value)}", "first")
        for name, value in marks.items()
    )
    note = f"{fmt.integer(found.counts.sum())} bars"
    if flat:
        note += f" ({fmt.integer(flat)} flat left out)"
    note += f" · mean {fmt.percent(found.mean)} · σ {fmt.percent(found.deviation)}"
    pane = Pane((*bars, normal), write=fmt.integer, verticals=verticals, counts=True)
    return ChartData(axis, (pane,), note)


def excursion_chart(trips: Sequence[Document]) -> ChartData | None:
    """Return the round trips by how far they went against and for the position.

    Adverse excursions go to the right as losses do in a table, favourable ones up; None
    when no round trip has them.
    """
    known = [
        (-float(trip["mae"]), float(trip["mfe"]), float(trip["pnl"]) > 0)
        for trip in trips
        if trip.get("mae") is not None and trip.get("mfe") is not None
    ]
    if not known:
        return None
    adverse = to_floats([one[0] for one in known])
    favourable = to_floats([one[1] for one in known])
    won = np.array([one[2] for one in known])
    most = float(max(adverse.max(), 1e-4)) * 1.02
    axis = ValueAxis(0.0, most / _SCATTER_STEPS, _SCATTER_STEPS, _percent)
    place = np.clip(adverse / axis.step, 0, _SCATTER_STEPS - 1).astype(np.int64)
    kinds: tuple[tuple[str, str, Role, Bools], ...] = (
        ("lost", "▽", "down", ~won),
        ("won", "▲", "up", won),
    )
    markers = []
    for name, mark, role, chosen in kinds:
        order = np.argsort(place[chosen], kind="stable")
        if len(order):
            markers.append(
                Markers(name, place[chosen][order], favourable[chosen][order], mark, role)
            )
    note = f"▲ won {int(won.sum())} · ▽ lost {int((~won).sum())} · right: against · up: in favour"
    return ChartData(axis, (Pane(write=_percent, markers=tuple(markers)),), note)
