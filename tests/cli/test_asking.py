"""Asking for a yes at the terminal while a command is at work."""

from __future__ import annotations

import asyncio
import signal

import pytest
import typer

from quant_tui.cli.asking import agrees
from quant_tui.domain.errors import Cancelled


async def test_ctrl_c_at_a_question_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop has the signal, and cannot act on it while the question blocks it."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGINT, ended.set)
    try:

        def confirm(*_: object, **__: object) -> bool:
            signal.raise_signal(signal.SIGINT)
            return True

        monkeypatch.setattr(typer, "confirm", confirm)
        with pytest.raises(Cancelled):
            agrees("do it?")
        await asyncio.sleep(0)
        assert not ended.is_set(), "or the clean-up would be cancelled too"
        monkeypatch.setattr(typer, "confirm", lambda *_, **__: True)
        assert agrees("do it?")
        signal.raise_signal(signal.SIGINT)
        await asyncio.wait_for(ended.wait(), 5)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
