"""Start a server process that outlives its starter, and say why one did not start."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.errors import StoreUnavailable

_SHELL = 'umask 077; echo $$ > "$0"; exec "$@"'
"""Write the process id, then become the server: no moment without a true record."""

_LOG_BYTES = 2_000_000
_LEAST_FREE_BYTES = 100_000_000
"""What a fresh mongod writes before it serves (journal, tables, start of the oplog)."""

_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"No space left|OutOfDiskSpace|ENOSPC|errno.?28",
        "the disk is full",
        "Free some space, then start again; nothing that was saved is lost.",
    ),
    (
        r"loading shared libraries: (?P<what>[^:\s]+)",
        "the library {what} is missing",
        "Install it (Debian: apt install libcurl4 libssl3).",
    ),
    (
        r"Permission denied|Operation not permitted|errno.?13\b",
        "its files cannot be read or written",
        "Give yourself access again: chmod -R u+rwX {folder}",
    ),
    (
        r"UPGRADE PROBLEM|Wrong mongod version|featureCompatibilityVersion|unsupported WiredTiger",
        "its data was written by another MongoDB version",
        "Use that version, or restore a backup made with this one.",
    ),
    (
        r"WT_TRY_SALVAGE|WT_PANIC|checksum|metadata corruption|Failed to start up WiredTiger"
        r"|Unable to (?:read|find)|DataCorruption|WT_ERROR|WT_NOTFOUND|file .* does not exist"
        r"|WiredTiger\.wt|Fatal assertion",
        "its data files are damaged",
        "Restore a backup (quant-tui restore), or move {folder} away to start empty.",
    ),
    (
        r"Address already in use|DBPathInUse|already running|Unable to lock",
        "another server uses its files",
        "Stop it, or choose another QUANT_TUI_HOME.",
    ),
)


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A process just started, and where it writes what goes wrong."""

    process: subprocess.Popen[bytes]
    output: Path
    log: Path
    folder: Path

    def failure(self, name: str) -> StoreUnavailable:
        """Return the error that says why the process ended or does not answer."""
        code = self.process.poll()
        what = (
            f"{name} does not answer" if code is None else f"{name} stopped while starting ({code})"
        )
        return explain(what, self.output, self.log, self.folder)


def spawn_server(
    arguments: Sequence[str], *, folder: Path, log: Path, inherit: int
) -> ServerProcess:
    """Start the server of ``folder`` in a session of its own.

    Parameters
    ----------
    arguments
        The command line.
    folder
        The data folder; ``server.pid`` is written there.
    log
        The server's own log file; shortened when it has grown large.
    inherit
        Descriptor of the locked ``server.lock``; the server keeps it for its life.
    """
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        raise StoreUnavailable(
            f"MongoDB cannot start: the disk of {folder} has only {free // 1_000_000} MB free.",
            hint="Free some space, then start again; nothing that was saved is lost.",
        )
    rotate(log)
    output = log.with_suffix(".start.log")
    output.unlink(missing_ok=True)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - the program was resolved and probed
            ["/bin/sh", "-c", _SHELL, str(folder / "server.pid"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd=folder,
            start_new_session=True,  # ctrl+c in the terminal is for the app alone
            pass_fds=(inherit,),
        )
    _collect_when_it_ends(process)
    return ServerProcess(process, output, log, folder)


def spawn_reaper(folder: Path, linger: float) -> None:
    """Start the process that stops the server when its last user has left."""
    script = Path(__file__).with_name("reaper.py")
    process = subprocess.Popen(  # noqa: S603 - our own file under our own Python
        [sys.executable, "-I", "-S", str(script), str(folder), str(linger)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
    )
    _collect_when_it_ends(process)


def _collect_when_it_ends(process: subprocess.Popen[bytes]) -> None:
    # A long-lived app would otherwise keep a zombie of each server that it once started.
    threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()


def rotate(log: Path) -> None:
    """Move a log that has grown past two megabytes aside, one generation deep."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(log.suffix + ".1"))


def explain(what: str, output: Path, log: Path, folder: Path) -> StoreUnavailable:
    """Turn a server's last words into an error that a person can act on."""
    lines = [*_tail(output), *_last_errors(log)]
    text = "\n".join(lines)
    for pattern, cause, hint in _CAUSES:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return StoreUnavailable(
                f"{what}: {cause.format(**found.groupdict())}.",
                hint=f"{hint.format(folder=folder)} Its log is {log}.",
            )
    said = [" ".join(line.removesuffix("{}").split())[:200] for line in lines]
    # a line of the log itself tells a person nothing: it was merely the last before the end
    told = (line for line in reversed(said) if line and not line.startswith("{"))
    last = next((f": {line.rstrip('.')}" for line in told), "")
    return StoreUnavailable(f"{what}{last}.", hint=f"Its log is {log}.")


def _tail(path: Path, size: int = 8_000) -> list[str]:
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - size))
        return file.read().decode("utf-8", "replace").splitlines()
    return []


def _last_errors(log: Path) -> list[str]:
    """Return the errors and fatal messages of the last start in a mongod log."""
    found: list[str] = []
    for line in _tail(log, 200_000):
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if entry.get("id") == 20698:  # "***** SERVER RESTARTED *****"
                found.clear()
            elif entry.get("s") in ("E", "F"):
                found.append(f"{entry.get('msg', '')} {json.dumps(entry.get('attr', {}))}")
    return found
