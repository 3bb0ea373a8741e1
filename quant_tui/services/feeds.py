"""Telling whoever wants to hear: listeners that are called on the event loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Feed(Generic[T]):
    """Who wants to hear of something. All methods belong on the event loop."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[T], None]] = []

    def subscribe(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Call ``listener`` on the event loop with what is told; return how to stop that."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def publish(self, told: T) -> None:
        """Tell every listener; one that fails keeps nobody else from hearing."""
        for listener in tuple(self._listeners):
            try:
                listener(told)
            except Exception:
                log.exception("a listener failed on %.200s", told)
