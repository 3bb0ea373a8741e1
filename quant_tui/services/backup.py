"""Backups: everything in one verified file, as it was at one moment, while work goes on.

Of a private store a backup holds everything; of a server that others share, the objects of
the signed-in user, what belongs to everybody, and this machine's bars. It never holds a
secret: no keys, passwords in addresses, sessions or one-time codes. Password hashes are in
it, so that accounts work after it is restored.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from quant_tui.config.locations import Locations
from quant_tui.config.settings import Settings
from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.cancellation import CancelCheck
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.user import User
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.backup_archive import MEMBER, ArchiveWriter, verified
from quant_tui.services.stores import Stores, without_password
from quant_tui.storage.duck import dump as tables
from quant_tui.storage.locks import FileLock
from quant_tui.storage.mongo import dump as documents

SUFFIX = ".backup.zip"
SCRATCH = ".quant-tui-backup-"
PIN_SECONDS = 30.0
BARS_DONE, DOCUMENTS_DONE = 0.5, 0.8
"""How far a backup is when bars, and when documents, are written; checking is the rest."""

LEFT_OUT = (
    "API keys and passwords of the keyring or the encrypted file",
    "sessions, one-time codes and counts of failed sign-ins",
    "the address of a MongoDB server",
    "the vector index, which is filled again from the documents",
)


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds.

    Attributes
    ----------
    scope
        ``everything``, or ``user`` for one user's objects of a shared server.
    one_moment
        Whether documents were read as of one moment; otherwise what was changed meanwhile
        may be in it in part.
    """

    path: str
    scope: str
    created_at: datetime
    bytes: int
    documents: int
    rows: int
    one_moment: bool
    seconds: float

    def to_document(self) -> Document:
        """Return the JSON document of ``backup``."""
        return {
            "path": self.path,
            "scope": self.scope,
            "created_at": self.created_at.isoformat(),
            "bytes": self.bytes,
            "documents": self.documents,
            "rows": self.rows,
            "one_moment": self.one_moment,
            "left_out": list(LEFT_OUT),
            "seconds": round(self.seconds, 2),
        }


class BackupService:
    """Makes backups of the open stores.

    Parameters
    ----------
    user
        Returns who is signed in.
    """

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        jobs: JobManager,
        user: Callable[[], User | None],
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._jobs = jobs
        self._user = user
        self.plan = settings.backup
        """How often, how many and where, as it is now."""

    @property
    def folder(self) -> Path:
        """Where backups go when no other place is named."""
        chosen = self.plan.folder
        return Path(chosen).expanduser() if chosen else self._settings.locations.backups

    def start(self, target: Path | None = None) -> Job[BackupReport]:
        """Start a backup as a job.

        Parameters
        ----------
        target
            The file, or a folder for one named after the time; None for :attr:`folder`.

        Raises
        ------
        InvalidInput
            The file exists already.
        """
        path = self.checked_target(target)
        return self._jobs.start("backup", f"Backup {path.name}", lambda job: self.write(path, job))

    def checked_target(self, target: Path | None) -> Path:
        """Return the file that a backup to ``target`` is written to.

        Raises
        ------
        InvalidInput
            The file exists already.
        """
        path = self.folder if target is None else target.expanduser().absolute()
        if target is None or path.is_dir():
            path = path / f"quant-tui-{utc_now():%Y%m%d-%H%M%S}{SUFFIX}"
        if path.exists():
            raise InvalidInput(
                f"{path} exists already.", field="backup", hint="Choose a new name, or remove it."
            )
        return path

    async def write(self, target: Path, job: JobContext) -> BackupReport:
        """Write, check and put in place one backup.

        Raises
        ------
        InvalidInput
            It cannot be written there.
        Cancelled
            When the job was cancelled; nothing is left behind.
        """
        began = time.monotonic()
        created_at = utc_now()
        cancel = job.cancel
        with _writable(target), _scratch(target.parent) as scratch:
            draft = scratch / "draft.zip"
            writer = ArchiveWriter(draft)
            try:
                about = await self._fill(writer, scratch, created_at, job)
                await job.run_in_thread(writer.finish, about)
            finally:
                writer.close()
            job.progress(DOCUMENTS_DONE, "checking it")
            archive = await job.run_in_thread(
                verified,
                draft,
                progress=_part(job, DOCUMENTS_DONE, 1.0),
                cancel=cancel,
            )
            job.cancel.raise_if_cancelled()
            size = draft.stat().st_size
            draft.replace(target)
        return BackupReport(
            str(target),
            str(about["scope"]),
            created_at,
            size,
            sum(archive.members[name].rows for name in archive.names("documents")),
            sum(archive.members[name].rows for name in archive.names("tables")),
            bool(about["one_moment"]),
            time.monotonic() - began,
        )

    async def _fill(
        self, writer: ArchiveWriter, scratch: Path, created_at: datetime, job: JobContext
    ) -> Document:
        """Write all members, and return what the manifest says beside them."""
        cancel, metadata = job.cancel, self._stores.metadata
        private = self._stores.server is not None
        user = self._user()
        if not private and user is None:
            raise InvalidInput("Nobody is signed in.", hint="Sign in, then back up.")
        async with documents.snapshot(metadata) as view:
            await self._bars(writer, scratch, view, job)
            job.progress(BARS_DONE, "documents")
            selections = (
                await documents.everything(metadata)
                if private or user is None
                else await documents.of_user(view, user.id)
            )
            for number, selection in enumerate(selections):
                await _write_documents(writer, view, selection, job)
                part = (number + 1) / len(selections)
                job.progress(BARS_DONE + (DOCUMENTS_DONE - BARS_DONE) * part)
        whose = None if private or user is None else user.id
        await self._journals(writer, whose, job)
        await job.run_in_thread(_write_models, writer, self._settings.locations, whose, cancel)
        await job.run_in_thread(_write_settings, writer, self._settings, cancel)
        return {
            "created_at": created_at.isoformat(),
            "quant_tui": version("quant-tui"),
            "scope": "everything" if private else "user",
            "user_id": None if private or user is None else user.id,
            "username": None if private or user is None else user.username,
            "one_moment": view.one_moment,
            "documents_version": documents.SCHEMA_VERSION,
            "tables_version": tables.SCHEMA_VERSION,
            "left_out": list(LEFT_OUT),
        }

    async def _journals(self, writer: ArchiveWriter, user_id: str | None, job: JobContext) -> None:
        """Write the journals of the studies: all, or those of a user."""
        folder = self._settings.locations.studies
        if user_id is None:
            paths = sorted(folder.glob("*.log"))
        else:
            mine = self._stores.repositories.for_user(user_id).studies
            paths = [folder / f"{one.id}.log" for one in await mine.list(limit=None)]

        def copy() -> None:
            for path in paths:
                if MEMBER.fullmatch(name := f"studies/{path.name}") and path.is_file():
                    writer.add_file(name, path, 0, job.cancel)

        await job.run_in_thread(copy)

    async def _bars(
        self, writer: ArchiveWriter, scratch: Path, view: documents.Snapshot, job: JobContext
    ) -> None:
        """Write the tables, and pin the documents at the moment of the bars."""
        cancel, loop = job.cancel, asyncio.get_running_loop()

        def pin() -> None:
            asyncio.run_coroutine_threadsafe(view.pin(), loop).result(PIN_SECONDS)

        def whole() -> None:
            for table in tables.dump_tables(
                self._stores.duck,
                scratch,
                pinned=pin,
                progress=_part(job, 0.0, BARS_DONE * 0.7),
                cancel=cancel,
            ):
                writer.add_file(f"tables/{table.name}.parquet", table.path, table.rows, cancel)
                table.path.unlink()

        job.progress(0.0, "bars")
        await job.run_in_thread(whole)


