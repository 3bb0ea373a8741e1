"""Restoring a backup: built whole beside the home, checked, then put in its place at once."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from quant_tui.config.settings import Settings
from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, InvalidInput
from quant_tui.jobs.manager import JobContext
from quant_tui.services.backup_archive import Archive, refuse, verified
from quant_tui.services.home_swap import SETTINGS, SwapFolders, restoring, swap
from quant_tui.storage.duck import dump as tables
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.locks import FileLock, make_private_folder
from quant_tui.storage.mongo import dump as documents
from quant_tui.storage.mongo.reaper import stop_server
from quant_tui.storage.mongo.server import PrivateServer
from quant_tui.storage.mongo.store import MetadataStore

CHECKED, TABLES_LOADED, DOCUMENTS_LOADED = 0.25, 0.65, 0.95
"""How far a restore is after each of its steps."""

ROOM = 2.0
"""Free bytes wanted for each byte of the backup, unpacked."""


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored."""

    path: str
    scope: str
    created_at: str
    documents: int
    rows: int
    replaced: bool
    seconds: float

    def to_document(self) -> Document:
        """Return the JSON document of ``restore``."""
        return {
            "path": self.path,
            "scope": self.scope,
            "created_at": self.created_at,
            "documents": self.documents,
            "rows": self.rows,
            "replaced": self.replaced,
            "seconds": round(self.seconds, 2),
        }


def holds_data(settings: Settings) -> bool:
    """Return whether a home has stores already."""
    locations = settings.locations
    return locations.duckdb_file.exists() or locations.mongodb.exists()


class Restore:
    """One restore into a home with a private store; use it as a context.

    :meth:`prepare` builds the new stores beside the old ones, which may be in use
    meanwhile; :meth:`put_in_place` changes them over, for which nobody may use them.

    Parameters
    ----------
    path
        The backup.
    replace
        Whether a home that holds data may lose them.
    """

    def __init__(self, settings: Settings, path: Path, *, replace: bool) -> None:
        self._settings = settings
        self._path = path.expanduser().absolute()
        self._replace = replace
        self._replaces = False
        self._began = time.monotonic()
        self._held = contextlib.ExitStack()
        self._folders: SwapFolders | None = None
        self._archive: Archive | None = None

    async def __aenter__(self) -> Restore:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.abandon()

    async def abandon(self) -> None:
        """Let go of the home, and remove what was not put in place."""
        await asyncio.to_thread(self._held.close)

    async def prepare(self, job: JobContext) -> None:
        """Check the backup and build the new stores.

        Raises
        ------
        InvalidInput
            The backup is damaged, cut, changed or newer; nothing was touched.
        Conflict
            The home holds data, and they were not to be replaced.
        StoreUnavailable
            The new stores cannot be built, for want of room for example.
        Cancelled
            When the job was cancelled.
        """
        job.progress(0.0, "checking the backup")
        archive = await job.run_in_thread(
            verified, self._path, progress=_part(job, 0.0, CHECKED), cancel=job.cancel
        )
        _check_version(archive)
        self._replaces = await self._holds_data(archive)
        if self._replaces and not self._replace:
            raise Conflict(
                f"{self._settings.locations.data} holds data already.",
                hint="Restore with --replace to exchange them for the backup's, "
                "or choose an empty home with --home.",
            )
        folders = await asyncio.to_thread(
            self._held.enter_context, restoring(self._settings.locations)
        )
        await asyncio.to_thread(_check_room, archive, folders)
        await asyncio.to_thread(make_private_folder, folders.staging)
        await job.run_in_thread(_write_settings, archive, folders.staging / SETTINGS)
        journals = folders.staging / self._settings.locations.studies.name
        await job.run_in_thread(_write_journals, archive, journals)
        models = folders.staging / self._settings.locations.models.name
        await job.run_in_thread(_write_models, archive, models)
        job.progress(CHECKED, "bars")
        await job.run_in_thread(self._load_tables, archive, folders, job)
        job.progress(TABLES_LOADED, "documents")
        await self._prepare_documents(archive, folders, job)
        job.cancel.raise_if_cancelled()
        self._archive, self._folders = archive, folders

    async def put_in_place(self) -> RestoreReport:
        """Exchange the stores. They must be closed in this process.

        Raises
        ------
        StoreUnavailable
            Another quant-tui has the home open; nothing was changed.
        """
        archive, folders = self._archive, self._folders
        if archive is None or folders is None:
            raise RuntimeError("nothing was prepared")
        await self._exchange(archive, folders)
        return RestoreReport(
            str(self._path),
            str(archive.manifest.get("scope")),
            str(archive.manifest.get("created_at")),
            sum(archive.members[name].rows for name in archive.names("documents")),
            sum(archive.members[name].rows for name in archive.names("tables")),
            self._replaces,
            time.monotonic() - self._began,
        )

    async def _holds_data(self, _archive: Archive) -> bool:
        """Return whether something would be lost."""
        return await asyncio.to_thread(holds_data, self._settings)

    async def _prepare_documents(
        self, archive: Archive, folders: SwapFolders, job: JobContext
    ) -> None:
        """Build the new documents."""
        async with self._staged_documents(folders) as metadata:
            await _load_documents(metadata, archive, job)

    async def _exchange(self, _archive: Archive, folders: SwapFolders) -> None:
        """Put the new stores in the place of the old ones."""
        await asyncio.to_thread(swap, folders, self._settings.locations)

    def _load_tables(self, archive: Archive, folders: SwapFolders, job: JobContext) -> None:
        parts = folders.staging / "tables"
        make_private_folder(parts)
        store = self._staged_duck(folders, extra_indexes=False)  # quicker made over full tables
        try:
            found = []
            with archive.reading() as pieces:
                for name in archive.names("tables"):
                    path = parts / Path(name).name
                    _write_file(path, pieces(name), job)
                    rows = archive.members[name].rows
                    found.append(tables.DumpedTable(path.stem, path, rows))
            store.migrate()
            tables.load_tables(
                store, found, progress=_part(job, CHECKED, TABLES_LOADED), cancel=job.cancel
            )
        finally:
            store.close()
            shutil.rmtree(parts)
        complete = self._staged_duck(folders, extra_indexes=self._settings.duckdb.order_indexes)
        try:
            complete.migrate()
        finally:
            complete.close()

    def _staged_duck(self, folders: SwapFolders, *, extra_indexes: bool) -> DuckStore:
        return DuckStore(
            folders.staging / self._settings.locations.duckdb_file.name,
            memory_limit=self._settings.duckdb.memory_limit,
            threads=self._settings.duckdb.threads,
            extra_indexes=extra_indexes,
        )

    @contextlib.asynccontextmanager
    async def _staged_documents(self, folders: SwapFolders) -> AsyncIterator[MetadataStore]:
        """Run a server of its own over the new folder, and stop it cleanly."""
        folder = folders.staging / self._settings.locations.mongodb.name
        run = folders.staging / "run"
        server = PrivateServer(folder, run, self._settings.locations.logs, linger=0)
        try:
            started = await asyncio.to_thread(server.acquire)
            metadata = await MetadataStore.open(started.uri, self._settings.mongodb.database)
            try:
                yield metadata
            finally:
                await metadata.close()
        finally:
            await asyncio.to_thread(_stop, server, folder)
            await asyncio.to_thread(shutil.rmtree, run, ignore_errors=True)


