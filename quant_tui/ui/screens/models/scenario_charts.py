"""A window of a scenario as charts: skill over time, curves of the strategies, costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.services.scenario_judging import HELD
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_charts import PlaceAxis
from quant_tui.ui.screens.models.model_charts import PATTERNS, ROLES
from quant_tui.ui.widgets.chart_axes import TimeAxis
from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HOLDING = "holding"


def skill_chart(window: Document) -> ChartData | None:
    """Return the squared error that each model saved against the running mean so far."""
    curves = _curves(window, window["charts"]["gain"])
    if not curves:
        return None
    title = f"{window['window']['name']}: squared error saved against the running mean"
    return _over_time(window, Pane(_series(curves), write=_short, level=0.0, title=title))


def equity_chart(window: Document) -> ChartData | None:
    """Return what a unit of money became with each model's strategy, and by holding."""
    curves = _curves(window, window["charts"]["equity"])
    if len(curves) < 2:
        return None
    title = f"{window['window']['name']}: each strategy from 1, at the middle cost"
    return _over_time(window, Pane(_series(curves), write=_short, level=1.0, title=title))


def cost_chart(window: Document) -> ChartData | None:
    """Return the Sharpe ratio of each model's strategy at each cost, and of holding."""
    held = window["buy_and_hold"]
    traded = {one["model"]: one["strategy"] for one in window["models"] if one["strategy"]}
    if not traded or len(held) < 2:
        return None
    values = {title: _sharpe_ratios(costs) for title, costs in {HOLDING: held, **traded}.items()}
    axis = PlaceAxis(tuple(fmt.percent(one["cost"]) for one in held))
    title = f"{window['window']['name']}: Sharpe ratio at each cost"
    return ChartData(axis, (Pane(_series(values), write=fmt.number, level=0.0, title=title),))


def _sharpe_ratios(costs: Sequence[Document]) -> Floats:
    found = [one["sharpe_ratio"] for one in costs]
    return np.array([np.nan if one is None else one for one in found], np.float64)


def _curves(window: Document, curves: Mapping[str, Sequence[float]]) -> dict[str, Floats]:
    titles = {HELD: HOLDING} | {one["model_id"]: one["model"] for one in window["models"]}
    return {
        title: np.array(curves[key], np.float64) for key, title in titles.items() if key in curves
    }


def _over_time(window: Document, pane: Pane) -> ChartData:
    return ChartData(TimeAxis(np.array(window["charts"]["date"], "datetime64[D]")), (pane,))


def _series(values: Mapping[str, Floats]) -> tuple[Series, ...]:
    """Return a line each, as many as can be told apart, with a letter on it."""
    return tuple(
        Series(title, found, role, pattern=pattern, label=chr(ord("A") + place))
        for place, ((title, found), role, pattern) in enumerate(
            zip(values.items(), ROLES, PATTERNS, strict=False)
        )
    )


def _short(value: float | None) -> str:
    return fmt.NOTHING if value is None else f"{value:.4g}"
