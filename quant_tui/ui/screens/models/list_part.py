"""A part that is a list, with lines about the chosen row, the page of one row, and a form.

::

    class ScenariosPart(ListPart):
        form_is = "The scenario's form"

        def __init__(self, place: Models, *, id: str) -> None:
            super().__init__(place, Table(COLUMNS, empty=EMPTY), ScenarioPage(id=ONE), id=id)

        async def load(self) -> None: self.set_rows(row_of(one) for one in ...)
        def about_lines(self, width: int) -> Iterable[Content]: ...
        async def open_row(self, key: str) -> None: ...
        async def submit(self, form: PartForm, values: dict[str, str]) -> None: ...

One of the three is shown at a time; the names of the pages are the ids of their widgets.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from quant_tui.ui.screens.models.part_form import PartForm
from quant_tui.ui.screens.models.parts import ModelsPart
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Row, Table

if TYPE_CHECKING:
    from quant_tui.ui.screens.models.workspace import Models
    from quant_tui.ui.widgets.paged import TakesKeys

LIST = "part-list"
"""The page that is the list."""


class ListPart(ModelsPart):
    """Base of such a part; the module says how to write one.

    Parameters
    ----------
    table
        The list.
    page
        Where one of its rows is shown; it has an id.
    """

    # the rule for low terminals begins with a class of the screen
    SCOPED_CSS = False
    DEFAULT_CSS = """
    ListPart {
        & > ContentSwitcher, & #part-list { height: 1fr; }
        & #part-about { height: 10; border-top: solid $rule; padding-left: 1; }
    }
    .-short ListPart #part-about { height: 6; }
    """
    form_is: ClassVar[str] = ""
    """What would be lost with a form that was changed."""

    def __init__(self, place: Models, table: Table, page: Widget, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(place, id=id)
        self.table = table
        self.about = Page(id="part-about")
        self.pages = ContentSwitcher(initial=LIST)
        self._page = page

    # -- for the part to fill in

    def about_lines(self, width: int) -> Iterable[Content]:  # noqa: ARG002 -- for subclasses
        """Say more about the chosen row."""
        return ()

    async def open_row(self, key: str) -> None:
        """Show the page of a row, with :meth:`show_page`."""

    async def submit(self, form: PartForm, values: dict[str, str]) -> None:
        """Keep what was typed, or have the form say why not."""

    # -- for the part to use

    def set_rows(self, rows: Iterable[Row]) -> None:
        """Fill the list."""
        found = [*rows]
        self.table.set_rows(found)
        self.about.display = bool(found)
        self.show_about()

    def show_about(self) -> None:
        """Say more about the row under the cursor."""
        shown = self.table.cursor_key
        self.about.show((lambda width: [*self.about_lines(width)]) if shown else None)

    @property
    def on_list(self) -> bool:
        """Whether the list is in front."""
        return self.pages.current == LIST

    @property
    def on_page(self) -> bool:
        """Whether the page of one row is in front."""
        return self.pages.current == self._page.id

    def show_page(self) -> None:
        """Show the page of one row, and give it the keys."""
        self.pages.current = self._page.id
        self.focus_first()
        self.refresh_bindings()

    @property
    def open_form(self) -> PartForm | None:
        """The form, while it is open."""
        return next(iter(self.pages.query_children(PartForm)), None)

    async def show_form(self, form: PartForm) -> None:
        """Show a form where none is open."""
        if self.open_form is None:
            await self.pages.mount(form)
            self.pages.current = form.id
            self.focus_first()
            self.refresh_bindings()

    async def to_list(self) -> None:
        """Show the list; a form goes."""
        self.pages.current = LIST
        if (form := self.open_form) is not None:
            await form.remove()
        self.table.focus()
        self.refresh_bindings()

    # -- what all of them do

    def compose(self) -> ComposeResult:
        """Lay out the list and the page of one row."""
        with self.pages:
            with Vertical(id=LIST):
                yield self.table
                yield self.about
            yield self._page

    def focus_first(self) -> None:
        """Give the keys to what is shown."""
        if (form := self.open_form) is not None:
            form.focus_first()
        elif self.on_page:
            cast("TakesKeys", self._page).focus_first()
        else:
            self.table.focus()

    async def jump(self, target: str) -> None:
        """Open a row."""
        await self.load()
        self.table.move_to(target)
        await self.open_row(target)

    @property
    def unsaved(self) -> str:
        """A form that was changed."""
        form = self.open_form
        return self.form_is if form is not None and form.form.changed else ""

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Say more about the row; the tables of a page have rows of their own."""
        event.stop()
        if event.table is self.table:
            self.show_about()
            self.refresh_bindings()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open the row."""
        event.stop()
        if event.table is self.table:
            self.place.forget_visit()
            self.place.spawn(partial(self.open_row, event.key), keys_wait=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to go back, and what is new on the list alone."""
        if action == "back":
            return not self.on_list
        if action == "new":
            return self.on_list
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Back to the list, or to the part that opened the page."""
        if not self.on_list:
            self.place.spawn(self._leave_page, keys_wait=True)

    async def _leave_page(self) -> None:
        visited = self.on_page
        await self.to_list()
        if visited:
            await self.place.end_visit()

    def on_part_form_left(self, event: PartForm.Left) -> None:
        """Go back to the list; ask first when something was typed."""
        event.stop()
        self.place.spawn(self._leave_form, keys_wait=True)

    async def _leave_form(self) -> None:
        if not self.unsaved or await self.place.confirm(
            "Leave without saving?", "What you typed is lost.", yes="Leave"
        ):
            await self.to_list()

    def on_part_form_submitted(self, event: PartForm.Submitted) -> None:
        """Keep it."""
        event.stop()
        self.place.spawn(partial(self.submit, event.form, event.values), keys_wait=True)
