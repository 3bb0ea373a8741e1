"""A compositor that tells every widget of its size.

Textual sends a Resize to what is new or of another size on its map of the screen since the map
before. Between a change and its layout that map is sometimes made anew, when somebody asks
where a widget is: the layout then finds nothing new on it, and a widget that has just come into
sight never hears how large it is. Here what a widget was last told counts, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._compositor import Compositor, ReflowResult

if TYPE_CHECKING:
    from textual.geometry import Size
    from textual.widget import Widget


class SteadyCompositor(Compositor):
    """The compositor of the screen of the workspaces."""

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay out everything, and say what was hidden, shown and resized by that."""
        found = super().reflow(parent, size)
        untold = {
            widget
            for widget, place in self._full_map.items()  # made just now
            if widget.outer_size != place.region.size
        }
        return ReflowResult(found.hidden, found.shown, found.resized | untold)
