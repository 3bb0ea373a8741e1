"""What tests of the private server share: homes, and questions about processes."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pymongo
from pymongo.errors import AutoReconnect

from quant_tui.storage.locks import FileLock
from quant_tui.storage.mongo.server import PrivateServer, ServerInfo


def private(home: Path, **options: Any) -> PrivateServer:
    """Return a server of ``home`` that stops a moment after its last user left."""
    return PrivateServer(home / "data", home / "run", home / "logs", **{"linger": 0.2, **options})


PATIENCE_SECONDS = 60.0
"""What anything takes at most that is waited for, on a machine that does much else."""


def pid(home: Path) -> int:
    """Return the process id of the home's server, which writes it as it starts."""
    record = home / "data" / "server.pid"
    wait_for(lambda: record.read_text().endswith("\n"))
    return int(record.read_text())


def reaper_pid(home: Path) -> int:
    """Return the process id of the home's reaper; 0 without one."""
    data = str(home / "data")
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if data in words and any(word.endswith("reaper.py") for word in words):
            return int(process.pid)
    return 0


def is_running(home: Path) -> bool:
    """Return whether a server of the home lives."""
    with FileLock(home / "data" / "server.lock") as lock:
        return not lock.try_exclusive()


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> float:
    """Wait until the condition holds and return the seconds it took; fail when it does not."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"it did not happen within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - start


def wait_stopped(home: Path, seconds: float = PATIENCE_SECONDS) -> float:
    """Wait until the home's server and its reaper are gone."""
    return wait_for(lambda: not is_running(home) and not reaper_pid(home), seconds)


def end(home: Path) -> None:
    """Kill the home's server, which saves the second that it takes to stop, and its reaper."""
    if is_running(home):
        kill(pid(home))
    wait_stopped(home)


def client(info: ServerInfo) -> pymongo.MongoClient[dict[str, Any]]:
    """Return a driver's client that writes as the program does."""
    patience = round(PATIENCE_SECONDS * 1000)
    return pymongo.MongoClient(
        info.uri, w="majority", journal=True, serverSelectionTimeoutMS=patience
    )


def kill(process_id: int) -> None:
    """End a process at once, as ``kill -9`` does, and wait until it has let go of its locks."""
    assert process_id > 1, "which would be many"
    os.kill(process_id, 9)
    wait_for(lambda: not _lives(process_id))


def _lives(process_id: int) -> bool:
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_under(driver: pymongo.MongoClient[dict[str, Any]], home: Path) -> int:
    """Kill the server of a client in use, and return which process it was.

    The first command on a broken connection is handed back to who gave it, for it may have
    been done: one that matters to nobody is spent on that.
    """
    server = psutil.Process(pid(home))
    server.kill()
    server.wait(PATIENCE_SECONDS)
    with contextlib.suppress(AutoReconnect):
        driver.admin.command("ping")
    return server.pid
