"""The last line: the keys that work now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.binding import Binding
    from textual.screen import Screen

ALWAYS = ("app.help", "app.palette", "app.quit")
"""Bindings that keep their place on the right, whatever else there is."""


class KeyFooter(Widget):
    """Keys with what they do, the nearest to the focus first; those that fit."""

    DEFAULT_CSS = """
    KeyFooter {
        height: 1;
        width: 1fr;
        padding: 0 1;
        background: $panel;
        color: $text-muted;
        text-wrap: nowrap;
        text-overflow: clip;
    }
    """

    def __init__(self) -> None:
        super().__init__(id="footer")
        self._drawn: list[tuple[str, str, str]] = []

    def on_mount(self) -> None:
        """Look again whenever other keys work."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def _look(self, screen: Screen[object]) -> None:
        if not screen.app.app_focus:
            return
        found = self._keys()
        if found != self._drawn:
            self._drawn = found
            self.refresh()

    def _keys(self) -> list[tuple[str, str, str]]:
        """Return (key as shown, what it does, binding id), each action once."""
        seen: set[str] = set()
        found: list[tuple[str, str, str]] = []
        for active in self.screen.active_bindings.values():
            binding: Binding = active.binding
            if not binding.show or not active.enabled or binding.action in seen:
                continue
            seen.add(binding.action)
            shown = self.app.get_key_display(binding)
            found.append((shown, binding.description, binding.id or binding.action))
        # what only this screen can do comes before what every table can
        found.sort(key=lambda key: key[2].startswith("table."))
        return found

    async def on_click(self, event: events.Click) -> None:
        """Do what the key that was clicked does."""
        name = event.style.meta.get("binding")
        if name:
            await self.run_action(f"app.press_binding('{name}')")

    def render(self) -> Content:
        """Draw what fits; help, palette and quit are always there."""
        keys = self._drawn or self._keys()
        right = [self._part(*key) for name in ALWAYS for key in keys if key[2] == name]
        line_right = Content("  ").join(right)
        room = self.size.width - line_right.cell_length - 2
        left: list[Content] = []
        used = 0
        for key in keys:
            if key[2] in ALWAYS:
                continue
            part = self._part(*key)
            if used + part.cell_length + 2 > room:
                break
            left.append(part)
            used += part.cell_length + 2
        line = Content("  ").join(left)
        gap = self.size.width - line.cell_length - line_right.cell_length
        return Content.assemble(line, " " * max(2, gap), line_right)

    def _part(self, key: str, what: str, name: str) -> Content:
        click = Style.from_meta({"binding": name})
        part = Content.assemble((key, "bold $footer-key-foreground"), " ", what)
        return part.stylize(click)
