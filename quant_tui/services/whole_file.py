"""Writing files that people want to have: whole, and over nothing that is there unasked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quant_tui.config.whole_file import write_whole
from quant_tui.domain.errors import FileExists, InvalidInput


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
