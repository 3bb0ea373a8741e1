"""The list of studies, the form of a new one, a study, and a comparison: one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from quant_tui.domain.errors import QuantError
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.services.chat_selection import Selection, of_study
from quant_tui.ui.list_workspace import ListWorkspace
from quant_tui.ui.reporting import describe
from quant_tui.ui.screens.optimise import study_actions
from quant_tui.ui.screens.optimise.compare import FEWEST, MOST, CompareStudies
from quant_tui.ui.screens.optimise.listing import COLUMNS, EMPTY, lines_of, row_of, values_of
from quant_tui.ui.screens.optimise.page import StudyPage
from quant_tui.ui.screens.optimise.study_form import StudyForm, make_form, wanted_study
from quant_tui.ui.screens.optimise.trials import TrialsPart
from quant_tui.ui.widgets.table import Table
from quant_tui.ui.workers import has_ended

if TYPE_CHECKING:
    from textual.worker import Worker

    from quant_tui.domain.trading import OptimizationStudy
    from quant_tui.jobs.manager import Job
    from quant_tui.services.studies import StudyService
    from quant_tui.services.study_report import StudyProgress
    from quant_tui.services.study_request import StudyRequest
    from quant_tui.ui.commands import Command

LIVE_SECONDS = 2.0
"""Least time between two looks at the trials of the study that is open while it runs."""

LIVE_SHARE = 5.0
"""How many times longer than such a look takes the pause after it is: keys come first."""

_ONE = frozenset({"again", "delete", "edit", "pause", "cancel", "apply", "unapply", "export"})
"""Actions on the chosen study."""


class Optimise(ListWorkspace):
    """Studies of the user."""

    form_type = StudyForm
    form_is = "The new study's form"
    follows = "study"

    BINDING_GROUP_TITLE = "Optimise"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="optimise.new", tooltip="New study"),
        Binding("r", "again", "Search changed", id="optimise.again",
                tooltip="New study that begins with this one's settings"),
        Binding("p", "pause", "Pause/go on", id="optimise.pause",
                tooltip="Pause this study, go on with it, or give one that is done more trials"),
        Binding("ctrl+x", "cancel", "Stop", id="optimise.cancel",
                tooltip="Stop this running study; its trials so far are kept"),
        Binding("a", "apply", "Apply", id="optimise.apply",
                tooltip="Put the suggested trial, or the one under the cursor, into the strategy"),
        Binding("A", "unapply", "Take back", id="optimise.unapply", show=False,
                tooltip="Give the strategy back the parameters it had before"),
        Binding("e", "edit", "Name, notes", id="optimise.edit",
                tooltip="Change name and notes of this study"),
        Binding("c", "compare", "Compare", id="optimise.compare",
                tooltip="Compare the two to six marked studies"),
        Binding("d", "delete", "Delete", id="optimise.delete",
                tooltip="Delete this study with its trials"),
        Binding("x", "export", "Export", id="optimise.export", show=False,
                tooltip="Write this study's trials to a file, as CSV or JSON"),
        Binding("escape", "back", "Back", id="optimise.back", tooltip="Back to the list"),
    ]  # fmt: skip

    def __init__(self) -> None:
        study = StudyPage(id="study")
        super().__init__(Table(COLUMNS, empty=EMPTY, markable=True, id="studies"), study)
        self.study = study
        self.pausing: set[str] = set()
        """Studies whose pause was asked for here."""
        self._studies: dict[str, OptimizationStudy] = {}
        self._look_due = 0.0
        self._looking: Worker[None] | None = None

    async def jump(self, target: str) -> None:
        """Open a study, or the form of a new one."""
        if (strategy_id := wanted_study(target)) is not None:
            await self.open_form(strategy_id)
            return
        await self.refresh_list()
        self.table.move_to(target)
        await self.open_row(target)

    def commands(self) -> Iterable[Command]:
        """Offer the pages of what is open."""
        return self.study.commands() if self.shown_page == "study" else ()

    @property
    def _service(self) -> StudyService:
        return self.services.studies

    # -- the list

    async def fetch_rows(self) -> None:
        """Fetch the list."""
        found = await self._service.list()
        self._studies = {one.id: one for one in found}
        self.table.set_rows(row_of(one, self._service.progress(one.id)) for one in found)
        self.about.display = bool(found)
        self.show_about()
        self.refresh_bindings()

    def job_changed(self, job: Job[object]) -> None:
        """Show how far a study is, or that it ended."""
        study = self._studies.get(job.target)
        if job.status is RunStatus.RUNNING and study is not None:
            self._put_row(study)
        elif job.status.is_final or study is None:
            self.refresh_soon()

    def _put_row(self, study: OptimizationStudy) -> None:
        self.table.put_row(study.id, values_of(study, self._service.progress(study.id)))

    def show_about(self) -> None:
        """Say more about the row."""
        study = self._chosen
        progress = self._service.progress(study.id) if study is not None else None
        width = self.size.width - 4 if self.size.width > 4 else 76
        self.about.update(lines_of(study, progress, width), layout=False)

    async def open_row(self, study_id: str) -> None:
        """Open the study."""
        self.show_page("study")
        self.study.await_study(study_id)
        await self._look(study_id)

    async def _look(self, study_id: str) -> None:
        """Show a study as it stands."""
        began = monotonic()
        try:
            report = await self._service.report(study_id)
        except QuantError as error:
            title, text = describe(error)
            self.study.show_error(title, text, partial(self._retry, study_id))
            return
        await self.study.show_report(report, self._service.progress(study_id))
        took = monotonic() - began
        self._look_due = monotonic() + max(LIVE_SECONDS, LIVE_SHARE * took)

    def _retry(self, study_id: str) -> None:
        self.spawn_open(partial(self.open_row, study_id))

    def jobs_changed(self) -> None:
        """Show how far running studies are, and the trials so far of the one that is open."""
        if self.shown_page == "list":
            self.show_about()
        elif self.shown_page == "study" and self.study.report is not None:
            progress = self._service.progress(self.study.study_id)
            news = self._is_news(self.study.progress, progress)
            self.study.show_progress(progress)
            due = progress is not None and monotonic() > self._look_due
            if (news or due) and has_ended(self._looking):
                look = partial(self._look, self.study.study_id)
                self._looking = self.spawn(look, group="live", exclusive=True)

    def _is_news(self, before: StudyProgress | None, now: StudyProgress | None) -> bool:
        """Tell whether a study has its first trials, all of them, or came to its end."""
        if before is None or now is None:
            return now is not before
        report = self.study.report
        first = now.done > 0 and report is not None and not report.trials
        return first or (now.judging and not before.judging)

    # -- what is chosen

    @property
    def _chosen(self) -> OptimizationStudy | None:
        if self.shown_page == "study":
            return self._studies.get(self.study.study_id)
        return self._studies.get(self.table.cursor_key)

    def selection(self) -> Selection | None:
        """Return what is chosen, for the chat beside."""
        return None if (chosen := self._chosen) is None else of_study(chosen)

    def _runs(self, study: OptimizationStudy) -> bool:
        return self._service.progress(study.id) is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        page = self.shown_page
        if action == "back":
            return page != "list"
        if action == "new":
            return self.loaded and page == "list"
        if action == "compare":
            return page == "list" and bool(self._studies)
        if action in _ONE:
            chosen = self._chosen if page in ("list", "study") else None
            if chosen is None or not self.ready:
                return False
            if action == "cancel":
                return self._runs(chosen)
            if action == "pause":
                return chosen.status is not RunStatus.COMPLETED or chosen.sampler != "grid"
            if action == "export":
                return chosen.done_trials > 0 or self._runs(chosen)
            if action == "apply":
                return bool(chosen.best_params)
            if action == "unapply":
                return bool(chosen.applied)
        return super().check_action(action, parameters)

    # -- a new study

    def action_again(self) -> None:
        """Open the form with the settings of the chosen study."""
        if (chosen := self._chosen) is not None:
            self.spawn_open(partial(self.open_form, chosen.strategy_id, chosen))

    async def open_form(
        self, strategy_id: str = "", study: OptimizationStudy | None = None
    ) -> None:
        """Open the form of a new study."""
        form = await make_form(self.services, strategy_id, study, more=self.more_fields)
        if form is None:
            self.toast("There is no strategy to optimise yet: choose a template first.")
            self.switch_to("strategies", target="new")
            return
        await self.mount_form(form)

    def on_study_form_left(self, event: StudyForm.Left) -> None:
        """Go back to the list."""
        event.stop()
        self.action_back()

    def on_study_form_started(self, event: StudyForm.Started) -> None:
        """Run it."""
        event.stop()
        run = partial(self._run, event.form, event.request)
        self.spawn(run, group="run", exclusive=True, keys_wait=True)

    async def _run(self, form: StudyForm, request: StudyRequest) -> None:
        wrong = await self._service.validate(request)
        if wrong:
            form.refuse(wrong)
            return
        job = await self._service.start(request)
        study_actions.follow(self, job)  # before anything that the next key could interrupt
        await self.close_form()
        await self.refresh_list()
        self.table.move_to(job.target)
        await self.open_row(job.target)

    # -- pausing, going on, stopping

    def action_pause(self) -> None:
        """Pause the chosen study, go on with it, or ask how many trials more."""
        if (chosen := self._chosen) is not None:
            self.spawn(partial(self._pause, chosen), group="pause", exclusive=True, keys_wait=True)

    async def _pause(self, chosen: OptimizationStudy) -> None:
        if self._runs(chosen):
            self.pausing.add(chosen.id)
            await self._service.pause(chosen.id)
            self.toast(f"{chosen.name} pauses  ·  p goes on")
            return
        job = await study_actions.go_on(self, chosen)
        if job is not None:
            study_actions.follow(self, job)
            await self.refresh_list()

    def action_cancel(self) -> None:
        """Stop the chosen study."""
        if (chosen := self._chosen) is not None:
            for job in self.services.jobs.active:
                if job.kind == "study" and job.target == chosen.id:
                    job.cancel()

    async def study_ended(self, study_id: str) -> None:
        """Show a study that came to its end, where it is open."""
        await self.refresh_list()
        if self.shown_page == "study" and self.study.study_id == study_id:
            await self._look(study_id)

    # -- applying

    def action_apply(self) -> None:
        """Put a trial into the strategy."""
        if (chosen := self._chosen) is not None:
            self.spawn(partial(self._apply, chosen), group="apply", exclusive=True, keys_wait=True)

    async def _apply(self, chosen: OptimizationStudy) -> None:
        number = self._trial_number()
        strategy = await self._service.apply(chosen.id, number)
        await self.study_ended(chosen.id)
        what = "suggested trial" if number is None else f"trial {number}"
        self.offer_undo(f"{strategy.name}: {what} applied", partial(self._unapply, chosen.id))

    def _trial_number(self) -> int | None:
        """Return the trial under the cursor where the trials are in front."""
        if self.shown_page != "study" or self.study.page_name != "trials":
            return None
        page = self.study.page("trials")
        return page.number if isinstance(page, TrialsPart) else None

    def action_unapply(self) -> None:
        """Give the strategy back what it had."""
        if (chosen := self._chosen) is not None:
            unapply = partial(self._unapply, chosen.id)
            self.spawn(unapply, group="apply", exclusive=True, keys_wait=True)

    async def _unapply(self, study_id: str) -> None:
        await self._service.undo_apply(study_id)
        await self.study_ended(study_id)
        self.toast("The strategy has its parameters back")

    def on_trials_part_opened(self, event: TrialsPart.Opened) -> None:
        """Run a trial as a full backtest."""
        event.stop()
        report = self.study.report
        trial = report.trial(event.number) if report is not None else None
        if report is not None and trial is not None:
            run = partial(study_actions.backtest, self, report.study, trial)
            self.spawn(run, group="run", exclusive=True, keys_wait=True)

    # -- names, notes, comparing, deleting

    def action_edit(self) -> None:
        """Ask for name and notes."""
        if (chosen := self._chosen) is not None:
            self.spawn(partial(self._edit, chosen), keys_wait=True)

    async def _edit(self, chosen: OptimizationStudy) -> None:
        if await study_actions.edit(self, chosen):
            await self.study_ended(chosen.id)

    def action_export(self) -> None:
        """Ask where to, then write the chosen study's trials."""
        if (chosen := self._chosen) is not None:
            self.spawn(partial(study_actions.export, self, chosen), keys_wait=True)

    def action_compare(self) -> None:
        """Compare the marked studies, or say how to mark some."""
        marked = [key for key in self._studies if key in self.table.marked]
        if not FEWEST <= len(marked) <= MOST:
            self.toast(f"Mark two to six studies with space; {len(marked) or 'none'} marked.")
            return
        self.spawn_open(partial(self._compare, marked))

    async def _compare(self, study_ids: Sequence[str]) -> None:
        reports = [await self._service.report(one) for one in study_ids]
        page = next(iter(self.pages.query_children(CompareStudies)), None)
        if page is None:
            page = CompareStudies(id="compare")
            await self.pages.mount(page)
        self.show_page("compare")
        await page.show_reports(reports)
        page.focus_first()

    def action_delete(self) -> None:
        """Ask, then delete the chosen study."""
        if (chosen := self._chosen) is not None:
            self.spawn(partial(self._delete, chosen), keys_wait=True)

    async def _delete(self, chosen: OptimizationStudy) -> None:
        if not await self.confirm(
            f"Delete “{chosen.name}”?", "Its trials go with it.", yes="Delete"
        ):
            return
        await self._service.delete(chosen.id)
        await self.to_list()
        await self.refresh_list()
        self.offer_undo(f"{chosen.name} deleted", partial(self._restore, chosen.id))

    async def _restore(self, study_id: str) -> None:
        await self._service.restore(study_id)
        await self.refresh_list()
        self.table.move_to(study_id)
