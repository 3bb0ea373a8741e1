"""SecantusDB, where no mongod runs: the same protocol on a local port, with a password.

It knows no Unix sockets and is open by default, so it listens on 127.0.0.1 at a port of
the system's choice, asks for a password that only this user can read, and syncs every
commit. Its user has to be made before it can be told to ask for one: that happens once,
on an empty store, and is checked afterwards.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.mongo import wire
from quant_tui.storage.mongo.binary import ServerBinary
from quant_tui.storage.mongo.launch import ServerProcess, spawn_server

if TYPE_CHECKING:
    from quant_tui.domain.base import Document

HOST = "127.0.0.1"

_USER = "quant"
_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
_POLL_SECONDS = 0.01
_BOOT_SECONDS = 60.0


@dataclass(slots=True)
class SecantusServer:
    """How the SecantusDB of one data folder is started and asked.

    Attributes
    ----------
    binary
        The Python that runs it.
    data_dir, log
        Its folder (``secantus`` inside it) and log file.
    port
        Where it listens; 0 until it was started once. Kept over restarts where possible,
        so that clients find it again.
    """

    binary: ServerBinary
    data_dir: Path
    log: Path
    port: int = 0
    _password: str = field(default="", repr=False)

    @property
    def uri(self) -> str:
        """Address for a driver; it holds the password."""
        return (
            f"mongodb://{_USER}:{quote(self._read_password(), safe='')}@{HOST}:{self.port}/"
            "?directConnection=true&authSource=admin"
        )

    def start(self, server_lock: int) -> None:
        """Start it and wait until it takes writes; at first make its user.

        Raises
        ------
        StoreUnavailable
            It does not start; the message says why.
        """
        if not self._password_file.exists():
            self._make_user(server_lock)
        self._read_password()
        self._boot(server_lock, "--auth")

    def answers(self) -> bool:
        """Return whether the server is there and takes writes."""
        reply = self._hello()
        return bool(reply and reply.get("isWritablePrimary"))

    def is_open(self) -> bool:
        """Return whether drivers can come in: always, for it takes writes as soon as it listens."""
        return True

    @property
    def _storage(self) -> Path:
        return self.data_dir / "secantus"

    @property
    def _password_file(self) -> Path:
        return self.data_dir / "secantus.password"

    def _hello(self) -> Document | None:
        if not self.port:
            return None
        try:
            return wire.command((HOST, self.port), {"hello": 1})
        except OSError:
            return None

    def _boot(self, server_lock: int, *options: str) -> ServerProcess:
        self._storage.mkdir(mode=0o700, exist_ok=True)
        settings = self.data_dir / "secantus.toml"
        settings.touch(mode=0o600)  # named, so that no file of the user's is picked up
        arguments = [
            str(self.binary.path),
            "-m",
            "secantus",
            "--config",
            str(settings),
            "--host",
            HOST,
            "--port",
            str(self.port if _is_free(self.port) else 0),
            "--storage-path",
            str(self._storage),
            "--cache-size",
            "256M",
            "--sync-on-commit",
            *options,
        ]
        started = spawn_server(arguments, folder=self.data_dir, log=self.log, inherit=server_lock)
        self.port = 0
        deadline = time.monotonic() + _BOOT_SECONDS
        while time.monotonic() < deadline:
            if not self.port:
                found = _LISTENING.search(started.output.read_text("utf-8", "replace"))
                self.port = int(found[1]) if found else 0
            if self.answers():
                return started
            if started.process.poll() is not None:
                break
            time.sleep(_POLL_SECONDS)
        raise started.failure("SecantusDB")

    def _make_user(self, server_lock: int) -> None:
        """Give a new store its one user, before anything is in it."""
        shutil.rmtree(self._storage, ignore_errors=True)  # left by a first start that broke off
        password = secrets.token_urlsafe(32)
        started = self._boot(server_lock)
        reply = wire.command(
            (HOST, self.port),
            {"createUser": _USER, "pwd": password, "roles": ["root"]},
        )
        users = wire.command((HOST, self.port), {"find": "system.users"})
        started.process.terminate()
        started.process.wait()
        names = [user.get("_id") for user in users.get("cursor", {}).get("firstBatch", [])]
        if not reply.get("ok") or names != [f"admin.{_USER}"]:
            raise StoreUnavailable(
                "SecantusDB could not be given a password of its own "
                f"({reply.get('errmsg', 'somebody else reached it first')}).",
                hint="Try again; if it stays so, install libcurl4 so that MongoDB itself can run.",
            )
        temporary = self._password_file.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump({"user": _USER, "password": password}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._password_file)

    def _read_password(self) -> str:
        if not self._password:
            try:
                content = json.loads(self._password_file.read_text("ascii"))
                self._password = str(content["password"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise StoreUnavailable(
                    f"The password of the private store in {self._password_file} is lost.",
                    hint="Restore that file from a backup, or move "
                    f"{self._storage} away to start empty.",
                ) from error
        return self._password


def _is_free(port: int) -> bool:
    if not port:
        return False
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
    return True
