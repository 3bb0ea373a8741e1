"""The vector index is probed for real, one process at a time, and can be started afresh."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.chroma import store as chroma_store
from quant_tui.storage.chroma.store import ChromaStore
from quant_tui.storage.locks import FileLock


def test_importing_it_does_not_import_chroma() -> None:
    code = (
        "import sys, quant_tui.storage.chroma.store; "
        "print([m for m in ('chromadb', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_new_index_is_healthy_and_private(tmp_path: Path) -> None:
    index = ChromaStore(tmp_path / "chroma")
    first = index.health()
    assert (first.ok, first.error) == (True, "")
    assert first.version.startswith("1.")
    assert index.ping() == first.version
    for path in (tmp_path / "chroma").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_probing_does_not_grow_it(tmp_path: Path) -> None:
    index = ChromaStore(tmp_path / "chroma")
    index.ping()
    before = sorted(path.name for path in (tmp_path / "chroma").iterdir())
    for _ in range(3):
        index.ping()
    assert sorted(path.name for path in (tmp_path / "chroma").iterdir()) == before


@pytest.mark.parametrize("damage", [b"garbage" * 1000, b""])
def test_a_damaged_index_is_said_and_rebuilt(tmp_path: Path, damage: bytes) -> None:
    index = ChromaStore(tmp_path / "chroma")
    index.ping()
    database = tmp_path / "chroma" / "chroma.sqlite3"
    database.write_bytes(damage or database.read_bytes()[:4096] + b"\xff" * 8192)
    health = index.health()
    assert not health.ok
    assert "MongoDB" in health.error
    assert index.rebuild() == tmp_path / "chroma.damaged"
    assert index.health().ok
    assert (tmp_path / "chroma.damaged").is_dir()


def test_nothing_to_rebuild(tmp_path: Path) -> None:
    assert ChromaStore(tmp_path / "chroma").rebuild() is None


def test_another_process_keeps_us_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_store, "_LOCK_SECONDS", 0.05)
    index = ChromaStore(tmp_path / "chroma")
    with FileLock(tmp_path / "chroma.lock") as lock:
        assert lock.try_exclusive()
        with pytest.raises(StoreUnavailable, match="another process"):
            index.ping()
    assert index.health().ok


def test_one_that_is_opened_while_another_lets_go_of_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when one user signs out and the next one in: the folder is the same."""
    from chromadb.api.shared_system_client import SharedSystemClient

    first, second = ChromaStore(tmp_path / "chroma"), ChromaStore(tmp_path / "chroma")
    counted, opened = threading.Event(), threading.Event()
    count = SharedSystemClient._decrement_refcount

    def slowly(_: type, identifier: str) -> int:
        left = count(identifier)
        if not left:
            counted.set()
            opened.wait(0.2)
        return left

    with first.opened(writing=True):
        pass
    with monkeypatch.context() as patched:
        patched.setattr(SharedSystemClient, "_decrement_refcount", classmethod(slowly))
        leaving = threading.Thread(target=first.close)
        leaving.start()
        assert counted.wait(60)
        with second.opened(writing=True) as client:
            opened.set()
            leaving.join()
            assert client.heartbeat() > 0
            assert client.list_collections() == []
    second.close()
