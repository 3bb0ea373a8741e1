"""API keys, passwords and session tokens: where each comes from, and how it is kept.

A value in the environment wins. After it comes the system's keyring, and where there is none
that works, an encrypted file, whose passphrase is asked for once a run at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import InvalidInput, NotFound, SecretsLocked, WrongPassphrase
from quant_tui.domain.redaction import never_show
from quant_tui.storage.secrets.store import Kept, Place, SecretStore

T = TypeVar("T")

PASSPHRASE_VARIABLE = "QUANT_TUI_PASSPHRASE"  # noqa: S105 -- its name, not its value
LONGEST = 8192
SHOWN_FROM = 12
"""Secrets shorter than this show none of their characters: four would be too many."""

Source = Literal["", "environment", "keyring", "file"]


@dataclass(frozen=True, slots=True)
class SecretKind:
    """A secret that the program uses: its name, title, and environment variable."""

    name: str
    title: str
    variable: str


SECRETS: tuple[SecretKind, ...] = (
    SecretKind("alpha_vantage_api_key", "Alpha Vantage API key", "ALPHA_VANTAGE_API_KEY"),
    SecretKind("openai_api_key", "Language model API key", "OPENAI_API_KEY"),
    SecretKind("smtp_password", "Mail (SMTP) password", "QUANT_TUI_SMTP_PASSWORD"),
)


@dataclass(frozen=True, slots=True)
class SecretState:
    """What may be shown of a secret.

    Attributes
    ----------
    source
        Where it comes from, "" when it is not set.
    last_four
        Its last four characters; "" when it is short, locked or not set.
    locked
        Whether it lies in the encrypted file, which was not opened yet.
    variable
        The environment variable that wins over what is kept.
    """

    name: str
    title: str
    source: Source
    last_four: str
    locked: bool
    variable: str


@dataclass(frozen=True, slots=True)
class PassphraseQuestion:
    """What a person is asked when the encrypted file needs its passphrase.

    Attributes
    ----------
    new
        Whether a file is begun, so that the passphrase is to be given twice.
    problem
        Why the last answer would not do; "" at first.
    reason
        Why the file is used rather than a keyring.
    """

    path: str
    new: bool
    problem: str = ""
    reason: str = ""


PassphraseAsker = Callable[[PassphraseQuestion], Awaitable[str | None]]
"""Asks a person and returns the answer, None when they will not give it."""


class SecretService:
    """Reads and keeps the secrets of one home; of use before anybody has signed in.

    Attributes
    ----------
    asker
        How a person is asked for the passphrase; None where nobody can be.
    """

    def __init__(self, store: SecretStore, environment: Mapping[str, str] | None = None) -> None:
        self._store = store
        self._environment = os.environ if environment is None else environment
        self.asker: PassphraseAsker | None = None
        self._asking = asyncio.Lock()
        self._declined = False
        self._own_passphrase_tried = False
        for kind in SECRETS:
            never_show(self._environment.get(kind.variable, "").strip())
        never_show(self._environment.get(PASSPHRASE_VARIABLE, ""))

    async def get(self, name: str, *, ask: bool = True) -> str | None:
        """Return a secret, None when it is not set.

        Parameters
        ----------
        name
            One of :data:`SECRETS`, or a name of the caller's own.
        ask
            Whether a person may be asked for the passphrase; at most once a run.

        Raises
        ------
        SecretsLocked
            When it lies in the encrypted file, and the passphrase was not given.
        StoreUnavailable
            When the keyring stopped answering, or the file is damaged.
        """
        if value := self._from_environment(name):
            return value
        kept = await self._store.find(name)
        if kept is not None and kept.value is None:
            await self._open_file(ask=ask and not self._declined)
            kept = await self._store.find(name)
        if kept is None or kept.value is None:
            return None
        never_show(kept.value)
        return kept.value

    async def put(self, name: str, value: str) -> Place:
        """Keep a secret and return where: ``keyring`` or ``file``.

        Raises
        ------
        InvalidInput
            When the value is empty, too long or not one line of text.
        SecretsLocked
            When it goes to the encrypted file, and the passphrase was not given.
        StoreUnavailable
            When it cannot be kept.
        """
        value = value.strip()
        if not value:
            raise InvalidInput("A secret cannot be empty.", field=name, hint="Remove it instead.")
        if len(value) > LONGEST or not value.isprintable():
            raise InvalidInput(
                f"A secret is one line of at most {LONGEST:,} printable characters.", field=name
            )
        never_show(value)
        return await self._with_open_file(lambda: self._store.put(name, value))

    async def remove(self, name: str) -> None:
        """Forget a secret.

        Raises
        ------
        NotFound
            When none is kept; a value of the environment has to be taken out there.
        SecretsLocked
            When it lies in the encrypted file, and the passphrase was not given.
        """
        if await self._with_open_file(lambda: self._store.remove(name)):
            return
        kind = known(name)
        if kind is not None and self._from_environment(name):
            raise NotFound(
                f"{kind.title} comes from the environment.", hint=f"Unset {kind.variable} there."
            )
        raise NotFound(f"{kind.title if kind else name} is not set.")

    async def overview(self) -> list[SecretState]:
        """Return what may be shown of every secret; never asks for the passphrase.

        The encrypted file is opened where the environment has its passphrase.
        """
        states = [await self._state(kind) for kind in SECRETS]
        own = self._environment.get(PASSPHRASE_VARIABLE, "")
        if not own or not any(one.locked for one in states):
            return states
        with contextlib.suppress(WrongPassphrase, InvalidInput):  # said when one is asked for
            await self.unlock(own)
        return [await self._state(kind) for kind in SECRETS]

    async def place(self) -> tuple[Place, str]:
        """Return where new secrets go, and the keyring's name or why there is none."""
        found = await self._store.detected()
        return ("keyring", found.name) if found.keyring is not None else ("file", found.reason)

    async def look_again(self) -> None:
        """Look for the keyring anew, which may have been unlocked meanwhile."""
        await self._store.look_again()

    async def file_state(self) -> Literal["none", "locked", "open"]:
        """Return how the encrypted file is."""
        file = await self._store.file()
        if not await asyncio.to_thread(lambda: file.exists):
            return "none"
        return "open" if await asyncio.to_thread(lambda: file.is_open) else "locked"

    async def unlock(self, passphrase: str) -> None:
        """Open the encrypted file for this run.

        Raises
        ------
        WrongPassphrase
            When it is not this file's; nothing is changed.
        InvalidInput
            When a new file would begin with too short a one.
        """
        never_show(passphrase)
        file = await self._store.file()
        await asyncio.to_thread(file.unlock, passphrase)

    async def open_file(self) -> None:
        """Open the encrypted file, asking for its passphrase where it was not given yet.

        Raises
        ------
        SecretsLocked
            When the passphrase was not given.
        """
        if await self.file_state() != "open":
            await self._open_file(ask=True)

    async def change_passphrase(self, old: str, new: str) -> None:
        """Seal the encrypted file under another passphrase.

        Raises
        ------
        WrongPassphrase
            When ``old`` is not this file's; nothing is changed.
        InvalidInput
            When ``new`` is too short, or there is no file yet.
        """
        never_show(old)
        never_show(new)
        file = await self._store.file()
        await asyncio.to_thread(file.change_passphrase, old, new)

    def _from_environment(self, name: str) -> str:
        kind = known(name)
        return self._environment.get(kind.variable, "").strip() if kind is not None else ""

    async def _state(self, kind: SecretKind) -> SecretState:
        value: str | None = self._from_environment(kind.name)
        source: Source = "environment" if value else ""
        locked = False
        if not value:
            kept: Kept | None = await self._store.find(kind.name)
            if kept is not None:
                source, value, locked = kept.place, kept.value, kept.value is None
        return SecretState(
            kind.name, kind.title, source, last_four(value or ""), locked, kind.variable
        )

    async def _with_open_file(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await work()
        except SecretsLocked:
            await self._open_file(ask=True)
        return await work()

    async def _open_file(self, *, ask: bool) -> None:
        """Open the file by the environment's passphrase, or a person's."""
        async with self._asking:
            file = await self._store.file()
            if await asyncio.to_thread(lambda: file.is_open):
                return  # somebody else was asked meanwhile
            own = self._environment.get(PASSPHRASE_VARIABLE, "")
            if own and not self._own_passphrase_tried:
                self._own_passphrase_tried = True
                await self._unlock_by_environment(own)
                return
            await self._ask(ask)

    async def _unlock_by_environment(self, passphrase: str) -> None:
        try:
            await self.unlock(passphrase)
        except (WrongPassphrase, InvalidInput) as error:
            raise WrongPassphrase(
                f"{PASSPHRASE_VARIABLE} cannot be used: {error.message}",
                hint="Correct it or unset it. Nothing was changed.",
            ) from error

    async def _ask(self, ask: bool) -> None:
        file = await self._store.file()
        new = not await asyncio.to_thread(lambda: file.exists)
        problem, reason = "", (await self._store.detected()).reason
        while ask and self.asker is not None:
            answer = await self.asker(
                PassphraseQuestion(str(self._store.path), new, problem, reason)
            )
            if answer is None:
                self._declined = True
                break
            try:
                await self.unlock(answer)
            except (WrongPassphrase, InvalidInput) as error:
                problem = error.message
            else:
                return
        raise SecretsLocked(
            f"The secrets in {self._store.path} need a passphrase.",
            hint=f"Give it in Settings, or set {PASSPHRASE_VARIABLE}.",
        )


def open_secrets(settings: Settings) -> SecretService:
    """Build the service of one home; nothing is opened or asked yet."""
    locations = settings.locations
    return SecretService(
        SecretStore(
            locations.secrets_file,
            f"quant-tui {locations.data}",
            use_keyring=settings.secrets.keyring == "auto",
        )
    )


def known(name: str) -> SecretKind | None:
    """Return the secret of this name that the program uses, or None."""
    return next((kind for kind in SECRETS if kind.name == name), None)


def last_four(value: str) -> str:
    """Return a secret's last four characters, "" when it is too short to show any."""
    return value[-4:] if len(value) >= SHOWN_FROM else ""
