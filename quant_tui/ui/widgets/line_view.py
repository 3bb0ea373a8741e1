"""A widget of lines that scrolls by letting the terminal move what it shows already."""

from __future__ import annotations

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.widget import Widget

from quant_tui.ui.painter import HasPainter


class LineView(ScrollView):
    """Base of what draws its lines one by one, as they are looked at."""

    DEFAULT_CSS = """
    LineView { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """
    STILL_LINES = 0
    """Lines at the top that stay where they are."""

    @property
    def room(self) -> int:
        """Cells that a line has: the size of a widget counts its scrollbar in."""
        return self.size.width - self.scrollbar_size_vertical

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell the painter that lines move."""
        super().watch_scroll_y(old_value, new_value)
        lines = round(new_value) - round(old_value)
        if lines and self.is_attached and isinstance(self.app, HasPainter):
            region = self.content_region
            self.app.painter.scrolled(region.y + self.STILL_LINES, region.bottom, lines)

    def set_height(self, lines: int) -> None:
        """Say how many lines there are; only a scrollbar that comes or goes moves anything."""
        size = Size(self.size.width, lines)
        if size == self.virtual_size:
            return
        had_scrollbar = self.show_vertical_scrollbar
        self.set_reactive(Widget.virtual_size, size)
        self._scroll_update(size)
        if self.show_vertical_scrollbar != had_scrollbar:
            self.refresh(layout=True)

    def repaint_line(self, line: int) -> None:
        """Draw a line anew, if it can be seen; ``line`` counts from the first that scrolls."""
        y = line + self.STILL_LINES - round(self.scroll_y)
        if self.STILL_LINES <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))
