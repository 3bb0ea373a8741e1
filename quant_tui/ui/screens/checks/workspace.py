"""Checks of one strategy or backtest: verdicts on the left, the figures of one on the right."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Static

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Cancelled, QuantError
from quant_tui.ui import format as fmt
from quant_tui.ui.reporting import report as report_error
from quant_tui.ui.screens.backtests.run_form import RunForm, make_form
from quant_tui.ui.screens.checks.figures import check_lines
from quant_tui.ui.screens.checks.heading import head_lines
from quant_tui.ui.screens.results.trust_card import COLUMNS, card_rows, total_of, verdict_of
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Row, Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.domain.trading import StrategyCheck
    from quant_tui.jobs.manager import Job
    from quant_tui.services.backtest_request import BacktestRequest

STRATEGY, BACKTEST = "strategy", "backtest"
BAR = 20

NOTHING = Notice(
    "Nothing to check",
    "Checks say whether a strategy looks ahead, what higher costs leave of it, and whether it "
    "hangs on one date, one parameter or one symbol.",
    (("3", "Strategies: t checks one"), ("4", "Backtests: t checks one")),
)
EMPTY = Notice(
    "Not checked yet",
    "Look-ahead, warm-up, costs, start dates, parameters, symbols, resampled days: each is run "
    "anew, and what is found stays with the strategy.",
    (("r", "Make every check"), ("e", "Choose symbols and dates first")),
)
EMPTY_BACKTEST = Notice(EMPTY.title, EMPTY.text, EMPTY.keys[:1])
GOING = Notice("Checking …", "The verdicts come here by themselves. You can leave.",
               (("ctrl+x", "Stop"),), kind="loading")  # fmt: skip


class Subject(NamedTuple):
    """What is checked: its kind, id and name."""

    kind: str
    id: str
    name: str

    @property
    def target(self) -> str:
        """What its jobs are about, and how to jump here."""
        return f"{self.kind}:{self.id}"


class Checks(Workspace):
    """Checks of a strategy or a backtest of the user."""

    BINDING_GROUP_TITLE = "Checks"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "run", "Check again", id="checks.run",
                tooltip="Make every check anew on the bars there are now"),
        Binding("e", "edit", "Change", id="checks.edit",
                tooltip="Check on other symbols, dates or costs"),
        Binding("ctrl+x", "cancel", "Stop", id="checks.cancel", tooltip="Stop these checks"),
        Binding("escape", "back", "Back", id="checks.back", tooltip="Back to where one was"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.head = Static("", id="checks-head", markup=False)
        self.going = Static("", id="checks-going", markup=False)
        self.total = Static("", id="checks-total", markup=False)
        self.table = Table(COLUMNS, empty=NOTHING, id="check-lines")
        self.detail = Page(id="check")
        self.split = MasterDetail(self.table, self.detail)
        self.pages = ContentSwitcher(initial="checks")
        self.subject: Subject | None = None
        self.check: StrategyCheck | None = None
        self._stale: tuple[str, ...] = ()
        self._lines: dict[str, Document] = {}
        self._columns = len(COLUMNS)

    def compose(self) -> ComposeResult:
        """Lay out the page of the checks; the form stands in for it."""
        with self.pages, Vertical(id="checks"):
            yield self.head
            yield self.going
            yield self.total
            yield self.split

    def focus_first(self) -> None:
        """Give the keys to the verdicts, the check gone into, or the form."""
        if (form := self._form) is not None:
            form.focus_first()
        elif self.split.narrow and self.split.detail_open:
            self.detail.focus()
        else:
            self.table.focus()

    def shown(self) -> None:
        """Look whether what is shown still holds."""
        if self.subject is not None and not self._target:
            self._look_stale()

    def on_resize(self) -> None:
        """Show the sentences where there is no room for them beside."""
        super().on_resize()
        self._fit_columns()
        self._write_head()

    def _fit_columns(self) -> None:
        columns = len(COLUMNS) if self.split.narrow or self.has_class("-wide") else 3
        if columns != self._columns:
            self._columns = columns
            self.table.set_columns(COLUMNS[:columns], self._rows())

    # -- what is shown

    async def jump(self, target: str) -> None:
        """Open the checks of ``strategy:ID`` or ``backtest:ID``; make them if there are none."""
        kind, _, id_ = target.partition(":")
        checks = self.services.checks
        if kind == BACKTEST:
            name, check = await checks.backtest_name(id_), await checks.of_backtest(id_)
        else:
            name = (await self.services.strategies.get(id_)).name
            check = await checks.of_strategy(id_)
        subject = Subject(kind, id_, name)
        if self.subject is None or subject.target != self.subject.target:
            self.split.close_detail()
        await self._close_form()
        self.subject = subject
        self._show(check)
        self.focus_first()
        if check is None and self._job is None:
            await self._start()

    def _show(self, check: StrategyCheck | None) -> None:
        self.check, self._stale = check, ()
        lines = check.card["lines"] if check is not None else []
        self._lines = {str(line["key"]): line for line in lines}
        self.total.update(total_of(check.card if check is not None else {}))
        self.total.display = check is not None
        self.split.set_class(check is None, "-empty")
        self._fit_columns()
        self.table.set_rows(self._rows())
        self.jobs_changed()
        self._write_head()
        self._show_line()
        self._look_stale()

    def _rows(self) -> list[Row]:
        return [
            row._replace(values=row.values[: self._columns])
            for row in card_rows(self._lines.values())
        ]

    def _write_head(self) -> None:
        name = self.subject.name if self.subject is not None else ""
        width = max(20, self.size.width - 2)
        self.head.update(head_lines(name, self.check, self._stale, width))

    def _show_line(self) -> None:
        line = self._lines.get(self.table.cursor_key)
        self.detail.show(partial(check_lines, line) if line is not None else None)
        self.detail.scroll_home(animate=False)

    def _look_stale(self) -> None:
        if self.check is not None:
            self.spawn(partial(self._ask_stale, self.check), group="stale", exclusive=True)

    async def _ask_stale(self, check: StrategyCheck) -> None:
        subject = self.subject
        strategy_id = subject.id if subject is not None and subject.kind == STRATEGY else ""
        stale = await self.services.checks.stale(check, strategy_id)
        if self.check is check:
            self._stale = stale
            self._write_head()

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show the check under the cursor."""
        event.stop()
        if event.table is self.table:
            self._show_line()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go into the figures."""
        event.stop()
        if event.table is self.table:
            self.split.open_detail(self.detail)

    # -- making them

    @property
    def _job(self) -> Job[object] | None:
        if self.subject is None or not self.ready:
            return None
        target = self.subject.target
        return next((job for job in self.services.jobs.active if job.target == target), None)

    def jobs_changed(self) -> None:
        """Show how far the checks are."""
        job = self._job
        self.going.display = job is not None
        if job is not None:
            bar = fmt.bar(job.progress, BAR)
            text = f"{bar} {job.progress:4.0%} {job.message}  ctrl+x stops"
            self.going.update(text, layout=False)
        notice = self._notice()
        if notice is not self.table.empty:
            self.table.empty = notice
            if not self._lines:
                self.table.set_rows(())
        self.refresh_bindings()

    def _notice(self) -> Notice:
        if self.subject is None:
            return NOTHING
        if self._job is not None:
            return GOING
        return EMPTY if self.subject.kind == STRATEGY else EMPTY_BACKTEST

    async def _start(self, request: BacktestRequest | None = None) -> None:
        subject = self.subject
        if subject is None:
            return
        checks = self.services.checks
        try:
            if subject.kind == BACKTEST:
                job = await checks.start_backtest(subject.id)
            else:
                job = await checks.start(request or await self._suggested(subject.id))
        except QuantError as error:
            if self._lines:
                raise
            self.table.show_error(error, self.action_run)
            return
        self.host.jumps.expect(subject.target)
        self.jobs_changed()
        self.follow(
            job, on_done=partial(self._done, subject), on_failed=partial(self._failed, subject)
        )

    async def _suggested(self, strategy_id: str) -> BacktestRequest:
        found = await self.services.checks.suggest(strategy_id)
        if found is not None:
            return found
        from quant_tui.services.backtest_request import BacktestRequest
        from quant_tui.services.run_defaults import suggest_run

        services = self.services
        companies = services.stores.repositories.companies
        defaults = await suggest_run(services.market_data, services.backtests, companies)
        return BacktestRequest(defaults.symbols, strategy_id=strategy_id)

    def _done(self, subject: Subject, check: StrategyCheck) -> None:
        if self.subject == subject:
            self._show(check)
        verdict = verdict_of(check.card["verdict"]).text
        self.host.jumps.offer(
            str(check.card["summary"]), "checks", subject.target, title=f"{verdict}: {subject.name}"
        )

    def _failed(self, subject: Subject, error: BaseException) -> None:
        self.jobs_changed()
        jumps = self.host.jumps
        if isinstance(error, Cancelled) or not isinstance(error, QuantError):
            jumps.withdraw(subject.target)
            report_error(self, error)
        else:
            if self.subject == subject and not self._lines:
                self.table.show_error(error, self.action_run)
            title = f"✗ {subject.name} not checked"
            jumps.offer(str(error), "checks", subject.target, title=title, failed=True)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action == "cancel":
            return self._job is not None
        if action in ("run", "edit"):
            subject = self.subject
            if subject is None or self._job is not None or self._form is not None:
                return False
            return action == "run" or subject.kind == STRATEGY
        return super().check_action(action, parameters)

    def action_run(self) -> None:
        """Check again on what was checked last."""
        self.spawn(self._start, group="run", exclusive=True)

    def action_cancel(self) -> None:
        """Stop the checks."""
        if (job := self._job) is not None:
            job.cancel()

    def action_edit(self) -> None:
        """Open the form of what to check on."""
        self.spawn(self._open_form, group="open", exclusive=True, keys_wait=True)

    def action_back(self) -> None:
        """Back: from the form, from the figures, or to where one was."""
        if self._form is not None:
            self.spawn(self._leave_form, keys_wait=True)
        elif self.split.detail_open:
            self.split.close_detail()
        else:
            self.go_back()

    # -- the form

    @property
    def _form(self) -> RunForm | None:
        return next(iter(self.query(RunForm)), None)

    async def _open_form(self) -> None:
        if self.subject is None:
            return
        config = self.check.config if self.check is not None else None
        form = await make_form(
            self.services, self.subject.id, config, (), more=False, title="What to check on",
            hint="ctrl+s checks it",
        )  # fmt: skip
        if form is not None:
            await self.pages.mount(form)
            self.pages.current = form.id
            form.focus_first()
            self.refresh_bindings()

    async def _close_form(self) -> None:
        if (form := self._form) is not None:
            self.pages.current = "checks"
            await form.remove()
            self.refresh_bindings()

    async def _leave_form(self) -> None:
        await self._close_form()
        self.focus_first()

    def on_run_form_left(self, event: RunForm.Left) -> None:
        """Go back to the checks."""
        event.stop()
        self.action_back()

    def on_run_form_started(self, event: RunForm.Started) -> None:
        """Check on that."""
        event.stop()
        check = partial(self._check_on, event.form, event.request)
        self.spawn(check, group="run", exclusive=True, keys_wait=True)

    async def _check_on(self, form: RunForm, request: BacktestRequest) -> None:
        wrong = await self.services.backtests.validate(request)
        if wrong:
            form.refuse(wrong)
            return
        await self._leave_form()
        if self.subject is not None and request.strategy_id != self.subject.id:
            strategy = await self.services.strategies.get(request.strategy_id)
            self.subject = Subject(STRATEGY, strategy.id, strategy.name)
            self._show(await self.services.checks.of_strategy(strategy.id))
        await self._start(request)
