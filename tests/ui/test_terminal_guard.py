"""The whole program in a pseudo-terminal, killed outright."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import psutil
import pytest

from quant_tui.ui.terminal_guard import RESET

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


class Program:
    """``quant-tui`` on a home, in a pseudo-terminal."""

    def __init__(self, home: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.written = b""
        self.child = subprocess.Popen(
            [sys.executable, "-m", "quant_tui", "--home", str(home)],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )  # fmt: skip

    def until(self, text: str, seconds: float = 90) -> None:
        give_up = time.monotonic() + seconds
        while text.encode() not in self.written:
            assert time.monotonic() < give_up, self.written[-500:]
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                with contextlib.suppress(OSError):
                    self.written += os.read(self.master, 65536)

    def guard(self) -> psutil.Process | None:
        for one in psutil.Process(self.child.pid).children():
            with contextlib.suppress(psutil.Error):
                if any("terminal_guard" in word for word in one.cmdline()):
                    return one
        return None

    def close(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        os.close(self.master)
        os.close(self.slave)


def test_a_killed_app_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    try:
        program.until("account")
        guard = program.guard()
        assert guard is not None
        assert termios.tcgetattr(program.slave) != program.before
        os.kill(program.child.pid, signal.SIGKILL)
        program.child.wait()
        program.until(RESET.replace("\r", ""))
        guard.wait(timeout=60)
        assert termios.tcgetattr(program.slave) == program.before
    finally:
        program.close()


def test_a_guard_goes_home_with_the_app(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    try:
        program.until("account")
        guard = program.guard()
        assert guard is not None
        os.kill(program.child.pid, signal.SIGTERM)
        program.until("\x1b[?1049l")
        assert program.child.wait(timeout=60) == 143
        guard.wait(timeout=60)
        assert RESET.encode() not in program.written
    finally:
        program.close()


@pytest.mark.parametrize("keys", ["", "3n", "0n"])
def test_a_dropped_line_ends_it_from_any_screen(tmp_path: Path, keys: str) -> None:
    program = Program(tmp_path / "home")
    try:
        program.until("account")
        os.write(program.master, b"\r")
        program.until("sample data")
        os.write(program.master, b"n" + keys.encode())
        program.until("New strategy" if keys == "3n" else "Import" if keys == "0n" else "Dash")
        os.close(program.master)
        os.kill(program.child.pid, signal.SIGHUP)
        assert program.child.wait(timeout=60) == 129
    finally:
        program.master = os.open(os.devnull, os.O_RDONLY)
        program.close()
