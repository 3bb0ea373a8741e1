"""Dask's client as we want it: silent on the terminal, and gone when it could not connect."""

from __future__ import annotations

import contextlib
import logging

from distributed import Client

CLOSE_SECONDS = 2


class QuietClient(Client):
    """A client that leaves nothing behind when it cannot start.

    Dask's own is closed only when it is collected, which at the end of the program takes
    twenty seconds and prints an error.
    """

    def start(self, **kwargs: object) -> None:
        """Connect, or close before raising."""
        try:
            super().start(**kwargs)  # type: ignore[no-untyped-call]  # Dask's
        except BaseException:
            with contextlib.suppress(OSError, TimeoutError):
                self.close(timeout=CLOSE_SECONDS)  # type: ignore[no-untyped-call]  # as above
            raise


def log_into_ours() -> None:
    """Send what Dask logs where our records go: it would write into the app's screen."""
    for name, logger in logging.Logger.manager.loggerDict.items():
        if name.partition(".")[0] in ("distributed", "tornado", "bokeh") and isinstance(
            logger, logging.Logger
        ):
            logger.handlers.clear()
            logger.propagate = True
