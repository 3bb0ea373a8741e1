"""Artifacts: whole or not there, and never another than the one that was put there."""

from __future__ import annotations

import io
import os
import random
import stat
import time
import zipfile
from pathlib import Path

import pytest

from quant_tui.domain.errors import ArtifactDamaged, InvalidInput
from quant_tui.storage.artifacts.bundle import pack, unpack
from quant_tui.storage.artifacts.store import ORPHAN_SECONDS, ArtifactStore
from quant_tui.storage.locks import FileLock

FILES = {"model.txt": b"tree\n" * 100, "shape.json": b"{}"}


@pytest.mark.parametrize("address", ["", "memory://models"])
def test_an_artifact_is_read_back_as_it_was(tmp_path: Path, address: str) -> None:
    store = ArtifactStore(tmp_path, "user", address)
    kept = store.put(FILES)
    assert store.get(kept.path, kept.content_hash) == FILES
    assert store.put(FILES) == kept
    assert kept.content_hash in store.shown(kept.path)
    # Where new ones go does not change where old ones lie.
    assert ArtifactStore(tmp_path, "user").get(kept.path, kept.content_hash) == FILES
    store.delete(kept.path)
    store.delete(kept.path)
    with pytest.raises(ArtifactDamaged, match="is gone"):
        store.get(kept.path, kept.content_hash)


def test_files_are_private_and_belong_to_one_user(tmp_path: Path) -> None:
    kept = ArtifactStore(tmp_path, "one").put(FILES)
    path = tmp_path / "one" / kept.path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(ArtifactDamaged, match="gone"):
        ArtifactStore(tmp_path, "other").get(kept.path, kept.content_hash)
    with pytest.raises(ArtifactDamaged, match="no name"):
        ArtifactStore(tmp_path, "other").get(f"../one/{kept.path}", kept.content_hash)


def test_damaged_and_swapped_artifacts_are_refused(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path, "user")
    kept, other = store.put(FILES), store.put({"model.txt": b"another"})
    path = tmp_path / "user" / kept.path
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:40] + b"x" + whole[41:], b""):
        path.write_bytes(damaged)
        with pytest.raises(ArtifactDamaged, match="not the one that was registered"):
            store.get(kept.path, kept.content_hash)
    path.write_bytes((tmp_path / "user" / other.path).read_bytes())
    with pytest.raises(ArtifactDamaged, match="not the one"):
        store.get(kept.path, kept.content_hash)


def test_nothing_that_could_hold_code_goes_in_or_comes_out() -> None:
    with pytest.raises(InvalidInput, match="cannot be kept"):
        pack({"model.pkl": b""})
    for name in ("model.pkl", "../model.txt", "model.py"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, b"")
        with pytest.raises(ArtifactDamaged, match="unsafe"):
            unpack(buffer.getvalue())
    with pytest.raises(ArtifactDamaged, match="cannot be read"):
        unpack(b"no archive")


def test_an_artifact_that_was_overwritten_anywhere_is_damaged_or_what_it_was() -> None:
    whole = pack({"model.txt": random.Random(1).randbytes(2_000), "shape.json": b"{}"})
    refused = 0
    for at in range(0, len(whole), 3):
        try:
            assert unpack(whole[:at] + b"damage" + whole[at + 6 :]).keys() <= FILES.keys()
        except ArtifactDamaged:
            refused += 1
    assert refused > 600


def test_leftovers_are_swept_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path, "user")
    assert store.sweep([]) == 0
    kept, young, old = (store.put({"model.txt": name}) for name in (b"1", b"2", b"3"))
    folder = tmp_path / "user"
    (folder / ".partial-dead").write_bytes(b"half")
    before = time.time() - 2 * ORPHAN_SECONDS
    for one in (kept, old):
        os.utime(folder / one.path, (before, before))
    with FileLock(folder / ".partial-alive") as lock:
        assert lock.try_exclusive()
        assert store.sweep([kept.path]) == 2
    names = {path.name for path in folder.iterdir()}
    assert names == {kept.path, young.path, ".partial-alive"}


def test_an_address_that_nothing_understands_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"models\.artifacts|cannot be used") as caught:
        ArtifactStore(tmp_path, "user", "nowhere://x").put(FILES)
    assert caught.value.field == "models.artifacts"
