"""Slowing down whoever tries passwords, and locking a name after too many.

Counts are kept in the store, so that they hold for every process that shares it, and
under whatever name was tried, so that they tell nothing about which accounts there are.
A try is counted before its password is looked at: many at once gain nothing.
"""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import TooManyTries
from quant_tui.domain.user import PasswordTries, folded
from quant_tui.storage.mongo.accounts import PasswordTriesRepository

FREE_TRIES = 5
"""Wrong passwords in a row that cost no waiting."""

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
REMEMBERED = timedelta(hours=24)
"""How long after the last failure a name is counted as new again."""


def wait_after(failures: int) -> timedelta:
    """Return how long after so many failures in a row the next try is allowed."""
    if failures < FREE_TRIES:
        return timedelta()
    doublings = min(failures - FREE_TRIES, 16)
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))


class Throttle:
    """Counts tries by name.

    Parameters
    ----------
    tries
        Where the counts are kept.
    """

    def __init__(self, tries: PasswordTriesRepository) -> None:
        self._tries = tries

    async def begin(self, name: str) -> None:
        """Count a try, before it is made.

        Raises
        ------
        TooManyTries
            It may not be made yet.
        """
        key = key_of(name)
        while True:
            now = utc_now()
            before = await self._tries.of(key)
            if before is not None and before.locked_until is not None:
                left = before.locked_until - now
                if left > timedelta():
                    raise TooManyTries("Too many tries failed.", hint=f"Wait {_words(left)}.")
            failures = 1 + (before.failures if before is not None else 0)
            wait = wait_after(failures)
            after = PasswordTries(
                key=key,
                failures=failures,
                locked_until=now + wait if wait else None,
                expires_at=now + REMEMBERED,
            )
            if await self._tries.put(before, after):
                return

    async def succeeded(self, name: str) -> None:
        """Forget the failures of a name: its password was right."""
        await self._tries.forget(key_of(name))


def key_of(name: str) -> str:
    """Return what a name's tries are counted under; one key for every spelling of it."""
    return hashlib.sha256(folded(name.strip()).encode("utf-8", "surrogatepass")).hexdigest()


def _words(wait: timedelta) -> str:
    seconds = math.ceil(wait.total_seconds())
    if seconds > 90:
        return f"{math.ceil(seconds / 60)} minutes"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
