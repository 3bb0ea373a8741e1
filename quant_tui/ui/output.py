"""Ending when nobody reads any more.

Textual writes to the terminal in a thread with a short queue. When the line drops, that
thread ends at its first failed write, and whoever writes next waits for a place in the
queue for ever: the app would stay behind, without a terminal, at full load.
"""

from __future__ import annotations

import sys

from textual.drivers._writer_thread import WriterThread


class PatientWriter(WriterThread):
    """Writes as Textual's own, and after a failure takes what comes until the end."""

    def run(self) -> None:
        """Write what is queued; once that fails, let it go."""
        try:
            super().run()
        except (OSError, ValueError):  # the terminal is gone, or its file was closed
            while self._queue.get() is not None:
                continue


def survive_dropped_lines() -> None:
    """Let the terminal driver write through :class:`PatientWriter`. Call it before the app."""
    if sys.platform == "win32":
        return
    from textual.drivers import linux_driver

    linux_driver.WriterThread = PatientWriter  # type: ignore[attr-defined]  # the driver offers no other way
