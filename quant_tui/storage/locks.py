"""Advisory file locks between processes (``flock``), and folders that are ours alone.

``flock`` belongs to the open file, not to the process: it ends when the last descriptor
is closed, however the process ended, and a child that inherits the descriptor holds it too.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from quant_tui.domain.errors import StoreUnavailable

if sys.platform != "win32":
    import fcntl

_POLL_SECONDS = 0.01


class FileLock:
    """One open lock file; made with mode 0600 when it does not exist.

    Parameters
    ----------
    path
        The lock file. It is never deleted: a deleted lock file locks nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, 0o600)

    @property
    def descriptor(self) -> int:
        """The open file, for a child that is to inherit the lock."""
        return self._descriptor

    @property
    def is_open(self) -> bool:
        """Whether :meth:`close` has not been called."""
        return self._descriptor >= 0

    def try_shared(self) -> bool:
        """Take the lock together with other sharers; False when someone has it alone."""
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Take the lock alone; False when anyone else has it."""
        return self._try(fcntl.LOCK_EX)

    def wait_shared(self, timeout: float) -> bool:
        """Take the lock with others, waiting up to ``timeout`` seconds."""
        return self._wait(fcntl.LOCK_SH, timeout)

    def wait_exclusive(self, timeout: float) -> bool:
        """Take the lock alone, waiting up to ``timeout`` seconds."""
        return self._wait(fcntl.LOCK_EX, timeout)

    def unlock(self) -> None:
        """Give the lock back and keep the file open."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file. The lock ends unless a child inherited the descriptor."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self._descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(self, operation: int, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while not self._try(operation):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def make_private_folder(folder: Path) -> Path:
    """Make ``folder`` (and its parents) for this user alone, or check that it is so.

    Returns
    -------
    Path
        The folder, absolute.

    Raises
    ------
    StoreUnavailable
        It belongs to another user, is a symbolic link to elsewhere, or cannot be made.
    """
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except FileExistsError:
        raise StoreUnavailable(
            f"{folder} is a file, not a folder.",
            hint="Move it away or choose another QUANT_TUI_HOME.",
        ) from None
    except OSError as error:
        raise StoreUnavailable(
            f"The folder {folder} cannot be used: {error.strerror}.",
            hint="Make it writable for you or choose another QUANT_TUI_HOME.",
        ) from error
    if status.st_uid != os.geteuid():
        raise StoreUnavailable(
            f"The folder {folder} belongs to another user.",
            hint="Choose a QUANT_TUI_HOME of your own; every user has a private store.",
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        folder.chmod(0o700)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise StoreUnavailable(
            f"The folder {folder} cannot be written.",
            hint=f"Give yourself access again: chmod u+rwx {folder}",
        )
    return folder
