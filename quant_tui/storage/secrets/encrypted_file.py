"""A keyring in one encrypted file, for machines that have none.

Several instances may use it: each change is made under a lock, on what the file holds at
that moment, and written whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from quant_tui.domain.errors import (
    InvalidInput,
    SecretsLocked,
    StoreUnavailable,
    WrongPassphrase,
)
from quant_tui.storage.locks import FileLock, make_private_folder
from quant_tui.storage.secrets.sealing import Derivation, Key, Sealed, read, seal, unseal

LOCK_SECONDS = 10.0
SHORTEST_PASSPHRASE = 8


class EncryptedFileKeyring(KeyringBackend):
    """Secrets in one file of mode 0600, opened by a passphrase once a run.

    Parameters
    ----------
    path
        The file; made when the first secret is kept. It belongs to one home, so that
        keyring's name of a service says nothing here.
    """

    priority = 0.5

    def __init__(self, path: Path) -> None:  # without super's: no attribute comes from outside
        self._path = path
        self._key: Key | None = None

    def __repr__(self) -> str:
        return f"EncryptedFileKeyring({str(self._path)!r})"

    @property
    def exists(self) -> bool:
        """Whether a secret was ever kept here."""
        return self._path.exists()

    @property
    def is_open(self) -> bool:
        """Whether the passphrase was given, and is still the right one."""
        try:
            document = self._read()
        except StoreUnavailable:
            return False
        return document is not None and self._fits(document) is not None

    def names(self) -> tuple[str, ...]:
        """Return which secrets there are; needs no passphrase.

        Raises
        ------
        StoreUnavailable
            When the file is damaged or cannot be read.
        """
        document = self._read()
        return () if document is None else document.names

    def unlock(self, passphrase: str) -> None:
        """Open the file for this run; a new one is begun with this passphrase.

        Raises
        ------
        WrongPassphrase
            When it is not this file's; nothing is changed.
        InvalidInput
            When it is too short to begin a file with.
        """
        document = self._read()
        if document is None:
            _check_strength(passphrase)
            self._key = Derivation.new().key(passphrase)
            return
        key = document.derivation.key(passphrase)
        if key.check != document.check:
            raise WrongPassphrase("The passphrase is wrong.", hint="Nothing was changed.")
        self._key = key

    def change_passphrase(self, old: str, new: str) -> None:
        """Seal everything anew under another passphrase.

        Raises
        ------
        WrongPassphrase
            When ``old`` is not this file's; nothing is changed.
        InvalidInput
            When ``new`` is too short, or nothing was kept yet.
        """
        _check_strength(new)
        if not self.exists:
            raise InvalidInput(
                f"There is no {self._path.name} yet.", hint="It is made with the first secret."
            )
        with self._locked():
            self.unlock(old)
            values = self._values()
            key = Derivation.new().key(new)
            self._write(values, key)
            self._key = key

    def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002
        """Return one secret, None when there is none of that name."""
        if username not in self.names():
            return None
        return self._values().get(username)

    def set_password(self, service: str, username: str, password: str) -> None:  # noqa: ARG002
        """Keep one secret."""
        with self._locked():
            values = self._values()
            self._write({**values, username: password}, self._opened())

    def delete_password(self, service: str, username: str) -> None:  # noqa: ARG002
        """Forget one secret."""
        with self._locked():
            if username not in self.names():
                raise PasswordDeleteError(f"there is no {username}")
            values = self._values()
            del values[username]
            self._write(values, self._opened())

    def _values(self) -> dict[str, str]:
        document = self._read()
        if document is None:
            self._opened()
            return {}
        key = self._fits(document)
        if key is None:
            raise self._locked_error()
        return unseal(document, key, str(self._path))

    def _opened(self) -> Key:
        if self._key is None:
            raise self._locked_error()
        return self._key

    def _fits(self, document: Sealed) -> Key | None:
        key = self._key
        return key if key is not None and key.check == document.check else None

    def _locked_error(self) -> SecretsLocked:
        return SecretsLocked(
            f"The secrets in {self._path} are locked.",
            hint="Give their passphrase, or set QUANT_TUI_PASSPHRASE.",
        )

    def _read(self) -> Sealed | None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnavailable(f"{self._path} cannot be read: {error.strerror}.") from error
        return read(content, str(self._path))

    def _write(self, values: dict[str, str], key: Key) -> None:
        scratch = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        try:
            scratch.unlink(missing_ok=True)
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(seal(values, key))
                stream.flush()
                os.fsync(stream.fileno())
            scratch.replace(self._path)
        except OSError as error:
            raise StoreUnavailable(f"{self._path} cannot be written: {error.strerror}.") from error
        finally:
            with contextlib.suppress(OSError):
                scratch.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        make_private_folder(self._path.parent)
        with FileLock(self._path.with_suffix(".lock")) as lock:
            if not lock.wait_exclusive(LOCK_SECONDS):
                raise StoreUnavailable(
                    f"Another quant-tui holds {self._path}.", hint="Try again when it is done."
                )
            yield


def _check_strength(passphrase: str) -> None:
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise InvalidInput(
            f"A passphrase has at least {SHORTEST_PASSPHRASE} characters.", field="passphrase"
        )
