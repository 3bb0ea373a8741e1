"""Base of the pages in place of the conversations: prompts, written strategies, tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from quant_tui.domain.errors import QuantError

if TYPE_CHECKING:
    from quant_tui.services.composition import Services
    from quant_tui.ui.screens.chat.workspace import Chat
    from quant_tui.ui.widgets.table import Table


class LibraryPage(Widget):
    """A page of the chat's workspace that ``escape`` leaves."""

    DEFAULT_CSS = """
    LibraryPage { layout: vertical; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="chats.leave", tooltip="Back to the conversations"),
    ]

    table: Table

    class Left(Message):
        """The person wants back to the conversations."""

    @property
    def workspace(self) -> Chat:
        """Whose page it is."""
        return cast("Chat", next(one for one in self.ancestors if one.id == "workspace-chat"))

    @property
    def services(self) -> Services:
        """The services."""
        return self.workspace.services

    async def load(self) -> None:
        """Fetch what is shown; why that failed stands in the place of the list."""
        try:
            await self.fetch()
        except QuantError as error:
            self.table.set_rows(())  # no key works on what cannot be seen
            self.table.show_error(error, retry=self.action_refresh)
            self.refresh_bindings()

    async def fetch(self) -> None:
        """Fetch what is shown."""

    def action_refresh(self) -> None:
        """Fetch it again."""
        self.spawn(self.load)

    def focus_first(self) -> None:
        """Take the keys."""

    def spawn(self, work: Callable[[], Awaitable[object]]) -> None:
        """Run work that decides what the next keys are for."""
        self.workspace.spawn(work, keys_wait=True)

    def action_leave(self) -> None:
        """Say so."""
        self.post_message(self.Left())
