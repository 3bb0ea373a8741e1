"""Text that scrolls and is laid out anew for every width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

Write = Callable[[int], Sequence[Content]]
"""From a width in cells to lines."""

WIDEST = 110
"""Widest line of text, in cells; longer ones are hard to read."""


class Page(VerticalScroll, can_focus=True):
    """Lines that scroll with the arrows and with ``j`` and ``k``."""

    DEFAULT_CSS = """
    Page { height: 1fr; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", id="page.down", show=False, tooltip="Scroll down"),
        Binding("k", "scroll_up", "Up", id="page.up", show=False, tooltip="Scroll up"),
        Binding("g", "scroll_home", "First", id="page.first", show=False, tooltip="To the top"),
        Binding("G", "scroll_end", "Last", id="page.last", show=False, tooltip="To the end"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._text = Static("", markup=False)
        self._write: Write | None = None
        self._width = 0
        self.lines: list[Content] = []

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield self._text

    def show(self, write: Write | None) -> None:
        """Show what ``write`` makes for the width there is; None shows nothing."""
        self._write = write
        self._put()

    def on_resize(self, event: events.Resize) -> None:
        """Lay the text out for the new width."""
        if event.size.width != self._width:
            self._put()

    def _put(self) -> None:
        self._width = self.size.width
        if self._width == 0:
            return
        width = min(WIDEST, max(20, self._width - 1))
        lines = list(self._write(width)) if self._write is not None else []
        if lines != self.lines:
            self.lines = lines
            self._text.update(Content("\n").join(lines))


def heading(text: str, width: int) -> Content:
    """Write a section's heading with a line after it."""
    line = "─" * max(0, width - len(text) - 1)
    return Content.assemble((text, "bold $text-muted"), " ", (line, "$rule"))
