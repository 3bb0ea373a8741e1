"""A screen that paints once for everything that a key set off.

Textual paints as soon as the first part of the screen has changed, and what follows from
that change comes a frame later: the row first, then its detail; the new page first, then
what it holds once it knows its size. Here a painting waits until all of it has been
worked out, and goes to the terminal in one piece. That halves the time until the screen
is still, and what is sent.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, cast

from textual.screen import UPDATE_PERIOD, Screen
from textual.timer import Timer

from quant_tui.ui.quiet import until_quiet
from quant_tui.ui.steady_compositor import SteadyCompositor

if TYPE_CHECKING:
    from textual.widget import Widget

    from quant_tui.ui.app import QuantApp

LONGEST_WAIT = 0.03
"""Seconds that a painting waits at most; a person sees nothing of them."""


class SteadyScreen(Screen[None]):
    """The screen of the workspaces."""

    gathers = False
    """Whether paintings wait; the first one never does."""

    _timer: Timer | None = None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._compositor = SteadyCompositor()

    def set_focus(
        self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False
    ) -> None:
        """Give the keys to a widget, unless it belongs to a workspace that is not in front."""
        if widget is None or cast("QuantApp", self.app).stack.takes_keys(widget):
            super().set_focus(widget, scroll_visible, from_app_focus)

    def classify(self) -> None:
        """Look again which class of width the workspaces have: the chat beside takes some."""
        widths = self.app.HORIZONTAL_BREAKPOINTS or []
        fitting = self._get_breakpoint_classes(self.size.width, widths)
        self.update_classes({name: name in fitting for _, name in widths}, animate=False)

    def _get_breakpoint_classes(
        self, dimension: int, breakpoints: list[tuple[int, str]]
    ) -> set[str]:
        """Go by the columns that the workspace has, not by those of the terminal."""
        if breakpoints is self.app.HORIZONTAL_BREAKPOINTS:
            dimension = cast("QuantApp", self.app).beside.room(dimension)
        return super()._get_breakpoint_classes(dimension, breakpoints)

    @property
    def _update_timer(self) -> Timer:
        """The timer that paints: Textual's own, with our way of painting."""
        if self._timer is None:
            self._timer = self.set_interval(
                UPDATE_PERIOD, self._paint, name="screen_update", pause=True
            )
        return self._timer

    async def _paint(self) -> None:
        if not self.gathers:
            self._on_timer_update()
            return
        app = cast("QuantApp", self.app)
        give_up = perf_counter() + LONGEST_WAIT
        with app.one_frame():
            while True:
                await until_quiet(app, give_up - perf_counter(), callbacks_too=False)
                self._on_timer_update()
                await until_quiet(app, give_up - perf_counter(), callbacks_too=False)
                if not self._unpainted or perf_counter() > give_up:
                    return

    def _compositor_refresh(self) -> None:
        """Paint what changed, also when dialogs lie over it.

        Each dialog keeps what it drew of the screens below. Textual tells only the one in
        front that these have changed, so that under two dialogs the old picture stayed.
        """
        changed = list(self._compositor._dirty_regions)
        if changed and self in (below := self.app._background_screens):
            for between in below[below.index(self) + 1 :]:
                between.refresh(*changed)
        super()._compositor_refresh()

    @property
    def _unpainted(self) -> bool:
        return bool(
            self._layout_required
            or self._scroll_required
            or self._repaint_required
            or self._recompose_required
            or self._dirty_widgets
        )
