"""Telling who waits for it that an object was written or deleted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """An object was created, changed or deleted by this process.

    It is told at the write, which a transaction may still take back: look again.

    Attributes
    ----------
    collection
        Where the object is, or was.
    user_id
        Whose it is; empty when it is everybody's.
    id
        Its id; empty when it was one of many.
    """

    collection: str
    user_id: str
    id: str


Listener = Callable[[Written], None]


class Writes:
    """Who wants to know of writes. All methods belong on the event loop."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` on the event loop with every write; return how to stop that."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def publish(self, written: Written) -> None:
        """Tell every listener; one that fails keeps nobody else from hearing."""
        for listener in tuple(self._listeners):
            try:
                listener(written)
            except Exception:
                log.exception("a listener failed on a write to %s", written.collection)
