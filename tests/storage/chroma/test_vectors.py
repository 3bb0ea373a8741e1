"""The index under several processes, and after one of them was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.domain.vocabulary import DocumentType
from quant_tui.storage.chroma.server import ChromaServer
from quant_tui.storage.chroma.store import ChromaStore
from quant_tui.storage.chroma.vectors import IndexedVector, VectorIndex

WRITER = """
import sys
from pathlib import Path
from tests.storage.chroma.test_vectors import vectors
from quant_tui.storage.chroma.store import ChromaStore
from quant_tui.storage.chroma.vectors import VectorIndex
index = VectorIndex(ChromaStore(Path(sys.argv[1])), sys.argv[2], "test")
for start in range(0, 100_000, 10):
    index.put(vectors(sys.argv[2], start, start + 10))
    print(start + 10, flush=True)
"""


def vectors(user: str, first: int, last: int) -> list[IndexedVector]:
    """Return some of a user's vectors: each has a direction of its own."""
    made = []
    for number in range(first, last):
        vector = np.random.default_rng([ord(user[0]), number]).normal(size=16).astype(np.float32)
        kind = "strategy" if number % 2 else "backtest"
        made.append(
            IndexedVector(
                document_id=f"{user}{number}",
                document_type=DocumentType(kind),
                revision=f"r{number}",
                vector=vector / np.linalg.norm(vector),
                metadata={"kind": kind, "strategy_type": "RSI" if number % 3 else "SMA"},
            )
        )
    return made


def writer(path: Path, user: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), user],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def test_processes_share_it_and_a_killed_one_leaves_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "chroma"
    store = ChromaStore(path)
    mine = VectorIndex(store, "mine", "test")
    mine.put(vectors("mine", 0, 20))
    killed = writer(path, "killed")
    assert killed.stdout is not None
    count = 20
    for line in killed.stdout:
        mine.put(vectors("mine", count, count + 10))  # writes beside, and reads
        count += 10
        assert len(mine.held()) == count
        if int(line) >= 30:
            break
    killed.send_signal(signal.SIGKILL)
    written = max([30, *(int(line) for line in killed.stdout if line.strip().isdigit())])
    killed.wait()
    killed.stdout.close()
    for user, known in (("mine", count), ("killed", written)):
        index = VectorIndex(store, user, "test")
        expected = vectors(user, 0, known)
        held = index.held()
        assert {one.document_id: one.revision for one in expected}.items() <= held.items()
        for one in expected[:: max(1, known // 8)]:
            found = index.nearest(one.vector, limit=3)
            nearest, cosine = max(found.items(), key=lambda pair: pair[1])
            assert (nearest, round(cosine, 3)) == (one.document_id, 1.0)
            assert all(name.startswith(user) for name in found)
    store.close()


def test_filters_removal_and_another_encoder(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "chroma")
    index = VectorIndex(store, "u", "test")
    index.put(vectors("u", 0, 12))
    looked = vectors("u", 3, 4)[0].vector
    assert len(index.nearest(looked, limit=100)) == 12
    both = index.nearest(looked, limit=100, kinds=["strategy"], strategy_type="RSI")
    assert set(both) == {"u1", "u5", "u7", "u11"}
    assert index.nearest(looked, limit=100, kinds=["news"]) == {}
    index.remove(["u1", "u2", "unknown"])
    VectorIndex(store, "other", "test").remove(["u3"])
    assert set(index.held()) == {f"u{number}" for number in (0, *range(3, 12))}
    epoch = store.epoch
    assert VectorIndex(store, "u", "another").held() == {}
    assert store.epoch != epoch
    store.close()


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(StoreUnavailable, match=r"http://127\.0\.0\.1:9.*retrieval\.chroma"):
        ChromaServer("http://127.0.0.1:9").ping()
