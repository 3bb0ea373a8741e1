"""What is in the store, and bringing more in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher

from quant_tui.services.chat_selection import Selection, of_symbols
from quant_tui.ui import format as fmt
from quant_tui.ui.reporting import toast
from quant_tui.ui.screens.data_fetch.fetch_form import FetchForm
from quant_tui.ui.screens.data_fetch.fetch_text import fetch_lines
from quant_tui.ui.screens.data_import.import_form import ImportForm
from quant_tui.ui.screens.data_import.import_text import job_lines, report_lines
from quant_tui.ui.symbol_target import symbol_target
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from datetime import date

    from quant_tui.jobs.manager import Job
    from quant_tui.services.bar_exports import ExportReport
    from quant_tui.services.composition import Services
    from quant_tui.services.fetching import FetchReport
    from quant_tui.services.market_data import ImportReport
    from quant_tui.services.sample_data import SampleReport
    from quant_tui.storage.duck.records import SymbolSummary
    from quant_tui.ui.commands import Command
    from quant_tui.ui.screens.data_quality import QualityView


def _muted(_value: object) -> str:
    return "muted"


def _day(value: object) -> str:
    return fmt.day(cast("date", value))


def _count(value: object) -> str:
    return fmt.integer(cast("float | None", value))


def _source_role(value: object) -> str:
    return "warning" if str(value).startswith("synthetic") else ""


COLUMNS = (
    Column("Symbol", 12),
    Column("Source", 11, role=_source_role, grow=1),
    Column("First", 10, write=_day),
    Column("Last", 10, write=_day, first="descending"),
    Column("Bars", 9, "right", write=_count, first="descending"),
    Column("Every", 5, role=_muted),
    Column("Adjusted for", 12, role=_muted, grow=1),
)
EMPTY = Notice(
    "No market data yet",
    "Bars of prices by symbol and date, from files of your own or from the sample data: two "
    "real indices and a dozen invented stocks, marked as such.",
    (
        ("a", "Add the sample data"),
        ("n", "Import a CSV or Parquet file"),
        ("r", "Fetch from a provider"),
    ),
)


class DataImport(Workspace):
    """Symbols of the store, and the import of files."""

    BINDING_GROUP_TITLE = "Data"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "Import file", id="data.import",
                tooltip="Import a CSV or Parquet file"),
        Binding("a", "sample", "Add sample data", id="data.sample",
                tooltip="Load the sample data that ship with the program"),
        Binding("r", "fetch", "Fetch", id="data.fetch",
                tooltip="Fetch bars, companies, news or series from a provider"),
        Binding("b", "backtest", "Backtest", id="data.backtest",
                tooltip="New backtest on the marked symbols, or on this one"),
        Binding("t", "check", "Check", id="data.check",
                tooltip="Check the data quality of the marked symbols, or of this one"),
        Binding("T", "check_all", "Check all", id="data.check_all", show=False,
                tooltip="Check the data quality of all symbols"),
        Binding("x", "export", "Export", id="data.export",
                tooltip="Write the bars of the marked symbols, or of this one, to files"),
        Binding("ctrl+x", "cancel", "Cancel", id="data.cancel",
                tooltip="Stop the import or fetch; nothing half is left"),
        Binding("escape", "back", "Back", id="data.back", tooltip="Back, one step"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(COLUMNS, empty=EMPTY, markable=True, id="symbols")
        self.outcome = Page(id="outcome")
        self.pages = ContentSwitcher(self.table, self.outcome, initial="symbols")
        self._job: Job[object] | None = None
        self._symbols: list[SymbolSummary] = []

    def compose(self) -> ComposeResult:
        """Lay out the pages."""
        yield self.pages

    async def load(self, services: Services) -> None:
        """Fetch what is in the store."""
        self._symbols = await services.market_data.symbols()
        self.table.set_rows(
            Row(
                f"{one.symbol} {one.interval}",
                (
                    one.symbol,
                    one.source,
                    one.first,
                    one.last,
                    one.rows,
                    one.interval,
                    one.adjustment,
                ),
            )
            for one in self._symbols
        )
        self.refresh_bindings()

    def shown(self) -> None:
        """Look whether something came in meanwhile."""
        if self.ready and self.pages.current == "symbols":
            self.spawn(partial(self.load, self.services), group="list", exclusive=True)

    def focus_first(self) -> None:
        """Give the keys to the page that is shown."""
        if self.pages.current == "outcome":
            self.outcome.focus()
        elif self.pages.current == "quality" and (quality := self._quality) is not None:
            quality.focus_first()
        elif (form := self._form) is not None and form.is_mounted:
            form.focus_first()
        elif form is None:
            self.table.focus()

    async def jump(self, target: str) -> None:
        """Do what the palette asks for.

        That is ``new``, ``sample``, ``fetch``, ``export``, ``quality`` or ``fixes``;
        ``fetch:IBM,AAPL`` offers symbols.
        """
        if target == "new":
            self.action_new()
        elif target == "sample":
            self.action_sample()
        elif target.partition(":")[0] == "fetch":
            symbols = target.partition(":")[2]
            await self._open_fetch(symbols.split(",") if symbols else [])
        elif target == "quality":
            await self._open_quality(None)
        elif target == "export":
            self.spawn(partial(self._export, None), group="export", keys_wait=True)
        elif target == "fixes":
            await (await self._quality_page()).show_fixes()

    def commands(self) -> Iterable[Command]:
        """Offer the import and the sample data from anywhere."""
        return data_commands(self.host.go_to)

    @property
    def unsaved(self) -> str:
        """Nothing here is lost by quitting."""
        return ""

    def selection(self) -> Selection | None:
        """Return what is chosen, for the chat beside."""
        return of_symbols(chosen) if (chosen := self._chosen) else None

    @property
    def _form(self) -> ImportForm | FetchForm | None:
        return next(iter([*self.query(ImportForm), *self.query(FetchForm)]), None)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action in ("new", "sample", "fetch"):
            return self.loaded and self._form is None and self.pages.current != "quality"
        if action in ("backtest", "check", "check_all", "export"):
            return self.pages.current == "symbols" and bool(self.table.cursor_key)
        if action == "cancel":
            return self._job is not None and not self._job.status.is_final
        if action == "back":
            return self.pages.current != "symbols"
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Back to the form when the import did not work, otherwise to the list."""
        if self.pages.current == "outcome" and self._form is not None:
            self._show_page(str(self._form.id))
        elif self.pages.current == "quality" and (quality := self._quality) is not None:
            quality.action_leave()
        elif self.pages.current != "symbols":
            self.spawn(self._to_list, keys_wait=True)

    async def _to_list(self) -> None:
        await self._close_form()
        self._show_page("symbols")
        await self.load(self.services)

    async def _close_form(self) -> None:
        if (form := self._form) is not None:
            self.pages.current = "symbols"
            await form.remove()

    def _show_page(self, page: str) -> None:
        self.pages.current = page
        self.focus_first()
        self.refresh_bindings()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open the symbol, within the list as it is shown."""
        event.stop()
        shown = [self.table.model.row(line).values[0] for line in range(len(self.table.model))]
        symbol = event.key.rpartition(" ")[0]
        self.switch_to("symbol", target=symbol_target(symbol, [str(one) for one in shown]))

    @property
    def _chosen(self) -> list[str]:
        """The marked symbols, or the one under the cursor."""
        keys = self.table.marked or {self.table.cursor_key}
        chosen = [one.symbol for one in self._symbols if f"{one.symbol} {one.interval}" in keys]
        return list(dict.fromkeys(chosen))

    def action_backtest(self) -> None:
        """Open the form of a new backtest with the symbols."""
        if chosen := self._chosen:
            self.switch_to("backtests", target=f"symbol:{','.join(chosen)}")

    def action_cancel(self) -> None:
        """Stop the import or fetch."""
        if self._job is not None:
            self._job.cancel()

    # -- exporting

    def action_export(self) -> None:
        """Ask where to, and export the bars of the marked symbols or of this one."""
        if chosen := self._chosen:
            self.spawn(partial(self._export, chosen), group="export", keys_wait=True)

    async def _export(self, symbols: list[str] | None) -> None:
        from quant_tui.ui.screens.data_import.export_dialog import ExportDialog

        intervals = {one.interval for one in self._symbols if one.symbol in (symbols or ())}
        interval = next(iter(intervals)) if len(intervals) == 1 else "1d"
        request = await self.host.push_screen_wait(ExportDialog(symbols, interval))
        if request is None:
            return

        async def start(overwrite: bool) -> Job[ExportReport]:
            return await self.services.bar_exports.start(replace(request, overwrite=overwrite))

        if (job := await self.write_file(start)) is not None:
            self.follow(job, on_done=self._exported)

    def _exported(self, report: ExportReport) -> None:
        toast(self.app, f"✓ {report.rows:,} bars in {report.path}", title="Export")

    # -- data quality

    @property
    def _quality(self) -> QualityView | None:
        from quant_tui.ui.screens.data_quality import QualityView

        return next(iter(self.query(QualityView)), None)

    def action_check(self) -> None:
        """Check the marked symbols, or the one under the cursor."""
        if chosen := self._chosen:
            self.spawn(partial(self._open_quality, chosen), group="open", keys_wait=True)

    def action_check_all(self) -> None:
        """Check all symbols."""
        self.spawn(partial(self._open_quality, None), group="open", keys_wait=True)

    async def _open_quality(self, symbols: list[str] | None) -> None:
        (await self._quality_page()).check(symbols)

    async def _quality_page(self) -> QualityView:
        from quant_tui.ui.screens.data_quality import QualityView

        quality = self._quality
        if quality is None:
            user = self.services.user
            quality = QualityView(self, self.services.data_quality, user.username if user else "")
            await self.pages.mount(quality)
        self._show_page("quality")
        return quality

    def on_quality_view_left(self) -> None:
        """Go back to the list."""
        self.spawn(self._to_list, keys_wait=True)

    # -- importing

    def action_new(self) -> None:
        """Open the form of an import."""
        self.spawn(self._open_form, group="open", exclusive=True, keys_wait=True)

    async def _open_form(self) -> None:
        await self._close_form()
        await self.pages.mount(ImportForm(self.services.market_data))
        self._show_page("import")

    def on_import_form_left(self, event: ImportForm.Left) -> None:
        """Go back to the list."""
        event.stop()
        self.action_back()

    def on_import_form_started(self, event: ImportForm.Started) -> None:
        """Import the file, and keep the form in case that fails."""
        event.stop()
        job = self.services.market_data.start_import(event.request)
        self._watch(cast("Job[object]", job))
        self.follow(job, on_done=self._imported, on_failed=self._not_imported)

    # -- fetching

    def action_fetch(self) -> None:
        """Open the form of a fetch, with the marked symbols or the one under the cursor."""
        invented = {one.symbol for one in self._symbols if one.synthetic}
        chosen = [symbol for symbol in self._chosen if symbol not in invented]
        self.spawn(partial(self._open_fetch, chosen), group="open", exclusive=True, keys_wait=True)

    async def _open_fetch(self, symbols: list[str]) -> None:
        await self._close_form()
        await self.pages.mount(FetchForm(self.services.fetching, symbols))
        self._show_page("fetch")

    def on_fetch_form_left(self, event: FetchForm.Left) -> None:
        """Go back to the list."""
        event.stop()
        self.action_back()

    def on_fetch_form_started(self, event: FetchForm.Started) -> None:
        """Fetch, and keep the form in case that fails."""
        event.stop()
        job = self.services.fetching.start(event.request)
        self._watch(cast("Job[object]", job))
        self.follow(job, on_done=self._fetched, on_failed=self._not_imported)

    async def _fetched(self, report: FetchReport) -> None:
        self.outcome.show(partial(fetch_lines, report))
        failed = len(report.failed)
        mark, rest = ("▲", f", {failed:,} not fetched") if failed else ("✓", "")
        await self._close_import(f"{mark} {report.stored:,} new or changed{rest}", title="Fetch")

    def action_sample(self) -> None:
        """Load the sample data."""
        service = self.services.sample_data
        job = self.services.jobs.start("import", "Sample data", service.load)
        self._watch(cast("Job[object]", job))
        self.follow(job, on_done=self._sampled, on_failed=self._not_imported)

    def _watch(self, job: Job[object]) -> None:
        self._job = job
        self.outcome.show(partial(job_lines, job))
        self._show_page("outcome")

    def jobs_changed(self) -> None:
        """Show how far the import is."""
        if self._job is not None and not self._job.status.is_final:
            self.outcome.show(partial(job_lines, self._job))
        if (quality := self._quality) is not None:
            quality.jobs_changed()

    async def _imported(self, report: ImportReport) -> None:
        self.outcome.show(partial(report_lines, report))
        await self._close_import(
            f"✓ {report.rows:,} rows of {counted(len(report.symbols), 'symbol')}"
        )

    async def _sampled(self, report: SampleReport) -> None:
        await self._close_import(f"✓ {report.bars:,} sample bars of {report.symbols} symbols")
        if self.pages.current == "outcome":
            await self._to_list()

    async def _close_import(self, message: str, *, title: str = "Import") -> None:
        if (form := self._form) is not None:
            await form.remove()
        await self.load(self.services)
        self.host.status_keeper.look()
        toast(self.app, message, title=title)

    def _not_imported(self, error: BaseException) -> None:
        job = self._job
        if job is not None:
            self.outcome.show(partial(job_lines, job))
        if self.host.front != "data":
            title = "Import" if job is None else job.kind.capitalize()
            toast(self.app, str(error), title=title, severity="error")
        self.refresh_bindings()


def counted(number: int, what: str) -> str:
    """Write ``1 symbol``, ``2 symbols``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def data_commands(go: object) -> Iterable[Command]:
    """Return the palette's lines about data."""
    from quant_tui.ui.commands import Command

    jump = cast("partial[None]", go)
    yield Command("data: Import a file", "CSV or Parquet", partial(jump, "data", target="new"))
    yield Command("data: Fetch from a provider", "Bars, companies, news, economic series",
                  partial(jump, "data", target="fetch"))  # fmt: skip
    yield Command("data: Add the sample data", "Two indices, a dozen invented stocks",
                  partial(jump, "data", target="sample"))  # fmt: skip
    yield Command("data: Export all bars", "Parquet or CSV, in one file or by year",
                  partial(jump, "data", target="export"))  # fmt: skip
    yield Command("data: Check the quality of all bars", "Missing sessions, splits, spikes …",
                  partial(jump, "data", target="quality"))  # fmt: skip
    yield Command("data: Fixes that were made to bars", "Who, when, why; undo",
                  partial(jump, "data", target="fixes"))  # fmt: skip
