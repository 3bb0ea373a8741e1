"""The top line: numbered workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

if TYPE_CHECKING:
    from quant_tui.ui.workspaces import WorkspaceEntry


ACTIVE = "bold $nav-active-foreground on $nav-active-background"
ACTIVE_PLAIN = "bold reverse"


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

    async def on_click(self, event: events.Click) -> None:
        """Go to the workspace that was clicked."""
        code = event.style.meta.get("workspace")
        if code:
            await self.run_action(f"app.go_to('{code}')")

    def render(self) -> Content:
        """Draw the line in the longest form that fits."""
        width = self.size.width
        shown = [one for one in self.entries if one.always or one.code == self.active]
        forms = (
            [entry.title for entry in shown],
            [entry.short for entry in shown],
            [entry.title if entry.code == self.active else "" for entry in shown],
        )
        for labels in forms:
            line = self._line(shown, labels)
            if line.cell_length <= width:
                break
        return line

    def _line(self, shown: list[WorkspaceEntry], labels: list[str]) -> Content:
        parts: list[Content] = []
        for entry, label in zip(shown, labels, strict=True):
            words = " ".join(word for word in (entry.key, label) if word)
            text = f" {words} " if words else ""
            click = Style.from_meta({"workspace": entry.code})
            if entry.code == self.active:
                part = Content.styled(text, ACTIVE_PLAIN if self.app.native_ansi_color else ACTIVE)
            else:
                part = Content.assemble(
                    (f" {entry.key} ", "$footer-key-foreground"), f"{label} " if label else ""
                )
            parts.append(part.stylize(click))
        return Content("").join(parts)
