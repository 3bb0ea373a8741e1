"""The file of a backup: a ZIP of known members, written as a stream and trusted only whole.

``manifest.json`` lists every member with its size and SHA-256, and the file's comment, its last
64 bytes, is the SHA-256 of all before it. Documents are deflated; Parquet, compressed already,
is stored.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from quant_tui.domain.base import Document
from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import InvalidInput

FORMAT = "quant-tui backup"
VERSION = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 16 << 20
CHUNK = 1 << 20
SEAL_BYTES = 64
COMPRESSION = 1
"""Level of deflate: results are compressed already, so that more gives little."""

MEMBER = re.compile(
    r"documents/[A-Za-z0-9_.]+\.bson|tables/[A-Za-z0-9_]+\.parquet"
    r"|studies/[0-9a-f]{24}\.log"
    r"|models/[0-9a-f]{24}/[0-9a-f]{64}\.zip"
    r"|settings/config\.toml|settings/themes/[^/\\\x00-\x1f.][^/\\\x00-\x1f]*\.ya?ml"
)
"""What a backup may hold; nothing else is ever read from one."""

_ENCRYPTED = 0x1

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Member:
    """What the manifest says of one member.

    Attributes
    ----------
    size
        Bytes, unpacked.
    rows
        Documents or rows; 0 for a file of settings.
    """

    sha256: str
    size: int
    rows: int


class ArchiveWriter:
    """Writes members one after another, none of them ever whole in memory.

    Parameters
    ----------
    path
        The file; made with mode 0600.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._stream = os.fdopen(descriptor, "w+b")
        self._zip = zipfile.ZipFile(self._stream, "w", compresslevel=COMPRESSION)
        self.members: dict[str, Member] = {}

    @contextmanager
    def member(self, name: str, *, packed: bool = True) -> Iterator[Callable[[bytes, int], None]]:
        """Yield what takes a member's bytes, and how many rows they are.

        Parameters
        ----------
        packed
            Whether to deflate.
        """
        digest, size, rows = hashlib.sha256(), 0, 0
        self._zip.compression = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with self._zip.open(name, "w", force_zip64=True) as stream:

            def write(content: bytes, count: int = 0) -> None:
                nonlocal size, rows
                stream.write(content)
                digest.update(content)
                size += len(content)
                rows += count

            yield write
        self.members[name] = Member(digest.hexdigest(), size, rows)

    def add_file(self, name: str, path: Path, rows: int, cancel: CancelCheck | None) -> None:
        """Copy a file in as it is."""
        with self.member(name, packed=False) as write, path.open("rb") as source:
            write(b"", rows)
            while chunk := source.read(CHUNK):
                raise_if_cancelled(cancel)
                write(chunk, 0)

    def finish(self, about: Document) -> None:
        """Write the manifest and bring everything to the disk."""
        listed = {
            name: {"sha256": one.sha256, "bytes": one.size, "rows": one.rows}
            for name, one in self.members.items()
        }
        manifest = {"format": FORMAT, "version": VERSION, **about, "members": listed}
        content = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        self._zip.compression = zipfile.ZIP_DEFLATED
        with self._zip.open(MANIFEST, "w") as stream:
            stream.write(content)
        self._zip.comment = b"0" * SEAL_BYTES
        self._zip.close()
        seal = _seal_of(self._stream, None)
        self._stream.seek(-SEAL_BYTES, os.SEEK_END)
        self._stream.write(seal)
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def close(self) -> None:
        """Let go of the file, finished or not."""
        self._zip.fp = None  # of an unfinished one, no directory is written
        self._stream.close()


class Archive:
    """A backup whose every byte was checked. Make it with :func:`verified`."""

    def __init__(self, path: Path, manifest: Document, members: dict[str, Member]) -> None:
        self.path = path
        self.manifest = manifest
        self.members = members

    def names(self, folder: str) -> list[str]:
        """Return the members of a folder such as ``documents``."""
        return [name for name in self.members if name.startswith(f"{folder}/")]

    @contextmanager
    def reading(self) -> Iterator[Callable[[str], Iterator[bytes]]]:
        """Yield what reads a member in pieces; its hash is checked once more at the end."""
        with self.path.open("rb") as stream, zipfile.ZipFile(stream) as archive:

            def pieces(name: str) -> Iterator[bytes]:
                return _pieces(self.path, archive, name, self.members[name])

            with _readable(self.path):
                yield pieces


