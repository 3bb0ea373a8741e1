"""A backtest's result on pages; a failed run's cause with a retry; a running one's progress."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.style import Style
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui.commands import Command
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
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice

if TYPE_CHECKING:
    from textual.worker import Worker

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


class ResultPage(Vertical):
    """Heading, page names, and one of the pages; each is built at its first visit."""

    DEFAULT_CSS = """
    ResultPage {
        height: 1fr;
        & > #result-head { height: 2; }
        & > ContentSwitcher { height: 1fr; }
        & > MessagePanel { display: none; }
        &.-message > MessagePanel { display: block; }
        &.-message > ContentSwitcher { display: none; }
    }
    """
    BINDING_GROUP_TITLE = "Result"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Next page", id="result.next",
                key_display="[ ]", tooltip="Next page of the result"),
        Binding("left_square_bracket", "turn(-1)", "Previous page", id="result.previous",
                show=False, tooltip="Previous page of the result"),
        Binding("y", "copy", "Copy", id="result.copy", tooltip="Copy the figures of this page"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.head = Static("", id="result-head", markup=False)
        self.pages = ContentSwitcher(initial="overview")
        self.panel = MessagePanel()
        self.backtest_id = ""
        self._report: BacktestReport | None = None
        self._view: ResultView | None = None
        self._stale: set[str] = set()

    def compose(self) -> ComposeResult:
        """Lay out heading, pages, and the panel that stands in for them."""
        yield self.head
        with self.pages:
            yield Overview(id="overview")
        yield self.panel

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""
        if self.has_class("-message"):
            self.panel.focus()
            return
        current = self.pages.visible_content
        if current is not None:
            cast("ResultPart", current).focus_first()

    def show_loading(self) -> None:
        """Say that the result is on its way."""
        if self._report is None:
            self._message(Notice("Loading …", kind="loading"))

    async def show_report(
        self,
        report: BacktestReport,
        retry: Callable[[], object],
        card: Document | None = None,
    ) -> None:
        """Show a backtest, whatever became of it, with a fuller trust card than its own."""
        other = report.backtest.id != self.backtest_id
        if other:
            self.pages.current = "overview"
        self.backtest_id = report.backtest.id
        self._report, self._view = report, None
        self._write_head()
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
        had_focus = self.panel.has_focus or other
        self.remove_class("-message")
        self._stale = {name for name, *_ in PAGES}
        await self._fill(self.pages.current or "overview")
        if had_focus or not self.has_focus_within:
            self.focus_first()
        self.refresh_bindings()

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
            self._message(notice, retry)
        elif status is RunStatus.CANCELLED:
            self._message(
                Notice("Cancelled", "The run was stopped before its end.", kind="error"), retry
            )
        else:
            text = "The result comes here by itself. You can leave; a message will tell."
            keys = (("ctrl+x", "Cancel the run"), ("escape", "Back to the list"))
            self._message(Notice("Running …", text, keys, kind="loading"))

    def _message(self, notice: Notice, retry: Callable[[], object] | None = None) -> None:
        self.panel.show(notice, retry=retry)
        self.add_class("-message")
        self.panel.focus(scroll_visible=False)

    # -- pages

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer pages and copying only when there is a result."""
        return not self.has_class("-message")

    async def action_turn(self, steps: int) -> None:
        """Go to the next or previous page; it goes round."""
        names = [name for name, *_ in PAGES]
        at = names.index(self.pages.current or "overview")
        await self.action_page(names[(at + steps) % len(names)])

    async def on_click(self, event: events.Click) -> None:
        """Go to the page whose name was clicked."""
        if name := event.style.meta.get("page"):
            await self.action_page(str(name))

    async def action_page(self, name: str) -> None:
        """Go to a page."""
        with self.app.batch_update():
            await self._fill(name)
            self.pages.current = name
            self._write_head()
            self.focus_first()
        self.refresh_bindings()

    async def _fill(self, name: str) -> None:
        view = self._view
        if view is None or name not in self._stale:
            return
        self._stale.discard(name)
        page = next(iter(self.pages.query_children(f"#{name}")), None)
        if page is None:
            page = next(build for one, _, build in PAGES if one == name)()
            await self.pages.mount(page)
        await cast("ResultPart", page).show_view(view)

    def on_resize(self) -> None:
        """Write the heading for the new width."""
        self._write_head()

    def _write_head(self) -> None:
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
        ).truncate(width - len(badge) - 1, ellipsis=True)
        gap = " " * max(1, width - first.cell_length - len(badge))
        first = Content.assemble(first, gap, (badge, "bold $background on $warning"))
        tabs = Content("")
        if report.result is not None:
            gap = "  " if width > 90 else ""
            tabs = Content(gap).join(self._tab(name, title) for name, title, _ in PAGES)
        self.head.update(Content("\n").join([first, tabs]))

    def _tab(self, name: str, title: str) -> Content:
        click = Style.from_meta({"page": name})
        active = name == self.pages.current
        style = "bold $accent" if active else "$text-muted"
        shown = f"[{title}]" if active else f" {title} "
        return Content.styled(shown, style).stylize(click)

    async def show_card(self, card: Document) -> None:
        """Show another trust card of this result."""
        if self._view is not None:
            self._view = replace(self._view, card=card)
            self._stale.add("trust")
            if self.pages.current == "trust":
                await self._fill("trust")

    def show_checking(self, progress: str | None) -> None:
        """Say how far the checks of this result are; None when none are being made."""
        for page in self.query(TrustCard):
            page.show_checking(progress)

    def commands(self) -> Iterator[Command]:
        """Offer the pages to the palette."""
        if self._view is not None and not self.has_class("-message"):
            for name, title, _ in PAGES:
                yield Command(f"result: {title}", "A page of this result",
                              partial(self.open_page, name))  # fmt: skip

    def open_page(self, name: str) -> None:
        """Go to a page beside what is going on."""
        _going: Worker[None] = self.run_worker(
            self.action_page(name), group="open", exit_on_error=False
        )

    def action_copy(self) -> None:
        """Copy what the page shows, as text with tabs between."""
        report = self._report
        if report is None or report.result is None:
            return
        found = figures_of(report.result.performance, report.result.risk_metrics)
        rows = [f"{figure.title}\t{figure.write(value)}" for _, figure, value in found]
        self.app.copy_to_clipboard("\n".join([report.backtest.name, *rows]))
        toast(self.app, "Metrics copied", seconds=2)


def _period(report: BacktestReport) -> tuple[str, str]:
    """Return first and last date of the result, or else what was asked for."""
    dates = report.result.portfolio_value.get("date") if report.result else None
    if dates:
        return str(dates[0]), str(dates[-1])
    config = report.backtest.config
    return str(config.get("start_date") or "first bar"), str(config.get("end_date") or "last bar")
