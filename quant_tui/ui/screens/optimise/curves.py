"""Studies as charts; everything here is computed in a thread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.optimise.axes import LevelAxis, NamedAxis, TrialAxis
from quant_tui.ui.screens.optimise.view import Goal, StudyView, value_of, write_value
from quant_tui.ui.widgets.chart_axes import ValueAxis
from quant_tui.ui.widgets.chart_data import (
    ChartData,
    Markers,
    Pane,
    Role,
    Series,
    Vertical,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.services.study_report import StudyTrial

    Floats = NDArray[np.float64]

STEPS = 240
"""Stretches that a scatter's axis is cut into."""

MOST_LINES = 60
"""Trials that the parallel view draws: more are a grey wall."""

BEST_SHARE = 0.1
"""Share of the trials that the parallel view lights up."""

LEAST_FOR_MEDIAN = 3
"""Trials at a parameter's value from which their median is drawn."""

BEST, SUGGESTED, PLATEAU, OTHER = "▲", "◆", "●", "•"
LEGEND = f"{BEST} best  {SUGGESTED} suggested  {PLATEAU} plateau"

_ROLES: tuple[tuple[str, str, Role], ...] = (
    (OTHER, "trial", "axis"), (PLATEAU, "plateau", "second"),
    (BEST, "best", "third"), (SUGGESTED, "suggested", "first"),
)  # fmt: skip


def kind_of(view: StudyView, trial: StudyTrial) -> str:
    """Return the mark of a trial: suggested, best, on the plateau, or any."""
    report = view.report
    if report.suggested is not None and trial.number == report.suggested.number:
        return SUGGESTED
    if report.best is not None and trial.number == report.best.number:
        return BEST
    return PLATEAU if trial.number in report.plateau else OTHER


def history_chart(view: StudyView) -> ChartData | None:
    """Return the value of every trial in their order, under the line of the best so far."""
    trials = view.report.trials
    values = np.array(view.values(trials))
    if not np.isfinite(values).any():
        return None
    allowed = np.array([one.feasible for one in trials])
    merit = np.where(allowed & np.isfinite(values), values * view.goal.sign, -np.inf)
    best = np.maximum.accumulate(merit) * view.goal.sign
    best[~np.isfinite(best)] = np.nan
    markers = [
        _marked(view, trials, list(range(len(trials))), values, mark, name, role)
        for mark, name, role in _ROLES
    ]
    refused = np.flatnonzero(~allowed & np.isfinite(values))
    if len(refused):
        markers.insert(0, Markers("refused", refused, values[refused], "×", "down"))
    pane = Pane(
        (Series("best so far", best, "first"),),
        write=view.goal.write,
        markers=tuple(one for one in markers if one is not None),
        spread=True,
    )
    note = f"{fmt.integer(len(trials))} trials, {view.goal.title}  ━ best so far  {LEGEND}"
    if len(refused):
        note += "  × refused"
    return ChartData(TrialAxis(len(trials)), (pane,), note)


def edf_chart(views: Mapping[str, StudyView]) -> ChartData | None:
    """Return the share of the trials up to each value, a line a study.

    A line that lies further right is of a search that finds better trials all along.
    """
    known = {
        name: np.sort(np.array(view.values(view.usable)))
        for name, view in views.items()
        if view.usable
    }
    if not known:
        return None
    goal = next(iter(views.values())).goal
    low = min(float(one[0]) for one in known.values())
    high = max(float(one[-1]) for one in known.values())
    axis = _axis(low, high, goal)
    edges = axis.low + axis.step * (np.arange(axis.count) + 0.5)
    roles: tuple[Role, ...] = ("first", "second", "third", "fourth", "fifth", "sixth")
    lines = tuple(
        Series(
            name if len(known) > 1 else "share of trials",
            np.searchsorted(one, edges, side="right") / len(one),
            roles[at % len(roles)],
            label="" if len(known) == 1 else chr(ord("A") + at),
        )
        for at, (name, one) in enumerate(known.items())
    )
    verticals: tuple[Vertical, ...] = ()
    if len(views) == 1:
        report = next(iter(views.values())).report
        chosen = value_of(report.suggested)
        if chosen is not None:
            verticals = (Vertical(axis.position(chosen), f"{SUGGESTED} suggested", "first"),)
    pane = Pane(lines, write=_percent, verticals=verticals)
    note = f"Share of trials up to each {goal.title}" if len(known) == 1 else ""
    return ChartData(axis, (pane,), note)


