"""Probe an index in a process of its own: ``python -m quant_tui.storage.chroma.probe PATH``.

ChromaDB takes a second to import and 100 MB to keep, which the caller is spared. Prints
the version on the first line, or the cause, and exits with 0 or 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.chroma.store import ChromaStore


def main(path: str) -> int:
    """Probe the index at ``path``; return the exit code."""
    try:
        answer, code = ChromaStore(Path(path)).ping(), 0
    except StoreUnavailable as error:
        answer, code = str(error), 1
    sys.stdout.write(answer + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
