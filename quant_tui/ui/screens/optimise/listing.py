"""The list of studies: how one is written as a row, and below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from textual.content import Content

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.optimise.view import goals_of, metric_title, write_metric, write_params
from quant_tui.ui.screens.results.trust_card import verdict_of
from quant_tui.ui.status_words import status_text
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quant_tui.domain.trading import OptimizationStudy
    from quant_tui.services.study_report import StudyProgress


class State(NamedTuple):
    """Status of a study, whether it waits to go on, and how far it is while it runs."""

    status: RunStatus
    paused: bool = False
    progress: float | None = None

    @property
    def text(self) -> str:
        """A sign and a word."""
        if self.paused:
            return "‖ paused"
        if self.status is RunStatus.RUNNING and self.progress is not None:
            return f"▸ {self.progress * 100:3.0f}%"
        return status_text(self.status).text

    @property
    def role(self) -> str:
        """Role of the cell."""
        return "warning" if self.paused else status_text(self.status).role


class Trials(NamedTuple):
    """Trials that were made, out of those wanted."""

    done: int
    wanted: int


class Best(NamedTuple):
    """The best value of a rule."""

    rule: str
    value: float | None


def _muted(_value: object) -> str:
    return "muted"


def _write_trials(value: object) -> str:
    one = cast("Trials", value)
    done, wanted = fmt.integer(one.done), fmt.integer(one.wanted)
    return done if one.done >= one.wanted else f"{done}/{wanted}"


def _write_best(value: object) -> str:
    one = cast("Best", value)
    return write_metric(one.rule, one.value)


def _write_verdict(value: object) -> str:
    return verdict_of(value).text if value else fmt.NOTHING


def _verdict_role(value: object) -> str:
    return verdict_of(value).role if value else "muted"


EMPTY = Notice(
    "No studies yet",
    "A study searches a strategy's parameters, and says how far what it found can be believed: "
    "how much of it luck would show, whether the neighbours do as well, and what is left of it "
    "in bars that the search never saw.",
    (("n", "New study"), ("3", "Strategies: make one first"), ("0", "Data: prices to search on")),
    picture=(
        "· ·  ·   ·   ∙ ∙ ∙ ●  ∙\n"
        "·   ·  ∙  ∙ ● ∙●●● ∙  · \n"
        "·  · ∙   ∙ ●●∙●●●∙∙  ·\n"
        "   ·   ·  ∙  ∙ ∙ ·   ·  ·"
    ),
)

COLUMNS = (
    Column("Status", 9, write=lambda v: cast("State", v).text,
           role=lambda v: cast("State", v).role, sort=lambda v: cast("State", v).text),
    Column("Study", 16, grow=3),
    Column("Looks for", 10, grow=1, role=_muted),
    Column("Best", 8, "right", write=_write_best, sort=lambda v: cast("Best", v).value,
           first="descending"),
    Column("Trials", 11, "right", write=_write_trials, first="descending"),
    Column("Trust", 10, write=_write_verdict, role=_verdict_role,
           sort=lambda v: verdict_of(v).rank),
    Column("Made", 10, "right", write=lambda v: fmt.ago(cast("datetime", v)), role=_muted,
           first="descending"),
)  # fmt: skip


def state_of(study: OptimizationStudy, progress: StudyProgress | None) -> State:
    """Return the state of a study."""
    if progress is None:
        return State(study.status, study.is_paused)
    if progress.paused:
        return State(study.status, paused=True)
    return State(RunStatus.RUNNING, progress=progress.done / max(1, progress.total))


def row_of(study: OptimizationStudy, progress: StudyProgress | None) -> Row:
    """Return a row, which the filter finds by notes and parameters too."""
    strategy = str(study.config.get("strategy", {}).get("name", ""))
    also = f"{strategy} {' '.join(study.config.get('symbols', ()))} {study.notes}"
    return Row(study.id, values_of(study, progress), f"{also} {' '.join(study.parameter_space)}")


def values_of(study: OptimizationStudy, progress: StudyProgress | None) -> Sequence[object]:
    """Return a row's values."""
    goals = goals_of(study.config)
    done, best = study.done_trials, study.best_value
    if progress is not None:
        done, best = progress.done, progress.best_value
    return (
        state_of(study, progress),
        study.name,
        ", ".join(metric_title(one.rule) for one in goals),
        Best(goals[0].rule, best),
        Trials(done, study.n_trials),
        (study.analysis.get("trust") or {}).get("verdict", ""),
        study.created_at,
    )


def lines_of(
    study: OptimizationStudy | None, progress: StudyProgress | None, width: int
) -> Content:
    """Write the chosen study in two lines: what it searches, and what it found."""
    if study is None:
        return Content("")
    config = study.config
    first = Content.assemble(
        (study.name, "bold"),
        (f"  {', '.join(config.get('symbols', ()))}", "$text-muted"),
        (f"  {config.get('start_date') or 'first bar'} … {config.get('end_date') or 'last bar'}",
         "$text-muted"),
        (f"  {study.sampler}", "$text-muted"),
    )  # fmt: skip
    if progress is not None:
        second = progress_line(study, progress, width)
    elif study.error:
        second = Content.styled(f"✗ {' '.join(study.error.split())}", "$text-error")
    elif study.best_params:
        second = Content.assemble(("best  ", "$text-muted"), write_params(study.best_params))
    else:
        second = Content.styled(f"searches {', '.join(study.parameter_space)}", "$text-muted")
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in (first, second))


def progress_line(study: OptimizationStudy, progress: StudyProgress, width: int) -> Content:
    """Write how far a running study is, its best so far, and how long it will take yet."""
    goal = goals_of(study.config)[0]
    share = progress.done / max(1, progress.total)
    parts = [
        (fmt.bar(share, max(8, min(30, width // 5))), "$accent"),
        (f" {fmt.integer(progress.done)} of {fmt.integer(progress.total)}", "bold"),
    ]
    if progress.best_value is not None:
        parts += [
            (f"  best {goal.title} ", "$text-muted"),
            (goal.write(progress.best_value), "bold"),
        ]
    if progress.eta_seconds is not None:
        parts.append((f"  {fmt.duration(progress.eta_seconds)} left", "$text-muted"))
    elif progress.message:
        parts.append((f"  {progress.message}", "$text-muted"))
    return Content.assemble(*parts)