def slice_chart(view: StudyView, name: str) -> ChartData | None:
    """Return the value of every trial over one parameter."""
    trials = [one for one in view.usable if name in one.params]
    if not trials:
        return None
    levels = _levels(view, trials, name)
    values = np.array(view.values(trials))
    if levels is not None:
        axis: ValueAxis | LevelAxis = LevelAxis(tuple(write_value(one) for one in levels))
        place = [levels.index(one.params[name]) for one in trials]
    else:
        x = np.array([float(one.params[name]) for one in trials])
        axis = _axis(float(x.min()), float(x.max()), None)
        place = _places(axis, x)
    median = _medians(np.array(place), values, len(axis))
    markers = [_marked(view, trials, place, values, *kind) for kind in _ROLES]
    pane = Pane(
        (Series("median", median, "fourth"),) if levels is not None else (),
        write=view.goal.write,
        markers=tuple(one for one in markers if one is not None),
        spread=True,
        ends=False,
    )
    share = view.report.importance.get(name)
    weight = "" if share is None else f", {fmt.percent(share, 0)} of the importance"
    return ChartData(axis, (pane,), f"{view.goal.title} over {name}{weight}  {LEGEND}")


def samples_chart(view: StudyView) -> ChartData | None:
    """Return every trial in sample (right) against out of sample (up), and where both agree."""
    trials = [one for one in view.usable if one.out_of_sample is not None]
    inside = _figures(view.goal, [one.metrics for one in trials])
    outside = _figures(view.goal, [one.out_of_sample or {} for one in trials])
    if inside is None or outside is None:
        return None
    known = np.isfinite(inside) & np.isfinite(outside)
    trials = [one for one, kept in zip(trials, known.tolist(), strict=True) if kept]
    inside, outside = inside[known], outside[known]
    if not len(trials):
        return None
    axis = _axis(float(inside.min()), float(inside.max()), view.goal)
    place = _places(axis, inside)
    same: Floats = axis.low + axis.step * (np.arange(axis.count, dtype=np.float64) + 0.5)
    low, high = min(0.0, float(outside.min())), float(outside.max())
    same = np.where((same >= low) & (same <= high), same, np.nan)
    markers = [_marked(view, trials, place, outside, *kind) for kind in _ROLES]
    pane = Pane(
        (Series("as in sample", same, "fourth", pattern="sparse"),),
        write=view.goal.write,
        markers=tuple(one for one in markers if one is not None),
        level=0.0,
        spread=True,
        ends=False,
    )
    note = f"{view.goal.title}: right in, up out of sample  · · equal  {LEGEND}"
    return ChartData(axis, (pane,), note)


def pareto_chart(view: StudyView, pair: tuple[int, int]) -> ChartData | None:
    """Return the trials by two objectives, the front marked."""
    first, second = pair
    if len(view.goals) < 2:
        return None
    trials = [one for one in view.usable if value_of(one, second) is not None]
    if not trials:
        return None
    x, y = np.array(view.values(trials, first)), np.array(view.values(trials, second))
    axis = _axis(float(x.min()), float(x.max()), view.goals[first])
    place = np.array(_places(axis, x))
    front = np.array([one.number in view.report.pareto for one in trials])
    chosen = np.array([kind_of(view, one) == SUGGESTED for one in trials])
    kinds: tuple[tuple[str, str, Role, NDArray[np.bool_]], ...] = (
        (OTHER, "trial", "axis", ~front), (PLATEAU, "front", "second", front),
        (SUGGESTED, "suggested", "first", chosen),
    )  # fmt: skip
    markers = []
    for mark, name, role, wanted in kinds:
        order = np.argsort(place[wanted], kind="stable")
        if len(order):
            markers.append(Markers(name, place[wanted][order], y[wanted][order], mark, role))
    goals = view.goals
    note = (
        f"right {goals[first].title}, up {goals[second].title}"
        f"  {PLATEAU} front ({int(front.sum())} trials)  {SUGGESTED} suggested"
    )
    return ChartData(axis, (Pane(write=goals[second].write, markers=tuple(markers)),), note)


