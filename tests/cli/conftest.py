"""One way to run a command of the program in this process."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from quant_tui.cli.main import run as main

Run = Callable[..., subprocess.CompletedProcess[str]]
"""Takes a command's arguments."""


@pytest.fixture
def run(home: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run one command on this file's home, in this process: imports are paid for once."""
    close_logs()

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        code = main(["--home", str(home), *arguments])
        printed = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, printed.out, printed.err)

    yield command
    close_logs()


def close_logs() -> None:
    """Forget the log of a home that went before; a process writes one log only."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, RotatingFileHandler)]:
        root.removeHandler(handler)
        handler.close()
