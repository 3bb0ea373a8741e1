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


def server_pid(folder: Path) -> int:
    """Return the process id that the server wrote when it started; 0 without one."""
    with contextlib.suppress(OSError, ValueError):
        return int((folder / "server.pid").read_text("ascii"))
    return 0


def is_still(path: Path, descriptor: int) -> bool:
    """Whether a path names the file that was opened from it, and no later one."""
    with contextlib.suppress(OSError):
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    return False


def stop_server(
    folder: Path, server: int, seconds: float = _STOP_SECONDS, *, last_known: int = 0
) -> bool:
    """End the server that holds the lock ``server``; return whether it is gone.

    The lock proves that a server of this folder lives, so the process id in the folder
    is its own and not one that the system gave away again. When the folder was removed
    meanwhile, ``last_known`` is its process id.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if try_exclusive(server):
            return True
        pid = server_pid(folder) if is_still(folder / "server.lock", server) else last_known
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
    # Opened now: the folder may be removed, even made anew, before the last user leaves.
    server, pid = open_lock(folder / "server.lock"), server_pid(folder)
    while True:
        fcntl.flock(clients, fcntl.LOCK_EX)  # granted when the last user is gone
        fcntl.flock(clients, fcntl.LOCK_UN)
        time.sleep(linger)
        # Kept while stopping, so that a newcomer waits for the end and starts afresh.
        if try_exclusive(clients):
            break
    stop_server(folder, server, last_known=pid)
    # In this order: whoever gets the clients' lock next must be able to start a reaper.
    os.close(own)
    os.close(clients)


if __name__ == "__main__":
    os.umask(0o077)
    main(Path(sys.argv[1]), float(sys.argv[2]))
