"""Findings about the bars on the left, the bars themselves on the right; the fixes made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import ContentSwitcher, Static

from quant_tui.services.quality_findings import CHECKS, FIXES
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.data_import.import_text import job_lines
from quant_tui.ui.screens.data_quality.quality_text import FIX_TITLES, finding_lines, fix_lines
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from datetime import date, datetime

    from quant_tui.jobs.manager import Job
    from quant_tui.services.data_quality import DataQualityService
    from quant_tui.services.quality_findings import QualityFinding, QualityReport
    from quant_tui.storage.duck.fixes import RecordedFix
    from quant_tui.ui.workspaces import Workspace

REST_SECONDS = 0.1


def _day(value: object) -> str:
    return fmt.day(cast("date", value))


def _moment(value: object) -> str:
    return fmt.moment(cast("datetime | None", value))


def _count(value: object) -> str:
    return fmt.integer(cast("float | None", value))


def _finding(value: object) -> str:
    check = CHECKS[str(value)]
    return f"{'✗' if check.serious else '!'} {check.title}"


def _role(value: object) -> str:
    return "error" if CHECKS[str(value)].serious else "warning"


def _rank(value: object) -> object:
    return list(CHECKS).index(str(value))


def _muted(_value: object) -> str:
    return "muted"


FINDINGS = (
    Column("Symbol", 11, grow=1),
    Column("Finding", 19, write=_finding, role=_role, sort=_rank),
    Column("Count", 6, "right", write=_count, first="descending"),
    Column("First", 10, write=_day),
    Column("Last", 10, write=_day, first="descending"),
)
FIXES_MADE = (
    Column("Symbol", 11, grow=1),
    Column("Fix", 20, write=lambda value: FIX_TITLES[str(value)]),
    Column("Bars", 6, "right", write=_count, first="descending"),
    Column("Made", 16, write=_moment, role=_muted, first="descending"),
    Column("State", 8),
)
NOTHING_WRONG = Notice(
    "Nothing is wrong",
    "Every session of the exchange has its bar, prices and volumes are plausible, sources agree, "
    "and no symbol is overdue; or what there was has been marked as known.",
    (("r", "Check again"), ("v", "The fixes that were made")),
)
NO_FIXES = Notice(
    "No fixes were made",
    "A fix of the bars, or a mark that something odd is known, is kept here with who made it, "
    "when and why, and can be undone at any time.",
    (("v", "Back to the findings"),),
)


class QualityView(Vertical):
    """A check of data quality while it runs, what it found, and the fixes.

    Parameters
    ----------
    workspace
        The workspace that it is shown in.
    service
        Checks and fixes.
    user
        Name of the person who fixes.
    """

    DEFAULT_CSS = """
    QualityView {
        height: 1fr;
        & > .heading { height: 1; }
    }
    """
    BINDING_GROUP_TITLE = "Data quality"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "fix", "Fix", id="quality.fix",
                tooltip="Choose what to do about the finding, or about the marked ones"),
        Binding("v", "fixes", "Fixes made", id="quality.fixes",
                tooltip="Show the fixes that were made, or the findings again"),
        Binding("d", "undo", "Undo fix", id="quality.undo",
                tooltip="Take the fix under the cursor back"),
        Binding("r", "again", "Check again", id="quality.again",
                tooltip="Look at the same symbols again"),
        Binding("w", "calendar", "Exchange", id="quality.calendar",
                tooltip="Set where the symbol trades: its calendar"),
        Binding("ctrl+x", "cancel", "Cancel check", id="quality.cancel",
                tooltip="Stop the check"),
        Binding("escape", "leave", "Back", id="quality.back", tooltip="Back, one step"),
    ]  # fmt: skip

    class Left(Message):
        """Left for the list of symbols."""

    def __init__(self, workspace: Workspace, service: DataQualityService, user: str) -> None:
        super().__init__(id="quality")
        self._workspace = workspace
        self._service = service
        self._user = user
        self._job: Job[QualityReport] | None = None
        self._symbols: tuple[str, ...] | None = None
        self._report: QualityReport | None = None
        self._findings: dict[str, QualityFinding] = {}
        self._made: dict[str, RecordedFix] = {}
        self._heading = Static(Content(""), classes="heading")
        self.findings = Table(FINDINGS, empty=NOTHING_WRONG, markable=True, id="findings")
        self.detail = Page(id="finding")
        self.fixes = Table(FIXES_MADE, empty=NO_FIXES, id="fixes")
        self.fix_detail = Page(id="fix")
        self.progress = Page(id="checking")
        self.pages = ContentSwitcher(
            self.progress,
            MasterDetail(self.findings, self.detail, id="found"),
            MasterDetail(self.fixes, self.fix_detail, id="made"),
            initial="checking",
        )

    def compose(self) -> ComposeResult:
        """Lay out heading and pages."""
        yield self._heading
        yield self.pages

    # -- checking

    def check(self, symbols: Sequence[str] | None) -> None:
        """Check symbols, or all of them, and show what is found."""
        self._symbols = None if symbols is None else tuple(symbols)
        self._job = self._service.start_check(self._symbols)
        self._heading.update(Content.styled(self._job.title, "bold $accent"))
        self.progress.show(partial(job_lines, cast("Job[object]", self._job)))
        self._turn_to("checking")
        self._workspace.follow(self._job, on_done=self._checked, on_failed=self._failed)

    def jobs_changed(self) -> None:
        """Show how far the check is."""
        if self._checking and self._job is not None:
            self.progress.show(partial(job_lines, cast("Job[object]", self._job)))

    @property
    def _checking(self) -> bool:
        return self._job is not None and not self._job.status.is_final

    def _checked(self, report: QualityReport) -> None:
        self._report = report
        self._put(report.findings)
        if self.pages.current == "checking":
            self._turn_to("found")

    def _failed(self, _error: BaseException) -> None:
        if self._job is not None:
            self.progress.show(partial(job_lines, cast("Job[object]", self._job)))
        self.refresh_bindings()

    def _put(self, findings: Sequence[QualityFinding]) -> None:
        self._findings = {one.key: one for one in findings}
        self.findings.clear_marks()
        self.findings.set_rows(
            Row(one.key, (one.symbol, one.check, one.count, one.first, one.last))
            for one in findings
        )
        self._show_heading()

    def _show_heading(self) -> None:
        report = self._report
        if report is None:
            return
        serious = sum(CHECKS[one.check].serious for one in self._findings.values())
        parts = [
            f"{fmt.integer(report.symbols)} symbol{'' if report.symbols == 1 else 's'}",
            f"{fmt.integer(report.bars)} bars",
            f"{fmt.integer(len(self._findings))} finding{'' if len(self._findings) == 1 else 's'}",
        ]
        line = Content.assemble(
            ("Data quality  ", "bold $accent"), (" · ".join(parts), "$text-muted")
        )
        if serious:
            line = Content.assemble(line, (f" · ✗ {fmt.integer(serious)} serious", "$text-error"))
        self._heading.update(line)

    # -- pages

    def focus_first(self) -> None:
        """Give the keys to the page that is shown."""
        if self.pages.current == "checking":
            self.progress.focus()
        else:
            (self.findings if self.pages.current == "found" else self.fixes).focus()

    def _turn_to(self, page: str) -> None:
        self.pages.current = page
        self.focus_first()
        self.refresh_bindings()

    @property
    def _shown(self) -> MasterDetail | None:
        if self.pages.current == "checking":
            return None
        return self.pages.get_child_by_id(str(self.pages.current), MasterDetail)

    def action_leave(self) -> None:
        """Back from the detail, from the fixes, from the findings."""
        shown = self._shown
        if shown is not None and shown.close_detail():
            return
        if self.pages.current == "made" and self._report is not None:
            self._turn_to("found")
        else:
            self.post_message(self.Left())

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go into the detail."""
        event.stop()
        if (shown := self._shown) is not None:
            shown.open_detail()

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show the detail of the row."""
        event.stop()
        if event.table is self.fixes:
            fix = self._made.get(event.key)
            self.fix_detail.show(None if fix is None else partial(fix_lines, fix))
        else:
            self._show_finding(event.key)
        self.refresh_bindings()

    def _show_finding(self, key: str) -> None:
        finding = self._findings.get(key)
        if finding is None:
            self.detail.show(None)
            return
        calendar = self._report.calendars.get(finding.symbol) if self._report else None
        self.detail.show(partial(finding_lines, finding, calendar, None))

        async def look() -> None:
            bars = await self._service.look_closer(finding)
            if self.findings.cursor_key == key:
                self.detail.show(partial(finding_lines, finding, calendar, bars))

        self._workspace.spawn(look, group="detail", exclusive=True)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        page = self.pages.current
        if action in ("fix", "calendar"):
            return page == "found" and bool(self.findings.cursor_key)
        if action == "undo":
            fix = self._made.get(self.fixes.cursor_key)
            return page == "made" and fix is not None and fix.undone_at is None
        if action == "cancel":
            return self._checking
        if action in ("again", "fixes"):
            return not self._checking
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        """Stop the check."""
        if self._job is not None:
            self._job.cancel()

    def action_again(self) -> None:
        """Look at the same symbols again."""
        self.check(self._symbols)

    def action_fixes(self) -> None:
        """Show the fixes, or the findings again."""
        if self.pages.current == "made":
            self._turn_to("found" if self._report is not None else "checking")
        else:
            self._workspace.spawn(self.show_fixes, group="open", exclusive=True, keys_wait=True)

    async def show_fixes(self) -> None:
        """Show the fixes that were made."""
        made = await self._service.fixes()
        self._made = {one.id: one for one in made}
        self.fixes.set_rows(
            Row(one.id, (one.symbol, one.kind, one.bars, one.made_at,
                         "undone" if one.undone_at else "in force"))
            for one in made
        )  # fmt: skip
        self._turn_to("made")

    # -- fixing

    def action_fix(self) -> None:
        """Ask what to do about the finding, or the marked ones, and do it."""
        keys = self.findings.marked or {self.findings.cursor_key}
        chosen = [one for key, one in self._findings.items() if key in keys]
        if not chosen:
            return
        if len({one.check for one in chosen}) > 1:
            self._workspace.toast("Mark findings of one kind: they are fixed in one way.")
            return
        self._workspace.spawn(partial(self._fix, chosen), group="fix", keys_wait=True)

    async def _fix(self, chosen: list[QualityFinding]) -> None:
        from quant_tui.ui.screens.data_quality.fix_dialog import FixDialog

        decided = await self.app.push_screen_wait(FixDialog(chosen))
        if decided is None:
            return
        made: list[RecordedFix] = []
        try:
            for one in chosen:
                fix = await self._service.fix(
                    one, decided.kind, made_by=self._user, reason=decided.reason
                )
                made.append(fix)
        finally:
            if made:
                await self._look_again({one.symbol for one in made})

                async def undo() -> None:
                    for one in reversed(made):
                        await self._service.undo(one.id, undone_by=self._user)
                    await self._look_again({one.symbol for one in made})

                names = ", ".join(dict.fromkeys(one.symbol for one in made))
                self._workspace.offer_undo(f"{names}: {FIX_TITLES[decided.kind]}", undo)

    async def _look_again(self, symbols: set[str]) -> None:
        """Check some symbols anew and put their findings in the place of the old ones."""
        if self._report is None:
            return
        job = self._service.start_check(sorted(symbols))
        report = await job.wait()
        others = [one for one in self._findings.values() if one.symbol not in symbols]
        order = list(CHECKS)
        findings = sorted(
            [*others, *report.findings],
            key=lambda one: (order.index(one.check), one.symbol, one.first),
        )
        self._report.calendars.update(report.calendars)
        self._report.bars_of.update(report.bars_of)
        self._put(findings)

    def action_undo(self) -> None:
        """Take the fix under the cursor back, after asking."""
        fix = self._made.get(self.fixes.cursor_key)
        if fix is not None:
            self._workspace.spawn(partial(self._undo, fix), group="fix", keys_wait=True)

    async def _undo(self, fix: RecordedFix) -> None:
        question = f"Undo the fix of {fix.symbol}?"
        effect = f"“{fix.detail or FIXES[fix.kind]}” is taken back."
        if not await self._workspace.confirm(question, effect, yes="Undo"):
            return
        undone = await self._service.undo(fix.id, undone_by=self._user)
        kept = f"; {undone.kept:,} imported since stay" if undone.kept else ""
        self._workspace.toast(f"{fix.symbol}: {FIX_TITLES[fix.kind]} undone{kept}")
        await self._look_again({fix.symbol})
        await self.show_fixes()

    def action_calendar(self) -> None:
        """Ask where the symbol trades."""
        finding = self._findings.get(self.findings.cursor_key)
        if finding is not None:
            choose = partial(self._choose_calendar, finding.symbol)
            self._workspace.spawn(choose, group="fix", keys_wait=True)

    async def _choose_calendar(self, symbol: str) -> None:
        from quant_tui.ui.screens.data_quality.fix_dialog import CalendarDialog

        known = self._report.calendars.get(symbol) if self._report else None
        code = await self.app.push_screen_wait(CalendarDialog(symbol, known[0] if known else ""))
        if code:
            kept = await self._service.choose_calendar([symbol], code)
            await self._look_again({symbol})
            self._workspace.toast(f"{symbol} trades by {kept}, remembered from now on.")
