"""Noticing bars that other processes bring in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from quant_tui.domain.base import utc_now
from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.storage.duck.bars import BarRepository

POLL_SECONDS = 10.0

LONGEST_IMPORT = timedelta(days=1)
"""No import is told later than this after it was read."""

Stamp = tuple[tuple[int, int], ...]
"""Size and time of the files of the store."""

log = logging.getLogger(__name__)


class Watching:
    """Tells whether there are bars that were not there before.

    Whether the file changed at all is asked of the file system, which costs nothing; only
    then are the import batches looked at.

    Parameters
    ----------
    bars
        The store.
    path
        Its file.
    """

    def __init__(self, bars: BarRepository, path: Path) -> None:
        self._bars = bars
        self._path = path
        self._stamp: Stamp | None = None
        self._known: frozenset[str] = frozenset()
        self._looked = False
        self._told: set[str] = set()

    async def has_news(self) -> bool:
        """Return whether there is something to look at: always so the first time."""
        first = not self._looked
        return bool(await self.new_batches()) or first

    async def new_batches(self) -> frozenset[str]:
        """Return the ids of the import batches that came since the last look: none at first."""
        stamp = await asyncio.to_thread(self._read_stamp)
        if self._looked and stamp == self._stamp:
            return frozenset()
        found = await asyncio.to_thread(self._bars.batch_ids, utc_now() - LONGEST_IMPORT)
        new = found - self._known if self._looked else frozenset()
        # reading may write too, when a log is taken over into the file
        self._stamp = stamp if new else await asyncio.to_thread(self._read_stamp)
        self._known, self._looked = found, True
        return new

    def new_problems(self, problems: Sequence[str]) -> list[str]:
        """Return the problems that were not told yet."""
        new = [one for one in problems if one not in self._told]
        self._told.update(new)
        return new

    def _read_stamp(self) -> Stamp:
        found: list[tuple[int, int]] = []
        for path in (self._path, self._path.with_name(f"{self._path.name}.wal")):
            try:
                at = path.stat()
            except OSError:
                found.append((0, 0))
            else:
                found.append((at.st_size, at.st_mtime_ns))
        return tuple(found)


class ArrivalsElsewhere:
    """Tells those who wait for bars of what other processes bring in, as of one's own.

    It waits until nothing more comes: a fetch stores one symbol after the other, and a model
    that ranks symbols must not be asked about a session that half of them have.

    Parameters
    ----------
    bars, path
        As of :class:`Watching`.
    arrivals
        Who wants to know.
    """

    def __init__(self, bars: BarRepository, path: Path, arrivals: Arrivals) -> None:
        self._bars = bars
        self._watching = Watching(bars, path)
        self._arrivals = arrivals
        self._own: set[tuple[str, str]] = set()
        self._untold: frozenset[str] = frozenset()
        arrivals.subscribe(self._hear)
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look now and then until :meth:`stop`."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="bars elsewhere")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Tell what came before the last look, once nothing has come since."""
        if batches := await self._watching.new_batches():
            self._untold |= batches
            return
        own, self._own = self._own, set()
        untold, self._untold = self._untold, frozenset()
        if not untold:
            return
        found = await asyncio.to_thread(self._bars.symbols_of, untold)
        for interval, symbols in found.items():
            came = tuple(one for one in symbols if (interval, one) not in own)
            if came:
                self._arrivals.publish(BarsArrived(came, interval))
        self._own = set()  # it heard itself

    def _hear(self, arrived: BarsArrived) -> None:
        self._own.update((arrived.interval, symbol) for symbol in arrived.symbols)

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("whether other processes brought in bars could not be looked at")
            await asyncio.sleep(POLL_SECONDS)
