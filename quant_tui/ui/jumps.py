"""Going to what has just been finished: a toast names the key, the key goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quant_tui.ui.reporting import toast

if TYPE_CHECKING:
    from quant_tui.ui.app import QuantApp

SECONDS = 10.0


class Place(NamedTuple):
    """An object in a workspace."""

    code: str
    target: str


class JumpOffer:
    """The last thing that was finished; ``o`` opens it from anywhere."""

    def __init__(self, app: QuantApp) -> None:
        self._app = app
        self.place: Place | None = None

    def offer(
        self, message: str, code: str, target: str, *, title: str = "", failed: bool = False
    ) -> None:
        """Say what was finished and how to get there; the screen stays as it is."""
        self.place = Place(code, target)
        toast(
            self._app,
            f"{message}\no opens it",
            title=title,
            severity="error" if failed else "information",
            seconds=SECONDS,
        )
        self._app.refresh_bindings()

    def take(self) -> None:
        """Go there."""
        place, self.place = self.place, None
        if place is not None:
            self._app.clear_notifications()
            self._app.go_to(place.code, target=place.target)
            self._app.refresh_bindings()
