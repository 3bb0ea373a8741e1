"""Stops the private server some seconds after its last user left.

A process of its own, so that it works after the users were killed. It waits without
polling: it asks for ``clients.lock`` alone, which the system grants when no user
shares it any more. Run as a script with the standard library only, so that it starts
in a few milliseconds and holds a few megabytes:

    python -I -S reaper.py DATA_DIR LINGER_SECONDS
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

_STOP_SECONDS = 20.0


def open_lock(path: Path) -> int:
    """Open a lock file and return its descriptor; children do not inherit it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def try_exclusive(descriptor: int) -> bool:
    """Take the lock alone; False when anyone else has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def server_pid(folder: Path | int) -> int:
    """Return the process id that the server wrote when it started; 0 without one."""
    place = os.open(folder, os.O_RDONLY) if isinstance(folder, Path) else os.dup(folder)
    try:
        with contextlib.suppress(OSError, ValueError):
            number = os.open("server.pid", os.O_RDONLY, dir_fd=place)
            with os.fdopen(number, encoding="ascii") as stream:
                return int(stream.read())
    finally:
        os.close(place)
    return 0


def stop_server(folder: Path | int, server: int, seconds: float = _STOP_SECONDS) -> bool:
    """End the server that holds the lock ``server``; return whether it is gone.

    The lock proves that a server of this folder lives, so the process id in the folder
    is its own and not one that the system gave away again. The folder may be given by
    its descriptor, which follows it when it is moved.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if try_exclusive(server):
            return True
        pid = server_pid(folder)
        if pid <= 1:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if try_exclusive(server):
                return True
            time.sleep(0.01)
    return False


def main(folder: Path, linger: float) -> None:
    """Wait for the last user to leave ``folder``, then stop its server."""
    own = open_lock(folder / "reaper.lock")
    if not try_exclusive(own):
        return
    clients = open_lock(folder / "clients.lock")
    # Opened now: the folder may be moved away, even made anew, before the last user leaves.
    place, server = os.open(folder, os.O_RDONLY), open_lock(folder / "server.lock")
    while True:
        fcntl.flock(clients, fcntl.LOCK_EX)  # granted when the last user is gone
        fcntl.flock(clients, fcntl.LOCK_UN)
        time.sleep(linger)
        # Kept while stopping, so that a newcomer waits for the end and starts afresh.
        if try_exclusive(clients):
            break
    stop_server(place, server)
    # In this order: whoever gets the clients' lock next must be able to start a reaper.
    os.close(own)
    os.close(clients)


if __name__ == "__main__":
    os.umask(0o077)
    main(Path(sys.argv[1]), float(sys.argv[2]))