async def _load_documents(metadata: MetadataStore, archive: Archive, job: JobContext) -> None:
    names = archive.names("documents")
    total = sum(archive.members[name].size for name in names) or 1
    done = 0
    with archive.reading() as pieces:
        for name in names:
            collection = Path(name).stem
            rows, portions = 0, documents.batched(documents.split_documents(pieces(name), name))
            while portion := await job.run_in_thread(next, portions, None):
                job.cancel.raise_if_cancelled()
                await documents.insert(metadata, collection, portion, None)
                rows += len(portion)
                done += sum(len(one.raw) for one in portion)
                part = done / total
                job.progress(TABLES_LOADED + (DOCUMENTS_LOADED - TABLES_LOADED) * part)
            if rows != archive.members[name].rows:
                refuse(archive.path, f"{name} does not hold as many documents as it says")
    job.progress(DOCUMENTS_LOADED, "indexes")
    await documents.finish_schema(metadata)


def _stop(server: PrivateServer, folder: Path) -> None:
    server.release()
    if folder.is_dir():
        with FileLock(folder / "server.lock") as lock:
            stop_server(folder, lock.descriptor)


def _write_settings(archive: Archive, folder: Path) -> None:
    with archive.reading() as pieces:
        for name in archive.names("settings"):
            path = folder / Path(name).relative_to("settings")
            make_private_folder(path.parent)
            _write_file(path, pieces(name), None)


def _write_journals(archive: Archive, folder: Path) -> None:
    with archive.reading() as pieces:
        for name in archive.names("studies"):
            make_private_folder(folder)
            _write_file(folder / Path(name).name, pieces(name), None)
            (folder / Path(name).name).chmod(0o600)


def _write_models(archive: Archive, folder: Path) -> None:
    with archive.reading() as pieces:
        for name in archive.names("models"):
            path = folder / Path(name).relative_to("models")
            make_private_folder(folder)
            make_private_folder(path.parent)
            _write_file(path, pieces(name), None)
            path.chmod(0o600)


def _write_file(path: Path, pieces: Iterator[bytes], job: JobContext | None) -> None:
    with path.open("wb") as stream:
        for piece in pieces:
            if job is not None:
                job.cancel.raise_if_cancelled()
            stream.write(piece)


def _check_version(archive: Archive) -> None:
    for key, known in (
        ("documents_version", documents.SCHEMA_VERSION),
        ("tables_version", tables.SCHEMA_VERSION),
    ):
        version = archive.manifest.get(key)
        if not isinstance(version, int):
            refuse(archive.path, "its manifest is incomplete")
        if version > known:
            refuse(archive.path, "it was written by a newer quant-tui", "Update quant-tui.")


def _check_room(archive: Archive, folders: SwapFolders) -> None:
    wanted = ROOM * sum(one.size for one in archive.members.values())
    free = shutil.disk_usage(folders.data.parent).free
    if wanted > free:
        raise InvalidInput(
            f"Restoring needs about {wanted / 1e9:.1f} GB beside {folders.data}, "
            f"and {free / 1e9:.1f} GB are free.",
            field="backup",
            hint="Make room, then try again.",
        )


def _part(job: JobContext, begin: float, end: float) -> Callable[[float], None]:
    return lambda fraction: job.progress(begin + (end - begin) * fraction)
