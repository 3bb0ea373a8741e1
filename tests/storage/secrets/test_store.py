"""Which keyring is used, and what happens where there is none."""

from __future__ import annotations

import sys
import threading
import types
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked

from quant_tui.domain.errors import SecretsLocked, StoreUnavailable
from quant_tui.storage.secrets.store import SecretStore
from tests.memory_keyring import MemoryKeyring


class LockedKeyring(MemoryKeyring):
    priority = 0

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("Failed to unlock the collection!")


class SilentKeyring(MemoryKeyring):
    """Waits for its owner, who is not there."""

    priority = 0
    released = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.released.wait(60)


class ForgetfulKeyring(MemoryKeyring):
    priority = 0

    def get_password(self, service: str, username: str) -> str | None:
        return "something else"


@pytest.fixture
def store(tmp_path: Path) -> SecretStore:
    return SecretStore(tmp_path / "secrets.sealed", "quant-tui test")


async def test_a_working_keyring_is_used_and_the_probe_leaves_nothing(store: SecretStore) -> None:
    assert await store.put("key", "abc") == "keyring"
    assert MemoryKeyring.kept == {("quant-tui test", "key"): "abc"}
    kept = await store.find("key")
    assert kept is not None
    assert (kept.place, kept.value) == ("keyring", "abc")
    assert "abc" not in repr(kept)
    assert await store.remove("key")
    assert not await store.remove("key")
    assert await store.find("key") is None
    assert not store.path.exists()


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        ("keyring.backends.null.Keyring", "null Keyring is refused: it drops"),
        ("keyring.backends.fail.Keyring", "cannot be loaded|keeps nothing"),
        ("no.such.module.Keyring", "cannot be loaded"),
        ("tests.storage.secrets.test_store.LockedKeyring", "locked"),
        ("tests.storage.secrets.test_store.ForgetfulKeyring", "does not give back"),
    ],
)
async def test_a_keyring_that_does_not_work_gives_way_to_the_file(
    store: SecretStore, backend: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tests.storage.secrets.test_store", sys.modules[__name__])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    detected = await store.detected()
    assert detected.keyring is None
    import re

    assert re.search(why, detected.reason)
    with pytest.raises(SecretsLocked):
        await store.put("key", "abc")
    (await store.file()).unlock("correct horse battery")
    assert await store.put("key", "abc") == "file"
    kept = await store.find("key")
    assert kept is not None
    assert (kept.place, kept.value) == ("file", "abc")


@pytest.mark.parametrize("module", ["keyrings.alt.file", "keyrings.cryptfile.cryptfile"])
async def test_files_of_other_packages_are_refused(
    store: SecretStore, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = types.ModuleType(module)
    kind = type("Plain", (MemoryKeyring,), {"__module__": module, "priority": 9})
    made.Plain = kind  # type: ignore[attr-defined]
    for name in (module.rpartition(".")[0], "keyrings"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, module, made)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"{module}.Plain")
    detected = await store.detected()
    assert detected.keyring is None
    assert "refused" in detected.reason
    MemoryKeyring._classes.discard(kind)  # type: ignore[attr-defined]


async def test_a_keyring_that_never_answers_is_left_after_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tests.storage.secrets.test_store", sys.modules[__name__])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.storage.secrets.test_store.SilentKeyring")
    store = SecretStore(tmp_path / "secrets.sealed", "quant-tui test", seconds=0.05)
    detected = await store.detected()
    assert detected.keyring is None
    assert "did not answer" in detected.reason
    SilentKeyring.released.set()


async def test_a_keyring_that_locks_itself_later_is_said(
    store: SecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put("key", "abc")

    def locked(*_: object) -> str:
        raise KeyringLocked("locked again")

    monkeypatch.setattr(MemoryKeyring, "get_password", locked)
    with pytest.raises(StoreUnavailable, match="locked again"):
        await store.find("key")


async def test_an_older_secret_in_the_file_is_found_behind_the_keyring(tmp_path: Path) -> None:
    path = tmp_path / "secrets.sealed"
    alone = SecretStore(path, "quant-tui test", use_keyring=False)
    (await alone.file()).unlock("correct horse battery")
    await alone.put("key", "from the file")
    both = SecretStore(path, "quant-tui test")
    kept = await both.find("key")
    assert kept is not None
    assert (kept.place, kept.value) == ("file", None)
    await both.put("key", "from the keyring")
    kept = await both.find("key")
    assert kept is not None
    assert kept.value == "from the keyring"
