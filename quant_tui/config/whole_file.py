"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write the whole file or nothing of it, readable by its owner only.

    A device or pipe is written into, never replaced: renaming a file over ``/dev/null``
    would take it from everybody. A link keeps pointing where it does.

    Raises
    ------
    OSError
        It cannot be written; what was there before is untouched.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of its own for each: two threads may write the same file
    descriptor, name = tempfile.mkstemp(".tmp", f".{path.name}.", path.parent)
    scratch = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
