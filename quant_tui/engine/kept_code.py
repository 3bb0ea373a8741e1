"""Where numba's machine code is kept on disk, for any number of processes at once.

numba itself keeps an index beside numbered files. Two processes that compile one loop for
different arguments at the same time give both the same number, and from then on either
runs the other's code: a loop over every second value reads neighbours. Here each
signature has a file of its own that tells whether it is whole and of this source.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numba.core.dispatcher import Dispatcher

SUFFIX = ".nbc"
_DIGEST_BYTES = 32


def keep(dispatcher: Dispatcher[Callable[..., object]]) -> None:
    """Let a dispatcher look for its code on disk before it compiles, and leave it there.

    Where neither the source's folder nor the user's cache can be written to, nothing is
    kept, and each process compiles anew.

    Parameters
    ----------
    dispatcher
        Compiled for no arguments yet.
    """
    import numba

    try:
        dispatcher.enable_caching()
    except RuntimeError:  # numba found no folder
        return
    cache = dispatcher._cache  # type: ignore[attr-defined]  # not in its annotations
    stamp = numba.__version__.encode() + cache._impl.locator.get_source_stamp()
    cache._cache_file = KeptCode(Path(cache.cache_path), cache._impl.filename_base, stamp)


class KeptCode:
    """The code of one loop, by signature; stands where numba has its index.

    Parameters
    ----------
    folder
        Where the files lie.
    name
        What their names begin with.
    stamp
        Of the loop's source and of the compiler; code of another stamp is none.
    """

    def __init__(self, folder: Path, name: str, stamp: bytes) -> None:
        self._folder = folder
        self._name = name
        self._stamp = stamp

    def load(self, key: object) -> object | None:
        """Return what was kept; None where there is nothing whole that is still true."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        digest, data = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if digest != self._digest(data):
            return None
        found: object = pickle.loads(data)  # noqa: S301 - written by this user's own processes
        return found

    def save(self, key: object, compiled: object) -> None:
        """Keep code in one step; where it cannot be written, it is compiled anew next time."""
        from numba.core.serialize import dumps

        data: bytes = dumps(compiled)  # type: ignore[no-untyped-call]  # has no annotations
        path = self._path(key)
        scratch = path.with_suffix(f".{uuid.uuid4().hex[:16]}.tmp")
        with contextlib.suppress(OSError):
            try:
                scratch.write_bytes(self._digest(data) + data)
                scratch.replace(path)
            finally:
                scratch.unlink(missing_ok=True)

    def _path(self, key: object) -> Path:
        # The types of the arguments, the processor, and the loop's own code.
        wanted = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return self._folder / f"{self._name}.{wanted}{SUFFIX}"

    def _digest(self, data: bytes) -> bytes:
        return hashlib.sha256(self._stamp + data).digest()
