"""A study on pages; while it runs, with the trials so far and how long it takes yet."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from quant_tui.ui.screens.optimise.listing import progress_line, state_of
from quant_tui.ui.screens.optimise.overview import OverviewPart
from quant_tui.ui.screens.optimise.standing import NO_SPLIT, ONE_OBJECTIVE, nothing_to_draw
from quant_tui.ui.screens.optimise.view import StudyPart, StudyView
from quant_tui.ui.screens.results.trust_card import verdict_of
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.paged import PagedView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_tui.services.study_report import StudyProgress, StudyReport
    from quant_tui.ui.screens.optimise.chart_part import ChartPart
    from quant_tui.ui.widgets.chart_data import ChartData


class StudyPage(PagedView):
    """Heading, page names, and one of the pages; each is built at its first visit."""

    noun = "study"
    BINDING_GROUP_TITLE = "Study"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Next page", id="study.next",
                key_display="[ ]", tooltip="Next page of the study"),
        Binding("left_square_bracket", "turn(-1)", "Previous page", id="study.previous",
                show=False, tooltip="Previous page of the study"),
    ]  # fmt: skip
    page_titles = (
        ("overview", "Overview"),
        ("history", "History"),
        ("importance", "Importance"),
        ("slice", "Slice"),
        ("map", "Map"),
        ("parallel", "Parallel"),
        ("samples", "In/Out"),
        ("edf", "EDF"),
        ("pareto", "Pareto"),
        ("time", "Time"),
        ("trials", "Trials"),
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.study_id = ""
        self.report: StudyReport | None = None
        self.progress: StudyProgress | None = None
        self._view: StudyView | None = None

    def await_study(self, study_id: str) -> None:
        """Say that a study is on its way, unless it is the one that is shown."""
        if study_id != self.study_id:
            self.study_id, self.report, self._view, self.progress = study_id, None, None, None
            self.show_first_page()
            self.write_head()
            self.show_loading()

    async def show_report(self, report: StudyReport, progress: StudyProgress | None) -> None:
        """Show a study."""
        if report.study.id != self.study_id:
            return  # another was opened meanwhile
        self.report, self.progress = report, progress
        self._view = StudyView(report, progress)
        await self.show_pages()

    def show_progress(self, progress: StudyProgress | None) -> None:
        """Show how far the study is."""
        if progress == self.progress or self.report is None:
            return
        self.progress, self._view = progress, StudyView(self.report, progress)
        self.write_head()
        page = self.page(self.page_name)
        if isinstance(page, OverviewPart):  # it says what is being done
            page.put(self._view)

    # -- pages

    @property
    def filled(self) -> bool:
        """Whether there is a study."""
        return self._view is not None

    async def fill_page(self, page: Widget) -> None:
        """Show the study on a page."""
        if self._view is not None:
            await cast("StudyPart", page).show_view(self._view)

    def build_page(self, name: str) -> Widget:
        """Import and make a page."""
        if name == "overview":
            return OverviewPart(id=name)
        if name in ("importance", "time"):
            from quant_tui.ui.screens.optimise.text_parts import ImportancePart, TimePart

            return ImportancePart(id=name) if name == "importance" else TimePart(id=name)
        if name == "map":
            from quant_tui.ui.screens.optimise.heat_part import HeatPart

            return HeatPart(id=name)
        if name == "trials":
            from quant_tui.ui.screens.optimise.trials import TrialsPart

            return TrialsPart(id=name)
        return _chart_part(name)

    def write_head(self) -> None:
        """Write what the study is, how it stands, and the pages."""
        report = self.report
        if report is None:
            self.head.update("")
            return
        study, width = report.study, max(20, self.size.width)
        if self.progress is not None:
            known = progress_line(study, self.progress, width)
        else:
            state = state_of(study, None)
            trust = report.trust
            known = Content.assemble((state.text, "$text-muted"))
            if trust is not None:
                verdict = verdict_of(str(trust.verdict))
                known = Content.assemble(known, "  trust ", (verdict.text, f"bold {verdict.style}"))
        name = Content.styled(study.name, "bold $accent")
        name = name.truncate(max(12, width - known.cell_length - 2), ellipsis=True)
        known = known.truncate(max(8, width - name.cell_length - 2), ellipsis=True)
        gap = " " * max(2, width - name.cell_length - known.cell_length)
        lines = [Content.assemble(name, gap, known), self.page_tabs(width)]
        self.head.update(Content("\n").join(lines), layout=False)


def _chart_part(name: str) -> ChartPart:
    from quant_tui.ui.screens.optimise import curves
    from quant_tui.ui.screens.optimise.chart_part import ChartPart

    def history(view: StudyView, _at: int) -> ChartData | None:
        return curves.history_chart(view)

    def sliced(view: StudyView, at: int) -> ChartData | None:
        return curves.slice_chart(view, view.names[at])

    def parallel(view: StudyView, _at: int) -> ChartData | None:
        return curves.parallel_chart(view)

    def samples(view: StudyView, _at: int) -> ChartData | None:
        return curves.samples_chart(view)

    def edf(view: StudyView, _at: int) -> ChartData | None:
        return curves.edf_chart({view.report.study.name: view})

    def pareto(view: StudyView, at: int) -> ChartData | None:
        pairs = _goal_pairs(view)
        return curves.pareto_chart(view, pairs[at]) if pairs else None

    def names(view: StudyView) -> Sequence[str]:
        return view.names

    def no_samples(view: StudyView) -> Notice:
        kept_out = view.report.study.config["study"]["out_of_sample"] is not None
        return nothing_to_draw(view) if kept_out else NO_SPLIT

    def no_front(view: StudyView) -> Notice:
        return nothing_to_draw(view) if len(view.goals) > 1 else ONE_OBJECTIVE

    def pairs(view: StudyView) -> Sequence[str]:
        goals = view.goals
        return [f"{goals[a].title} × {goals[b].title}" for a, b in _goal_pairs(view)]

    if name == "slice":
        return ChartPart(sliced, nothing_to_draw, names, id=name)
    if name == "pareto":
        return ChartPart(pareto, no_front, pairs, id=name)
    if name == "samples":
        return ChartPart(samples, no_samples, id=name)
    draw = {"history": history, "parallel": parallel, "edf": edf}[name]
    return ChartPart(draw, nothing_to_draw, id=name)


def _goal_pairs(view: StudyView) -> list[tuple[int, int]]:
    return list(combinations(range(len(view.goals)), 2))
