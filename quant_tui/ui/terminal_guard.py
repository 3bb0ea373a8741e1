"""Gives the terminal back when the app is killed outright.

No process can tidy up after its own ``kill -9``. So a second one, a few megabytes of
standard library only, waits at a pipe that the app holds: the end of the pipe without a
farewell means that the app is gone, and the guard leaves the alternate screen, switches
off what the app had on, and sets the line as it was before. Run as a script::

    python -I -S terminal_guard.py LINE_SETTINGS
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import termios

if TYPE_CHECKING:
    import subprocess

FAREWELL = b"."

RESET = (
    "\x1b[?2026l"  # let a half-drawn frame go
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus, paste, size reports
    "\x1b[<u"  # keyboard protocol
    "\x1b[0m\x1b[?7h\x1b[?1049l\x1b[?25h\r"  # colours, wrapping, screen, cursor
)


class TerminalGuard:
    """Stands by from :meth:`start` to :meth:`release`.

    Make it before the app changes the line's settings, and start it when the app is on
    the screen. Where there is no terminal, it does nothing.
    """

    def __init__(self) -> None:
        self._settings = ""
        self._pipe = -1
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform != "win32" and os.isatty(0):
            self._settings = _to_text(termios.tcgetattr(0))

    def start(self) -> None:
        """Start the guard; takes some milliseconds."""
        if not self._settings or self._process is not None:
            return
        import subprocess

        reading, self._pipe = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- our own file under our own Python
                [sys.executable, "-I", "-S", __file__, self._settings],
                stdin=reading,
                stdout=0,  # the terminal itself, for its settings and for writing
                stderr=subprocess.DEVNULL,
                close_fds=True,
            )
        finally:
            os.close(reading)

    def release(self) -> None:
        """Send the guard home: the app has left the terminal as it found it."""
        if self._process is None:
            return
        with contextlib.suppress(OSError):  # it may have been killed before us
            os.write(self._pipe, FAREWELL)
        os.close(self._pipe)
        self._process.wait()
        self._process = None


def main(settings: str) -> None:
    """Wait for the end of the app; without its farewell, restore the terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # From the background the system would stop us for touching the terminal.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    if sys.stdin.buffer.read():
        return
    with contextlib.suppress(OSError, termios.error):  # the terminal may be gone as well
        termios.tcsetattr(1, termios.TCSAFLUSH, _from_text(settings))
        os.write(1, RESET.encode())


def _to_text(attributes: list[int | list[bytes | int]]) -> str:
    """Write a line's settings so that they fit an argument."""
    *numbers, characters = attributes
    assert isinstance(characters, list)  # noqa: S101 -- as termios documents
    plain = [ord(one) if isinstance(one, bytes) else one for one in characters]
    return json.dumps([*numbers, plain])


def _from_text(text: str) -> list[int | list[bytes | int]]:
    *numbers, characters = json.loads(text)
    return [*numbers, [bytes([one]) for one in characters]]


if __name__ == "__main__":
    main(sys.argv[1])
