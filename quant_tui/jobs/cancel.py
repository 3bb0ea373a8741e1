"""Co-operative cancellation."""

from __future__ import annotations

import threading

from quant_tui.domain.errors import Cancelled


class CancelToken:
    """Says to running work that it is no longer wanted. Safe from any thread.

    Calling the token tells whether it was cancelled, so it serves wherever a
    ``Callable[[], bool]`` is asked for.
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> bool:
        """Return whether the work was cancelled."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    def raise_if_cancelled(self) -> None:
        """Raise when the work was cancelled.

        Raises
        ------
        Cancelled
            When :meth:`cancel` was called.
        """
        if self._event.is_set():
            raise Cancelled
