"""Backups made by themselves while the app is open: every so many hours, a number kept."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from quant_tui.config.settings import BackupSettings, Settings
from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import Cancelled, QuantError, StoreUnavailable
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.backup import SUFFIX, BackupReport, BackupService
from quant_tui.storage.locks import FileLock

LOOK_SECONDS = 60.0
PATIENCE = timedelta(hours=1)
"""How long after a failure the next try is made."""

LOCK = ".quant-tui-scheduled.lock"
_TIME = "%Y%m%d-%H%M%S"

log = logging.getLogger(__name__)


class BackupSchedule:
    """Starts a backup whenever the last one of this home is old enough.

    Several instances may run: whoever gets the folder's lock makes it, the others find it
    made. Only backups of its own are ever removed, and only after a newer one was checked.

    Parameters
    ----------
    now
        The clock.
    """

    def __init__(
        self,
        settings: Settings,
        backups: BackupService,
        jobs: JobManager,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._backups = backups
        self._jobs = jobs
        self._now = now
        self._task: asyncio.Task[None] | None = None
        self._failed_at: datetime | None = None
        home = hashlib.sha256(str(settings.locations.data).encode()).hexdigest()[:6]
        self._prefix = f"quant-tui-auto-{home}-"

    @property
    def plan(self) -> BackupSettings:
        """How often, how many and where."""
        return self._backups.plan

    def begin(self) -> None:
        """Look every minute whether a backup is due, until :meth:`stop`."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="backup-schedule")

    async def stop(self) -> None:
        """Look no more; a backup that runs is a job, and goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def made(self) -> list[Path]:
        """Return the scheduled backups of this home, the newest first."""
        folder = self._backups.folder
        return sorted(folder.glob(f"{self._prefix}*{SUFFIX}"), reverse=True)

    def last(self) -> datetime | None:
        """Return when the newest scheduled backup was made; None before the first."""
        for path in self.made():
            written = path.name.removeprefix(self._prefix).removesuffix(SUFFIX)
            with contextlib.suppress(ValueError):
                return datetime.strptime(written, _TIME).replace(tzinfo=self._now().tzinfo)
        return None

    def due(self) -> bool:
        """Return whether a backup is to be made now."""
        hours, now, last = self.plan.every_hours, self._now(), self.last()
        if not hours or (self._failed_at is not None and now - self._failed_at < PATIENCE):
            return False
        return last is None or now - last >= timedelta(hours=hours)

    def start(self) -> Job[BackupReport | None]:
        """Make one as a job, and remove those beyond the number to keep.

        Its result is None when another instance made one meanwhile.
        """
        return self._jobs.start("backup", "Scheduled backup", self._make)

    async def _watch(self) -> None:
        while True:
            if await asyncio.to_thread(self.due):
                job = self.start()
                try:
                    await job.wait()
                except Cancelled:
                    self._failed_at = self._now()
                except QuantError as error:
                    log.warning("the scheduled backup failed: %s", error)
                    self._failed_at = self._now()
            await asyncio.sleep(LOOK_SECONDS)

    async def _make(self, job: JobContext) -> BackupReport | None:
        folder = self._backups.folder
        await asyncio.to_thread(_prepare, folder)
        with FileLock(folder / LOCK) as lock:
            if not lock.try_exclusive() or not await asyncio.to_thread(self.due):
                return None
            target = folder / f"{self._prefix}{self._now():{_TIME}}{SUFFIX}"
            report = await self._backups.write(target, job)
            await job.run_in_thread(self._prune, target)
            return report

    def _prune(self, newest: Path) -> None:
        """Remove the oldest; the one just made was checked, and always stays."""
        for path in self.made()[self.plan.keep :]:
            if path != newest:
                path.unlink(missing_ok=True)


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder {folder} cannot be made: {error.strerror}.",
            hint="Choose another with the setting backup.folder.",
        ) from error
