"""The vector index: opened by one process at a time, probed, and rebuilt when damaged.

Two processes on one folder corrupt it, and so may a power cut; that is why texts and
vectors live in MongoDB and this is only an index over them. Each write begins a new
generation, named in a file beside the folder: who finds another one than its own opens anew.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import IndexDamaged, QuantError, StoreUnavailable
from quant_tui.storage.locks import FileLock, make_private_folder

if TYPE_CHECKING:
    from chromadb.api.client import Client

_LOCK_SECONDS = 20.0
_PROBE = "quant_tui_probe"
_clients = threading.Lock()
"""ChromaDB keeps what the clients of one folder share, and counts them, for one thread."""

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
        self._turn = threading.RLock()
        self._client: Client | None = None
        self._generation = ""

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
        with self._turn:
            try:
                with self.opened(writing=True) as client:
                    return _probe(client, self._damaged)
            finally:
                self.close()

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
        with self._turn, self._locked():
            self.close()
            self._begin_generation()
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
    def opened(self, *, writing: bool) -> Iterator[Client]:
        """Hold the lock and an open client, which stays open for the next time.

        It is opened anew when another process has written meanwhile. Blocks: a second for
        the import, then some milliseconds.

        Raises
        ------
        IndexDamaged
            It cannot be opened, read or written.
        StoreUnavailable
            Another process holds it for twenty seconds, or the folder cannot be used.
        """
        with self._turn, self._locked():
            make_private_folder(self._path)
            if not self.epoch:
                self.begin_epoch()
            if self._client is not None and self._generation != self._read_generation():
                self.close()
            try:
                if self._client is None:
                    self._client = self._new_client()
                    self._generation = self._read_generation()
                if writing:
                    # Before: should this process die at it, the others look anew.
                    self._begin_generation()
                yield self._client
            except QuantError:
                raise
            except BaseException as error:
                # Its Rust core reports damage as a panic, which is no Exception.
                if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                    raise
                self.close()
                raise self._damaged(str(error)) from error
            finally:
                if writing or self._client is None:
                    self._make_private()

    @property
    def epoch(self) -> str:
        """Another one whenever vectors may have been thrown away; empty before the first use."""
        try:
            return self._epoch_file.read_text()
        except OSError:
            return ""

    def begin_epoch(self) -> None:
        """Let all who use the index look what is still in it; call it while it is open."""
        _write_private(self._epoch_file, uuid.uuid4().hex)

    def close(self) -> None:
        """Let go of the index and its memory; it opens again by itself."""
        with self._turn:
            client, self._client = self._client, None
            if client is not None:
                with _clients:
                    client.close()

    def _new_client(self) -> Client:
        from chromadb.api.client import Client
        from chromadb.config import Settings

        with _clients:
            try:
                return Client(
                    settings=Settings(
                        anonymized_telemetry=False,
                        is_persistent=True,
                        persist_directory=str(self._path),
                    )
                )
            except BaseException:
                # It remembers the half-open folder and would return it the next time.
                Client.clear_system_cache()
                raise

    @property
    def _epoch_file(self) -> Path:
        # In the folder: what is moved away or deleted takes it along.
        return self._path / "quant_tui.epoch"

    @property
    def _generation_file(self) -> Path:
        return self._path.with_name(f"{self._path.name}.generation")

    def _read_generation(self) -> str:
        try:
            return self._generation_file.read_text()
        except FileNotFoundError:
            return ""

    def _begin_generation(self) -> None:
        self._generation = uuid.uuid4().hex
        _write_private(self._generation_file, self._generation)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        make_private_folder(self._path.parent)
        with FileLock(self._path.with_name(f"{self._path.name}.lock")) as lock:
            # Who waits stands at the turnstile, so that nobody gets in twice before it.
            with FileLock(self._path.with_name(f"{self._path.name}.turnstile")) as turnstile:
                if not turnstile.wait_exclusive(_LOCK_SECONDS) or not lock.wait_exclusive(
                    _LOCK_SECONDS
                ):
                    raise StoreUnavailable(
                        f"The index {self._path} is in use by another process.",
                        hint="Try again in a moment.",
                    )
            yield

    def _damaged(self, what: str) -> IndexDamaged:
        return IndexDamaged(
            f"The index {self._path} cannot be used: {what[:300].rstrip('.')}.",
            hint="Remove that folder; it holds nothing that is not in MongoDB and is filled "
            "again from there.",
        )

    def _make_private(self) -> None:
        # It writes its files readable for everybody where the umask allows.
        for path in self._path.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                path.chmod(0o700 if path.is_dir() else 0o600)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _probe(client: Client, damaged: Callable[[str], IndexDamaged]) -> str:
    # Kept between probes: a deleted collection leaves its files behind. Without
    # an embedding function, for the default one would download a model.
    collection = client.get_or_create_collection(_PROBE, embedding_function=None)
    collection.upsert(ids=["probe"], embeddings=[_PROBE_VECTOR], documents=["probe"])
    found = collection.query(query_embeddings=[_PROBE_VECTOR], n_results=1)
    if found["ids"] != [["probe"]]:
        raise damaged("it does not find what was just written")
    return str(client.get_version())
