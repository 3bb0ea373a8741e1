"""What a result is worth when costs, the first day or a parameter are a little different."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quant_tui.engine.metrics import Metrics
from quant_tui.engine.report import Report
from quant_tui.engine.robustness.reruns import Reruns, with_costs
from quant_tui.engine.rules import ParameterSpec, ParameterValue, validate_parameters

Progress = Callable[[float], None]
"""Takes the fraction done."""

COST_FACTORS = (0.0, 1.0, 2.0, 4.0)

START_DATES = 8

LATEST_START = 0.5
"""The last start leaves this share of the bars: a shorter run says little by itself."""

SILENT = 0.25
"""Share of the bars after which a run that has not traded yet is started from its first
decision on: starts in a time in which it is silent, such as before the dates of a model's
forecasts, would be the same run again and no evidence."""

STRIDE = 0.1
"""Least change of a parameter, as a share of its value: one bar more on an average of 200
is the same strategy, and would call any peak a plateau."""


_FIGURES = ("sharpe_ratio", "total_return", "max_drawdown", "total_trades")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One changed run.

    Attributes
    ----------
    changed
        What was changed, as text: ``x2``, a date, ``short_window = 22``.
    sharpe
        Annual Sharpe ratio; 0 when the equity did not move, None when it cannot be run.
    total_return, max_drawdown
        Fractions; None when it cannot be run.
    trades
        Closed round trips; None when it cannot be run.
    why_not
        Why there is no Sharpe ratio; empty when there is one.
    """

    changed: str
    sharpe: float | None
    total_return: float | None
    max_drawdown: float | None = None
    trades: int | None = None
    why_not: str = ""

    @classmethod
    def of(cls, changed: str, metrics: Metrics | None) -> Outcome:
        """Take the figures out of a run's."""
        if metrics is None:
            return cls(changed, None, None, why_not="too few bars to run it")
        sharpe, total, fall, trades = (metrics.performance[name] for name in _FIGURES)
        return cls(
            changed,
            0.0 if sharpe is None else float(sharpe),
            None if total is None else float(total),
            None if fall is None else float(fall),
            None if trades is None else int(trades),
            metrics.undefined.get("sharpe_ratio", ""),
        )


def cost_stress(reruns: Reruns, told: Progress = lambda _: None) -> list[Outcome]:
    """Run with all costs multiplied by 0, 1, 2 and 4, in that order."""
    report = reruns.report
    found = []
    for place, factor in enumerate(COST_FACTORS):
        told(place / len(COST_FACTORS))
        if factor == 1.0:
            metrics: Metrics | None = report.metrics
        else:
            metrics = reruns.run(config=with_costs(report.config, factor))
        found.append(Outcome.of(f"x{factor:g}", metrics))
    return found


def start_dates(
    reruns: Reruns, count: int = START_DATES, told: Progress = lambda _: None
) -> list[Outcome]:
    """Run from ``count`` first bars, evenly spread over the first half of the data.

    The first of them is the run's own, unless it was silent for long; see :data:`SILENT`.
    """
    bars = reruns.report.bars
    begin = _first_decision(reruns.report)
    rows = np.linspace(begin, begin + (len(bars) - begin) * LATEST_START, count, dtype=np.int64)
    found = []
    for place, row in enumerate(dict.fromkeys(rows.tolist())):
        told(place / count)
        if row == 0:
            metrics: Metrics | None = reruns.report.metrics
        else:
            metrics = reruns.run(first=row)
        found.append(Outcome.of(str(bars.dates[row]), metrics))
    return found


def _first_decision(report: Report) -> int:
    """Return the row from which a run is started: 0, or where a silent one wakes up."""
    decided = report.fills.decided_row
    if not len(decided):
        return 0
    row = int(decided.min()) - report.strategy.warm_up(report.params)
    return row if row > SILENT * len(report.bars) else 0


def neighbours(
    specs: dict[str, ParameterSpec], params: dict[str, ParameterValue]
) -> list[tuple[str, ParameterValue]]:
    """Return each number of a strategy one step down and up, within its bounds.

    The step is the parameter's own, in so many multiples as come to a tenth of the value;
    a parameter without a step moves by a tenth of its value, from 0 by a twentieth of its
    range. Switches and choices have no neighbours.
    """
    found: list[tuple[str, ParameterValue]] = []
    for name, spec in specs.items():
        value = params[name]
        if spec.kind not in ("int", "float") or isinstance(value, bool | str):
            continue
        for direction in (-1.0, 1.0):
            moved = value + direction * stride(spec, float(value))
            if spec.low is not None:
                moved = max(moved, spec.low)
            if spec.high is not None:
                moved = min(moved, spec.high)
            other = round(moved) if spec.kind == "int" else float(moved)
            if other != value:
                found.append((name, other))
    return found


def stride(spec: ParameterSpec, value: float) -> float:
    """Return by how much a parameter's neighbours differ from a value of it; above 0."""
    step = spec.step or (1.0 if spec.kind == "int" else 0.0)
    if step:
        return step * max(1.0, round(abs(value) * STRIDE / step))
    if value:
        return abs(value) * STRIDE
    has_range = spec.low is not None and spec.high is not None
    return (spec.high - spec.low) / 20.0 if has_range else STRIDE  # type: ignore[operator]


def parameter_neighbours(reruns: Reruns, told: Progress = lambda _: None) -> list[Outcome]:
    """Run with each number of the strategy one step down and up, one at a time.

    Neighbours that break a constraint of the strategy are left out.
    """
    report = reruns.report
    near = neighbours(report.strategy.parameters, report.params)
    found = []
    for place, (name, value) in enumerate(near):
        told(place / len(near))
        params = {**report.params, name: value}
        if not validate_parameters(report.strategy, params):
            found.append(Outcome.of(written(name, value), reruns.run(params=params)))
    return found


def written(name: str, value: ParameterValue) -> str:
    """Return a parameter's value as text."""
    return f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"


def plateau_score(best: float, others: list[float]) -> float | None:
    """Return the median of the neighbours over the best: 1 on a plateau, near 0 on a peak.

    Parameters
    ----------
    best
        Figure of the chosen parameters, more being better.
    others
        Figures of their neighbours.

    Returns
    -------
    float or None
        At most 1, so that better neighbours are no merit; None without neighbours, or
        when the best is not above 0.
    """
    if best <= 0.0 or not others:
        return None
    return min(float(np.median(others)) / best, 1.0)
