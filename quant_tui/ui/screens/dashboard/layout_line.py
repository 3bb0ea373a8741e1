"""The names of the layouts in one line, the one shown marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widget import Widget


class LayoutLine(Widget):
    """``▸ Trading   Research``; a click shows one."""

    DEFAULT_CSS = """
    LayoutLine { height: 1; width: 1fr; color: $text-muted; }
    """

    @dataclass
    class Chosen(Message):
        """A name was clicked."""

        name: str

    def __init__(self) -> None:
        super().__init__()
        self._names: Sequence[str] = ()
        self._active = ""
        self._hint = ""

    def show(self, names: Sequence[str], active: str, hint: str = "") -> None:
        """Name other layouts; the hint stands at the right end."""
        if (names, active, hint) != (self._names, self._active, self._hint):
            self._names, self._active, self._hint = names, active, hint
            self.refresh()

    def render(self) -> Content:
        """Draw the names."""
        parts = []
        for name in self._names:
            style = "bold $accent" if name == self._active else "$text-muted"
            mark = "▸ " if name == self._active else "  "
            part = Content.styled(f"{mark}{name} ", style)
            parts.append(part.stylize(Style.from_meta({"layout": name})))
        line = Content("").join(parts)
        room = self.size.width - line.cell_length - 1
        if self._hint and room < len(self._hint):
            return Content.styled(self._hint, "$warning").truncate(self.size.width, ellipsis=True)
        if self._hint:
            line = Content.assemble(line, " " * (room - len(self._hint)), (self._hint, "$warning"))
        return line

    def on_click(self, event: events.Click) -> None:
        """Show the layout that was clicked."""
        if name := event.style.meta.get("layout"):
            self.post_message(self.Chosen(name))
