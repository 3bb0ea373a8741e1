"""Taking back the last thing done, for ten seconds."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from quant_tui.ui.reporting import report, toast

if TYPE_CHECKING:
    from textual.app import App
    from textual.timer import Timer

SECONDS = 10.0

Undo = Callable[[], Coroutine[object, object, object]]


class UndoOffer:
    """At most one thing that ``u`` takes back; a newer one replaces it."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._undo: Undo | None = None
        self._message = ""
        self._timer: Timer | None = None

    @property
    def available(self) -> bool:
        """Whether there is something to take back."""
        return self._undo is not None

    def offer(self, message: str, undo: Undo) -> None:
        """Say what was done and how to take it back."""
        self.withdraw()
        self._undo, self._message = undo, message
        self._timer = self._app.set_timer(SECONDS, self.withdraw)
        toast(self._app, f"{message}  ·  u undoes", seconds=SECONDS)
        self._app.refresh_bindings()

    async def take_back(self) -> None:
        """Undo, if the ten seconds are not over."""
        undo, message = self._undo, self._message
        self.withdraw()
        if undo is None:
            return
        self._app.clear_notifications()
        try:
            await undo()
        except Exception as error:  # noqa: BLE001 -- reported, and logged when it is ours
            report(self._app, error)
        else:
            toast(self._app, f"Undone: {message}", seconds=3)

    def withdraw(self) -> None:
        """Take the offer back."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._undo is not None:
            self._undo = None
            self._app.refresh_bindings()
