"""Stopping work that only its own library can interrupt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from quant_tui.domain.errors import Cancelled

CancelCheck = Callable[[], bool]
"""Says whether the work was cancelled; cheap enough to be asked many times a second."""

GIVEN_UP: ContextVar[CancelCheck | None] = ContextVar("given_up", default=None)
"""Says whether whoever asked waits no more. It follows the work into its threads, for reads
that are handed no check of their own."""

POLL_SECONDS = 0.1


def raise_if_cancelled(cancel: CancelCheck | None) -> None:
    """Raise :class:`Cancelled` when ``cancel`` says so; None never cancels."""
    if cancel is not None and cancel():
        raise Cancelled


@contextmanager
def interrupted_by(cancel: CancelCheck | None, interrupt: Callable[[], object]) -> Iterator[None]:
    """Call ``interrupt`` from a watching thread as soon as ``cancel`` says so.

    For a blocking call that cannot ask by itself, for example one long SQL statement.
    Whatever the interrupted call raises is replaced by :class:`Cancelled`.

    Parameters
    ----------
    cancel
        The check, asked ten times a second; None watches nothing.
    interrupt
        Makes the blocking call return or raise soon; safe from another thread.

    Raises
    ------
    Cancelled
        When ``cancel`` said so before, during or at the end of the work.
    """
    if cancel is None:
        yield
        return
    raise_if_cancelled(cancel)
    done = threading.Event()
    fired = threading.Event()

    def watch() -> None:
        while not done.wait(POLL_SECONDS):
            if cancel():
                fired.set()
                interrupt()

    watcher = threading.Thread(target=watch, name="cancel-watch", daemon=True)
    watcher.start()
    try:
        yield
    except Exception as error:
        if fired.is_set():
            raise Cancelled from error
        raise
    finally:
        done.set()
        watcher.join()
    if fired.is_set():
        raise Cancelled
