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

if TYPE_CHECKING:
    from quant_tui.ui.app import QuantApp

LONGEST_WAIT = 0.03
"""Seconds that a painting waits at most; a person sees nothing of them."""


class SteadyScreen(Screen[None]):
    """The screen of the workspaces."""

    gathers = False
    """Whether paintings wait; the first one never does."""

    _timer: Timer | None = None

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

    @property
    def _unpainted(self) -> bool:
        return bool(
            self._layout_required
            or self._scroll_required
            or self._repaint_required
            or self._recompose_required
            or self._dirty_widgets
        )
