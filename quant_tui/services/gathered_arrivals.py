"""Word of new bars, gathered for a moment, since files and fetches bring many symbols in a row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quant_tui.services.arrivals import Arrivals, BarsArrived

Arrived = dict[str, set[str]]
"""Symbols with new bars, by interval."""


class GatheredArrivals:
    """Hands on together what arrived within a moment.

    Parameters
    ----------
    hand_on
        Called on the event loop with what arrived; it says itself what goes wrong.
    seconds
        How long word is gathered, from the first on.
    """

    def __init__(
        self, hand_on: Callable[[Arrived], Coroutine[None, None, None]], seconds: float
    ) -> None:
        self._hand_on = hand_on
        self._seconds = seconds
        self._arrived: Arrived = {}
        self._gathering: asyncio.TimerHandle | None = None
        self._handing: set[asyncio.Task[None]] = set()
        self._stop: Callable[[], None] | None = None

    def listen(self, arrivals: Arrivals, *missed: BarsArrived) -> None:
        """Gather from now on, and what was missed before."""
        self._stop = arrivals.subscribe(self._on_arrival)
        for arrived in missed:
            self._on_arrival(arrived)

    def stop(self) -> None:
        """Gather and hand on nothing any more."""
        if self._stop is not None:
            self._stop()
        if self._gathering is not None:
            self._gathering.cancel()
        for task in self._handing:
            task.cancel()

    async def flush(self) -> None:
        """Hand on at once what has been gathered, and wait until that is done."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._hand_over()
        await asyncio.gather(*self._handing)

    def _on_arrival(self, arrived: BarsArrived) -> None:
        self._arrived.setdefault(arrived.interval, set()).update(arrived.symbols)
        if self._gathering is None:
            loop = asyncio.get_running_loop()
            self._gathering = loop.call_later(self._seconds, self._hand_over)

    def _hand_over(self) -> None:
        arrived, self._arrived, self._gathering = self._arrived, {}, None
        task = asyncio.create_task(self._hand_on(arrived))
        self._handing.add(task)
        task.add_done_callback(self._handing.discard)
