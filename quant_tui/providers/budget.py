"""A plan's requests, counted over every instance that shares a data folder.

The count lies in one small file, private to the user, changed under a lock and replaced
whole: an instance that is killed leaves the old count or the new one. A request is counted
before it is sent, so a count is never too low.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from aiolimiter import AsyncLimiter

from quant_tui.domain.errors import DailyLimitReached, ProviderError
from quant_tui.providers.base import Budget

if sys.platform != "win32":
    import fcntl

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a provider's plan allows.

    Attributes
    ----------
    per_minute
        Requests a minute, spread evenly: providers also refuse bursts.
    per_day
        Requests a day; 0 for no limit.
    zone
        Where the provider's day begins at midnight.
    """

    per_minute: int
    per_day: int
    zone: str = "America/New_York"

    @property
    def spacing(self) -> float:
        """Seconds between two requests."""
        return 60.0 / self.per_minute


@dataclass(slots=True)
class _Count:
    day: date
    used: int = 0
    exhausted: bool = False
    next_at: float = 0.0


class RequestBudget:
    """Waits for the turn of each request, and refuses what the day no longer allows.

    Parameters
    ----------
    path
        The file of the count; beside it lies its lock.
    plan
        What is allowed.
    who
        The provider, for messages.
    clock
        Stands in for the time in tests.
    """

    def __init__(self, path: Path, plan: Plan, who: str, clock: Clock | None = None) -> None:
        self._path = path
        self._plan = plan
        self._who = who
        self._clock = clock or (lambda: datetime.now(UTC))
        self._limiter = AsyncLimiter(1, plan.spacing)

    def state(self) -> Budget:
        """Return how many requests are used and left."""
        with self._locked():
            count = self._read()
        left = None
        if count.exhausted:
            left = 0
        elif self._plan.per_day:
            left = max(0, self._plan.per_day - count.used)
        return Budget(
            self._plan.per_day, count.used, left, self._plan.spacing, self._reset(count.day)
        )

    async def turn(self) -> None:
        """Wait until a request may be sent, and count it.

        Raises
        ------
        DailyLimitReached
            The day's requests are used up.
        """
        # The limiter keeps this process's requests in line, the file those of all.
        async with self._limiter:
            wait = await asyncio.to_thread(self._take)
            if wait > 0:
                await asyncio.sleep(wait)

    def give_back(self) -> None:
        """Do not count a request that nobody has received."""
        with self._locked():
            count = self._read()
            count.used = max(0, count.used - 1)
            self._write(count)

    def exhaust(self) -> None:
        """Note that the provider itself says the day's requests are used up."""
        with self._locked():
            count = self._read()
            count.exhausted = True
            self._write(count)

    def refusal(self) -> DailyLimitReached:
        """Return the error that says when requests are allowed again."""
        with self._locked():
            count = self._read()
        reset = self._reset(count.day)
        hours = (reset - self._clock()) / timedelta(hours=1)
        allowed = f" of {self._plan.per_day}" if self._plan.per_day else ""
        return DailyLimitReached(
            f"The day's requests{allowed} to {self._who} are used up.",
            hint=f"They begin anew at {reset:%H:%M %Z}, in {hours:.0f} hours. What was fetched "
            "is stored; fetch again then.",
        )

    def _take(self) -> float:
        """Count one request and return the seconds to wait before it is sent."""
        now = self._clock().timestamp()
        with self._locked():
            count = self._read()
            used_up = bool(self._plan.per_day) and count.used >= self._plan.per_day
            if not (count.exhausted or used_up):
                at = max(now, count.next_at)
                count.used += 1
                count.next_at = at + self._plan.spacing
                self._write(count)
                return at - now
        raise self.refusal()

    def _today(self) -> date:
        return self._clock().astimezone(ZoneInfo(self._plan.zone)).date()

    def _reset(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self._plan.zone))

    def _read(self) -> _Count:
        today = self._today()
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            count = _Count(
                date.fromisoformat(found["day"]),
                int(found["used"]),
                bool(found["exhausted"]),
                float(found["next_at"]),
            )
        except FileNotFoundError:
            return _Count(today)
        except (OSError, ValueError, KeyError, TypeError):
            # Unreadable: as if nothing had been asked today; the provider itself counts too.
            return _Count(today)
        horizon = self._clock().timestamp() + 2 * 60 * self._plan.spacing
        if count.next_at > horizon:
            # The clock was set back.
            count.next_at = 0.0
        if count.day != today:
            return _Count(today, next_at=count.next_at)
        return count

    def _write(self, count: _Count) -> None:
        document = {
            "day": count.day.isoformat(),
            "used": count.used,
            "exhausted": count.exhausted,
            "next_at": count.next_at,
        }
        scratch = self._path.with_suffix(f".{os.getpid()}.tmp")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(document, stream)
        scratch.replace(self._path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self._path.with_suffix(".lock")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ProviderError(
                f"The request count {self._path} cannot be kept: {error.strerror}.",
                hint="Make the data folder writable.",
            ) from error
        try:
            if sys.platform != "win32":
                # Held for a millisecond; the kernel gives it back when a process dies.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
