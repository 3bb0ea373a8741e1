"""A real mongod on a Unix socket: no TCP port, no other user, a replica set of one.

The replica set is what gives transactions; its only member's host is the socket's path.

mongod listens before it takes writes. A driver that comes back in that moment takes the
server for one that repeats no writes, and hands the broken write back. So drivers come in
by a link to the socket, which is there only while the server takes writes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.locks import make_private_folder
from quant_tui.storage.mongo import wire
from quant_tui.storage.mongo.binary import ServerBinary
from quant_tui.storage.mongo.launch import ServerProcess, spawn_server

if TYPE_CHECKING:
    from quant_tui.domain.base import Document

REPLICA_SET = "quant"
SOCKET_NAME = "m.sock"
ENTRANCE_NAME = "w.sock"
"""The link that drivers use: no longer than the socket's own name."""

PATIENCE_MS = 10_000
"""How long a driver's call waits for a server that died: several times what one takes to start."""

_LONGEST_SOCKET_PATH = 100
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+")
_POLL_SECONDS = 0.005
_BOOT_SECONDS = 60.0
"""After a crash mongod replays its journal before it listens."""

_NOT_YET_INITIALIZED = 94
_ALREADY_INITIALIZED = 23


def socket_path(run_dir: Path, data_dir: Path) -> Path:
    """Return where the server of ``data_dir`` listens, making the folder for it.

    The system allows about 100 bytes, and mongod reads commas and colons in an address
    as its own: where ``run_dir`` will not do, a short folder of the user's under
    XDG_RUNTIME_DIR or /tmp is taken, the same one every time.

    Raises
    ------
    StoreUnavailable
        No folder that belongs to this user alone can be had.
    """
    wanted = run_dir.expanduser().absolute() / SOCKET_NAME
    if _fits(wanted):
        return make_private_folder(wanted.parent) / SOCKET_NAME
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if runtime.is_absolute() and runtime.is_dir():
        short = runtime / f"quant-tui-{name}" / SOCKET_NAME
        if _fits(short):
            return make_private_folder(short.parent) / SOCKET_NAME
    folder = Path("/tmp") / f"quant-tui-{os.geteuid()}-{name}"  # noqa: S108 - checked to be ours
    if folder.is_symlink():
        raise StoreUnavailable(
            f"{folder} is a link that somebody else may have made.", hint=f"Remove {folder}."
        )
    return make_private_folder(folder) / SOCKET_NAME


def _fits(path: Path) -> bool:
    text = str(path)
    return len(text) <= _LONGEST_SOCKET_PATH and _PLAIN_PATH.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Mongod:
    """How the mongod of one data folder is started and asked.

    Attributes
    ----------
    binary
        The program.
    data_dir, socket, log
        Its folder (``db`` inside it), its only address, its log file.
    parameters
        Server parameters beyond ours (``--setParameter``).
    """

    binary: ServerBinary
    data_dir: Path
    socket: Path
    log: Path
    parameters: Mapping[str, str]

    @property
    def uri(self) -> str:
        """Address for a driver."""
        return (
            f"mongodb://{quote(str(self.entrance), safe='')}/"
            f"?directConnection=true&serverSelectionTimeoutMS={PATIENCE_MS}"
        )

    @property
    def entrance(self) -> Path:
        """The link to the socket by which drivers come in."""
        return self.socket.with_name(ENTRANCE_NAME)

    def start(self, server_lock: int) -> None:
        """Start it and wait until it takes writes.

        Parameters
        ----------
        server_lock
            Descriptor of the locked ``server.lock``.

        Raises
        ------
        StoreUnavailable
            It does not start; the message says why.
        """
        self.entrance.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        (self.data_dir / "db").mkdir(mode=0o700, exist_ok=True)
        started = spawn_server(
            self._arguments(), folder=self.data_dir, log=self.log, inherit=server_lock
        )
        import bson  # noqa: F401 - loaded while the server boots, for the first question

        deadline = time.monotonic() + _BOOT_SECONDS
        prepared = False
        while time.monotonic() < deadline:
            reply = self._hello()
            if reply is not None:
                if self._lets_in(reply):
                    return
                if not prepared:
                    with contextlib.suppress(OSError):  # slow, or gone: looked at again
                        prepared = self._make_replica_set(reply)
            elif started.process.poll() is not None:
                break
            time.sleep(_POLL_SECONDS)
        raise self._failure(started)

    def answers(self) -> bool:
        """Return whether the server is there and takes writes; drivers can come in from then on."""
        reply = self._hello()
        return reply is not None and self._lets_in(reply)

    def is_open(self) -> bool:
        """Return whether drivers can come in."""
        return self.entrance.exists()

    def _lets_in(self, hello: Document) -> bool:
        """Open the entrance if the server takes writes, and return whether it does."""
        if not hello.get("isWritablePrimary"):
            return False
        with contextlib.suppress(FileExistsError):
            self.entrance.symlink_to(SOCKET_NAME)
        return True

    def _failure(self, started: ServerProcess) -> StoreUnavailable:
        return started.failure("MongoDB")

    def _hello(self) -> Document | None:
        try:
            return wire.command(self.socket, {"hello": 1})
        except OSError:
            return None

    def _make_replica_set(self, hello: Document) -> bool:
        """Make the replica set at the first start; mend its address after a move."""
        host = str(self.socket)
        if hello.get("setName") and hello.get("me", host) == host:
            return True
        reply = wire.command(self.socket, {"replSetGetConfig": 1})
        if reply.get("code") == _NOT_YET_INITIALIZED:
            reply = wire.command(
                self.socket,
                {
                    "replSetInitiate": {
                        "_id": REPLICA_SET,
                        "members": [{"_id": 0, "host": host}],
                        "settings": {"electionTimeoutMillis": 1000},
                    }
                },
                timeout=30.0,
            )
            return bool(reply.get("ok")) or reply.get("code") == _ALREADY_INITIALIZED
        config = reply.get("config")
        if not config:
            return False  # still reading its configuration
        if config["members"][0]["host"] == host:
            return True
        config["members"][0]["host"] = host
        config["version"] += 1
        reply = wire.command(self.socket, {"replSetReconfig": config, "force": True}, timeout=30.0)
        return bool(reply.get("ok"))

    def _arguments(self) -> list[str]:
        parameters = {
            "diagnosticDataCollectionEnabled": "false",
            "shutdownTimeoutMillisForSignaledShutdown": "100",
            # What a killed program had begun stands in the way of others no longer than they
            # try again; a minute otherwise.
            "transactionLifetimeLimitSeconds": "12",
            **self.parameters,
        }
        arguments = [
            *self.binary.command,
            "--dbpath",
            str(self.data_dir / "db"),
            "--bind_ip",
            str(self.socket),
            "--nounixsocket",
            "--filePermissions",
            "0600",
            "--replSet",
            REPLICA_SET,
            "--oplogSize",
            "128",
            "--wiredTigerCacheSizeGB",
            "0.5",
            "--wiredTigerEngineConfigString",
            "log=(file_max=16MB)",
            "--networkMessageCompressors",
            "disabled",
            "--noscripting",
            "--quiet",
            "--logpath",
            str(self.log),
            "--logappend",
        ]
        for name, value in parameters.items():
            arguments += ["--setParameter", f"{name}={value}"]
        return arguments
