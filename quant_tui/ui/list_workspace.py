"""A workspace that is a list, and beside it pages in its place: one of its rows, a form, more.

Example
-------
::

    class Backtests(ListWorkspace):
        form_type = RunForm                   # mounted and removed as a page
        form_is = "The new backtest's form"   # what would be lost by quitting
        follows = "backtest"                  # kind of the jobs it listens to

        def __init__(self) -> None:
            page = ResultPage(id="result")
            super().__init__(Table(COLUMNS, markable=True, id="backtests"), page)

        async def fetch_rows(self) -> None: self.table.set_rows(...)
        async def open_row(self, key: str) -> None: ...; self.show_page("result"); ...
        def show_about(self) -> None: self.about.update(...)
        def job_changed(self, job: Job[object]) -> None: ...
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from quant_tui.ui.widgets.table import Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job
    from quant_tui.services.composition import Services
    from quant_tui.ui.screens.backtests.market_form import MarketForm

FRESH_SECONDS = 1.0
"""How old the list may be when the workspace comes to the front."""

LIST = "list"


class TakesKeys(Protocol):
    """What every page can do."""

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""


class ListWorkspace(Workspace):
    """A list with lines about the chosen row, and pages that stand in its place.

    Parameters
    ----------
    table
        The list.
    page
        Where one of its rows is shown; it has an id.
    """

    form_type: ClassVar[type[MarketForm]]
    form_is = ""
    follows = ""

    def __init__(self, table: Table, page: Widget) -> None:
        super().__init__()
        self.table = table
        self.about = Static("", id="about", markup=False)
        self.pages = ContentSwitcher(initial=LIST)
        self.more_fields = False
        self._page = page
        self._loaded_at = 0.0
        self._refreshing = asyncio.Lock()
        self._unsubscribe: Callable[[], None] | None = None

    # -- for the workspace to fill in

    async def fetch_rows(self) -> None:
        """Fetch the rows and put them into the list."""
        raise NotImplementedError

    async def open_row(self, key: str) -> None:
        """Show a row's page."""
        raise NotImplementedError

    async def open_form(self) -> None:
        """Show the form of a new row."""
        raise NotImplementedError

    def show_about(self) -> None:
        """Say more about the chosen row."""

    def row_chosen(self) -> None:
        """Look again which keys work, as another row is chosen."""
        self.refresh_bindings()

    def job_changed(self, job: Job[object]) -> None:
        """Follow a job of the kind that the workspace :attr:`follows`."""

    # -- what all of them do

    def compose(self) -> ComposeResult:
        """Lay out the pages."""
        with self.pages:
            with Vertical(id=LIST):
                yield self.table
                yield self.about
            yield self._page

    async def load(self, services: Services) -> None:
        """Fetch the list, and listen to its jobs."""
        if self._unsubscribe is None:
            self._unsubscribe = services.jobs.subscribe(self._heard)
        await self.refresh_list()
        self._loaded_at = monotonic()

    def shown(self) -> None:
        """Look whether another open instance made or deleted something meanwhile."""
        if self.ready and monotonic() - self._loaded_at > FRESH_SECONDS:
            self.spawn(partial(self.load, self.services), group="list", exclusive=True)

    def on_unmount(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()

    def _heard(self, job: Job[object]) -> None:
        if job.kind == self.follows and self.is_attached:
            self.job_changed(job)

    async def refresh_list(self) -> None:
        """Fetch the rows; of several at once, those that were asked for last stay."""
        async with self._refreshing:
            await self.fetch_rows()

    def refresh_soon(self) -> None:
        """Fetch the rows beside what is going on."""
        self.spawn(self.refresh_list, group="list", exclusive=True)

    @property
    def shown_page(self) -> str:
        """Name of the page that is shown."""
        return self.pages.current or LIST

    def show_page(self, page: str) -> None:
        """Show a page, and give it the keys."""
        self.pages.current = page
        self.focus_first()
        self.refresh_bindings()

    def focus_first(self) -> None:
        """Give the keys to the page that is shown."""
        shown = next(iter(self.pages.query_children(f"#{self.shown_page}")), None)
        if shown is None or self.shown_page == LIST:
            self.table.focus()
        else:
            cast("TakesKeys", shown).focus_first()

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Say more about the row; the tables of a page have rows of their own."""
        event.stop()
        if event.table is self.table:
            self.show_about()
            self.row_chosen()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open a row of the list."""
        event.stop()
        if event.table is self.table:
            self.spawn_open(partial(self.open_row, event.key))

    def spawn_open(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run what opens a page: the last one wins, and keys typed ahead wait for it."""
        self.spawn(work, group="open", exclusive=True, keys_wait=True)

    def action_back(self) -> None:
        """Back to the list."""
        if self.shown_page != LIST:
            self.spawn(self.to_list, keys_wait=True)

    async def to_list(self) -> None:
        """Show the list; a form goes."""
        await self.close_form()
        self.show_page(LIST)

    # -- the form

    def action_new(self) -> None:
        """Open the form of a new row."""
        self.spawn_open(self.open_form)

    @property
    def form(self) -> MarketForm | None:
        """The form, while it is open."""
        return next(iter(self.pages.query_children(self.form_type)), None)

    @property
    def unsaved(self) -> str:
        """A form that was changed."""
        form = self.form
        return self.form_is if form is not None and form.form.changed else ""

    async def mount_form(self, form: MarketForm) -> None:
        """Show a form in place of one that is open."""
        await self.close_form()
        await self.pages.mount(form)
        self.show_page(str(form.id))

    async def close_form(self) -> None:
        """Take the form away; the next one begins with as many fields."""
        if (form := self.form) is not None:
            self.more_fields = form.form.opened
            self.pages.current = LIST
            await form.remove()
