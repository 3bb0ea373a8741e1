"""What keeps accounts safe: sessions, one-time codes, and counts of failed tries."""

from __future__ import annotations

import builtins

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import Conflict
from quant_tui.domain.user import PasswordTries, UserSession, VerificationCode
from quant_tui.storage.mongo.failures import translated
from quant_tui.storage.mongo.repository import OwnedRepository, Repository
from quant_tui.storage.mongo.store import MetadataStore


class SessionRepository(OwnedRepository[UserSession]):
    """Where a user is signed in."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, UserSession, user_id)

    async def by_token(self, token_hash: str) -> UserSession | None:
        """Return the session with that token that has not expired, or None."""
        where = {"token_hash": token_hash, "expires_at": {"$gt": utc_now()}}
        return await self.find_one(where)

    async def alive(self) -> builtins.list[UserSession]:
        """Return the sessions that have not expired, the newest first."""
        return await self.list(
            where={"expires_at": {"$gt": utc_now()}}, sort=[("created_at", -1)], limit=None
        )

    async def end_all(self) -> None:
        """End every session."""
        await self._delete_many(self._query(None))


class VerificationCodeRepository(OwnedRepository[VerificationCode]):
    """A user's one-time code."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, VerificationCode, user_id)

    async def current(self) -> VerificationCode | None:
        """Return the code, expired or not, or None."""
        return await self.find_one({})

    async def replace(self, code: VerificationCode) -> None:
        """Put a new code in the place of the one before."""
        await self.upsert_many([code], ["user_id"])

    async def take_try(self, code: VerificationCode) -> bool:
        """Use one of a code's tries up; return False when none was left or it is another now."""
        query = self._query({"code_hash": code.code_hash, "tries_left": {"$gt": 0}})
        with translated(self.noun):
            done = await self._collection.update_one(query, {"$inc": {"tries_left": -1}})
        return bool(done.matched_count)

    async def use_up(self, code: VerificationCode) -> bool:
        """Remove a code; return False when somebody else did so first."""
        with translated(self.noun):
            done = await self._collection.delete_one(self._query({"code_hash": code.code_hash}))
        return bool(done.deleted_count)

    async def drop(self) -> None:
        """Remove the code, if there is one."""
        await self._delete_many(self._query(None))


class PasswordTriesRepository(Repository[PasswordTries]):
    """Failed tries, by whatever name was tried."""

    def __init__(self, store: MetadataStore) -> None:
        super().__init__(store, PasswordTries)

    async def of(self, key: str) -> PasswordTries | None:
        """Return the count of a name, or None when nothing failed lately."""
        return await self.find_one({"key": key, "expires_at": {"$gt": utc_now()}})

    async def put(self, before: PasswordTries | None, after: PasswordTries) -> bool:
        """Store a count if it is still as it was read; return whether it was.

        Of several that read the same count at the same moment, one succeeds.
        """
        if before is not None:
            known = {"key": before.key, "failures": before.failures}
            values = after.model_dump(exclude={"id"})
            with translated(self.noun):
                done = await self._collection.update_one(self._query(known), {"$set": values})
            return bool(done.matched_count)
        # one that the server has not yet swept
        expired = {"key": after.key, "expires_at": {"$lte": utc_now()}}
        await self._delete_many(self._query(expired))
        try:
            await self.create(after)
        except Conflict:
            return False
        return True

    async def forget(self, key: str) -> None:
        """Remove the count of a name."""
        await self._delete_many(self._query({"key": key}))
