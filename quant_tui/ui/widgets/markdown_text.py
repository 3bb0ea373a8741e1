"""A text in Markdown as one widget, made to grow many times a second."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual
from textual.widget import Widget
from textual.worker import Worker

from quant_tui.ui.widgets.markdown_lines import MarkdownLines, end_of, laid_out

LARGE = 4_000
"""Characters from which a text is read and laid out in a thread: of fewer that takes 20 ms."""

SEEN_FIRST = 8_000
"""Characters at the end of a very long text that are shown while the whole is laid out: who
opens a conversation sees its end, and laying out 200,000 takes a second."""


class MarkdownText(Widget):
    """Shows Markdown. What a link leads to is for others to decide.

    Parameters
    ----------
    source
        In Markdown; tables, task lists and plain addresses as GitHub has them.
    """

    DEFAULT_CSS = """
    MarkdownText { height: auto; width: 1fr; }
    """

    @dataclass
    class LinkClicked(Message):
        """Somebody clicked a link."""

        address: str

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source
        self._markdown = MarkdownLines("" if len(source) > LARGE else source)
        self._in_thread: tuple[str, int] | None = None
        self._worker: Worker[None] | None = None
        self._lines: list[Content] = []
        self._begins: list[int] = []  # the line at which each block begins
        self._width = 0
        self._strips: dict[int, Strip] = {}

    @property
    def source(self) -> str:
        """The text that is shown."""
        return self._source

    def update(self, source: str) -> None:
        """Show another text; the one before stays until a large one is laid out."""
        self._source, self._in_thread = source, None
        if self._worker is not None:
            self._worker.cancel()
        if len(source) <= LARGE:
            self._markdown = MarkdownLines(source)
            self._lay_out(self._width)
        self.refresh(layout=True)  # asks for the height, which lays out a large one

    def append(self, text: str) -> None:
        """Add to the text; what is above its last block stays as it is."""
        known, self._source = self._source, self._source + text
        if self._markdown.source != known or self._in_thread is not None:
            return  # is added to what is being laid out
        before = len(self._lines)
        first = self._markdown.append(text)
        begin = self._begins[first] if first < len(self._begins) else before
        self._lay_out(self._width, first)
        if len(self._lines) != before:
            self.refresh(layout=True)
        else:
            self.refresh(Region(0, begin, self._width, before - begin))

    def _lay_out(self, width: int, first: int = 0) -> None:
        """Work out the lines for a width, from a block on."""
        if not width:
            return
        begin = self._begins[first] if first < len(self._begins) else len(self._lines)
        if width != self._width:
            self._width, first, begin = width, 0, 0
        del self._lines[begin:], self._begins[first:]
        for block in self._markdown.blocks[first:]:
            self._begins.append(len(self._lines))
            self._lines += block.lines(width)
        self._strips = {y: strip for y, strip in self._strips.items() if y < begin}

    def _fit(self, width: int) -> None:
        """Lay out for a width what is not laid out for it."""
        source = self._source
        if width == self._width and self._markdown.source == source:
            return
        if len(source) <= LARGE:
            self._lay_out(width)
        elif width and (self._in_thread is None or self._in_thread[1] != width):
            self._in_thread = source, width

            async def work() -> None:
                await self._lay_out_large(source, width)

            self._worker = self.run_worker(
                work, group="layout", exclusive=True, exit_on_error=False
            )

    async def _lay_out_large(self, source: str, width: int) -> None:
        known = self._markdown if self._markdown.source == source else None
        if not self._lines and len(source) > 2 * SEEN_FIRST:
            made = await asyncio.to_thread(laid_out, end_of(source, SEEN_FIRST), width)
            if self._in_thread != (source, width):
                return
            self._markdown, self._width = made, 0
            self._lay_out(width)
            self.refresh(layout=True)
        made = await asyncio.to_thread(laid_out, known or source, width)
        if self._in_thread != (source, width):
            return
        self._in_thread = None
        if more := self._source.removeprefix(source):
            made.append(more)
        self._markdown, self._width = made, 0
        self._lay_out(width)
        self.refresh(layout=True)

    # -- what Textual asks for

    def get_content_height(self, _container: Size, _viewport: Size, width: int) -> int:
        """Return the lines that it takes; of a large text one until it is laid out."""
        self._fit(width)
        return len(self._lines) or bool(self._source)

    def render_line(self, y: int) -> Strip:
        """Return one line of it."""
        width = self.size.width
        self._fit(width)
        if y >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        if (known := self._strips.get(y)) is None:
            known = self._strips[y] = self._strip(self._lines[y], y, width)
        return known

    def _strip(self, line: Content, y: int, width: int) -> Strip:
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(y)) is not None:
            begin, end = span
            chosen = Style.from_styles(self.screen.get_component_styles("screen--selection"))
            line = line.stylize(chosen, begin, len(line.plain) if end == -1 else end)
        strips = Visual.to_strips(
            self, line, width, 1, self.visual_style, pad=True, apply_selection=False
        )
        return strips[0].apply_offsets(0, y)

    def notify_style_update(self) -> None:
        """Draw with the new colours."""
        self._strips.clear()
        super().notify_style_update()

    def selection_updated(self, _selection: Selection | None) -> None:
        """Draw what is chosen with the mouse."""
        self._strips.clear()
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the text that is chosen with the mouse."""
        return selection.extract("\n".join(one.plain.rstrip() for one in self._lines)), "\n"

    def action_link(self, address: str) -> None:
        """Say that a link was clicked."""
        self.post_message(self.LinkClicked(address))
