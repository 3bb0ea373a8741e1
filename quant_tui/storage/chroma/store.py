"""The vector index: opened by one process at a time, probed, and rebuilt when damaged.

Two processes on one folder corrupt it, and so may a power cut; that is why texts and
vectors live in MongoDB and this is only an index over them.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import QuantError, StoreUnavailable
from quant_tui.storage.locks import FileLock, make_private_folder

if TYPE_CHECKING:
    from chromadb.api.client import Client

_LOCK_SECONDS = 20.0
_PROBE = "quant_tui_probe"
_PROBE_VECTOR: Sequence[float] = [0.6, 0.8]


@dataclass(frozen=True, slots=True)
class ChromaHealth:
    """What a probe found.

    Attributes
    ----------
    path
        The index's folder.
    ok
        Whether a vector could be written and found.
    version
        ChromaDB's version; empty when it could not be used.
    error
        What is wrong; empty when nothing is.
    """

    path: Path
    ok: bool
    version: str
    error: str


class ChromaStore:
    """The vector index in one folder.

    Parameters
    ----------
    path
        Its folder; made with mode 0700 when first used. The lock lies beside it, so
        that it stays when the folder is moved away.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser().absolute()

    def health(self) -> ChromaHealth:
        """Write and find a vector. Blocks for about a second: call it in a thread."""
        try:
            return ChromaHealth(self._path, True, self.ping(), "")
        except StoreUnavailable as error:
            return ChromaHealth(self._path, False, "", str(error))

    def ping(self) -> str:
        """Return ChromaDB's version after a probe like :meth:`health`.

        Raises
        ------
        StoreUnavailable
            It is damaged, locked by another process, or cannot be written.
        """
        with self._open() as client:
            # Kept between probes: a deleted collection leaves its files behind. Without
            # an embedding function, for the default one would download a model.
            collection = client.get_or_create_collection(_PROBE, embedding_function=None)
            collection.upsert(ids=["probe"], embeddings=[_PROBE_VECTOR], documents=["probe"])
            found = collection.query(query_embeddings=[_PROBE_VECTOR], n_results=1)
            if found["ids"] != [["probe"]]:
                raise self._damaged("it does not find what was just written")
            return str(client.get_version())

    def rebuild(self) -> Path | None:
        """Move a damaged index away and start an empty one, to be filled from MongoDB.

        Returns
        -------
        Path or None
            Where the old one lies (one is kept); None when there was none.

        Raises
        ------
        StoreUnavailable
            The folder cannot be moved, or another process uses it.
        """
        with self._locked():
            if not self._path.exists():
                return None
            aside = self._path.with_name(f"{self._path.name}.damaged")
            try:
                shutil.rmtree(aside, ignore_errors=True)
                self._path.rename(aside)
            except OSError as error:
                raise StoreUnavailable(
                    f"The damaged index {self._path} cannot be moved: {error.strerror}.",
                    hint=f"Remove {self._path}; it holds nothing that is not in MongoDB.",
                ) from error
            return aside

    @contextlib.contextmanager
    def _open(self) -> Iterator[Client]:
        """Hold the lock and an open client; close it before the lock is given back."""
        with self._locked():
            make_private_folder(self._path)
            from chromadb.api.client import Client
            from chromadb.config import Settings

            client: Client | None = None
            try:
                client = Client(
                    settings=Settings(
                        anonymized_telemetry=False,
                        is_persistent=True,
                        persist_directory=str(self._path),
                    )
                )
                yield client
            except QuantError:
                raise
            except BaseException as error:
                # Its Rust core reports damage as a panic, which is no Exception.
                if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                    raise
                if client is None:
                    # It remembers the half-open folder and would return it the next time.
                    Client.clear_system_cache()
                raise self._damaged(str(error)) from error
            finally:
                if client is not None:
                    client.close()
                self._make_private()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        make_private_folder(self._path.parent)
        with FileLock(self._path.with_name(f"{self._path.name}.lock")) as lock:
            if not lock.wait_exclusive(_LOCK_SECONDS):
                raise StoreUnavailable(
                    f"The index {self._path} is in use by another process.",
                    hint="Try again in a moment.",
                )
            yield

    def _damaged(self, what: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"The index {self._path} cannot be used: {what[:300].rstrip('.')}.",
            hint="Remove that folder; it holds nothing that is not in MongoDB and is filled "
            "again from there.",
        )

    def _make_private(self) -> None:
        # It writes its files readable for everybody where the umask allows.
        for path in self._path.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                path.chmod(0o700 if path.is_dir() else 0o600)
