"""How often Python's threads take turns: more often while one of them computes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_SECONDS = 0.0005
"""After how long a thread that computes gives way; Python's own is 0.005.

An event loop that answers a key asks for its turn several times, and each may take that long.
"""

_lock = threading.Lock()
_working = 0
_usual = 0.0


@contextmanager
def frequent_turns() -> Iterator[None]:
    """Let threads take turns often until all such blocks have ended."""
    global _working, _usual
    with _lock:
        if not _working:
            _usual = sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_SECONDS)
        _working += 1
    try:
        yield
    finally:
        with _lock:
            _working -= 1
            if not _working:
                sys.setswitchinterval(_usual)
