"""The user's private MongoDB server: started on demand, shared, stopped with its last user.

Four lock files in the data folder arrange it between processes, each of which may be
killed at any moment:

- ``clients.lock`` is shared by every process that uses the server;
- ``start.lock`` is held alone while one of them starts it;
- ``server.lock`` is inherited by the server, and so held exactly as long as it lives;
- ``reaper.lock`` is held by the process that stops the server (:mod:`.reaper`).

Nothing here imports PyMongo, so that a server can start while PyMongo is imported.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.locks import FileLock, make_private_folder
from quant_tui.storage.mongo.binary import ServerBinary, ServerKind, resolve
from quant_tui.storage.mongo.launch import spawn_reaper
from quant_tui.storage.mongo.mongod import Mongod, socket_path
from quant_tui.storage.mongo.secantusdb import SecantusServer

LINGER_SECONDS = 5.0
"""How long the server waits for a new user after its last one left."""

logger = logging.getLogger(__name__)

_LOCK_SECONDS = 90.0
_SILENT_SECONDS = 20.0
"""How long a living server may not answer before it is taken for stuck and replaced."""

_WATCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A server that answers.

    Attributes
    ----------
    uri
        Address for a driver; may hold a password, so it is not part of the repr.
    kind
        ``mongod``, or ``secantusdb`` where no mongod runs.
    version
        The program's version.
    log
        Its log file.
    """

    uri: str = field(repr=False)
    kind: ServerKind
    version: str
    log: Path


class _Launcher(Protocol):
    """What a kind of server can do for us."""

    @property
    def binary(self) -> ServerBinary: ...
    @property
    def uri(self) -> str: ...
    def start(self, server_lock: int) -> None: ...
    def answers(self) -> bool: ...
    def is_open(self) -> bool: ...


