"""Probe an index in a process of its own: ``python -m quant_tui.storage.chroma.probe PLACE``.

The place is a folder, or the address of a server.

ChromaDB takes a second to import and 100 MB to keep, which the caller is spared. Prints
the version on the first line, or the cause, and exits with 0 or 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.chroma.server import ChromaServer
from quant_tui.storage.chroma.store import ChromaStore


def main(place: str) -> int:
    """Probe the index at ``place``; return the exit code."""
    is_server = place.startswith(("http://", "https://"))
    store = ChromaServer(place) if is_server else ChromaStore(Path(place))
    try:
        answer, code = store.ping(), 0
    except StoreUnavailable as error:
        answer, code = str(error), 1
    sys.stdout.write(answer + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
