"""Many small files as one, in formats that hold data and no code.

A pickle can run anything when it is read, so it is neither written nor read here.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping

from quant_tui.domain.errors import ArtifactDamaged, InvalidInput

SAFE_FORMATS = ("json", "txt", "cbm", "safetensors", "npy")
"""Endings of the files that an artifact may hold."""

MOST_FILES = 50
MOST_BYTES = 2_000_000_000
"""Size of all files together, unpacked: what a machine can hold at once."""

_NAME = re.compile(rf"[a-z][a-z0-9_]*\.({'|'.join(SAFE_FORMATS)})")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return files as one; the same files give the same bytes.

    Raises
    ------
    InvalidInput
        One is of a format that may hold code.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            if not _NAME.fullmatch(name):
                raise InvalidInput(
                    f"A model cannot be kept as {name!r}.",
                    hint=f"Safe are files that end in {', '.join(SAFE_FORMATS)}.",
                )
            archive.writestr(zipfile.ZipInfo(name, _FIRST_DAY), files[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the files of :func:`pack`.

    Raises
    ------
    ArtifactDamaged
        It is no such file, or holds something else.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_FILES or sum(one.file_size for one in members) > MOST_BYTES:
                raise ArtifactDamaged("The artifact is larger than a model can be.")
            for one in members:
                if not _NAME.fullmatch(one.filename):
                    raise ArtifactDamaged(f"The artifact holds {one.filename!r}, which is unsafe.")
            return {one.filename: archive.read(one) for one in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise ArtifactDamaged(f"The artifact cannot be read: {error}.") from error
