"""A ZIP file of known members, each with its hash, trusted only after every check.

Nothing is ever unpacked to disk, and no name in the file is used as a path.
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput

MANIFEST = "manifest.json"
LARGEST_FILE = 1 << 30
LARGEST_MEMBER = 1 << 30
LARGEST_TOTAL = 2 << 30
"""Most bytes of the file, of one member and of all members unpacked."""

COMPRESSION = 3
"""Level of deflate: a third of the time of the usual 6, for a few percent more bytes."""

_ENCRYPTED = 0x1
_SAME_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack(manifest: Document, members: Mapping[str, bytes]) -> bytes:
    """Return a ZIP file of members, with a manifest of their sizes and SHA-256.

    The same content gives the same bytes.
    """
    listed = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in members.items()
    }
    written = json.dumps({**manifest, "members": listed}, ensure_ascii=False, indent=2)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in {MANIFEST: written.encode("utf-8"), **members}.items():
            entry = zipfile.ZipInfo(name, _SAME_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | 0o600) << 16
            archive.writestr(entry, content, compresslevel=COMPRESSION)
    return target.getvalue()


def unpack(
    path: Path, expected: frozenset[str], optional: frozenset[str] = frozenset()
) -> tuple[Document, dict[str, bytes]]:
    """Return manifest and members of a ZIP file, every one checked.

    Parameters
    ----------
    expected
        Names of the members that must be there beside the manifest.
    optional
        Names that may be.

    Raises
    ------
    InvalidInput
        It cannot be read, is no such file, is damaged or cut short, unpacks to too much,
        or holds, lacks or repeats a member, or one that is not what the manifest says.
    """
    path = path.expanduser()
    try:
        if not path.is_file():
            refuse(path, "it is not a file")
        if path.stat().st_size > LARGEST_FILE:
            refuse(path, f"it is larger than {LARGEST_FILE >> 20:,} MB")
        with zipfile.ZipFile(path) as archive:
            entries = _checked_entries(path, archive, expected, optional)
            contents = {name: _read(path, archive, entry) for name, entry in entries.items()}
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", field="bundle") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InvalidInput(
            f"{path} is no bundle, or it is damaged.", field="bundle", hint="Export it again."
        ) from error
    manifest = read_json(path, MANIFEST, contents.pop(MANIFEST))
    _check_hashes(path, manifest, contents)
    return manifest, contents


def read_json(path: Path, name: str, content: bytes) -> Document:
    """Return a member that holds a JSON object.

    Raises
    ------
    InvalidInput
        It does not, or holds a number that JSON has no word for.
    """

    def never(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        found = json.loads(content.decode("utf-8"), parse_constant=never)
    except (ValueError, RecursionError):
        refuse(path, f"{name} is damaged")
    if not isinstance(found, dict):
        refuse(path, f"{name} is damaged")
    return found


def refuse(path: Path, why: str) -> NoReturn:
    """Refuse a bundle.

    Raises
    ------
    InvalidInput
        Always.
    """
    raise InvalidInput(
        f"The bundle {path} is refused: {why}.", field="bundle", hint="Export it again."
    )


def _checked_entries(
    path: Path, archive: zipfile.ZipFile, expected: frozenset[str], optional: frozenset[str]
) -> dict[str, zipfile.ZipInfo]:
    entries: dict[str, zipfile.ZipInfo] = {}
    wanted = expected | {MANIFEST}
    for entry in archive.infolist():
        name = entry.filename
        if name not in wanted | optional:
            refuse(path, f"it holds {name[:60]!r}, which no bundle has")
        if name in entries:
            refuse(path, f"it holds {name} twice")
        if entry.flag_bits & _ENCRYPTED:
            refuse(path, f"{name} is encrypted")
        if entry.file_size > LARGEST_MEMBER:
            refuse(path, f"{name} unpacks to more than {LARGEST_MEMBER >> 20:,} MB")
        entries[name] = entry
    missing = sorted(wanted - entries.keys())
    if missing:
        refuse(path, f"{missing[0]} is missing")
    if sum(entry.file_size for entry in entries.values()) > LARGEST_TOTAL:
        refuse(path, f"it unpacks to more than {LARGEST_TOTAL >> 20:,} MB")
    return entries


def _read(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return a member, never more of it than its entry says."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        refuse(path, f"{entry.filename} is damaged")
    return content


def _check_hashes(path: Path, manifest: Document, contents: Mapping[str, bytes]) -> None:
    listed = manifest.get("members")
    if not isinstance(listed, dict) or listed.keys() != contents.keys():
        refuse(path, "its manifest does not list what it holds")
    for name, content in contents.items():
        said = listed[name]
        digest = hashlib.sha256(content).hexdigest()
        if not isinstance(said, dict) or said.get("sha256") != digest:
            refuse(path, f"{name} is not the one that its manifest names")
