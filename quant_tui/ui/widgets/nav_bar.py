"""The top line: numbered workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

if TYPE_CHECKING:
    from quant_tui.ui.workspaces import WorkspaceEntry


class NavBar(Widget):
    """``1 Dashboard  2 Watchlists …``; short names where the long ones do not fit.

    Parameters
    ----------
    entries
        The workspaces, in the order of their digits.
    """

    DEFAULT_CSS = """
    NavBar {
        height: 1;
        width: 1fr;
        background: $panel;
        color: $text-muted;
        text-wrap: nowrap;
        text-overflow: clip;
    }
    """

    def __init__(self, entries: tuple[WorkspaceEntry, ...]) -> None:
        super().__init__(id="nav")
        self.entries = entries
        self.active = ""

    def show(self, code: str) -> None:
        """Mark the workspace that is in front."""
        if code != self.active:
            self.active = code
            self.refresh()

    def render(self) -> Content:
        """Draw the line in the longest form that fits."""
        width = self.size.width
        forms = (
            [entry.title for entry in self.entries],
            [entry.short for entry in self.entries],
            [entry.title if entry.code == self.active else "" for entry in self.entries],
        )
        for labels in forms:
            line = self._line(labels)
            if line.cell_length <= width:
                return line
        return line

    def _line(self, labels: list[str]) -> Content:
        parts: list[Content] = []
        for number, (entry, label) in enumerate(zip(self.entries, labels, strict=True), 1):
            text = f" {number} {label} " if label else f" {number} "
            click = Style.from_meta({"@click": f"app.go_to('{entry.code}')"})
            if entry.code == self.active:
                part = Content.styled(text, "bold $nav-active-foreground on $nav-active-background")
            else:
                part = Content.assemble(
                    (f" {number} ", "$footer-key-foreground"), (f"{label} " if label else "", "")
                )
            parts.append(part.stylize(click))
        return Content("").join(parts)
