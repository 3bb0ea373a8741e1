"""A lock file with a turnstile: many readers or one writer, across processes.

DuckDB lets one process hold a file. Ours therefore hold it for the length of a lease:
readers together (read-only), a writer alone. Two lock files stand beside the database:

``<name>.lock``
    The room. Locked shared by readers and exclusively by a writer, as long as the
    database is open.
``<name>.turnstile``
    The way in. Whoever wants the room holds the turnstile while waiting for it, and so
    goes before everyone who comes later: a waiting writer is not starved by a stream of
    readers, nor a reader by writers.

The locks are ``flock`` locks. They belong to an open file and go away with the process,
even when it is killed.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FIRST_PAUSE = 0.001
LONGEST_PAUSE = 0.02


class Turnstile:
    """The two lock files of one database.

    Parameters
    ----------
    database
        Path of the database file; its folder must exist.
    """

    def __init__(self, database: Path) -> None:
        self._room = database.with_name(database.name + ".lock")
        self._way_in = database.with_name(database.name + ".turnstile")

    @contextmanager
    def pass_through(self, keep_waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the way in; whoever holds it is the next to get the room.

        Parameters
        ----------
        keep_waiting
            Called before every pause; raises to give up.
        """
        descriptor = _open(self._way_in)
        try:
            for pause in pauses():
                if _try_lock(descriptor, fcntl.LOCK_EX):
                    break
                keep_waiting()
                time.sleep(pause)
            yield
        finally:
            os.close(descriptor)

    def is_taken(self) -> bool:
        """Whether someone waits for the room at this moment."""
        descriptor = _open(self._way_in)
        try:
            return not _try_lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    def try_enter(self, *, shared: bool) -> int | None:
        """Lock the room if it is free; return the descriptor to give to :meth:`leave`."""
        descriptor = _open(self._room)
        if _try_lock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
            return descriptor
        os.close(descriptor)
        return None

    @staticmethod
    def leave(descriptor: int) -> None:
        """Free the room."""
        os.close(descriptor)


def pauses() -> Iterator[float]:
    """Yield pauses in seconds between two tries, growing to a fiftieth of a second."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
