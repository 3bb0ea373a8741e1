"""Drafts are kept, found and dropped in the order in which that was asked for."""

from __future__ import annotations

import asyncio
import errno
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quant_tui.config.whole_file import write_whole
from quant_tui.domain.errors import StoreUnavailable
from quant_tui.services import drafts as module
from quant_tui.services.drafts import NEW, Drafts


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return what the first text that is kept waits for."""
    go = threading.Event()
    texts: list[bytes] = []

    def write(path: Path, content: bytes) -> None:
        texts.append(content)
        if len(texts) == 1:
            go.wait(30)
        write_whole(path, content)

    monkeypatch.setattr(module, "write_whole", write)
    return go


def names(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def given_up(drafts: Drafts, text: str) -> None:
    """Keep a text, and stop waiting for it as soon as it is on its way."""
    keeping = asyncio.create_task(drafts.keep(NEW, text))
    await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping


async def test_a_slow_text_does_not_replace_a_later_one(
    tmp_path: Path, slow_disk: threading.Event
) -> None:
    drafts = Drafts(tmp_path)
    await given_up(drafts, "first")
    later = asyncio.create_task(drafts.keep(NEW, "second"))
    found = asyncio.create_task(drafts.find(NEW))
    await asyncio.sleep(0)
    slow_disk.set()
    await later
    kept = await found
    assert kept is not None
    assert kept.text == "second"


async def test_a_slow_text_does_not_come_back_after_it_was_dropped(
    tmp_path: Path, slow_disk: threading.Event
) -> None:
    drafts = Drafts(tmp_path)
    await given_up(drafts, "first")
    dropped = asyncio.create_task(drafts.drop(NEW))
    await asyncio.sleep(0)
    slow_disk.set()
    await dropped
    assert await drafts.find(NEW) is None
    assert names(tmp_path) == []


async def test_a_full_disk_is_said_and_what_was_kept_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = Drafts(tmp_path)
    await drafts.keep(NEW, "kept")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreUnavailable, match="No space left") as caught:
        await drafts.keep(NEW, "more")
    assert "Save it" in caught.value.hint
    kept = await drafts.find(NEW)
    assert kept is not None
    assert kept.text == "kept"
    assert names(tmp_path) == ["new.json"]


def test_two_threads_write_the_same_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = [bytes([65 + at]) * 1_000_000 for at in range(8)]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            list(threads.map(lambda text: write_whole(path, text), texts))
            assert path.read_bytes() in texts
    assert names(tmp_path) == ["file"]
