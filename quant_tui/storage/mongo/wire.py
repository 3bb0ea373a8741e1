"""Ask a MongoDB server one question over a raw socket.

Starting a server means asking "are you there?" every few milliseconds; a driver's
client backs off for half a second between tries and starts threads. This speaks just
enough of OP_MSG (MongoDB wire protocol, opcode 2013) for the hand-shake commands.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quant_tui.domain.base import Document

Address = Path | tuple[str, int]
"""A Unix socket's path, or host and port."""

_HEADER = struct.Struct("<iiii")
_OP_MSG = 2013
_MAX_REPLY = 48_000_000


def command(address: Address, document: Document, *, timeout: float = 2.0) -> Document:
    """Run one command without logging in and return the server's reply.

    Parameters
    ----------
    address
        Where the server listens.
    document
        The command; ``$db`` is ``admin`` unless it says otherwise.
    timeout
        Seconds for connecting and for each read.

    Raises
    ------
    OSError
        Nobody listens there, or the connection broke.
    """
    import bson

    body = struct.pack("<iB", 0, 0) + bson.encode({**document, "$db": document.get("$db", "admin")})
    request = _HEADER.pack(_HEADER.size + len(body), 1, 0, _OP_MSG) + body
    with _connect(address, timeout) as connection:
        connection.sendall(request)
        length, _, _, opcode = _HEADER.unpack(_read(connection, _HEADER.size))
        if opcode != _OP_MSG or not _HEADER.size < length <= _MAX_REPLY:
            raise OSError(f"{address} does not answer as a MongoDB server")
        reply = _read(connection, length - _HEADER.size)
    return dict(bson.decode(reply[5:]))


def listens(address: Address, *, timeout: float = 0.5) -> bool:
    """Return whether someone accepts connections at ``address``."""
    try:
        _connect(address, timeout).close()
    except OSError:
        return False
    return True


def _connect(address: Address, timeout: float) -> socket.socket:
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(str(address) if isinstance(address, Path) else address)
    except BaseException:
        connection.close()
        raise
    return connection


def _read(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise OSError("the server closed the connection")
        data += chunk
    return bytes(data)
