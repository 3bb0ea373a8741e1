"""What the program and its worker processes say to each other, over private pipes."""

from __future__ import annotations

import mmap
import pickle
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LENGTH = struct.Struct("<Q")
_ALIGNED = 64
"""Arrays begin at multiples of so many bytes, as those that numpy makes."""


@dataclass(frozen=True, slots=True)
class Hello:
    """First to a worker: what its versions must be.

    ``versions`` is the pickled function that tells its own.
    """

    versions: bytes
    expected: dict[str, str]


@dataclass(frozen=True, slots=True)
class RunBunch:
    """To a worker: run the task of ``work``, pickled with its parts, on the data in a file."""

    session: int
    data: str
    work: bytes


@dataclass(frozen=True, slots=True)
class Stop:
    """To a worker: this session is no longer wanted."""

    session: int


@dataclass(frozen=True, slots=True)
class Forget:
    """To a worker: this session is over, its data may go."""

    session: int


@dataclass(frozen=True, slots=True)
class Told:
    """From a worker: how far its bunch is."""

    fraction: float


@dataclass(frozen=True, slots=True)
class Done:
    """From a worker: the pickled results of its bunch, or the error that ended it."""

    results: bytes
    failed: bool


Message = Hello | RunBunch | Stop | Forget | Told | Done


def write_message(stream: IO[bytes], message: Message) -> None:
    """Write one message.

    Raises
    ------
    OSError
        The other side has gone.
    """
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_message(stream: IO[bytes]) -> Message | None:
    """Read one message; None when the other side has gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    if len(body) < length:
        return None
    message: Message = pickle.loads(body)  # noqa: S301 -- from the other end of our own pipe
    return message


def write_data(path: Path, data: object) -> None:
    """Write data into a new file that only its owner reads; arrays so that they can be mapped.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(data, pickle.HIGHEST_PROTOCOL, buffer_callback=buffers.append)
    raws = [buffer.raw() for buffer in buffers]
    places, end = [], 0
    for raw in raws:
        start = -(-end // _ALIGNED) * _ALIGNED
        end = start + raw.nbytes
        places.append((start, end))
    head = pickle.dumps((body, places), pickle.HIGHEST_PROTOCOL)
    with path.open("xb") as stream:
        path.chmod(0o600)
        stream.write(_LENGTH.pack(len(head)))
        stream.write(head)
        base = _base(len(head))
        for (start, _), raw in zip(places, raws, strict=True):
            stream.seek(base + start)
            stream.write(raw)
        stream.truncate(max(base + end, stream.tell()))


def read_data(path: Path) -> object:
    """Return the data of a file; their arrays are views of it that no one can write to.

    Workers that read the same file share its pages: the data are in memory once.
    """
    with path.open("rb") as stream:
        mapped = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    (length,) = _LENGTH.unpack(mapped[: _LENGTH.size])
    body, places = pickle.loads(  # noqa: S301 -- a file of our own
        mapped[_LENGTH.size : _LENGTH.size + length]
    )
    base = _base(length)
    views = [mapped[base + start : base + stop] for start, stop in places]
    data: object = pickle.loads(body, buffers=views)  # noqa: S301 -- as above
    return data


def _base(head: int) -> int:
    return -(-(_LENGTH.size + head) // _ALIGNED) * _ALIGNED
