"""Asking for a yes or no at the terminal while a command is at work."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

import typer

from quant_tui.domain.errors import Cancelled

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


def agrees(question: str) -> bool:
    """Ask on stderr; nothing but a yes is one.

    Raises
    ------
    Cancelled
        ctrl+c, or the terminal was left without an answer.
    """
    with _signals_end_it():
        try:
            return typer.confirm(question, default=False, err=True)
        except (typer.Abort, KeyboardInterrupt):
            raise Cancelled from None


@contextlib.contextmanager
def _signals_end_it() -> Iterator[None]:
    """Let signals end the reading: a running loop, which has them, waits for it."""
    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    told = signal.set_wakeup_fd(-1)
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
