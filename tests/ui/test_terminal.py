"""In a pseudo-terminal: what is imported before the first paint, and how the app ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("run_frame.py")
ON = ("?1049", "?1000", "?1003", "?1006", "?2004", "?1004")
"""Modes that the app switches on: alternate screen, mouse, paste, focus."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


class Terminal:
    """A child in a pseudo-terminal, and everything it wrote.

    Parameters
    ----------
    home
        Where it keeps its files.
    arguments
        What Python runs.
    """

    def __init__(self, home: Path, *arguments: str, **environment: str) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.written = b""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SSH_", "NO_COLOR"))}
        self.errors = home / "stderr"
        self.child = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            env={**clean, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
        )  # fmt: skip

    def read(self, seconds: float) -> bytes:
        """Read what comes within a time."""
        start = len(self.written)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self.master], [], [], min(left, 0.05))
            if ready:
                try:
                    self.written += os.read(self.master, 65536)
                except OSError:
                    break
        return self.written[start:]

    def wait_for(self, text: str, seconds: float = 60.0) -> None:
        """Read until a text was written."""
        end = time.monotonic() + seconds
        while text.encode() not in self.written:
            assert time.monotonic() < end, self.written[-2000:]
            assert self.child.poll() is None, self.written[-2000:]
            self.read(0.05)

    def send(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self, seconds: float = 60.0) -> int:
        """Wait for the child and return its exit code."""
        limit = time.monotonic() + seconds
        while self.child.poll() is None:
            assert time.monotonic() < limit, "it did not end"
            self.read(0.05)
        self.read(0.2)
        return self.child.returncode

    def assert_restored(self) -> None:
        """Every mode that was switched on is off again, and the line is as it was."""
        text = self.written.decode(errors="replace")
        for mode in ON:
            assert text.rfind(f"\x1b[{mode}h") < text.rfind(f"\x1b[{mode}l"), mode
        assert text.rfind("\x1b[?25l") < text.rfind("\x1b[?25h"), "cursor"
        assert termios.tcgetattr(self.slave) == self.before

    def close(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for number in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(number)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[list[Terminal]]:
    made: list[Terminal] = []
    yield made
    for terminal in made:
        terminal.close()


def start(made: list[Terminal], home: Path, mode: str, **environment: str) -> Terminal:
    terminal = Terminal(home, str(SCRIPT), str(home), mode, **environment)
    made.append(terminal)
    return terminal


def test_nothing_heavy_is_imported_before_the_first_paint(
    run: list[Terminal], tmp_path: Path
) -> None:
    terminal = start(run, tmp_path, "modules")
    terminal.wait_for("Dash")
    end = time.monotonic() + 60
    while not (tmp_path / "modules").exists():
        assert time.monotonic() < end
        terminal.read(0.05)
    assert (tmp_path / "modules").read_text() == ""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["term", "hup"]
)
def test_signals_end_it_well_even_with_a_job_running(
    run: list[Terminal], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    terminal = start(run, tmp_path, "job")
    terminal.wait_for("Golden cross")
    started = time.monotonic()
    os.kill(terminal.child.pid, number)
    assert terminal.end() == code  # the job would go on for an hour
    assert time.monotonic() - started < 3
    terminal.assert_restored()
    assert (tmp_path / "cancelled").exists()
    assert (tmp_path / "closed").exists()
    assert b"Traceback" not in terminal.written


def test_quitting_ends_it_well(run: list[Terminal], tmp_path: Path) -> None:
    terminal = start(run, tmp_path, "idle")
    terminal.wait_for("2026-02-27")
    terminal.send("q")
    assert terminal.end() == 0
    terminal.assert_restored()
    assert (tmp_path / "closed").exists()


def test_dropped_line_ends_it_though_nobody_is_left_to_write_to(
    run: list[Terminal], tmp_path: Path
) -> None:
    terminal = start(run, tmp_path, "job")
    terminal.wait_for("Golden cross")
    os.close(terminal.master)
    os.kill(terminal.child.pid, signal.SIGHUP)
    assert terminal.child.wait(timeout=60) == 129
    assert (tmp_path / "cancelled").exists()
    assert (tmp_path / "closed").exists()


def test_crash_leaves_one_clear_line_and_no_traceback(run: list[Terminal], tmp_path: Path) -> None:
    terminal = start(run, tmp_path, "crash")
    assert terminal.end() == 1
    terminal.assert_restored()
    text = terminal.written.decode(errors="replace")
    after = text[text.rfind("\x1b[?1049l") :]
    assert "quant-tui ended unexpectedly (ZeroDivisionError)" in after
    assert "Traceback" not in text


def test_idle_costs_nothing_and_a_switch_little(run: list[Terminal], tmp_path: Path) -> None:
    terminal = start(run, tmp_path, "idle", SSH_TTY="/dev/pts/9")
    terminal.wait_for("2026-02-27")
    for _ in range(20):  # what is still under way then takes its time on a busy machine
        if not terminal.read(0.5):
            break
    assert len(terminal.read(2.0)) < 200
    for key in "29518":
        terminal.send(key)
        assert 0 < len(terminal.read(0.5) or terminal.read(5.0)) < 5000


def test_the_app_with_its_stores_says_nothing_after_its_end(
    run: list[Terminal], tmp_path: Path
) -> None:
    """Libraries complain on the terminal of what is still held when Python ends."""
    terminal = Terminal(tmp_path, "-m", "quant_tui", "demo")
    run.append(terminal)
    terminal.wait_for("ASHBY.SYN", 90)
    terminal.send("qy")  # it asks where a job runs
    assert terminal.end() == 0
    terminal.assert_restored()
    said = terminal.written.rpartition(b"\x1b[?1049l")[2]
    assert re.sub(rb"\x1b\[[<-?]?[0-9;]*[@-~]|\x1b[=>]", b"", said).strip() == b""
