"""Where secrets are kept: the system's keyring when it works, the encrypted file otherwise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.secrets.detection import Detected, detect
from quant_tui.storage.secrets.threads import in_own_thread

if TYPE_CHECKING:
    from quant_tui.storage.secrets.encrypted_file import EncryptedFileKeyring

log = logging.getLogger(__name__)
T = TypeVar("T")

KEYRING_SECONDS = 15.0
"""How long a keyring may take, which may be asking its owner for a password meanwhile."""

Place = Literal["keyring", "file"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A secret and where it is kept; ``value`` is None while the file is locked."""

    place: Place
    value: str | None = field(repr=False)


class SecretStore:
    """Secrets of one home.

    Parameters
    ----------
    path
        The encrypted file, for where the keyring does not work.
    service
        Name under which the keyring has them.
    use_keyring
        False to leave the keyring alone.
    seconds
        How long the keyring may take.
    """

    def __init__(
        self,
        path: Path,
        service: str,
        *,
        use_keyring: bool = True,
        seconds: float = KEYRING_SECONDS,
    ) -> None:
        self.path = path
        self._service = service
        self._use_keyring = use_keyring
        self._seconds = seconds
        self._detected: Detected | None = None
        self._file: EncryptedFileKeyring | None = None
        self._detecting = asyncio.Lock()

    async def detected(self) -> Detected:
        """Return the keyring in use; looked for at the first call."""
        async with self._detecting:
            if self._detected is None:
                if self._use_keyring:
                    self._detected = await self._detect()
                else:
                    self._detected = Detected(None, "", "the keyring is switched off")
                if self._detected.keyring is None:
                    log.info("secrets go to %s: %s", self.path, self._detected.reason)
            return self._detected

    async def look_again(self) -> Detected:
        """Look for the keyring anew: it may have been unlocked meanwhile."""
        async with self._detecting:
            self._detected = None
        return await self.detected()

    async def find(self, name: str) -> Kept | None:
        """Return a secret and where it is, None when there is none; never asks.

        Raises
        ------
        StoreUnavailable
            When the keyring stopped answering, or the file is damaged.
        """
        keyring = (await self.detected()).keyring
        if keyring is not None:
            value = await self._ask(lambda: keyring.get_password(self._service, name))
            if value is not None:
                return Kept("keyring", value)
        file = await self.file()

        def look() -> Kept | None:
            if name not in file.names():
                return None
            return Kept("file", file.get_password("", name) if file.is_open else None)

        return await asyncio.to_thread(look)

    async def put(self, name: str, value: str) -> Place:
        """Keep a secret and return where.

        Raises
        ------
        SecretsLocked
            When it goes to the file, which needs its passphrase (or, new, its first one).
        StoreUnavailable
            When it cannot be kept.
        """
        keyring = (await self.detected()).keyring
        if keyring is None:
            file = await self.file()
            await asyncio.to_thread(file.set_password, "", name, value)
            return "file"
        await self._ask(lambda: keyring.set_password(self._service, name, value))
        return "keyring"

    async def remove(self, name: str) -> bool:
        """Forget a secret wherever it is kept; False when there was none.

        Raises
        ------
        SecretsLocked
            When it is in the file, which needs its passphrase.
        StoreUnavailable
            When it cannot be forgotten.
        """
        file = await self.file()
        in_file = name in await asyncio.to_thread(file.names)
        if in_file:
            await asyncio.to_thread(file.delete_password, "", name)
        keyring = (await self.detected()).keyring
        if keyring is None:
            return in_file

        def forget() -> bool:
            if keyring.get_password(self._service, name) is None:
                return False
            keyring.delete_password(self._service, name)
            return True

        return await self._ask(forget) or in_file

    async def file(self) -> EncryptedFileKeyring:
        """Return the encrypted file, whether or not it exists yet."""
        if self._file is None:

            def build() -> EncryptedFileKeyring:
                from quant_tui.storage.secrets.encrypted_file import EncryptedFileKeyring

                return EncryptedFileKeyring(self.path)

            self._file = await asyncio.to_thread(build)
        return self._file

    async def _detect(self) -> Detected:
        try:
            return await in_own_thread(lambda: detect(self._service), self._seconds)
        except TimeoutError:
            waited = f"{self._seconds:.0f} seconds"
            return Detected(None, "", f"the keyring did not answer within {waited}; is it locked?")

    async def _ask(self, work: Callable[[], T]) -> T:
        try:
            return await in_own_thread(work, self._seconds)
        except TimeoutError:
            raise StoreUnavailable(
                f"The keyring did not answer within {self._seconds:.0f} seconds.",
                hint="Unlock it and try again.",
            ) from None
        except Exception as error:
            raise StoreUnavailable(
                f"The keyring failed ({type(error).__name__}: {error}).",
                hint="Unlock it and try again.",
            ) from error
