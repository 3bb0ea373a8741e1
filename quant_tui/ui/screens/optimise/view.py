"""What the pages of a study are filled from, what a page is, and how values are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from quant_tui.ui import format as fmt

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.services.study_report import StudyProgress, StudyReport, StudyTrial

_PERCENT = frozenset({
    "total_return", "cagr", "max_drawdown", "annual_volatility", "win_rate", "alpha",
    "value_at_risk", "conditional_value_at_risk", "exposure",
})  # fmt: skip
"""Metrics that are written as percentages."""

_SHORT = {
    "total_return": "Return", "cagr": "CAGR", "sharpe_ratio": "Sharpe", "max_drawdown": "Max DD",
    "sortino_ratio": "Sortino", "calmar_ratio": "Calmar", "annual_volatility": "Volatility",
    "total_trades": "Trades", "win_rate": "Win rate", "profit_factor": "Profit factor",
}  # fmt: skip


def write_metric(name: str, value: float | None) -> str:
    """Write a metric, or the value of a rule, as people do."""
    if name in _PERCENT:
        return fmt.percent(value, 1)
    if name == "total_trades":
        return fmt.integer(value)
    return fmt.number(value)


def metric_title(name: str) -> str:
    """Return a metric's name for people; a rule as it is."""
    return _SHORT.get(name) or name.replace("_", " ")


def write_value(value: object) -> str:
    """Write a parameter's value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def write_params(params: Document) -> str:
    """Write a combination in one line."""
    return "  ".join(f"{name} {write_value(value)}" for name, value in params.items())


@dataclass(frozen=True)
class Goal:
    """One objective of a study."""

    rule: str
    direction: str

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.direction == "maximize" else -1.0

    @property
    def title(self) -> str:
        """The rule for people, with a mark where less is better."""
        return metric_title(self.rule) + (" ↓" if self.sign < 0 else "")

    def write(self, value: float | None) -> str:
        """Write its value."""
        return write_metric(self.rule, value)


@dataclass(frozen=True)
class StudyView:
    """A study that is shown, and how far it is while it runs here."""

    report: StudyReport
    progress: StudyProgress | None = None

    @cached_property
    def goals(self) -> tuple[Goal, ...]:
        """What is looked for."""
        return goals_of(self.report.study.config)

    @property
    def goal(self) -> Goal:
        """What is looked for first."""
        return self.goals[0]

    @cached_property
    def usable(self) -> tuple[StudyTrial, ...]:
        """Trials that may be chosen, with values."""
        return tuple(
            one for one in self.report.trials if one.feasible and value_of(one) is not None
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Searched parameters, the most important first."""
        space = self.report.study.parameter_space
        known = self.report.importance
        return tuple(sorted(space, key=lambda name: -known.get(name, -1.0)))

    def values(self, trials: Sequence[StudyTrial], goal: int = 0) -> list[float]:
        """Return the values of an objective; NaN where there is none."""
        return [math.nan if (value := value_of(one, goal)) is None else value for one in trials]


def goals_of(config: Document) -> tuple[Goal, ...]:
    """Return what a study's ``config`` looks for."""
    given = config.get("study", {}).get("objectives") or [
        {"rule": "sharpe_ratio", "direction": "maximize"}
    ]
    return tuple(Goal(str(one["rule"]), str(one["direction"])) for one in given)


def value_of(trial: StudyTrial | None, goal: int = 0) -> float | None:
    """Return a trial's value of an objective; None where it has none."""
    if trial is None or trial.values is None or goal >= len(trial.values):
        return None
    value = trial.values[goal]
    return value if value is not None and math.isfinite(value) else None


class StudyPart(Protocol):
    """A page of a study; what is slow to work out, it works out in a thread."""

    async def show_view(self, view: StudyView) -> None:
        """Show a study."""

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""
