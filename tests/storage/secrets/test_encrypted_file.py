"""The encrypted file: what it keeps, refuses and survives."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from keyring.errors import PasswordDeleteError

from quant_tui.domain.errors import InvalidInput, SecretsLocked, StoreUnavailable, WrongPassphrase
from quant_tui.storage.secrets.encrypted_file import EncryptedFileKeyring

PASSPHRASE = "correct horse battery"
KEY = "PLANTED-9f8e7d6c5b4a"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "secrets.sealed"


@pytest.fixture
def kept(path: Path) -> EncryptedFileKeyring:
    file = EncryptedFileKeyring(path)
    file.unlock(PASSPHRASE)
    file.set_password("", "key", KEY)
    return file


def test_a_later_run_reads_it_with_the_passphrase(kept: EncryptedFileKeyring, path: Path) -> None:
    later = EncryptedFileKeyring(path)
    assert later.names() == ("key",)
    with pytest.raises(SecretsLocked, match="locked"):
        later.get_password("", "key")
    later.unlock(PASSPHRASE)
    assert later.get_password("", "key") == KEY
    assert later.get_password("", "other") is None


def test_the_file_is_private_and_holds_nothing_readable(
    kept: EncryptedFileKeyring, path: Path
) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert KEY.encode() not in content
    assert PASSPHRASE.encode() not in content
    assert KEY not in repr(kept)
    assert KEY not in repr(vars(kept))


def test_a_wrong_passphrase_is_named_and_changes_nothing(
    kept: EncryptedFileKeyring, path: Path
) -> None:
    before = path.read_bytes()
    later = EncryptedFileKeyring(path)
    with pytest.raises(WrongPassphrase, match="wrong"):
        later.unlock("something else")
    with pytest.raises(SecretsLocked):
        later.set_password("", "key", "other")
    assert path.read_bytes() == before
    later.unlock(PASSPHRASE)
    assert later.get_password("", "key") == KEY


def test_a_new_passphrase_locks_the_old_one_out(kept: EncryptedFileKeyring, path: Path) -> None:
    other = EncryptedFileKeyring(path)
    other.unlock(PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        kept.change_passphrase("not it at all", "a brand new one")
    kept.change_passphrase(PASSPHRASE, "a brand new one")
    assert kept.get_password("", "key") == KEY
    with pytest.raises(SecretsLocked):
        other.get_password("", "key")
    with pytest.raises(WrongPassphrase):
        other.unlock(PASSPHRASE)
    other.unlock("a brand new one")
    assert other.get_password("", "key") == KEY


def test_short_passphrases_are_refused(path: Path, kept: EncryptedFileKeyring) -> None:
    with pytest.raises(InvalidInput, match="8 characters"):
        EncryptedFileKeyring(path.with_name("other.sealed")).unlock("short")
    with pytest.raises(InvalidInput, match="8 characters"):
        kept.change_passphrase(PASSPHRASE, "short")


def test_two_instances_keep_each_others_secrets(kept: EncryptedFileKeyring, path: Path) -> None:
    other = EncryptedFileKeyring(path)
    other.unlock(PASSPHRASE)
    other.set_password("", "second", "two")
    kept.set_password("", "third", "three")
    kept.delete_password("", "key")
    assert other.names() == ("second", "third")
    assert other.get_password("", "third") == "three"
    with pytest.raises(PasswordDeleteError):
        other.delete_password("", "key")
    assert sorted(one.name for one in path.parent.iterdir()) == ["secrets.lock", "secrets.sealed"]


@pytest.mark.parametrize("field", ["sealed", "nonce", "names", "passes"])
def test_what_other_hands_changed_is_refused(
    kept: EncryptedFileKeyring, path: Path, field: str
) -> None:
    document = json.loads(path.read_text())
    if field == "names":
        document["names"] = ["key", "planted"]
    elif field == "passes":
        document["kdf"]["passes"] = 10**9
    else:
        text = document[field]
        document[field] = ("B" if text[0] == "A" else "A") + text[1:]
    path.write_text(json.dumps(document))
    with pytest.raises(StoreUnavailable, match="damaged"):
        kept.get_password("", "key")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": "x"}'])
def test_a_damaged_file_is_named_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    file = EncryptedFileKeyring(path)
    with pytest.raises(StoreUnavailable, match=r"secrets\.sealed is damaged"):
        file.unlock(PASSPHRASE)
    assert path.read_bytes() == content


def test_a_newer_version_is_refused(kept: EncryptedFileKeyring, path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2}))
    with pytest.raises(StoreUnavailable, match="newer"):
        kept.names()
