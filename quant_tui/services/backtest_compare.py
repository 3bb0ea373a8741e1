"""Two to six runs beside each other: figures, curves, and what differs between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.services.backtest_differences import Difference, differences
from quant_tui.services.backtest_figures import FIGURES, Figure, figures_in
from quant_tui.services.backtest_report import BacktestReport

FEWEST, MOST = 2, 6
"""How many runs can be compared."""


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure of every run, in the order of the runs; None where it does not exist."""

    figure: Figure
    values: tuple[float | None, ...]

    def to_document(self) -> Document:
        """Return the figure as JSON holds it."""
        return {
            "key": self.figure.key,
            "title": self.figure.title,
            "group": self.figure.group,
            "unit": self.figure.unit,
            "values": list(self.values),
        }


@dataclass(frozen=True, slots=True)
class RebasedCurve:
    """A run's value over time, 1.0 at its first date; None where it has no value."""

    date: tuple[str, ...]
    value: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class BacktestComparison:
    """What a comparison found.

    Attributes
    ----------
    reports
        The runs, in the order asked for.
    figures
        Every figure that one of them has, in the order of the tear sheet.
    differences
        What differs in configuration, parameters, rules, data and code.
    curves
        One a run.
    """

    reports: tuple[BacktestReport, ...]
    figures: tuple[ComparedFigure, ...]
    differences: tuple[Difference, ...]
    curves: tuple[RebasedCurve, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the runs hard to compare."""
        periods = {(one.date[0][:10], one.date[-1][:10]) for one in self.curves if one.date}
        if len(periods) > 1:
            return ("The runs cover different periods: totals and extremes do not compare.",)
        return ()

    def to_document(self) -> Document:
        """Return the JSON document of ``backtest compare``."""
        return {
            "runs": [_run(one) for one in self.reports],
            "warnings": list(self.warnings),
            "metrics": [one.to_document() for one in self.figures],
            "differences": [one.to_document() for one in self.differences],
            "curves": [{"date": list(one.date), "value": list(one.value)} for one in self.curves],
        }


def checked_ids(ids: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of runs to compare.

    Raises
    ------
    InvalidInput
        There are fewer than two or more than six, or one is given twice.
    """
    if not FEWEST <= len(ids) <= MOST:
        raise InvalidInput(
            f"{len(ids)} backtest{'' if len(ids) == 1 else 's'} cannot be compared.",
            field="ids",
            hint=f"Give {FEWEST} to {MOST}.",
        )
    twice = next((one for at, one in enumerate(ids) if one in ids[:at]), None)
    if twice is not None:
        raise InvalidInput(f"Backtest {twice} is given twice.", field="ids", hint="Give it once.")
    return tuple(ids)


def compare_reports(reports: Sequence[BacktestReport]) -> BacktestComparison:
    """Compare runs; a pure function of their reports.

    Raises
    ------
    InvalidInput
        There are fewer than two or more than six, or one has no result.
    """
    checked_ids([one.backtest.id for one in reports])
    for one in reports:
        if one.result is None:
            raise InvalidInput(
                f"{one.backtest.name} ({one.backtest.id}) has no result to compare: it is"
                f" {one.backtest.status}.",
                field="ids",
                hint="Run it first.",
            )
    return BacktestComparison(
        reports=tuple(reports),
        figures=tuple(compared_figures(reports)),
        differences=tuple(differences(reports)),
        curves=tuple(_curve(one) for one in reports),
    )


def compared_figures(reports: Sequence[BacktestReport]) -> list[ComparedFigure]:
    """Return every figure that one of the runs has, in the order of the tear sheet."""
    values: dict[Figure, list[float | None]] = {}
    for at, report in enumerate(reports):
        if report.result is None:
            continue
        for figure, value in figures_in(report.result.performance, report.result.risk_metrics):
            values.setdefault(figure, [None] * len(reports))[at] = value
    order = {figure: place for place, figure in enumerate(FIGURES)}
    return [
        ComparedFigure(figure, tuple(found))
        for figure, found in sorted(values.items(), key=lambda one: order.get(one[0], len(order)))
    ]


def _curve(report: BacktestReport) -> RebasedCurve:
    series = report.result.portfolio_value if report.result else {}
    dates, values = series.get("date") or [], series.get("value") or []
    base = next((one for one in values if one is not None and one > 0), math.nan)
    rebased = (None if one is None else one / base for one in values)
    return RebasedCurve(
        tuple(dates),
        tuple(one if one is not None and math.isfinite(one) else None for one in rebased),
    )


def _run(report: BacktestReport) -> Document:
    config = report.backtest.config
    strategy = config.get("strategy") or {}
    return {
        "backtest_id": report.backtest.id,
        "name": report.backtest.name,
        "strategy": strategy.get("name") or strategy.get("strategy_type") or "",
        "symbols": list(config.get("symbols") or ()),
        "start_date": config.get("start_date"),
        "end_date": config.get("end_date"),
        "status": str(report.backtest.status),
    }
