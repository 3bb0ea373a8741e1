"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from quant_tui.domain.errors import FileExists, InvalidInput


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


def write_export(path: Path, content: bytes, *, overwrite: bool, field: str = "out") -> Path:
    """Write what a person wants to have as a file; return where it is.

    See :func:`write_exports` for the parameters and errors.
    """
    (written,) = write_exports({path: content}, overwrite=overwrite, field=field)
    return written


def write_exports(
    files: Mapping[Path, bytes], *, overwrite: bool, field: str = "out"
) -> list[Path]:
    """Write what a person wants to have as files; return where they are.

    Parameters
    ----------
    files
        Contents by path; ``~`` stands for the home folder.
    overwrite
        Whether files that are there give way. Devices and pipes are written into anyway.
    field
        What asked for the path, for the errors.

    Raises
    ------
    FileExists
        One of them is there already; none was written.
    InvalidInput
        A path is a folder, or cannot be written.
    """
    wanted = {path.expanduser(): content for path, content in files.items()}
    try:
        for path in wanted:
            if not path.name or path.is_dir():
                raise InvalidInput(f"{path} is a folder.", field=field, hint="Name a file in it.")
            if path.is_file() and not overwrite:
                raise FileExists(path, field=field)
        for path, content in wanted.items():
            write_whole(path, content)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.", field=field) from error
    return list(wanted)
