"""Noticing bars that other processes bring in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from quant_tui.storage.duck.bars import BarRepository

POLL_SECONDS = 10.0

Stamp = tuple[tuple[int, int], ...]
"""Size and time of the files of the store."""


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
        self._newest = ""
        self._looked = False
        self._told: set[str] = set()

    async def has_news(self) -> bool:
        """Return whether there is something to look at: always so the first time."""
        stamp = await asyncio.to_thread(self._read_stamp)
        if self._looked and stamp == self._stamp:
            return False
        self._stamp = stamp
        batches = await asyncio.to_thread(self._bars.batches, 1)
        newest = batches[0].batch.id if batches else ""
        # reading may write too, when a log is taken over into the file
        self._stamp = await asyncio.to_thread(self._read_stamp) if newest == self._newest else stamp
        news = not self._looked or newest != self._newest
        self._newest, self._looked = newest, True
        return news

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
