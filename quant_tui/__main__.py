"""``quant-tui`` and ``python -m quant_tui``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program with the process's arguments and exit with its code."""
    from quant_tui.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
