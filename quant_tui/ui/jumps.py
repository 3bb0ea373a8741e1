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
    """The last thing that was finished; ``o`` opens it from anywhere.

    Pressed before the end, ``o`` opens it then, unless another key was pressed meanwhile:
    the screen of somebody who went on working is never taken away.
    """

    def __init__(self, app: QuantApp) -> None:
        self._app = app
        self._expected: set[str] = set()
        self._wanted = False
        self.place: Place | None = None

    @property
    def available(self) -> bool:
        """Whether there is, or will be, something to open."""
        return self.place is not None or bool(self._expected)

    def expect(self, target: str) -> None:
        """Say that an offer of this object will come."""
        self._expected.add(target)
        self._app.refresh_bindings()

    def withdraw(self, target: str) -> None:
        """Say that no offer of this object will come any more."""
        self._expected.discard(target)
        self._wanted = self._wanted and bool(self._expected)
        self._app.refresh_bindings()

    def offer(
        self, message: str, code: str, target: str, *, title: str = "", failed: bool = False
    ) -> None:
        """Say what was finished and how to get there; the screen stays as it is."""
        self._expected.discard(target)
        self.place = Place(code, target)
        if self._wanted:
            self.take()
            return
        toast(
            self._app,
            f"{message}\no opens it",
            title=title,
            severity="error" if failed else "information",
            seconds=SECONDS,
        )
        self._app.refresh_bindings()

    def take(self) -> None:
        """Go there, or do so as soon as it is finished."""
        place, self.place = self.place, None
        self._wanted = place is None and bool(self._expected)
        if place is not None:
            self._app.clear_notifications()
            self._app.go_to(place.code, target=place.target)
            self._app.refresh_bindings()

    def want(self) -> None:
        """Go to what is expected as soon as it is finished, as after ``o``."""
        self.place = None
        self._wanted = bool(self._expected)

    def forget(self) -> None:
        """Withdraw every offer."""
        self._expected.clear()
        self._wanted = False
        self.place = None

    def stay(self) -> None:
        """Do not go anywhere by itself any more: another key was pressed."""
        self._wanted = False
