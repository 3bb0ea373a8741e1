"""``quant-tui`` and ``python -m quant_tui``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the program with the process's arguments and exit with its code."""
    from quant_tui.cli.main import run

    code = run(sys.argv[1:])
    _let_go_of_output()
    sys.exit(code)


def _let_go_of_output() -> None:
    """Keep the exit code when nobody reads any more (a dropped line, ``| head``).

    Python flushes both streams once more at exit and turns a failure of that into 120.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1 if stream is sys.stdout else 2)
            os.close(nowhere)


if __name__ == "__main__":
    main()
