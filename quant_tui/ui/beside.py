"""The chat beside the workspace in front: opened, given the keys, and closed by one key.

It never takes the keys on its own: the first ``ctrl+a`` opens it and leaves the keys where
they are, the next goes into it, the third closes it and goes back. Where the terminal has
no room for both, it fills the screen, and then the first has the keys too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.widget import Widget

    from quant_tui.ui.app import QuantApp
    from quant_tui.ui.screens.chat.pane import ChatPane

CHAT = "chat"

LEAST = 44
"""Columns of the chat at least."""

SHARE = 0.36
"""Its share of a wide terminal."""

LEAST_LEFT = 72
"""Columns that a workspace keeps; with fewer the chat fills the screen."""


def columns_of(width: int) -> int:
    """Return how many columns the chat takes of so many; all of them where there are few."""
    wanted = max(LEAST, round(width * SHARE))
    return wanted if width - wanted >= LEAST_LEFT else width


class ChatBeside:
    """Keeps the chat that stands beside the workspaces.

    Parameters
    ----------
    app
        In whose ``#body`` it lives.
    """

    def __init__(self, app: QuantApp) -> None:
        self._app = app
        self._pane: ChatPane | None = None
        self._before: Widget | None = None
        self._open = False

    @property
    def pane(self) -> ChatPane | None:
        """The chat, while it stands beside what is in front."""
        pane, away = self._pane, not self._open or self._app.front == CHAT
        return pane if pane is not None and pane.is_attached and not away else None

    @property
    def fills(self) -> bool:
        """Whether the chat is all that can be seen."""
        return self.pane is not None and columns_of(self._app.size.width) == self._app.size.width

    def room(self, width: int) -> int:
        """Fit the chat into so many columns; return how many the workspace has."""
        if self._pane is None:
            return width
        pane = self.pane
        taken = 0 if pane is None else columns_of(width)
        fills = taken == width
        self._app.query_one("#body").set_class(fills, "-filled")
        if pane is not None:
            pane.styles.width = taken
            pane.set_class(fills, "-fills")
        return width if fills else width - taken

    @property
    def next_step(self) -> str:
        """What the key does now: ``open``, ``enter``, ``close``; "" in workspace 8."""
        if self.pane is None:
            return "" if self._app.front == CHAT else "open"
        return "close" if self.has_keys else "enter"

    async def take(self, step: str) -> None:
        """Open the chat, go into it, or close it."""
        if step == "open":
            await self.open()
        elif step == "close":
            self.close()
        else:
            self.enter()

    async def ask(self) -> None:
        """Open the chat where it is not, and go into it."""
        if self._app.front == CHAT and self._app.stack.current is not None:
            self._app.stack.current.focus_first()
        elif self.pane is None:
            await self.open(enter=True)
        else:
            self.enter()

    @property
    def has_keys(self) -> bool:
        """Whether the keys go into the chat."""
        focused = self._app.screen.focused
        return self.pane is not None and focused is not None and self.pane in focused.ancestors

    async def open(self, *, enter: bool = False) -> None:
        """Show the chat."""
        app = self._app
        if self._pane is None or not self._pane.is_attached:
            from quant_tui.ui.screens.chat.pane import ChatPane

            self._pane = ChatPane()
            await app.query_one("#body").mount(self._pane)
        self._show(True)
        self._pane.opened()
        if enter or self.fills:
            self.enter()

    def enter(self) -> None:
        """Give the keys to the chat."""
        if (pane := self.pane) is not None:
            self._before = self._app.screen.focused
            pane.focus_first()

    def leave(self) -> None:
        """Give the keys back to the workspace; where that cannot be seen, close the chat."""
        if self.fills:
            self._show(False)
        before, self._before = self._before, None
        if before is not None and before.is_attached and before.focusable:
            before.focus(scroll_visible=False)
        elif self._app.stack.current is not None:
            self._app.stack.current.focus_first()

    def close(self) -> None:
        """Hide the chat; what it is answering goes on."""
        had_keys = self.has_keys
        if self._pane is not None:
            self._show(False)
        if had_keys:
            self.leave()

    def front_changed(self) -> None:
        """Stand back where the chat itself is in front."""
        if self._pane is not None and self._pane.is_attached:
            self._show(self._open)

    def _show(self, open_: bool) -> None:
        """Show or hide the chat, and let the screen say anew how wide the workspace is."""
        from quant_tui.ui.steady_screen import SteadyScreen

        self._open = open_
        with self._app.batch_update():
            if self._pane is not None:
                self._pane.display = self.pane is not None
            if isinstance(screen := self._app.default_screen, SteadyScreen):
                screen.classify()
        self._app.refresh_bindings()