async def _write_documents(
    writer: ArchiveWriter,
    view: documents.Snapshot,
    selection: documents.Selection,
    job: JobContext,
) -> None:
    with writer.member(f"documents/{selection.collection}.bson") as write:
        async for batch in view.batches(selection):
            job.cancel.raise_if_cancelled()
            await job.run_in_thread(write, batch, documents.count_documents(batch))


def _write_models(
    writer: ArchiveWriter, locations: Locations, user_id: str | None, cancel: CancelCheck
) -> None:
    """Write the artifacts of trained models: all, or those of a user."""
    for path in sorted(locations.models.glob(f"{user_id or '*'}/*.zip")):
        if MEMBER.fullmatch(name := f"models/{path.parent.name}/{path.name}"):
            writer.add_file(name, path, 0, cancel)


def _write_settings(writer: ArchiveWriter, settings: Settings, cancel: CancelCheck) -> None:
    locations = settings.locations
    if locations.config_file.is_file():
        with writer.member("settings/config.toml") as write:
            write(_portable(locations.config_file.read_text(encoding="utf-8")).encode(), 0)
    if locations.user_themes.is_dir():
        for path in sorted(locations.user_themes.glob("[!.]*.y*ml")):
            if path.is_file() and path.suffix in (".yaml", ".yml"):
                writer.add_file(f"settings/themes/{path.name}", path, 0, cancel)


def _portable(config: str) -> str:
    """Take out of the settings where MongoDB is: another machine's, and maybe a password."""
    return without_password(re.sub(r"(?m)^[ \t]*uri[ \t]*=.*\n?", "", config))


def _part(job: JobContext, begin: float, end: float) -> Callable[[float], None]:
    return lambda fraction: job.progress(begin + (end - begin) * fraction)


@contextlib.contextmanager
def _writable(target: Path) -> Iterator[None]:
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InvalidInput(
            f"The backup {target} cannot be written: {error.strerror or error}.",
            field="backup",
            hint="Choose another folder, or make room.",
        ) from error


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Make a private folder beside the backup, and remove those of killed backups."""
    for left in folder.glob(f"{SCRATCH}*"):
        with contextlib.suppress(OSError), FileLock(left / "owner.lock") as owner:
            if owner.try_exclusive():
                shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=folder))
    try:
        with FileLock(made / "owner.lock") as owner:
            owner.try_exclusive()
            yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
