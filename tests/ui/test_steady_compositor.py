"""A widget hears of its size although the map of the screen was made anew before its layout."""

from __future__ import annotations

import pytest
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from quant_tui.ui.steady_compositor import SteadyCompositor


class Listener(Widget):
    """Keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Size] = []

    def on_resize(self, event: Resize) -> None:
        self.told.append(event.size)


class Host(App[None]):
    """One widget, out of sight at first, on a screen with a compositor."""

    def __init__(self, compositor: Compositor) -> None:
        super().__init__()
        self.listener = Listener()
        self.listener.display = False
        self._made = compositor

    def get_default_screen(self) -> Screen[object]:
        screen: Screen[object] = Screen(id="_default")
        screen._compositor = self._made
        return screen

    def compose(self) -> ComposeResult:
        yield self.listener


@pytest.mark.parametrize("compositor", [Compositor, SteadyCompositor])
async def test_a_size_reaches_what_comes_into_sight(compositor: type[Compositor]) -> None:
    app = Host(compositor())
    async with app.run_test(size=(40, 10)) as pilot:
        assert app.listener.told == []
        app.listener.display = True
        app.screen._compositor._full_map_invalidated = True  # as a refresh of it does
        assert app.listener.region.width == 40, "somebody asks where it is"
        await pilot.pause()
        assert app.listener.size.width == 40
        # Textual's own keeps it from the widget; where that is mended, ours is to go
        assert app.listener.told == ([Size(40, 10)] if compositor is SteadyCompositor else [])
