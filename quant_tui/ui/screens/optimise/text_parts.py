"""Pages of a study that are text: what matters, and how it held over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.optimise.view import write_params, write_value
from quant_tui.ui.widgets.page import Page, heading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quant_tui.domain.base import Document
    from quant_tui.services.study_report import StudyTrial
    from quant_tui.ui.screens.optimise.view import StudyView


class ImportancePart(Page):
    """How much of the values' spread each parameter decides."""

    async def show_view(self, view: StudyView) -> None:
        """Show a study."""
        self.show(lambda width: list(importance_lines(view, width)))

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()


class TimePart(Page):
    """Stretches of the bars in sample, and the windows of the walk-forward optimisation."""

    async def show_view(self, view: StudyView) -> None:
        """Show a study."""
        self.show(lambda width: list(time_lines(view, width)))

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()


def importance_lines(view: StudyView, width: int) -> Iterator[Content]:
    """Write a bar a parameter, the range that was searched, and what was chosen."""
    report = view.report
    yield heading(f"What decides {view.goal.title}", width)
    if not report.importance:
        yield Content.styled(
            "Not known yet: it takes ten trials that may be chosen and differ.", "$text-muted"
        )
    widest = max((len(name) for name in view.names), default=0)
    room = max(10, width - widest - 10)
    for name in view.names:
        share = report.importance.get(name)
        if share is not None:
            yield Content.assemble(
                (name.ljust(widest), "bold"), "  ",
                (fmt.bar(share, room).replace("─", " "), "$accent"), f" {fmt.percent(share, 0):>5}",
            )  # fmt: skip
    yield Content("")
    yield heading("What was searched", width)
    for name in view.names:
        yield Content.assemble(
            (name.ljust(widest), "bold"),
            (f"  {range_text(report.study.parameter_space[name])}", "$text-muted"),
            f"  best {_of(report.best, name)}  suggested {_of(report.suggested, name)}",
        )
    yield Content("")
    yield Content.styled(
        "PED-ANOVA (Watanabe et al. 2023): how the best trials' values of a parameter differ "
        "from those of all.", "$text-muted",
    )  # fmt: skip


def range_text(space: Document) -> str:
    """Write a range as people do: ``5 … 50 by 5``."""
    if space.get("choices"):
        text = ", ".join(write_value(one) for one in space["choices"])
    else:
        text = f"{write_value(space.get('low'))} … {write_value(space.get('high'))}"
        if space.get("step"):
            text += f" by {write_value(space['step'])}"
        if space.get("log"):
            text += " log"
    if space.get("when"):
        values = ", ".join(write_value(one) for one in space["when"]["values"])
        text += f" when {space['when']['parameter']} = {values}"
    return text


def _of(trial: StudyTrial | None, name: str) -> str:
    return fmt.NOTHING if trial is None else write_value(trial.params.get(name, fmt.NOTHING))


def time_lines(view: StudyView, width: int) -> Iterator[Content]:
    """Write how the choices held over time."""
    stability, walk = view.report.stability, view.report.walk_forward
    yield heading("Sharpe in equal stretches, in sample", width)
    if not stability.stretches:
        yield Content.styled("Worked out when the study has run to its end.", "$text-muted")
    else:
        yield _titles(("Best", 9), ("Suggested", 11))
    for one in stability.stretches:
        yield Content.assemble(
            f"{one.start[:10]} … {one.end[:10]}", _signed(one.best, 9), _signed(one.suggested, 11)
        )
    if stability.positive is not None:
        yield Content.styled(
            f"Above 0 in {fmt.percent(stability.positive, 0)} of the stretches.", "$text-muted"
        )
    if stability.rank_correlation is not None:
        yield Content.styled(
            "Order of the trials in sample against out of sample: rank correlation "
            f"{fmt.number(stability.rank_correlation)}.", "$text-muted",
        )  # fmt: skip
    yield Content("")
    yield heading("Walk-forward: chosen in sample, traded after it", width)
    if walk is None:
        yield Content.styled("Not made.", "$text-muted")
        return
    yield _titles(("In", 9), ("Out", 9))
    for step in walk.steps:
        line = Content.assemble(
            f"{step.test[:10]} … {step.end[:10]}",
            _signed(step.in_sample, 9), _signed(step.out_of_sample, 9),
            (f"  {write_params(step.params)}", "$text-muted"),
        )  # fmt: skip
        yield line.truncate(width, ellipsis=True)
    yield Content.styled(
        f"Efficiency {fmt.percent(walk.efficiency, 0)}, Sharpe {fmt.number(walk.sharpe)}, "
        f"growth {fmt.change(walk.growth, 1)} a year out of sample.", "$text-muted",
    )  # fmt: skip


def _titles(*columns: tuple[str, int]) -> Content:
    text = " " * 23 + "".join(title.rjust(width) for title, width in columns)
    return Content.styled(text, "bold $text-muted")


def _signed(value: float | None, width: int) -> tuple[str, str]:
    role = fmt.direction(value)
    text = fmt.NOTHING if value is None else f"{fmt.arrow(value)} {fmt.signed(value)}"
    return text.rjust(width), f"${role}" if role else ""
