"""The line over the editor: whose text it is, and the pages beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widget import Widget

from quant_tui.ui.screens.editor.pages import TITLES

if TYPE_CHECKING:
    from textual.visual import VisualType


class Heading(NamedTuple):
    """What the line says."""

    name: str
    version: int = 0
    unsaved: bool = False
    page: str = "help"
    pages: Sequence[str] = ()


class EditorHead(Widget):
    """Name, version, whether something is unsaved; the pages, which can be clicked."""

    DEFAULT_CSS = "EditorHead { height: 1; }"

    class PageClicked(Message):
        """A page was chosen with the mouse."""

        def __init__(self, page: str) -> None:
            super().__init__()
            self.page = page

    def __init__(self) -> None:
        super().__init__(id="editor-head")
        self._heading = Heading("")

    def show(self, heading: Heading) -> None:
        """Say something else, if it is something else."""
        if heading != self._heading:
            self._heading = heading
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Turn to the page that was clicked."""
        if page := event.style.meta.get("page"):
            self.post_message(self.PageClicked(str(page)))

    def render(self) -> VisualType:
        """Draw the name on the left, the pages on the right; the name gives way."""
        heading, tabs = self._heading, self._tabs()
        state = Content.assemble(
            (f"  version {heading.version}" if heading.version else "", "$text-muted"),
            ("  ● not saved" if heading.unsaved else "", "$text-warning"),
        )
        room = self.size.width - tabs.cell_length - 2
        if state.cell_length + 8 > room:
            state = Content.styled("  ●" if heading.unsaved else "", "$text-warning")
        name = Content.styled(heading.name, "bold $accent")
        left = name.truncate(max(4, room - state.cell_length), ellipsis=True) + state
        gap = self.size.width - left.cell_length - tabs.cell_length
        return Content.assemble(left, " " * max(1, gap), tabs)

    def _tabs(self) -> Content:
        tabs = [
            Content.styled(
                f"[{TITLES[page]}]" if page == self._heading.page else TITLES[page],
                "bold" if page == self._heading.page else "$text-muted",
            ).stylize(Style.from_meta({"page": page}))
            for page in self._heading.pages
        ]
        key = Content.styled("ctrl+g ", "bold $footer-key-foreground")
        return Content("").join([key, Content(" ").join(tabs)])
