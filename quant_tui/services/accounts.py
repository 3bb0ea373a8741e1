"""Who works here."""

from __future__ import annotations

import getpass
import re
import unicodedata

from quant_tui.domain.errors import Conflict, InvalidInput
from quant_tui.domain.user import User
from quant_tui.storage.mongo.repositories import Repositories

_USERNAME = re.compile(r"[\w][\w.-]{0,63}")


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
            Letters, digits, ``_``, ``.`` and ``-``, any script, 1 to 64; empty for
            the name of the person at this machine.

        Raises
        ------
        InvalidInput
            When the name cannot be used.
        """
        if (existing := await self.local()) is not None:
            return existing
        name = unicodedata.normalize("NFC", username.strip()) or suggested_username()
        if not _USERNAME.fullmatch(name):
            raise InvalidInput(
                f"The name {name!r} cannot be used.",
                field="username",
                hint="Use letters, digits, '_', '.' and '-', at most 64.",
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


def suggested_username() -> str:
    """Return the name of the person at this machine, made fit for a username."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "trader"
    cleaned = re.sub(r"[^\w.-]+", "_", name).strip("_.-")
    return cleaned or "trader"
