"""Parts of a sweep on threads, with progress between them and an end at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from quant_tui.domain.errors import Cancelled

_LOOK_SECONDS = 0.02

Progress = Callable[[float, str], None]
"""Takes the fraction done, 0 to 1, and what is being done."""


class Watch:
    """Tells progress and honours cancelling.

    Parameters
    ----------
    progress
        Told how far the sweep is, in the thread that called it.
    cancel
        Asked now and then, in the same thread; true ends the sweep.
    total
        Combinations in all.
    """

    def __init__(
        self, progress: Progress | None, cancel: Callable[[], bool] | None, total: int
    ) -> None:
        self._progress = progress
        self._cancel = cancel
        self._total = max(total, 1)
        self._done = 0
        self._stopped = threading.Event()
        self._caller = threading.get_ident()

    def is_stopped(self) -> bool:
        """Whether the sweep was cancelled, as far as this thread may ask."""
        if self._cancel is not None and threading.get_ident() == self._caller and self._cancel():
            self._stopped.set()
        return self._stopped.is_set()

    def pause(self) -> None:
        """Stop here when the sweep was cancelled.

        Raises
        ------
        Cancelled
            It was.
        """
        if self.is_stopped():
            raise Cancelled("The sweep was cancelled.")

    def silent(self) -> Watch:
        """Return a watch over the same sweep that tells no progress."""
        watch = Watch(None, self._cancel, 0)
        watch._stopped = self._stopped
        return watch

    def stop(self) -> None:
        """Let every part that still runs end at its next pause."""
        self._stopped.set()

    def done(self, combinations: int) -> None:
        """Count combinations as done and tell progress, unless cancelled."""
        self.pause()
        self._done += combinations
        if self._progress is not None:
            self._progress(min(self._done / self._total, 1.0), "sweeping")


def parts(count: int, size: int) -> list[tuple[int, int]]:
    """Cut ``count`` combinations into ranges of at most ``size``."""
    return [(start, min(start + size, count)) for start in range(0, count, size)]


def run_parts(
    work: Callable[[int, int], None],
    ranges: Sequence[tuple[int, int]],
    threads: int,
    watch: Watch,
) -> None:
    """Do the work of every range.

    Parameters
    ----------
    work
        Takes a range; called from several threads at once.
    ranges
        Ranges.
    threads
        Most threads.
    watch
        Told of every range that is done.

    Raises
    ------
    Cancelled
        The watch said so.
    """
    if threads == 1 or len(ranges) == 1:
        for start, stop in ranges:
            watch.pause()
            work(start, stop)
            watch.done(stop - start)
        return
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    def guarded(start: int, stop: int) -> int:
        watch.pause()
        work(start, stop)
        return stop - start

    with ThreadPoolExecutor(threads, thread_name_prefix="sweep") as pool:
        pending = {pool.submit(guarded, *one) for one in ranges}
        try:
            while pending:
                finished, pending = wait(pending, _LOOK_SECONDS, FIRST_COMPLETED)
                watch.done(sum(one.result() for one in finished))
        except BaseException:
            watch.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
