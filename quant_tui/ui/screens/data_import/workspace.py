"""What is in the store, and bringing more in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher

from quant_tui.ui import format as fmt
from quant_tui.ui.reporting import toast
from quant_tui.ui.screens.data_import.import_form import ImportForm
from quant_tui.ui.screens.data_import.import_text import job_lines, report_lines
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from datetime import date

    from quant_tui.jobs.manager import Job
    from quant_tui.services.composition import Services
    from quant_tui.services.market_data import ImportReport
    from quant_tui.services.sample_data import SampleReport
    from quant_tui.storage.duck.records import SymbolSummary
    from quant_tui.ui.commands import Command


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
    (("a", "Add the sample data"), ("n", "Import a CSV or Parquet file")),
)


class DataImport(Workspace):
    """Symbols of the store, and the import of files."""

    BINDING_GROUP_TITLE = "Data"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "Import file", id="data.import",
                tooltip="Import a CSV or Parquet file"),
        Binding("a", "sample", "Add sample data", id="data.sample",
                tooltip="Load the sample data that ship with the program"),
        Binding("r", "run", "Backtest", id="data.run",
                tooltip="New backtest on the marked symbols, or on this one"),
        Binding("ctrl+x", "cancel", "Cancel import", id="data.cancel",
                tooltip="Stop the import; the store stays as it was"),
        Binding("escape", "back", "Back", id="data.back", tooltip="Back, one step"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(COLUMNS, empty=EMPTY, markable=True, openable=False, id="symbols")
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
        elif (form := self._form) is not None:
            form.focus_first()
        else:
            self.table.focus()

    async def jump(self, target: str) -> None:
        """Do what the palette asks for: ``new`` or ``sample``."""
        if target == "new":
            self.action_new()
        elif target == "sample":
            self.action_sample()

    def commands(self) -> Iterable[Command]:
        """Offer the import and the sample data from anywhere."""
        return data_commands(self.host.go_to)

    @property
    def unsaved(self) -> str:
        """Nothing here is lost by quitting."""
        return ""

    @property
    def _form(self) -> ImportForm | None:
        return next(iter(self.query(ImportForm)), None)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action in ("new", "sample"):
            return self.loaded and self._form is None
        if action == "run":
            return self.pages.current == "symbols" and bool(self.table.cursor_key)
        if action == "cancel":
            return self._job is not None and not self._job.status.is_final
        if action == "back":
            return self.pages.current != "symbols"
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Back to the form when the import did not work, otherwise to the list."""
        if self.pages.current == "outcome" and self._form is not None:
            self._show_page("import")
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

    def action_run(self) -> None:
        """Open the form of a new backtest with the symbols."""
        keys = self.table.marked or {self.table.cursor_key}
        chosen = [one.symbol for one in self._symbols if f"{one.symbol} {one.interval}" in keys]
        if chosen:
            self.switch_to("backtests", target=f"symbol:{','.join(dict.fromkeys(chosen))}")

    def action_cancel(self) -> None:
        """Stop the import."""
        if self._job is not None:
            self._job.cancel()

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

    async def _imported(self, report: ImportReport) -> None:
        self.outcome.show(partial(report_lines, report))
        await self._close_import(
            f"✓ {report.rows:,} rows of {counted(len(report.symbols), 'symbol')}"
        )

    async def _sampled(self, report: SampleReport) -> None:
        await self._close_import(f"✓ {report.bars:,} sample bars of {report.symbols} symbols")
        if self.pages.current == "outcome":
            await self._to_list()

    async def _close_import(self, message: str) -> None:
        if (form := self._form) is not None:
            await form.remove()
        await self.load(self.services)
        self.host.status_keeper.look()
        toast(self.app, message, title="Import")

    def _not_imported(self, error: BaseException) -> None:
        job = self._job
        if job is not None:
            self.outcome.show(partial(job_lines, job))
        if self.host.front != "data":
            toast(self.app, str(error), title="Import", severity="error")
        self.refresh_bindings()


def counted(number: int, what: str) -> str:
    """Write ``1 symbol``, ``2 symbols``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def data_commands(go: object) -> Iterable[Command]:
    """Return the palette's lines about data."""
    from quant_tui.ui.commands import Command

    jump = cast("partial[None]", go)
    yield Command("data: Import a file", "CSV or Parquet", partial(jump, "data", target="new"))
    yield Command("data: Add the sample data", "Two indices, a dozen invented stocks",
                  partial(jump, "data", target="sample"))  # fmt: skip
