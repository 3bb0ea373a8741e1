"""Staying signed in: a random token with the secrets of this machine, its hash in the store."""

from __future__ import annotations

import hashlib
import platform
import secrets as randomness
from datetime import timedelta
from typing import Protocol

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import NotSignedIn, QuantError
from quant_tui.domain.user import User, UserSession
from quant_tui.storage.mongo.repositories import Repositories

TOKEN_BYTES = 32


class KeepsSecrets(Protocol):
    """Where this machine keeps a person's secrets."""

    async def get(self, name: str) -> str | None:
        """Return a secret, or None."""

    async def put(self, name: str, value: str) -> object:
        """Keep a secret."""

    async def remove(self, name: str) -> object:
        """Forget a secret."""


class Sessions:
    """Begins, resumes and ends sessions at one store.

    Parameters
    ----------
    secrets
        Keeps the token, so that the app and the commands stay signed in.
    store_fingerprint
        Tells this store's token from those of others.
    days
        How long a session lasts.
    """

    def __init__(
        self,
        repositories: Repositories,
        secrets: KeepsSecrets,
        store_fingerprint: str,
        days: int,
    ) -> None:
        self._repositories = repositories
        self._secrets = secrets
        self._name = f"session:{store_fingerprint}"
        self._days = days
        self.current: UserSession | None = None
        self.unread = ""
        """Why it is not known whether a session is kept here; "" when it is."""

    async def begin(self, user: User, *, keep: bool = True) -> str:
        """Begin a session of a user whose password was right.

        Parameters
        ----------
        keep
            Whether it outlasts this process.

        Returns
        -------
        str
            Why the token could not be kept; "" when it was.
        """
        if not keep:
            return ""
        if self.current is None:
            await self.resume()
        await self.end()  # of whoever worked here before
        token = f"{user.id}.{randomness.token_urlsafe(TOKEN_BYTES)}"
        session = UserSession(
            user_id=user.id,
            token_hash=_hash(token),
            device=platform.node(),
            expires_at=utc_now() + timedelta(days=self._days),
        )
        mine = self._repositories.for_user(user.id).sessions
        self.current = await mine.create(session)
        try:
            await self._secrets.put(self._name, token)
        except QuantError as error:
            await mine.delete(self.current.id)
            self.current = None
            return str(error)
        return ""

    async def resume(self) -> User | None:
        """Return whose session was kept here, or None when it has ended."""
        try:
            token = await self._secrets.get(self._name) or ""
        except QuantError as error:  # the secrets are locked: the password is asked instead
            self.unread = self.unread or str(error)
            return None
        self.unread = ""
        user_id = token.partition(".")[0]
        if not user_id:
            return None
        session = await self._repositories.for_user(user_id).sessions.by_token(_hash(token))
        user = await self._repositories.users.find(user_id) if session is not None else None
        if user is None or not user.is_active:
            return None
        self.current = session
        return user

    async def check(self, user: User) -> User:
        """Return the user as stored now.

        Raises
        ------
        NotSignedIn
            The account was deactivated, or its session ended from elsewhere.
        """
        found = await self._repositories.users.find(user.id)
        current = self.current
        ended = current is not None and not await self._is_alive(current)
        if found is None or not found.is_active or ended:
            raise NotSignedIn("You were signed out from elsewhere.", hint="Sign in again.")
        return found

    async def end(self) -> None:
        """End the session of this machine."""
        current, self.current = self.current, None
        if current is not None and await self._is_alive(current):
            await self._repositories.for_user(current.user_id).sessions.delete(current.id)
        try:
            await self._secrets.remove(self._name)
        except QuantError:  # without its session the token opens nothing
            return

    async def end_all(self, user: User) -> None:
        """End every session of a user, on every machine."""
        await self._repositories.for_user(user.id).sessions.end_all()
        await self.end()

    async def _is_alive(self, session: UserSession) -> bool:
        mine = self._repositories.for_user(session.user_id).sessions
        return await mine.by_token(session.token_hash) is not None


def store_fingerprint(address: str) -> str:
    """Return a short name for a store by its address, which holds no password."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