def verified(
    path: Path, *, progress: Progress | None = None, cancel: CancelCheck | None = None
) -> Archive:
    """Check a whole backup and return it.

    Raises
    ------
    InvalidInput
        It cannot be read, is no backup, damaged, cut short or changed, written by a newer
        version, or holds what no backup holds.
    Cancelled
        When ``cancel`` said so.
    """
    if not path.is_file():
        what = "is a folder, not a backup" if path.is_dir() else "does not exist"
        raise InvalidInput(f"{path} {what}.", field="backup", hint="Give a .backup.zip file.")
    with _readable(path), path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        seal = _seal_of(stream, cancel)
        if stream.read() != seal:
            refuse(path, "it was changed, cut short or damaged")
        entries = _entries(path, archive)
        manifest = _manifest(path, archive)
        members = _members(path, manifest, entries)
        total, done = sum(one.size for one in members.values()) or 1, 0
        for name, member in members.items():
            for piece in _pieces(path, archive, name, member):
                raise_if_cancelled(cancel)
                done += len(piece)
                if progress is not None:
                    progress(done / total)
    return Archive(path, manifest, members)


def refuse(path: Path, why: str, hint: str = "Nothing was changed.") -> NoReturn:
    """Refuse a backup.

    Raises
    ------
    InvalidInput
        Always.
    """
    raise InvalidInput(f"The backup {path} is refused: {why}.", field="backup", hint=hint)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", field="backup") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise InvalidInput(
            f"{path} is no backup, or it is damaged or cut short.",
            field="backup",
            hint="Nothing was changed.",
        ) from error


def _seal_of(stream: IO[bytes], cancel: CancelCheck | None) -> bytes:
    """Return the hash of all but the last bytes, where the stream is left."""
    digest, left = hashlib.sha256(), max(0, stream.seek(0, os.SEEK_END) - SEAL_BYTES)
    stream.seek(0)
    while left:
        raise_if_cancelled(cancel)
        piece = stream.read(min(CHUNK, left))
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest().encode()


def _entries(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename
        if name != MANIFEST and not MEMBER.fullmatch(name):
            refuse(path, f"it holds {name[:60]!r}, which no backup has")
        if name in entries:
            refuse(path, f"it holds {name} twice")
        if entry.flag_bits & _ENCRYPTED:
            refuse(path, f"{name} is encrypted")
        entries[name] = entry
    if MANIFEST not in entries or entries[MANIFEST].file_size > LARGEST_MANIFEST:
        refuse(path, f"its {MANIFEST} is missing or too large")
    return entries


def _manifest(path: Path, archive: zipfile.ZipFile) -> Document:
    content = archive.read(MANIFEST)
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        refuse(path, f"{MANIFEST} is damaged")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        refuse(path, "it is another kind of file")
    version = manifest.get("version")
    if not isinstance(version, int) or version > VERSION:
        refuse(path, "it was written by a newer quant-tui", "Update quant-tui.")
    return manifest


def _members(
    path: Path, manifest: Document, entries: dict[str, zipfile.ZipInfo]
) -> dict[str, Member]:
    listed = manifest.get("members")
    if not isinstance(listed, dict) or {*listed, MANIFEST} != entries.keys():
        refuse(path, f"{MANIFEST} does not list what it holds")
    members = {}
    for name, said in listed.items():
        try:
            member = Member(str(said["sha256"]), int(said["bytes"]), int(said["rows"]))
        except (KeyError, TypeError, ValueError):
            refuse(path, f"{MANIFEST} is damaged")
        if entries[name].file_size != member.size:
            refuse(path, f"{name} is not as long as {MANIFEST} says")
        members[name] = member
    return members


def _pieces(path: Path, archive: zipfile.ZipFile, name: str, member: Member) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
            size += len(piece)
            if size > member.size:
                break
            yield piece
    if size != member.size or digest.hexdigest() != member.sha256:
        refuse(path, f"{name} is not the one that {MANIFEST} names")
