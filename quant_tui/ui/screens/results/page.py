"""A backtest's result on pages; a failed run's cause with a retry; a running one's progress."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui.reporting import toast
from quant_tui.ui.screens.results import tables
from quant_tui.ui.screens.results.charts import Charts
from quant_tui.ui.screens.results.glossary import figures_of
from quant_tui.ui.screens.results.monthly import Monthly
from quant_tui.ui.screens.results.overview import Overview
from quant_tui.ui.screens.results.run_info import RunInfo, is_synthetic
from quant_tui.ui.screens.results.tear_sheet import TearSheet
from quant_tui.ui.screens.results.trust_card import TrustCard
from quant_tui.ui.screens.results.view import ResultPart, ResultView
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.paged import PagedView

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.services.backtest_report import BacktestReport

PAGES: tuple[tuple[str, str, Callable[[], Widget]], ...] = (
    ("overview", "Overview", partial(Overview, id="overview")),
    ("trust", "Trust", partial(TrustCard, id="trust")),
    ("sheet", "Tear sheet", partial(TearSheet, id="sheet")),
    ("charts", "Charts", partial(Charts, id="charts")),
    ("trades", "Trades", tables.fills_table),
    ("trips", "Round trips", tables.round_trips_table),
    ("monthly", "Monthly", partial(Monthly, id="monthly")),
    ("run", "Run", partial(RunInfo, id="run")),
)
"""Name, title, and how each page is built; what it shows, it is given as a view."""


class ResultPage(PagedView):
    """Heading, page names, and one of the pages; each is built at its first visit."""

    noun = "result"
    BINDING_GROUP_TITLE = "Result"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Next page", id="result.next",
                key_display="[ ]", tooltip="Next page of the result"),
        Binding("left_square_bracket", "turn(-1)", "Previous page", id="result.previous",
                show=False, tooltip="Previous page of the result"),
        Binding("y", "copy", "Copy", id="result.copy", tooltip="Copy the figures of this page"),
    ]  # fmt: skip

    page_titles = tuple((name, title) for name, title, _ in PAGES)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.backtest_id = ""
        self._report: BacktestReport | None = None
        self._view: ResultView | None = None

    def await_result(self) -> None:
        """Say that the first result is on its way; another's stays until then."""
        if self._report is None:
            self.show_loading()

    async def show_report(
        self,
        report: BacktestReport,
        retry: Callable[[], object],
        card: Document | None = None,
    ) -> None:
        """Show a backtest, whatever became of it, with a fuller trust card than its own."""
        other = report.backtest.id != self.backtest_id
        if other:
            self.show_first_page()
        self.backtest_id = report.backtest.id
        self._report, self._view = report, None
        self.write_head()
        if report.result is None:
            self._show_no_result(report, retry)
            return
        from quant_tui.services.result_series import ResultSeries

        series = await asyncio.to_thread(ResultSeries.of, report.result)
        if self._report is not report:
            return  # another was opened meanwhile
        card = card or report.result.details.get("trust") or {}
        self._view = ResultView(report, report.result, series, card)
        # what had the focus may be on a page that is just now hidden
        await self.show_pages(focus=other)

    def _show_no_result(self, report: BacktestReport, retry: Callable[[], object]) -> None:
        status = report.backtest.status
        error = (report.execution.error_details if report.execution else None) or {}
        if status is RunStatus.FAILED:
            text = str(error.get("message") or "The run ended without saying why.")
            hint = str(error.get("hint") or "")
            notice = Notice(
                str(error.get("title") or "The backtest failed"),
                f"{text}\n\n{hint}" if hint and hint not in text else text,
                kind="error",
            )
            self.show_notice(notice, retry)
        elif status is RunStatus.CANCELLED:
            self.show_notice(
                Notice("Cancelled", "The run was stopped before its end.", kind="error"), retry
            )
        else:
            text = "The result comes here by itself. You can leave; a message will tell."
            keys = (("ctrl+x", "Cancel the run"), ("escape", "Back to the list"))
            self.show_notice(Notice("Running …", text, keys, kind="loading"))

    @property
    def filled(self) -> bool:
        """Whether there is a result."""
        return self._view is not None

    def build_page(self, name: str) -> Widget:
        """Make a page."""
        return next(build for one, _, build in PAGES if one == name)()

    async def fill_page(self, page: Widget) -> None:
        """Show the result on a page."""
        if self._view is not None:
            await cast("ResultPart", page).show_view(self._view)

    def write_head(self) -> None:
        """Write name, period and pages."""
        report = self._report
        if report is None:
            self.head.update("")
            return
        details = report.result.details if report.result else {}
        width = max(20, self.size.width)
        badge = " SYNTHETIC DATA " if is_synthetic(details) else ""
        cut = 7 if width < 100 else 10
        start, end = (day[:cut] for day in _period(report))
        first = Content.assemble(
            (report.backtest.name, "bold $accent"), (f"  {start} … {end}", "$text-muted")
        )
        doubts = _doubts(details, width - first.cell_length - len(badge) - 1)
        first = first.truncate(width - len(badge) - len(doubts) - 1, ellipsis=True)
        first = Content.assemble(first, (doubts, "$text-warning"))
        gap = " " * max(1, width - first.cell_length - len(badge))
        first = Content.assemble(first, gap, (badge, "bold $background on $warning"))
        tabs = Content("")
        if report.result is not None:
            tabs = self.page_tabs(width)
        self.head.update(Content("\n").join([first, tabs]))

    async def show_card(self, card: Document) -> None:
        """Show another trust card of this result."""
        if self._view is not None:
            self._view = replace(self._view, card=card)
            self.stale_pages("trust")
            if self.page_name == "trust":
                await self.refill()

    def action_copy(self) -> None:
        """Copy what the page shows, as text with tabs between."""
        report = self._report
        if report is None or report.result is None:
            return
        found = figures_of(report.result.performance, report.result.risk_metrics)
        rows = [f"{figure.title}\t{figure.write(value)}" for _, figure, value in found]
        self.app.copy_to_clipboard("\n".join([report.backtest.name, *rows]))
        toast(self.app, "Metrics copied", seconds=2)


def _doubts(details: Document, room: int) -> str:
    """Count the warnings, which the page of the run has in words; shorter where room is scarce."""
    count = len(details.get("warnings") or ())
    if not count:
        return ""
    written = f"  ! {count} warning{'' if count == 1 else 's'}"
    return written if len(written) <= room else f"  ! {count}"


def _period(report: BacktestReport) -> tuple[str, str]:
    """Return first and last date of the result, or else what was asked for."""
    dates = report.result.portfolio_value.get("date") if report.result else None
    if dates:
        return str(dates[0]), str(dates[-1])
    config = report.backtest.config
    return str(config.get("start_date") or "first bar"), str(config.get("end_date") or "last bar")
