"""Who works here."""

from __future__ import annotations

import getpass
import re
import unicodedata

from quant_tui.domain.errors import Conflict, InvalidInput
from quant_tui.domain.user import User
from quant_tui.storage.mongo.repositories import Repositories

LONGEST_USERNAME = 64


class AccountService:
    """The local account of a private store, which opens without a password."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories

    async def local(self) -> User | None:
        """Return the account of this store, or None before the first start's welcome."""
        found = await self._repositories.users.list(
            where={"is_active": True}, sort=[("created_at", 1)], limit=1
        )
        return found[0] if found else None

    async def create_local(self, username: str = "") -> User:
        """Make the local account, or return it when another instance was faster.

        Parameters
        ----------
        username
            Letters with their marks, digits, ``_``, ``.`` and ``-``, any script, 1 to 64;
            empty for the name of the person at this machine.

        Raises
        ------
        InvalidInput
            When the name cannot be used.
        """
        if (existing := await self.local()) is not None:
            return existing
        name = unicodedata.normalize("NFC", username.strip()) or suggested_username()
        if len(name) > LONGEST_USERNAME:
            raise InvalidInput(
                f"The name is longer than {LONGEST_USERNAME} characters.",
                field="username",
                hint="Shorten it.",
            )
        if not _usable(name):
            raise InvalidInput(
                f"The name {name!r} cannot be used.",
                field="username",
                hint="Use letters, digits, '_', '.' and '-', without blanks.",
            )
        try:
            return await self._repositories.users.create(
                User(username=name, email=f"{name}@localhost", is_verified=True)
            )
        except Conflict:
            existing = await self.local()
            if existing is None:
                raise
            return existing


def _usable(name: str) -> bool:
    """Whether a username can be told from a path and an address, in any script."""
    letters = [c for c in name if c not in "_.-" and unicodedata.category(c)[0] != "M"]
    return (name[0].isalnum() or name[0] == "_") and all(c.isalnum() for c in letters)


def suggested_username() -> str:
    """Return the name of the person at this machine, made fit for a username."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "trader"
    cleaned = re.sub(r"[^\w.-]+", "_", name).strip("_.-")
    return cleaned[:LONGEST_USERNAME] or "trader"
