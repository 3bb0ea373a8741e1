"""Which process runs something, and whether it still lives."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta

from quant_tui.domain.base import Document

_SAME_START_SECONDS = 2.0
"""Process start times come from a clock that may have been set meanwhile."""


def this_process() -> Document:
    """Return what names this process: host, process id, and when it started."""
    import psutil

    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started_at": datetime.fromtimestamp(psutil.Process().create_time(), UTC),
    }


def why_dead(
    process: Document, heartbeat_at: datetime | None, now: datetime, silence: timedelta
) -> str:
    """Return why a process is held for dead; empty while it may live.

    Parameters
    ----------
    process
        What :func:`this_process` returned there.
    heartbeat_at
        When it last said that it lives.
    now, silence
        The time, and how long a process elsewhere may say nothing: here the system is
        asked instead, so that a paused process is not taken for dead.
    """
    pid = process.get("pid")
    if not isinstance(pid, int) or "host" not in process:
        return "It is not known which process ran it."
    if process["host"] != socket.gethostname():
        if heartbeat_at is not None and now - heartbeat_at <= silence:
            return ""
        return f"Process {pid} on {process['host']} has not been heard of since {heartbeat_at}."
    if _lives(pid, process.get("started_at")):
        return ""
    return f"Process {pid} ended before the run did (it was killed, or the machine went down)."


def _lives(pid: int, started_at: datetime | None) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        born = process.create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return started_at is None or abs(born - started_at.timestamp()) <= _SAME_START_SECONDS