class PrivateServer:
    """One user's share in the server of a data folder.

    Parameters
    ----------
    data_dir
        Where data and locks live; made with mode 0700.
    run_dir
        Where the socket lives, if its path is short and plain enough.
    log_dir
        Where the server logs.
    binary
        A mongod to use instead of the one that would be found.
    linger
        Seconds that the server stays after its last user left.
    parameters
        Further server parameters for mongod.
    """

    def __init__(
        self,
        data_dir: Path,
        run_dir: Path,
        log_dir: Path,
        *,
        binary: Path | None = None,
        linger: float = LINGER_SECONDS,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        self._data_dir = data_dir.expanduser().absolute()
        self._run_dir = run_dir
        self._log_dir = log_dir
        self._binary = binary
        self._linger = linger
        self._parameters = dict(parameters or {})
        self._clients: FileLock | None = None
        self._used: _Launcher | None = None
        self._watcher: threading.Thread | None = None
        self._released = threading.Event()
        self._guard = threading.Lock()
        self._problem: StoreUnavailable | None = None

    @property
    def problem(self) -> StoreUnavailable | None:
        """Why the server died and does not start again; None when nothing is known to be wrong."""
        return self._problem

    def acquire(self) -> ServerInfo:
        """Return the running server, starting it if need be. Blocks: call it in a thread.

        While it is held, a server that dies is started again within about a second.
        May be called again at any time, to make sure that the server runs.

        Raises
        ------
        StoreUnavailable
            No server can be started; message and hint say why and what to do.
        """
        if sys.platform == "win32":
            raise StoreUnavailable(
                "A private MongoDB server needs Unix sockets, which Windows' mongod lacks.",
                hint="Run quant-tui under WSL, or set a mongodb:// address of your own in "
                "QUANT_TUI_MONGODB_URI.",
            )
        with self._guard:
            held = self._clients is not None
            try:
                info = self._acquire()
            except OSError as error:
                failure = StoreUnavailable(
                    f"MongoDB cannot be started in {self._data_dir}: "
                    f"{error.strerror or error} ({error.filename or 'no file'}).",
                    hint="Check that the folder is yours and that the disk is not full.",
                )
                failure.__cause__ = error
            except StoreUnavailable as error:
                failure = error
            else:
                self._problem = None
                self._watch()
                return info
            self._problem = failure
            if not held:
                self._leave()
            raise failure

    def release(self) -> None:
        """Leave the server; it stops some seconds after the last user did."""
        self._released.set()
        watcher = self._watcher
        if watcher is not None and watcher is not threading.current_thread():
            watcher.join()
        with self._guard:
            self._leave()
            self._watcher = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _leave(self) -> None:
        if self._clients is not None:
            self._clients.close()
            self._clients = None

    def _acquire(self) -> ServerInfo:
        if self._clients is None:
            make_private_folder(self._data_dir)
            make_private_folder(self._log_dir)
            self._clients = FileLock(self._data_dir / "clients.lock")
            # Held alone only by a reaper that is stopping the server just now.
            if not self._clients.wait_shared(_LOCK_SECONDS):
                raise StoreUnavailable(
                    "The MongoDB server has been stopping for more than a minute.",
                    hint=f"Its process id is in {self._data_dir / 'server.pid'}; end it.",
                )
        launcher = self._running()
        if launcher is None:
            with FileLock(self._data_dir / "start.lock") as turn:
                if not turn.wait_exclusive(_LOCK_SECONDS):
                    raise StoreUnavailable(
                        "Another quant-tui has been starting MongoDB for more than a minute.",
                        hint="Close the other one, then try again.",
                    )
                launcher = self._running() or self._start()
        self._ensure_reaper()
        self._used = launcher
        return ServerInfo(
            launcher.uri, launcher.binary.kind, launcher.binary.version, self._log_file
        )

    @property
    def _log_file(self) -> Path:
        return self._log_dir / "mongod.log"

    def _running(self) -> _Launcher | None:
        """Return the server if it lives and answers."""
        with FileLock(self._data_dir / "server.lock") as lock:
            if lock.try_shared():
                return None
        recorded, port = self._read_record()
        if recorded is None:
            return None
        launcher = self._launcher(recorded, port)
        return launcher if launcher.answers() else None

    def _start(self) -> _Launcher:
        recorded, port = self._read_record()
        with FileLock(self._data_dir / "server.lock") as lock:
            deadline = time.monotonic() + _SILENT_SECONDS
            while not lock.try_exclusive():
                # It lives: booting since its starter was killed, or stuck, or its
                # socket was removed.
                launcher = self._running()
                if launcher is not None:
                    return launcher
                if time.monotonic() > deadline:
                    self._stop_silent_server(lock)
                time.sleep(0.02)
            binary = resolve(data_dir=self._data_dir, explicit=self._binary, recorded=recorded)
            launcher = self._launcher(binary, port)
            self._ensure_reaper()
            launcher.start(lock.descriptor)
            self._write_record(launcher)
        return launcher

    def _stop_silent_server(self, lock: FileLock) -> None:
        from quant_tui.storage.mongo.reaper import stop_server

        logger.warning("the MongoDB server does not answer and is replaced")
        if not stop_server(self._data_dir, lock.descriptor):
            raise StoreUnavailable(
                "The MongoDB server does not answer and cannot be stopped.",
                hint=f"Its process id is in {self._data_dir / 'server.pid'}; end it.",
            )

    def _launcher(self, binary: ServerBinary, port: int) -> _Launcher:
        if binary.kind == "secantusdb":
            return SecantusServer(binary, self._data_dir, self._log_dir / "secantus.log", port)
        socket = socket_path(self._run_dir, self._data_dir)
        return Mongod(binary, self._data_dir, socket, self._log_file, self._parameters)

    def _ensure_reaper(self) -> None:
        with FileLock(self._data_dir / "reaper.lock") as lock:
            alone = lock.try_exclusive()
        if alone:
            spawn_reaper(self._data_dir, self._linger)

    def _watch(self) -> None:
        """Start the server again when it dies while we use it."""
        if self._watcher is None or not self._watcher.is_alive():
            self._released.clear()
            self._watcher = threading.Thread(
                target=self._restart_when_it_dies, name="mongod-watch", daemon=True
            )
            self._watcher.start()

    def _restart_when_it_dies(self) -> None:
        pause = _WATCH_SECONDS
        with FileLock(self._data_dir / "server.lock") as lock:
            while not self._released.wait(pause):
                try:
                    if lock.try_shared():
                        lock.unlock()
                    elif self._used is None or self._used.is_open():
                        pause = _WATCH_SECONDS
                        continue
                    # Dead, or booting since its starter was killed: then nobody else lets us in.
                    self.acquire()
                except (StoreUnavailable, OSError) as error:  # OSError: no room for its files
                    logger.error("MongoDB stopped and does not start again: %s", error)
                    pause = min(pause * 2, 10.0)

    def _read_record(self) -> tuple[ServerBinary | None, int]:
        """Return what wrote this folder last, and its port; (None, 0) for a new folder."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            record = json.loads((self._data_dir / "server.json").read_text("utf-8"))
            kind: ServerKind = "secantusdb" if record["kind"] == "secantusdb" else "mongod"
            binary = ServerBinary(kind, Path(record["path"]), str(record["version"]))
            return binary, int(record["port"])
        # The record is lost, the data need not be.
        if (self._data_dir / "db" / "WiredTiger").exists():
            return ServerBinary("mongod", Path("mongod"), "0.0"), 0
        if (self._data_dir / "secantus.password").exists():
            return ServerBinary("secantusdb", Path(sys.executable), "0.0"), 0
        return None, 0

    def _write_record(self, launcher: _Launcher) -> None:
        record = {
            "kind": launcher.binary.kind,
            "path": str(launcher.binary.path),
            "version": launcher.binary.version,
            "port": launcher.port if isinstance(launcher, SecantusServer) else 0,
        }
        temporary = self._data_dir / "server.json.new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._data_dir / "server.json")
