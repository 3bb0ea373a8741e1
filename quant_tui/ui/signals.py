"""Ending well when the line drops (SIGHUP) or someone says so (SIGTERM).

Both kill a Textual app with the terminal left raw unless the event loop handles them.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App


def handle_end_signals(app: App[None]) -> None:
    """End the app in good order at SIGTERM and SIGHUP, with exit code 128 + n."""
    if sys.platform == "win32":
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, partial(app.exit, return_code=128 + number))
