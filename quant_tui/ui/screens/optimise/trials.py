"""The table of a study's trials, the best first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.optimise.curves import BEST, OTHER, PLATEAU, SUGGESTED, kind_of
from quant_tui.ui.screens.optimise.standing import nothing_to_draw
from quant_tui.ui.screens.optimise.view import (
    StudyView,
    metric_title,
    value_of,
    write_metric,
    write_value,
)
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIGURES = ("sharpe_ratio", "total_return", "max_drawdown", "total_trades")

_WORDS = {SUGGESTED: f"{SUGGESTED} suggested", BEST: f"{BEST} best", PLATEAU: f"{PLATEAU} plateau",
          OTHER: ""}  # fmt: skip
_RANK = {f"{SUGGESTED} suggested": 0, f"{BEST} best": 1, f"{PLATEAU} plateau": 2, "": 3}


class Figure(NamedTuple):
    """A figure and how it is written."""

    name: str
    value: float | None


def _write(value: object) -> str:
    one = cast("Figure", value)
    return write_metric(one.name, one.value)


def _number(value: object) -> float | None:
    return cast("Figure", value).value


def _what_role(value: object) -> str:
    text = str(value)
    if text.startswith("×"):
        return "down"
    return "accent" if text.startswith(SUGGESTED) else "muted"


def _what_rank(value: object) -> int:
    return _RANK.get(str(value), 4)


def trial_columns(view: StudyView) -> list[Column]:
    """Return the columns: number, what it is, values, Sharpe out of sample, parameters, figures."""
    columns = [
        Column("#", 5, "right", write=lambda v: fmt.integer(cast("float", v))),
        Column("", 11, role=_what_role, sort=_what_rank),
    ]
    columns += [
        Column(goal.title[:14], max(8, min(14, len(goal.title))), "right", write=_write,
               sort=_number, first="descending")
        for goal in view.goals
    ]  # fmt: skip
    columns.append(Column("Out", 7, "right", write=_write, sort=_number, first="descending"))
    columns += [
        Column(name, max(5, min(12, len(name))), "right", write=write_value, sort=_order)
        for name in view.names
    ]
    shown = {goal.rule for goal in view.goals}
    columns += [
        Column(metric_title(name), 8, "right", write=_write, sort=_number, first="descending")
        for name in FIGURES
        if name not in shown
    ]
    if any(one.reason for one in view.report.trials):
        columns.append(Column("Why not", 14, grow=1, role=lambda _: "muted"))
    return columns


def _order(value: object) -> object:
    return value if isinstance(value, int | float) else str(value)


def trial_rows(view: StudyView) -> list[Row]:
    """Return a row a trial; those that may be chosen by their value, then the others."""
    sign = view.goal.sign

    def rank(at: int) -> tuple[bool, float]:
        trial = trials[at]
        value = value_of(trial)
        return not trial.feasible or value is None, -sign * (value or 0.0)

    trials = view.report.trials
    shown = {goal.rule for goal in view.goals}
    figures = [name for name in FIGURES if name not in shown]
    reasons = any(one.reason for one in trials)
    rows = []
    for at in sorted(range(len(trials)), key=rank):
        trial = trials[at]
        what = _WORDS[kind_of(view, trial)] if trial.feasible else "× refused"
        values: list[object] = [trial.number, what]
        values += [
            Figure(goal.rule, value_of(trial, place)) for place, goal in enumerate(view.goals)
        ]
        values.append(Figure("sharpe_ratio", (trial.out_of_sample or {}).get("sharpe_ratio")))
        values += [trial.params.get(name, "") for name in view.names]
        values += [Figure(name, trial.metrics.get(name)) for name in figures]
        if reasons:
            values.append(trial.reason)
        rows.append(Row(str(trial.number), values))
    return rows


def about_line(view: StudyView) -> Content:
    """Write how many trials there are and may be chosen, and the keys that work on one."""
    many, usable = len(view.report.trials), len(view.usable)
    count = f"{fmt.integer(many)} trial{'s' * (many != 1)}"
    chosen = "" if usable == many else f", {fmt.integer(usable)} may be chosen"
    keys = (("⏎", "backtest"), ("a", "apply"), ("/", "filter"), ("s", "sort"))
    parts: list[Content | str | tuple[str, str]] = [f"{count}{chosen}"]
    for key, what in keys:
        parts += ["  ", (key, "bold $footer-key-foreground"), f" {what}"]
    return Content.assemble(*parts)


class TrialsPart(Table):
    """The table, and how many there are; ``enter`` runs a trial as a full backtest."""

    DEFAULT_CSS = "TrialsPart > #trials-about { height: 1; color: $text-muted; }"

    class Opened(Message):
        """A trial is to be opened as a backtest."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__((), id=id)
        self.about = Static("", id="trials-about", markup=False)
        self._titles: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """Lay out the table, and what can be done with a trial."""
        yield from super().compose()
        yield self.about

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()

    @property
    def number(self) -> int | None:
        """Number of the trial under the cursor."""
        return int(self.cursor_key) if self.cursor_key else None

    async def show_view(self, view: StudyView) -> None:
        """Show a study's trials."""
        self.empty = nothing_to_draw(view)
        columns = trial_columns(view)
        make: Callable[[StudyView], list[Row]] = trial_rows
        rows = await asyncio.to_thread(make, view)
        self.about.display = bool(rows)
        self.about.update(about_line(view), layout=False)
        titles = [column.title for column in columns]
        if titles != self._titles:
            self._titles = titles
            self.set_columns(columns, rows)
        else:
            self.set_rows(rows)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Keep to oneself where the cursor is."""
        event.stop()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Ask for the trial as a backtest."""
        event.stop()
        self.post_message(self.Opened(int(event.key)))
