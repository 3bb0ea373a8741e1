"""Importing much while somebody types: a little at a time, with a rest after it."""

from __future__ import annotations

import _imp
import logging
import sys
import threading
from collections.abc import Callable
from time import monotonic
from types import FrameType

WORK_SECONDS = 0.002
REST_SECONDS = 0.003
"""What else the program has to do is done while it rests."""

log = logging.getLogger(__name__)


class GentleImport:
    """Imports in a thread of its own, which ends with the program.

    Without a rest a thread that imports takes every second turn of the interpreter, and what
    answers a key waits for its turn many times over.

    Parameters
    ----------
    work
        Imports.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._hurried = threading.Event()
        self._thread: threading.Thread | None = None
        self._until = 0.0

    def begin(self) -> None:
        """Begin to import, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="imports", daemon=True)
            self._thread.start()

    def hurry(self) -> None:
        """Rest no more: somebody waits for it."""
        self._hurried.set()

    @property
    def ended(self) -> bool:
        """Whether all is imported, or was given up."""
        return self._thread is not None and not self._thread.is_alive()

    def _run(self) -> None:
        sys.setprofile(self._rest)  # of this thread alone
        try:
            self._work()
        except Exception:  # whoever needs it imports it again, and says what is wrong
            log.exception("what the chat needs could not be imported beforehand")
        finally:
            sys.setprofile(None)

    def _rest(self, _frame: FrameType, _event: str, _argument: object) -> None:
        """Rest, unless that would keep others from importing."""
        if self._hurried.is_set():
            sys.setprofile(None)
        elif monotonic() > self._until and not _imp.lock_held():
            self._hurried.wait(REST_SECONDS)
            self._until = monotonic() + WORK_SECONDS
