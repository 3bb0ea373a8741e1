"""Restoring one user's objects on a MongoDB server that others may share.

What belongs to everybody is only added to; the user's own objects are exchanged in one
transaction. The bars, which are this machine's, follow by the home's own exchange.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from bson.raw_bson import RawBSONDocument

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import Conflict, StoreUnavailable
from quant_tui.jobs.manager import JobContext
from quant_tui.services.backup_archive import Archive, refuse
from quant_tui.services.home_swap import (
    FORWARD,
    PENDING,
    SwapFolders,
    alone,
    finish_pending,
    go_forward,
)
from quant_tui.services.restore import Restore
from quant_tui.storage.mongo import dump as documents
from quant_tui.storage.mongo.codec import object_id
from quant_tui.storage.mongo.failures import translated
from quant_tui.storage.mongo.migrations import migrate
from quant_tui.storage.mongo.schema import COLLECTIONS, MIGRATIONS
from quant_tui.storage.mongo.store import MetadataStore, Session

RESTORES = "restores"
"""Ids of exchanges that were made here, until the bars have followed."""

USERS = "users"


class RestoreOnServer(Restore):
    """One restore into a home whose documents are on a configured server.

    Parameters
    ----------
    user_id
        Who is signed in; "" for nobody, who can only restore a user that is not there.
    """

    def __init__(self, settings: Settings, path: Path, *, replace: bool, user_id: str) -> None:
        super().__init__(settings, path, replace=replace)
        self._user_id = user_id

    async def _holds_data(self, archive: Archive) -> bool:
        owner = await _owner(archive)
        async with _server(self._settings) as metadata:
            if not metadata.supports_transactions:
                raise StoreUnavailable(
                    "This MongoDB server has no transactions, without which a restore could "
                    "end half done.",
                    hint="Make it a replica set, or restore into a private store.",
                )
            await migrate(metadata)
            with translated("user"):
                known = await metadata.collection(USERS).find_one({"_id": object_id(owner, "user")})
        if known is not None and owner != self._user_id:
            raise Conflict(
                f"The backup is of the user {known.get('username')}, who is on this server.",
                hint="Sign in as that user, then restore.",
            )
        return known is not None or await super()._holds_data(archive)

    async def _prepare_documents(
        self,
        archive: Archive,
        folders: SwapFolders,  # noqa: ARG002 -- nothing is built beside a server
        job: JobContext,
    ) -> None:
        """Read every document once: what cannot be read is known before anything is touched."""
        await job.run_in_thread(_count_all, archive, job)

    async def _exchange(self, archive: Archive, folders: SwapFolders) -> None:
        locations, restore_id = self._settings.locations, secrets.token_hex(12)
        owner = await _owner(archive)
        async with _server(self._settings) as metadata:
            with contextlib.ExitStack() as held:
                await asyncio.to_thread(held.enter_context, alone(locations))
                await _add_common(metadata, archive)
                await asyncio.to_thread(folders.say, PENDING, restore_id)
                try:
                    async with metadata.transaction() as session:
                        await _exchange_own(metadata, archive, owner, session)
                        await metadata.collection(RESTORES).insert_one(
                            {"_id": restore_id}, session=session
                        )
                except BaseException:
                    await asyncio.to_thread(folders.note.unlink)
                    raise
                await asyncio.to_thread(folders.say, FORWARD, restore_id)
                await asyncio.to_thread(go_forward, folders, locations)
            with translated("restore"):
                await metadata.collection(RESTORES).delete_one({"_id": restore_id})


def restore_into(settings: Settings, path: Path, *, replace: bool, user_id: str) -> Restore:
    """Return the restore of a backup into a home, wherever its documents are.

    Parameters
    ----------
    user_id
        Who is signed in; "" for nobody.
    """
    if settings.mongodb.uri:
        return RestoreOnServer(settings, path, replace=replace, user_id=user_id)
    return Restore(settings, path, replace=replace)


async def finish_on_server(settings: Settings, metadata: MetadataStore) -> None:
    """Finish an exchange that was killed after the note was written. Cheap without one."""
    state, restore_id = SwapFolders(settings.locations.data).state
    if not state:
        return
    with translated("restore"):
        made = await metadata.collection(RESTORES).find_one({"_id": restore_id})
    exchanged = state == FORWARD or made is not None
    await asyncio.to_thread(finish_pending, settings.locations, exchanged=exchanged)
    with translated("restore"):
        await metadata.collection(RESTORES).delete_one({"_id": restore_id})


def _count_all(archive: Archive, job: JobContext) -> None:
    with archive.reading() as pieces:
        for name in archive.names("documents"):
            count = 0
            for _ in documents.split_documents(pieces(name), name):
                count += 1
                job.cancel.raise_if_cancelled()
            if count != archive.members[name].rows:
                refuse(archive.path, f"{name} does not hold as many documents as it says")


async def _owner(archive: Archive) -> str:
    """Return the id of the one user that the backup is of."""

    def ids() -> list[str]:
        name = f"documents/{USERS}.bson"
        if name not in archive.members:
            return []
        with archive.reading() as pieces:
            found = documents.split_documents(pieces(name), name)
            return [str(RawBSONDocument(one)["_id"]) for one in found]

    users = await asyncio.to_thread(ids)
    if len(users) != 1:
        refuse(
            archive.path,
            f"it holds {len(users)} users, and a server takes a backup of one",
            "Restore it into a private store.",
        )
    return users[0]


@contextlib.asynccontextmanager
async def _server(settings: Settings) -> AsyncIterator[MetadataStore]:
    metadata = await MetadataStore.open(settings.mongodb.uri, settings.mongodb.database)
    try:
        yield metadata
    finally:
        await metadata.close()


async def _add_common(metadata: MetadataStore, archive: Archive) -> None:
    """Add what belongs to everybody and is not there; what is there stays as it is."""
    for spec in COLLECTIONS:
        if not spec.shared or spec.name == USERS:
            continue
        async for portion in _portions(archive, spec.name):
            await documents.add_missing(metadata, spec.name, portion)


async def _exchange_own(
    metadata: MetadataStore, archive: Archive, owner: str, session: Session | None
) -> None:
    """Remove what the user has and insert what the backup has of them."""
    for selection in await documents.owned_by(metadata, owner, session):
        await metadata.collection(selection.collection).delete_many(
            selection.query, session=session
        )
    known = await metadata.collection(USERS).find_one(
        {"_id": object_id(owner, "user")}, session=session
    )
    common = {spec.name for spec in COLLECTIONS if spec.shared}
    for name in archive.names("documents"):
        collection = Path(name).stem
        account = collection == USERS and known is None  # a living account keeps its password
        if account or (collection not in common and collection != MIGRATIONS):
            async for portion in _portions(archive, collection):
                await documents.insert(metadata, collection, portion, session)


async def _portions(archive: Archive, collection: str) -> AsyncIterator[list[RawBSONDocument]]:
    name = f"documents/{collection}.bson"
    if name not in archive.members:
        return
    with archive.reading() as pieces:
        portions = documents.batched(documents.split_documents(pieces(name), name))
        while portion := await asyncio.to_thread(next, portions, None):
            yield portion
