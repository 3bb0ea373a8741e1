"""The text, and beside it one of the pages that help to write it, over the preview.

On a narrow terminal the text and the preview are pages, too, and one is seen at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import ContentSwitcher

from quant_tui.ui.screens.editor.help_page import HelpPage
from quant_tui.ui.screens.editor.parameters_pane import ParametersPane
from quant_tui.ui.screens.editor.preview import Preview
from quant_tui.ui.screens.editor.versions_pane import VersionsPane

if TYPE_CHECKING:
    from quant_tui.ui.screens.editor.text_side import TextSide

TITLES = {
    "text": "Text",
    "help": "Help",
    "parameters": "Parameters",
    "versions": "Versions",
    "preview": "Preview",
}
_BESIDE = ("help", "parameters", "versions")


class EditorPages(Horizontal):
    """Lays the pages out and turns them.

    Parameters
    ----------
    text_side
        The text.
    """

    class Turned(Message):
        """Another page came to the front."""

    def __init__(self, text_side: TextSide) -> None:
        super().__init__(id="editor-body")
        self.text_side = text_side
        self.help_page = HelpPage(id="help")
        self.parameters = ParametersPane()
        self.versions = VersionsPane()
        self.beside = ContentSwitcher(
            self.help_page, self.parameters, self.versions, initial="help"
        )
        self.preview = Preview()

    def compose(self) -> ComposeResult:
        """Lay out text on the left and what helps on the right."""
        yield self.text_side
        with Vertical(id="beside"):
            yield self.beside
            yield self.preview

    @property
    def narrow(self) -> bool:
        """Whether one page is seen at a time."""
        return self.screen.has_class("-narrow")

    @property
    def names(self) -> tuple[str, ...]:
        """The pages that can be turned to, in order."""
        return tuple(TITLES) if self.narrow else _BESIDE

    @property
    def page(self) -> str:
        """The page in front; beside the text where both are seen."""
        if self.narrow and not self.has_class("-beside"):
            return "text"
        if self.narrow and self.has_class("-preview"):
            return "preview"
        return self.beside.current or "help"

    def turn(self) -> None:
        """Show the next page."""
        names = self.names
        self.turn_to(names[(names.index(self.page) + 1) % len(names)])

    def turn_to(self, page: str) -> None:
        """Show a page and give it the keys; help beside the text leaves them to the text."""
        self.set_class(page != "text", "-beside")
        self.set_class(page == "preview", "-preview")
        if page in _BESIDE:
            self.beside.current = page
        if page == "text" or (page == "help" and not self.narrow):
            self.text_side.code.focus()
        elif page == "help":
            self.help_page.focus()
        elif page == "preview":
            self.preview.take_keys()
        elif page == "parameters":
            self.call_after_refresh(self.parameters.focus_first)
        else:
            self.call_after_refresh(self.versions.focus_first)
        self.post_message(self.Turned())