def parallel_chart(view: StudyView) -> ChartData | None:
    """Return trials as lines through their parameters to their value, the best ones lit."""
    names = [name for name in view.names if all(name in one.params for one in view.usable)]
    if not view.usable or not names:
        return None
    merit = np.array(view.values(view.usable)) * view.goal.sign
    order = np.argsort(-merit, kind="stable")
    lit = set(order[: max(1, round(BEST_SHARE * len(order)))].tolist())
    drawn = order[np.unique(np.linspace(0, len(order) - 1, MOST_LINES).astype(int))].tolist()
    columns = [_unit(view, name) for name in names]
    values = merit * view.goal.sign
    spread = float(values.max() - values.min()) or 1.0
    unit = ((values - values.min()) / spread).tolist()
    lines: list[Series] = []
    for at in sorted(drawn, key=lambda place: merit[place]):
        heights = np.array([column[at] for column in columns] + [unit[at]])
        good = at in lit
        lines.append(Series("", heights, "second" if good else "axis", "solid" if good else "thin"))
    for trial, name, role in (
        (view.report.best, "best", "third"), (view.report.suggested, "suggested", "first"),
    ):  # fmt: skip
        at = next((i for i, one in enumerate(view.usable) if trial and one.number == trial.number),
                  None)  # fmt: skip
        if at is not None:
            heights = np.array([column[at] for column in columns] + [unit[at]])
            lines.append(Series(name, heights, _role(role), label=name[0].upper()))
    spans = (f"{name} {_span(view, name)}" for name in names)
    axis = NamedAxis((*spans, view.goal.title))
    last = len(axis) - 1
    verticals = tuple(
        Vertical(float(at), view.goal.title if at == last else "", "axis")
        for at in range(len(axis))
    )
    pane = Pane(tuple(lines), write=_percent, verticals=verticals, ends=False)
    note = (
        f"{len(drawn)} of {fmt.integer(len(order))} trials; lit: best"
        f" {fmt.percent(BEST_SHARE, 0)}  B best  S suggested  up: share of the range"
    )
    return ChartData(axis, (pane,), note)


def _span(view: StudyView, name: str) -> str:
    """Write the least and the greatest value of a parameter."""
    given = [one.params[name] for one in view.usable]
    if all(isinstance(one, int | float) for one in given):
        return f"{write_value(min(given))}…{write_value(max(given))}"
    return "/".join(sorted({write_value(one) for one in given}))


def _role(name: str) -> Role:
    return "first" if name == "first" else "third"


def _unit(view: StudyView, name: str) -> list[float]:
    """Return where a parameter of every trial lies between its least and greatest value."""
    given = [one.params[name] for one in view.usable]
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in given):
        numbers = np.array(given, dtype=np.float64)
        spread = float(numbers.max() - numbers.min()) or 1.0
        return ((numbers - numbers.min()) / spread).tolist()  # type: ignore[no-any-return]  # numpy's tolist
    levels = sorted({str(one) for one in given})
    return [levels.index(str(one)) / max(1, len(levels) - 1) for one in given]


def _levels(view: StudyView, trials: Sequence[StudyTrial], name: str) -> list[object] | None:
    """Return the values of a parameter that has few; None for one that has many."""
    space = view.report.study.parameter_space.get(name) or {}
    if space.get("choices"):
        return list(space["choices"])
    found = sorted({one.params[name] for one in trials})
    return list(found) if len(found) <= STEPS // 4 else None


def _medians(place: NDArray[np.int64], values: Floats, count: int) -> Floats:
    """Return the middle value at every place, (count,); NaN where it would rest on too few."""
    medians = np.full(count, np.nan)
    for at in np.unique(place).tolist():
        here = values[place == at]
        if len(here) >= LEAST_FOR_MEDIAN:
            medians[at] = float(np.median(here))
    return medians


def _figures(goal: Goal, figures: Sequence[Mapping[str, float | None]]) -> Floats | None:
    """Return the values of an objective from figures; None where they do not hold its metrics."""
    from quant_tui.engine.optimization.objective import Objective

    objective = Objective(goal.rule, goal.direction)
    if not figures or not all(name in one for one in figures for name in objective.metrics):
        return None
    columns = {
        name: np.array([one[name] for one in figures], dtype=np.float64)
        for name in objective.metrics
    }
    return objective.values(columns)


def _axis(low: float, high: float, goal: Goal | None) -> ValueAxis:
    if high <= low:
        low, high = low - 0.5, high + 0.5
    room = 0.02 * (high - low)
    low, high = low - room, high + room
    write = goal.write if goal is not None else (lambda v: fmt.number(v, 3))
    return ValueAxis(low, (high - low) / STEPS, STEPS, write)


def _places(axis: ValueAxis, x: Floats) -> list[int]:
    return np.clip((x - axis.low) / axis.step, 0, axis.count - 1).astype(int).tolist()  # type: ignore[no-any-return]  # numpy's tolist


def _marked(
    view: StudyView,
    trials: Sequence[StudyTrial],
    place: Sequence[int],
    values: Floats,
    mark: str,
    name: str,
    role: Role,
) -> Markers | None:
    """Return the markers of one kind of trial that may be chosen; None where there is none."""
    chosen = [
        at
        for at, one in enumerate(trials)
        if one.feasible and math.isfinite(values[at]) and kind_of(view, one) == mark
    ]
    if not chosen:
        return None
    positions = np.array([place[at] for at in chosen], dtype=np.int64)
    order = np.argsort(positions, kind="stable")
    return Markers(name, positions[order], values[np.array(chosen)][order], mark, role)


def _percent(value: float | None) -> str:
    return fmt.percent(value, 0)
