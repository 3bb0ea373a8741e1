"""The list of backtests, the form of a new one, and a result, one page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from quant_tui.domain.base import Document
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.services.chat_selection import Selection, of_backtest
from quant_tui.ui.list_workspace import ListWorkspace
from quant_tui.ui.modals.similar import open_similar
from quant_tui.ui.screens.backtests import result_actions
from quant_tui.ui.screens.backtests.listing import (
    COLUMNS,
    EMPTY,
    lines_of,
    row_of,
    summaries_from,
    values_of,
)
from quant_tui.ui.screens.backtests.run_form import RunForm, make_form, wanted_run
from quant_tui.ui.screens.backtests.run_watch import RunWatch
from quant_tui.ui.screens.results import Compare, ResultPage, compare_hint
from quant_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job
    from quant_tui.services.backtest_report import BacktestReport, BacktestSummary
    from quant_tui.services.backtest_request import BacktestRequest
    from quant_tui.services.composition import Services
    from quant_tui.ui.commands import Command

PAGE = 1000
"""Backtests that are fetched at a time."""


class Backtests(ListWorkspace):
    """Backtests of the user."""

    form_type = RunForm
    form_is = "The new backtest's form"
    follows = "backtest"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="backtests.new", tooltip="New backtest"),
        Binding("r", "again", "Run changed", id="backtests.again",
                tooltip="New backtest that begins with this one's settings"),
        Binding("R", "verify", "Run again", id="backtests.verify", show=False,
                tooltip="Run the same once more and see whether it finds the same"),
        Binding("t", "check", "Checks", id="backtests.check",
                tooltip="Every check of this result, each with its figures"),
        Binding("d", "delete", "Delete", id="backtests.delete",
                tooltip="Delete this backtest with its results"),
        Binding("c", "compare", "Compare", id="backtests.compare",
                tooltip="Compare the two to six marked backtests"),
        Binding("x", "export", "Export", id="backtests.export",
                tooltip="Write this result to files"),
        Binding("N,tilde", "similar", "Similar", id="backtests.similar", show=False,
                tooltip="Backtests that are most like this one"),
        Binding("P", "portfolio", "Portfolio", id="backtests.portfolio", show=False,
                tooltip="Make a portfolio of what this run held: its fills and last weights"),
        Binding("ctrl+x", "cancel", "Cancel run", id="backtests.cancel",
                tooltip="Stop this running backtest"),
        Binding("escape", "back", "Back", id="backtests.back", tooltip="Back to the list"),
    ]  # fmt: skip

    def __init__(self) -> None:
        result = ResultPage(id="result")
        super().__init__(Table(COLUMNS, empty=EMPTY, markable=True, id="backtests"), result)
        self.result = result
        self.runs = RunWatch(
            self,
            refresh=self.refresh_list,
            update_open=self._update_open,
        )
        self._summaries: dict[str, BacktestSummary] = {}
        self._offered: RunStatus | None = None
        self._opened = ""

    async def load(self, services: Services) -> None:
        """Fetch the list, the newest first and then the older ones."""
        await super().load(services)
        self._fetch_older()

    async def jump(self, target: str) -> None:
        """Open a result, or the form of a new run; the prefixes say which."""
        if (wanted := wanted_run(target)) is not None:
            await self.open_form(*wanted)
            return
        await self.refresh_list()
        self.table.move_to(target)
        await self.open_row(target)

    def commands(self) -> Iterable[Command]:
        """Offer the pages of what is open."""
        if self.shown_page == "result":
            return self.result.commands()
        if self.shown_page == "compare":
            return self.query_one(Compare).commands()
        return ()

    # -- the list

    async def fetch_rows(self) -> None:
        """Fetch the newest; the older ones change only by being deleted."""
        newest = await self.services.backtests.list(limit=PAGE)
        older: list[BacktestSummary] = []
        if len(newest) == PAGE:
            last = newest[-1].created_at
            older = [one for one in self._summaries.values() if one.created_at <= last]
        self._put([*newest, *older])

    def _fetch_older(self) -> None:
        if len(self._summaries) >= PAGE:
            self.spawn(self._refresh_older, group="older", exclusive=True)

    async def _refresh_older(self) -> None:
        """Fetch what is beyond the newest, page by page, and show it at once."""
        older = await summaries_from(self.services.backtests, PAGE, PAGE)
        self._put([*islice(self._summaries.values(), PAGE), *older])

    def _put(self, summaries: Iterable[BacktestSummary]) -> None:
        self._summaries = {one.id: one for one in summaries}
        running = {job.target: job.progress for job in self.services.jobs.active}
        self.table.set_rows(row_of(one, running.get(one.id)) for one in self._summaries.values())
        self.about.display = bool(self._summaries)
        self.show_about()
        self.refresh_bindings()

    def job_changed(self, job: Job[object]) -> None:
        """Show how far a run is, or that it ended."""
        summary = self._summaries.get(job.target)
        if job.status is RunStatus.RUNNING and summary is not None:
            if summary.status is RunStatus.RUNNING:
                self.table.put_row(job.target, values_of(summary, job.progress))
                return
        elif not job.status.is_final:
            return
        self.refresh_soon()

    def show_about(self) -> None:
        """Say more about the row."""
        width = self.size.width - 2 or 78
        lines = lines_of(self._summaries.get(self.table.cursor_key), width)
        self.about.update(lines, layout=False)

    def row_chosen(self) -> None:
        """Look again which keys work, where that depends on the row."""
        status = self._summaries[key].status if (key := self.table.cursor_key) else None
        if status is not self._offered:
            self._offered = status
            self.refresh_bindings()

    def action_back(self) -> None:
        """Back to the list, or to the study whose trial this is a run of."""
        if self.shown_page == "result" and self.came_from == "optimise":
            self.spawn(self._to_study, keys_wait=True)
        else:
            super().action_back()

    async def _to_study(self) -> None:
        await self.to_list()
        self.switch_to("optimise")

    async def open_row(self, backtest_id: str) -> None:
        """Open the result."""
        self._opened = backtest_id
        self.show_page("result")
        self.result.await_result()
        report = await self.services.backtests.show(backtest_id)
        check = await self.services.checks.of_backtest(backtest_id)
        card = check.card if check is not None and check.is_of(report.result) else None
        if self._opened == backtest_id:  # else another was opened meanwhile
            await self.result.show_report(report, partial(self._retry, backtest_id), card)

    # -- keys

    @property
    def _chosen(self) -> BacktestSummary | None:
        return self._summaries.get(self.table.cursor_key)

    def selection(self) -> Selection | None:
        """Return what is chosen, for the chat beside."""
        return None if (chosen := self._chosen) is None else of_backtest(chosen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        page, chosen = self.shown_page, self._chosen
        if action == "back":
            return page != "list"
        if action == "new":
            return self.loaded and page == "list"
        if action == "compare":
            return page == "list" and bool(self._summaries)
        if page == "compare":
            return action not in (
                "again", "verify", "delete", "export", "portfolio", "cancel", "check",
                "similar",
            )  # fmt: skip
        if action in ("again", "delete"):
            return chosen is not None and page != "run"
        if action in ("export", "portfolio", "verify", "check"):
            return page != "run" and chosen is not None and chosen.status is RunStatus.COMPLETED
        if action == "similar":
            return page != "run" and chosen is not None and chosen.status.is_final
        if action == "cancel":
            return page != "run" and chosen is not None and bool(self.runs.active(chosen.id))
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        """Stop the chosen run."""
        if (chosen := self._chosen) is not None:
            self.runs.cancel(chosen.id)

    # -- comparing

    def action_compare(self) -> None:
        """Compare the marked backtests, or say how to mark some."""
        marked = [key for key in self._summaries if key in self.table.marked]
        if hint := compare_hint(self._summaries[key] for key in marked):
            self.toast(hint)
            return
        self.spawn_open(partial(self._compare, marked))

    async def _compare(self, backtest_ids: Sequence[str]) -> None:
        page = await result_actions.compare(self, self.pages, backtest_ids)
        self.show_page("compare")
        page.focus_first()

    # -- running

    def action_again(self) -> None:
        """Open the form with the settings of the chosen backtest."""
        if (chosen := self._chosen) is not None:
            self.spawn_open(partial(self._open_again, chosen.id))

    async def _open_again(self, backtest_id: str) -> None:
        report = await self.services.backtests.show(backtest_id)
        await self.open_form(strategy_id=report.backtest.strategy_id, config=report.backtest.config)

    async def open_form(
        self,
        strategy_id: str = "",
        symbols: Sequence[str] = (),
        config: Document | None = None,
    ) -> None:
        """Open the form of a new run."""
        form = await make_form(self.services, strategy_id, config, symbols, more=self.more_fields)
        if form is None:
            self.toast("There is no strategy to run yet: choose a template first.")
            self.switch_to("strategies", target="new")
            return
        await self.mount_form(form)

    def on_run_form_left(self, event: RunForm.Left) -> None:
        """Go back to the list."""
        event.stop()
        self.action_back()

    def on_run_form_started(self, event: RunForm.Started) -> None:
        """Run it."""
        event.stop()
        run = partial(self._run, event.form, event.request)
        self.spawn(run, group="run", exclusive=True, keys_wait=True)

    async def _run(self, form: RunForm, request: BacktestRequest) -> None:
        wrong = await self.services.backtests.validate(request)
        if wrong:
            form.refuse(wrong)
            return
        job = await self.services.backtests.start(request)
        self.runs.follow(job)  # before anything that the next key could interrupt
        await self.to_list()
        await self.refresh_list()
        self.table.move_to(job.target)

    async def _update_open(self, backtest_id: str) -> None:
        """Show the end of a run whose page is open."""
        if self.shown_page == "result" and self.result.backtest_id == backtest_id:
            await self.open_row(backtest_id)

    def _retry(self, backtest_id: str) -> None:
        self.spawn(partial(self._rerun, backtest_id), group="run", exclusive=True, keys_wait=True)

    async def _rerun(self, backtest_id: str) -> None:
        await self.runs.rerun(backtest_id)
        await self.open_row(backtest_id)

    def action_verify(self) -> None:
        """Run the chosen one again, and say whether it finds the same."""
        if (chosen := self._chosen) is not None:
            verify = partial(self.runs.verify, chosen.id)
            self.spawn(verify, group="run", exclusive=True, keys_wait=True)

    def action_check(self) -> None:
        """Open the checks of the chosen backtest; they are made if there are none."""
        if (chosen := self._chosen) is not None:
            self.switch_to("checks", target=f"backtest:{chosen.id}")

    def action_similar(self) -> None:
        """Show what is like the chosen backtest."""
        if (chosen := self._chosen) is not None:
            look = partial(open_similar, self, "backtest", chosen.id, chosen.name)
            self.spawn(look, group="similar", exclusive=True, keys_wait=True)

    # -- deleting and exporting

    def action_delete(self) -> None:
        """Ask, then delete the chosen backtest."""
        if (chosen := self._chosen) is not None:
            self.spawn(partial(self._delete, chosen), keys_wait=True)

    async def _delete(self, chosen: BacktestSummary) -> None:
        if not await self.confirm(
            f"Delete “{chosen.name}”?", "Its results go with it.", yes="Delete"
        ):
            return
        deleted = await self.services.backtests.delete(chosen.id)
        self._summaries.pop(chosen.id, None)
        await self.to_list()
        await self.refresh_list()
        self.offer_undo(f"{chosen.name} deleted", partial(self._restore, deleted))

    async def _restore(self, report: BacktestReport) -> None:
        await self.services.backtests.restore(report)
        await self.refresh_list()
        if report.backtest.id not in self._summaries:
            await self._refresh_older()
        self.table.move_to(report.backtest.id)

    def action_portfolio(self) -> None:
        """Make a portfolio of the chosen run, and open it."""
        if (chosen := self._chosen) is not None:
            make = partial(result_actions.make_portfolio, self, chosen)
            self.spawn(make, group="portfolio", exclusive=True, keys_wait=True)

    def action_export(self) -> None:
        """Ask where to, then write the chosen result."""
        if (chosen := self._chosen) is not None:
            self.spawn(partial(result_actions.export, self, chosen), keys_wait=True)
