"""A repair of how pymongo waits on Python 3.11.

There ``asyncio.wait_for`` runs what it waits for in a task of its own. Cancelled just as its
time is up, as happens when the event loop was held, it leaves that task behind: pymongo's
topology then has a lock that nobody gives back, and every later query waits for ever.
``asyncio.timeout`` has no such task, and from Python 3.12 on ``wait_for`` is made of it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

import pymongo.lock

T = TypeVar("T")


async def wait_for(awaited: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109
    """Wait as ``asyncio.wait_for`` of Python 3.12 does."""
    async with asyncio.timeout(timeout):
        return await awaited


def repair() -> None:
    """Have pymongo wait in this way, where Python's own has the fault."""
    if sys.version_info < (3, 12):
        pymongo.lock.wait_for = wait_for  # type: ignore[assignment, attr-defined]
