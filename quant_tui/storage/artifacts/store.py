"""Where artifacts lie: a folder of this machine, or any place that fsspec knows.

An artifact is written under another name first, and gets its own, which is the hash of its
content, in one step: it is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import ArtifactDamaged, InvalidInput, StoreUnavailable
from quant_tui.storage.artifacts.bundle import pack, unpack
from quant_tui.storage.locks import FileLock, make_private_folder

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

ENDING = ".zip"
ORPHAN_SECONDS = 3600.0
"""Age from which an artifact that belongs to no model is taken for a leftover."""

_PARTIAL = ".partial-"
_FILE = re.compile(r"[0-9a-f]{64}\.zip")
_OWNER = re.compile(r"[0-9a-zA-Z_-]+")
_FOREIGN = "://"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact.

    Attributes
    ----------
    path
        Where it lies: a name below the folder, or the whole address.
    content_hash
        SHA-256 of its bytes.
    size
        Bytes.
    """

    path: str
    content_hash: str
    size: int


class ArtifactStore:
    """Artifacts of one user.

    Parameters
    ----------
    folder
        Of this machine; made with the first artifact.
    owner
        Whose they are: a part of every path.
    address
        Where new ones go instead of the folder: ``s3://bucket/models`` and whatever else
        fsspec and its packages understand. Empty for the folder.
    """

    def __init__(self, folder: Path, owner: str, address: str = "") -> None:
        if not _OWNER.fullmatch(owner):
            raise InvalidInput("Nobody is signed in.")
        if address.startswith("file://"):
            folder, address = Path(address.removeprefix("file://")), ""
        elif address and _FOREIGN not in address:
            folder, address = Path(address).expanduser(), ""
        self._folder = folder / owner
        self._owner = owner
        self._address = address.rstrip("/")

    def put(self, files: Mapping[str, bytes]) -> Artifact:
        """Keep files as an artifact.

        Raises
        ------
        InvalidInput
            One is of a format that may hold code.
        StoreUnavailable
            The place cannot be written.
        """
        data = pack(files)
        digest = hashlib.sha256(data).hexdigest()
        name = f"{digest}{ENDING}"
        if self._address:
            path = f"{self._address}/{self._owner}/{name}"
            self._foreign(path, lambda system, inner: self._upload(system, inner, data))
        else:
            path = name
            self._write(name, data)
        return Artifact(path, digest, len(data))

    def get(self, path: str, content_hash: str) -> dict[str, bytes]:
        """Return the files of an artifact.

        Parameters
        ----------
        path, content_hash
            As :meth:`put` returned them.

        Raises
        ------
        ArtifactDamaged
            It is not there, or its content is not what was put there.
        StoreUnavailable
            The place cannot be read.
        """
        if _FOREIGN in path:
            data = self._foreign(path, lambda system, inner: bytes(system.cat_file(inner)))
        else:
            data = self._read(path)
        if hashlib.sha256(data).hexdigest() != content_hash:
            raise ArtifactDamaged(
                f"The artifact {self.shown(path)} is not the one that was registered.",
                hint="It was damaged or swapped. Restore it from a backup, or train again.",
            )
        return unpack(data)

    def shown(self, path: str) -> str:
        """Return where an artifact lies, in full."""
        return path if not path or _FOREIGN in path else str(self._folder / path)

    def delete(self, path: str) -> None:
        """Remove an artifact, if it is there."""
        if _FOREIGN in path:
            self._foreign(path, self._remove)
        elif path:
            self._local(path).unlink(missing_ok=True)

    def sweep(self, kept: Collection[str], age: float = ORPHAN_SECONDS) -> int:
        """Remove what killed processes left in the folder, and return how many files.

        Parameters
        ----------
        kept
            Paths that belong to models.
        age
            Seconds from which an artifact that belongs to none is a leftover: one may have
            been put there just now, and be about to be registered.
        """
        if not self._folder.is_dir():
            return 0
        gone = 0
        for path in self._folder.iterdir():
            is_old = time.time() - path.stat().st_mtime > age
            orphan = _FILE.fullmatch(path.name) and path.name not in kept and is_old
            if orphan or (path.name.startswith(_PARTIAL) and _is_abandoned(path)):
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _write(self, name: str, data: bytes) -> None:
        folder = make_private_folder(self._folder)
        partial = folder / f"{_PARTIAL}{uuid.uuid4().hex}"
        try:
            # Whoever sweeps sees by the lock that somebody is writing.
            with FileLock(partial) as lock:
                lock.try_exclusive()
                with os.fdopen(os.dup(lock.descriptor), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(folder / name)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise StoreUnavailable(
                f"The model cannot be written to {folder}: {error.strerror}."
            ) from error

    def _read(self, path: str) -> bytes:
        try:
            return self._local(path).read_bytes()
        except FileNotFoundError:
            raise ArtifactDamaged(
                f"The artifact {self.shown(path)} is gone.",
                hint="Restore it from a backup, or train again.",
            ) from None
        except OSError as error:
            raise StoreUnavailable(
                f"The artifact {self.shown(path)} cannot be read: {error.strerror}."
            ) from error

    def _local(self, path: str) -> Path:
        if not _FILE.fullmatch(path):
            raise ArtifactDamaged(f"{path!r} is no name of an artifact.")
        return self._folder / path

    @staticmethod
    def _upload(system: AbstractFileSystem, inner: str, data: bytes) -> bytes:
        system.makedirs(inner.rpartition("/")[0], exist_ok=True)
        system.pipe_file(inner, data)
        return b""

    @staticmethod
    def _remove(system: AbstractFileSystem, inner: str) -> bytes:
        if system.exists(inner):
            system.rm_file(inner)
        return b""

    @staticmethod
    def _foreign(path: str, work: Callable[[AbstractFileSystem, str], bytes]) -> bytes:
        import fsspec

        try:
            system, inner = fsspec.core.url_to_fs(path)
            return work(system, inner)
        except FileNotFoundError:
            raise ArtifactDamaged(
                f"The artifact {path} is gone.", hint="Restore it there, or train again."
            ) from None
        except (ImportError, ValueError) as error:
            raise InvalidInput(
                f"{path} cannot be used: {error}",
                field="models.artifacts",
                hint="Install fsspec's package for it, as s3fs for s3://.",
            ) from error
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be reached: {error}.") from error


def _is_abandoned(path: Path) -> bool:
    with FileLock(path) as lock:
        return lock.try_exclusive()
