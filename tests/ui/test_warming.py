"""The engine is warmed behind the screen, and nothing of that outlives the app."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Iterator

import pytest

from quant_tui.ui import warming
from quant_tui.ui.warming import Warming

WRITES_ITS_ID = (
    "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
)


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 -- a file that another process writes
            await asyncio.sleep(0.01)


@pytest.fixture
def loaded(monkeypatch) -> Iterator[list[str]]:
    """Note instead of loading; nothing is on the disk."""
    found: list[str] = []
    monkeypatch.setattr(warming, "_is_kept", lambda: False)
    monkeypatch.setattr(Warming, "_load", lambda self: found.append("loaded"))
    yield found
    gc.unfreeze()


async def test_what_compiles_ends_with_the_app(tmp_path, loaded) -> None:
    note = tmp_path / "id"
    one = Warming((sys.executable, "-c", WRITES_ITS_ID, str(note)), seconds=0)
    one.begin()
    await until(lambda: note.exists() and note.read_text())
    await one.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
    assert loaded == []


@pytest.mark.parametrize(("code", "expected"), [("", ["loaded"]), ("raise SystemExit(3)", [])])
async def test_machine_code_is_loaded_only_after_it_was_compiled(loaded, code, expected) -> None:
    one = Warming((sys.executable, "-c", code), seconds=0)
    one.begin()
    await until(lambda: one._task is not None and one._task.done())
    assert loaded == expected
    await one.close()


async def test_what_the_disk_holds_is_not_compiled_again(monkeypatch, loaded) -> None:
    monkeypatch.setattr(warming, "_is_kept", lambda: True)
    one = Warming(("no-such-command",), seconds=0)
    one.begin()
    await until(lambda: one._task is not None and one._task.done())
    assert loaded == ["loaded"]


async def test_what_was_loaded_is_not_looked_through_for_garbage(monkeypatch, loaded) -> None:
    monkeypatch.setattr(warming, "_is_kept", lambda: True)
    monkeypatch.setitem(warming._APART, "modules", 0)  # as in a process that has just begun
    apart = gc.get_freeze_count()
    one = Warming(("no-such-command",), seconds=0)
    one.begin()
    await until(lambda: one._task is not None and one._task.done())
    assert gc.get_freeze_count() > apart + 10_000


async def test_closing_before_it_began_is_fine() -> None:
    await Warming().close()
