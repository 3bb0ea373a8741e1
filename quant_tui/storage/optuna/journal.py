"""Optuna's journal in one file of ours: private, written in batches, whole after a kill.

The lines are those of Optuna's own file backend, so that its tools read them too. What was
appended is kept in memory, so that a trial costs no reading; a line that a killed process
did not finish is cut off when the file is opened to be written.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend

SYNC_SECONDS = 1.0
"""A machine that loses its power loses at most so much; a killed process nothing."""


class StudyJournal(BaseJournalBackend):
    """One study's journal, open in one process.

    Parameters
    ----------
    path
        The file, made with mode 0600 in a folder with mode 0700.
    writable
        Whether it is to be appended to.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._logs: list[dict[str, Any]] = []
        self._waiting: list[dict[str, Any]] = []
        self._synced = time.monotonic()
        self._descriptor = -1
        whole = self._read(path)
        if writable:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(path, flags, 0o600)
            os.ftruncate(self._descriptor, whole)

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Return the logs from a number on."""
        return self._logs[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append logs; they are in the file after :meth:`flush`."""
        self._logs.extend(logs)
        self._waiting.extend(logs)

    def flush(self, *, sync: bool = False) -> None:
        """Write what was appended, so that it is kept however the process ends."""
        if self._descriptor < 0:
            return
        if self._waiting:
            lines = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in self._waiting)
            self._waiting.clear()
            data = memoryview(lines.encode())
            while data:
                data = data[os.write(self._descriptor, data) :]
        if sync or time.monotonic() - self._synced > SYNC_SECONDS:
            os.fsync(self._descriptor)
            self._synced = time.monotonic()

    def close(self) -> None:
        """Write the rest and close the file."""
        if self._descriptor >= 0:
            self.flush(sync=True)
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self, path: Path) -> int:
        """Read the whole lines; return how many bytes they are."""
        if not path.exists():
            return 0
        whole = 0
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    self._logs.append(json.loads(line))
                except ValueError:
                    break
                whole += len(line)
        return whole
