"""Text that scrolls, is laid out anew for every width, and repaints the lines that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content, Span
from textual.geometry import Region
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.visual import Visual

from quant_tui.ui.widgets.line_view import LineView

Write = Callable[[int], Sequence[Content]]
"""From a width in cells to lines."""

Look = tuple[str, tuple[Span, ...]]
"""Text and styles of a line: what tells how it is drawn."""

MOST_KEPT = 2000
"""Lines that are drawn once and kept: neighbours in a list have most of them in common."""

WIDEST = 110
"""Widest line of text, in cells; longer ones are hard to read."""


class Page(LineView, can_focus=True):
    """Lines that scroll with the arrows and with ``j`` and ``k``.

    Parameters
    ----------
    widest
        Cells of the widest line; running text keeps to :data:`WIDEST`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", id="page.down", show=False, tooltip="Scroll down"),
        Binding("k", "scroll_up", "Up", id="page.up", show=False, tooltip="Scroll up"),
        Binding("g", "scroll_home", "First", id="page.first", show=False, tooltip="To the top"),
        Binding("G", "scroll_end", "Last", id="page.last", show=False, tooltip="To the end"),
    ]

    def __init__(self, *, widest: int = WIDEST, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.widest = widest
        self._write: Write | None = None
        self._width = 0
        self._strips: dict[Look, Strip] = {}
        self.lines: list[Content] = []

    def show(self, write: Write | None) -> None:
        """Show what ``write`` makes for the width there is; None shows nothing."""
        self._write = write
        self._put()

    def on_resize(self, event: events.Resize) -> None:
        """Lay the text out for the new width."""
        if event.size.width != self._width:
            self._put()

    def _put(self) -> None:
        if self._width != self.size.width:
            self._width = self.size.width
            self._strips.clear()
            self.refresh()  # what was drawn for another width, or for none while hidden
        if self._width == 0:
            return
        width = min(self.widest, max(20, self._width - 1))
        written = list(self._write(width)) if self._write is not None else []
        before, self.lines = self.lines, list(self._fitting(written))
        changed = [
            at
            for at, (old, new) in enumerate(zip_longest(before, self.lines))
            if old is None or new is None or not new.is_same(old)
        ]
        if changed:
            top, bottom = changed[0] - self.scroll_offset.y, changed[-1] + 1 - self.scroll_offset.y
            self.refresh(Region(0, top, self._width, bottom - top))
        self.set_height(len(self.lines))

    def _fitting(self, written: Sequence[Content]) -> Iterator[Content]:
        """Break the lines that are wider than the page."""
        widest = max(1, self._width - 1)
        for line in written:
            if line.cell_length > widest or "\n" in line.plain:
                yield from line.wrap(widest)
            else:
                yield line

    # -- drawing

    def notify_style_update(self) -> None:
        """Forget lines in the colours of the theme before."""
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget."""
        at = y + round(self.scroll_y)
        style = self.visual_style
        if at >= len(self.lines):
            return Strip.blank(self.room, style.rich_style)
        line = self.lines[at]
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(at)) is not None:
            first, last = span
            chosen = VisualStyle.from_styles(self.screen.get_component_styles("screen--selection"))
            line = line.stylize(chosen, first, len(line.plain) if last == -1 else last)
        look = (line.plain, tuple(line.spans))
        strip = self._strips.get(look)
        if strip is None:
            if len(self._strips) > MOST_KEPT:
                self._strips.clear()
            strip = self._strips[look] = self._draw(line, style)
        return strip.apply_offsets(0, at)

    def _draw(self, line: Content, style: VisualStyle) -> Strip:
        drawn = Visual.to_strips(self, line, self._width, 1, style, apply_selection=False)
        strip = drawn[0] if drawn else Strip.blank(self._width, style.rich_style)
        return strip.adjust_cell_length(self._width, style.rich_style)

    # -- choosing text with the mouse

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the chosen text."""
        return selection.extract("\n".join(line.plain for line in self.lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002 -- Textual's signature
        """Draw all lines anew, with what is chosen or without it."""
        self.refresh()


def heading(text: str, width: int) -> Content:
    """Write a section's heading with a line after it."""
    line = "─" * max(0, width - Content(text).cell_length - 1)
    return Content.assemble((text, "bold $text-muted"), " ", (line, "$rule"))
