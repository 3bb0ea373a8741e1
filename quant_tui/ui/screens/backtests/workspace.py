"""The list of backtests, the form of a new one, and a result, one page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Static

from quant_tui.domain.base import Document
from quant_tui.domain.vocabulary import RunStatus
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
from quant_tui.ui.screens.backtests.run_watch import CHECK, RunWatch
from quant_tui.ui.screens.results import Compare, ResultPage, compare_hint
from quant_tui.ui.screens.results.trust_card import TrustCard
from quant_tui.ui.widgets.table import Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job
    from quant_tui.services.backtest_report import BacktestReport, BacktestSummary
    from quant_tui.services.backtest_request import BacktestRequest
    from quant_tui.services.composition import Services
    from quant_tui.ui.commands import Command

PAGE = 1000
"""Backtests that are fetched at a time."""

FRESH_SECONDS = 1.0
"""How old the list may be when the workspace comes to the front."""


class Backtests(Workspace):
    """Backtests of the user."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="backtests.new", tooltip="New backtest"),
        Binding("r", "again", "Run changed", id="backtests.again",
                tooltip="New backtest that begins with this one's settings"),
        Binding("R", "verify", "Run again", id="backtests.verify", show=False,
                tooltip="Run the same once more and see whether it finds the same"),
        Binding("d", "delete", "Delete", id="backtests.delete",
                tooltip="Delete this backtest with its results"),
        Binding("c", "compare", "Compare", id="backtests.compare",
                tooltip="Compare the two to six marked backtests"),
        Binding("x", "export", "Export", id="backtests.export",
                tooltip="Write this result to files"),
        Binding("ctrl+x", "cancel", "Cancel run", id="backtests.cancel",
                tooltip="Stop this running backtest, or the checks of its result"),
        Binding("escape", "back", "Back", id="backtests.back", tooltip="Back to the list"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(COLUMNS, empty=EMPTY, markable=True, id="backtests")
        self.about = Static("", id="about", markup=False)
        self.result = ResultPage(id="result")
        self.pages = ContentSwitcher(initial="list")
        self.runs = RunWatch(
            self,
            refresh=self._refresh_list,
            update_open=self._update_open,
            show_card=self._show_card,
        )
        self._summaries: dict[str, BacktestSummary] = {}
        self._more = False
        self._offered: RunStatus | None = None
        self._loaded_at = 0.0
        self._unsubscribe: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the pages."""
        with self.pages:
            with Vertical(id="list"):
                yield self.table
                yield self.about
            yield self.result

    async def load(self, services: Services) -> None:
        """Fetch the list, and listen to running backtests."""
        if self._unsubscribe is None:
            self._unsubscribe = services.jobs.subscribe(self._job_changed)
        await self._refresh_list()
        self._fetch_older()
        self._loaded_at = monotonic()

    def shown(self) -> None:
        """Look whether another open instance made or deleted something meanwhile."""
        if self.ready and monotonic() - self._loaded_at > FRESH_SECONDS:
            self.spawn(partial(self.load, self.services), group="list", exclusive=True)

    def on_unmount(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()

    def focus_first(self) -> None:
        """Give the keys to the page that is shown."""
        if self.pages.current == "result":
            self.result.focus_first()
        elif self.pages.current == "compare":
            self.query_one(Compare).focus_first()
        elif (form := self._form) is not None:
            form.focus_first()
        else:
            self.table.focus()

    async def jump(self, target: str) -> None:
        """Open a result or its trust card, or the form of a new run; the prefixes say which."""
        if (wanted := wanted_run(target)) is not None:
            await self._open_form(*wanted)
            return
        await self._refresh_list()
        backtest_id = target.removeprefix(CHECK)
        self.table.move_to(backtest_id)
        await self._open(backtest_id)
        if target != backtest_id:
            await self.result.action_page("trust")

    def commands(self) -> Iterable[Command]:
        """Offer the pages of what is open."""
        if self.pages.current == "result":
            return self.result.commands()
        if self.pages.current == "compare":
            return self.query_one(Compare).commands()
        return ()

    @property
    def unsaved(self) -> str:
        """A form that was changed."""
        form = self._form
        return "The new backtest's form" if form is not None and form.form.changed else ""

    # -- the list

    async def _refresh_list(self) -> None:
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
        self._show_about()
        self.refresh_bindings()

    def _job_changed(self, job: Job[object]) -> None:
        if job.kind != "backtest" or not self.is_attached:
            return
        summary = self._summaries.get(job.target)
        if job.status is RunStatus.RUNNING and summary is not None:
            if summary.status is RunStatus.RUNNING:
                self.table.put_row(job.target, values_of(summary, job.progress))
                return
        elif not job.status.is_final:
            return
        self.spawn(self._refresh_list, group="list", exclusive=True)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Say more about the row; the tables of a result have rows of their own."""
        event.stop()
        if event.table is self.table:
            self._show_about()
            self._offer_keys()

    def _show_about(self) -> None:
        width = self.size.width - 2 or 78
        lines = lines_of(self._summaries.get(self.table.cursor_key), width)
        self.about.update(lines, layout=False)

    def _offer_keys(self) -> None:
        """Look again which keys work, where that depends on the row."""
        status = self._summaries[key].status if (key := self.table.cursor_key) else None
        if status is not self._offered:
            self._offered = status
            self.refresh_bindings()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open the result."""
        event.stop()
        if event.table is not self.table:
            return
        self.spawn(partial(self._open, event.key), group="open", exclusive=True, keys_wait=True)

    async def _open(self, backtest_id: str) -> None:
        self._show_page("result")
        self.result.show_loading()
        report = await self.services.backtests.show(backtest_id)
        card = self.runs.cards.get(backtest_id)
        await self.result.show_report(report, partial(self._retry, backtest_id), card)

    def _show_page(self, page: str) -> None:
        self.pages.current = page
        self.focus_first()
        self.refresh_bindings()

    # -- keys

    @property
    def _chosen(self) -> BacktestSummary | None:
        return self._summaries.get(self.table.cursor_key)

    @property
    def _form(self) -> RunForm | None:
        return next(iter(self.query(RunForm)), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        page, chosen = self.pages.current, self._chosen
        if action == "back":
            return page != "list"
        if action == "new":
            return self.loaded and page == "list"
        if action == "compare":
            return page == "list" and bool(self._summaries)
        if page == "compare":
            return action not in ("again", "verify", "delete", "export", "cancel")
        if action in ("again", "delete"):
            return chosen is not None and page != "run"
        if action in ("export", "verify"):
            return page != "run" and chosen is not None and chosen.status is RunStatus.COMPLETED
        if action == "cancel":
            return page != "run" and chosen is not None and bool(self.runs.active(chosen.id))
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Back to the list."""
        if self.pages.current != "list":
            self.spawn(self._to_list, keys_wait=True)

    async def _to_list(self) -> None:
        await self._close_form()
        self._show_page("list")

    def action_cancel(self) -> None:
        """Stop the chosen run, or the checks of its result."""
        if (chosen := self._chosen) is not None:
            self.runs.cancel(chosen.id)

    # -- comparing

    def action_compare(self) -> None:
        """Compare the marked backtests, or say how to mark some."""
        marked = [key for key in self._summaries if key in self.table.marked]
        if hint := compare_hint(self._summaries[key] for key in marked):
            self.toast(hint)
            return
        compare = partial(self._compare, marked)
        self.spawn(compare, group="open", exclusive=True, keys_wait=True)

    async def _compare(self, backtest_ids: Sequence[str]) -> None:
        page = await result_actions.compare(self, self.pages, backtest_ids)
        self._show_page("compare")
        page.focus_first()

    # -- running

    def action_new(self) -> None:
        """Open the form of a new run."""
        self.spawn(self._open_form, group="open", exclusive=True, keys_wait=True)

    def action_again(self) -> None:
        """Open the form with the settings of the chosen backtest."""
        if (chosen := self._chosen) is not None:
            again = partial(self._open_again, chosen.id)
            self.spawn(again, group="open", exclusive=True, keys_wait=True)

    async def _open_again(self, backtest_id: str) -> None:
        report = await self.services.backtests.show(backtest_id)
        await self._open_form(
            strategy_id=report.backtest.strategy_id, config=report.backtest.config
        )

    async def _open_form(
        self,
        strategy_id: str = "",
        symbols: Sequence[str] = (),
        config: Document | None = None,
    ) -> None:
        form = await make_form(self.services, strategy_id, config, symbols, more=self._more)
        if form is None:
            self.toast("There is no strategy to run yet: choose a template first.")
            self.switch_to("strategies", target="new")
            return
        await self._close_form()
        await self.pages.mount(form)
        self._show_page("run")

    async def _close_form(self) -> None:
        if (form := self._form) is not None:
            self._more = form.form.opened
            self.pages.current = "list"
            await form.remove()

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
        await self._to_list()
        await self._refresh_list()
        self.table.move_to(job.target)
        self.runs.follow(job)

    async def _update_open(self, backtest_id: str) -> None:
        """Show the end of a run whose page is open."""
        if self.pages.current == "result" and self.result.backtest_id == backtest_id:
            await self._open(backtest_id)

    async def _show_card(self, backtest_id: str, card: Document) -> None:
        if self.result.backtest_id == backtest_id:
            await self.result.show_card(card)

    def _retry(self, backtest_id: str) -> None:
        self.spawn(partial(self._rerun, backtest_id), group="run", exclusive=True, keys_wait=True)

    async def _rerun(self, backtest_id: str) -> None:
        await self.runs.rerun(backtest_id)
        await self._open(backtest_id)

    def action_verify(self) -> None:
        """Run the chosen one again, and say whether it finds the same."""
        if (chosen := self._chosen) is not None:
            verify = partial(self.runs.verify, chosen.id)
            self.spawn(verify, group="run", exclusive=True, keys_wait=True)

    def on_trust_card_check_asked(self, event: TrustCard.CheckAsked) -> None:
        """Make every check of the open result."""
        event.stop()
        self.spawn(partial(self.runs.check, self.result.backtest_id), group="run", exclusive=True)

    def jobs_changed(self) -> None:
        """Show how far the checks of the open result are."""
        self.result.show_checking(self.runs.checking(self.result.backtest_id))

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
        await self._to_list()
        await self._refresh_list()
        self.offer_undo(f"{chosen.name} deleted", partial(self._restore, deleted))

    async def _restore(self, report: BacktestReport) -> None:
        await self.services.backtests.restore(report)
        await self._refresh_list()
        if report.backtest.id not in self._summaries:
            await self._refresh_older()
        self.table.move_to(report.backtest.id)

    def action_export(self) -> None:
        """Ask where to, then write the chosen result."""
        if (chosen := self._chosen) is not None:
            self.spawn(partial(result_actions.export, self, chosen))
