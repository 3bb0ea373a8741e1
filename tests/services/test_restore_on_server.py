"""Restoring one's own objects on a server that others share."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from quant_tui.config.settings import MongoSettings, Settings, load_settings
from quant_tui.domain.errors import Conflict
from quant_tui.domain.user import User, Watchlist
from quant_tui.jobs.manager import JobContext, JobManager
from quant_tui.services.composition import Services, open_services
from quant_tui.services.home_swap import SwapFolders
from quant_tui.services.restore import RestoreReport
from quant_tui.services.restore_on_server import restore_into
from quant_tui.storage.mongo.store import MetadataStore
from tests.services.backup_home import REQUEST, back_up, fill


@pytest.fixture
def shared(stocked_settings: Settings) -> Settings:
    """A server with two users, of whom the first has a backtest."""
    return stocked_settings


@asynccontextmanager
async def opened(settings: Settings, username: str) -> AsyncIterator[Services]:
    services = await open_services(settings)
    try:
        users = services.stores.repositories.users
        found = await users.list(where={"username": username})
        user = found[0] if found else await users.create(
            User(username=username, email=f"{username}@example.org", password_hash="old")
        )  # fmt: skip
        await services.sign_in(user)
        yield services
    finally:
        await services.close()


async def add_list(services: Services, name: str) -> str:
    user = services.user
    assert user is not None
    mine = services.stores.repositories.for_user(user.id)
    await mine.watchlists.create(Watchlist(user_id=user.id, name=name))
    return user.id


async def restore(settings: Settings, path: Path, user_id: str, **options: Any) -> RestoreReport:
    jobs = JobManager()

    async def whole(job: JobContext) -> RestoreReport:
        async with restore_into(settings, path, user_id=user_id, **options) as one:
            await one.prepare(job)
            return await one.put_in_place()

    try:
        return await jobs.start("restore", "Restore", whole).wait()
    finally:
        await jobs.shutdown()


async def names(settings: Settings) -> list[str]:
    metadata = await MetadataStore.open(settings.mongodb.uri, settings.mongodb.database)
    try:
        found = await metadata.collection("watchlists").find().sort("name", 1).to_list()
        return [one["name"] for one in found]
    finally:
        await metadata.close()


async def test_ones_own_come_back_and_others_stay(shared: Settings, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    async with opened(shared, "kim") as services:
        kim = await add_list(services, "kim: kept")
        report = await (await services.backtests.start(REQUEST)).wait()
        await services.backups.start(path).wait()
        await add_list(services, "kim: later")
        await services.backtests.delete(report.backtest.id)
        users = services.stores.metadata.collection("users")
        await users.update_one({"username": "kim"}, {"$set": {"password_hash": "new"}})
    async with opened(shared, "lee") as services:
        lee = await add_list(services, "lee: hers")
    with pytest.raises(Conflict, match="--replace"):
        await restore(shared, path, kim, replace=False)
    for somebody in (lee, ""):
        with pytest.raises(Conflict, match="Sign in as that user"):
            await restore(shared, path, somebody, replace=True)
    assert await names(shared) == ["kim: kept", "kim: later", "lee: hers"]
    done = await restore(shared, path, kim, replace=True)
    assert (done.replaced, done.scope) == (True, "user")
    assert await names(shared) == ["kim: kept", "lee: hers"]
    async with opened(shared, "kim") as services:
        again = await services.backtests.show(report.backtest.id)
        assert again.to_document()["fingerprint"] == report.to_document()["fingerprint"]
        assert len(await services.market_data.symbols()) > 10
        user = await services.stores.metadata.collection("users").find_one({"username": "kim"})
        assert user is not None
        assert user["password_hash"] == "new"
        assert await services.stores.metadata.collection("restores").count_documents({}) == 0


async def test_on_another_server_the_user_is_made(
    shared: Settings, mongo_uri: str, tmp_path: Path
) -> None:
    path = tmp_path / "b.zip"
    async with opened(shared, "kim") as services:
        await add_list(services, "관심 종목")
        await services.backups.start(path).wait()
    other = replace(
        load_settings(tmp_path / "other", environment={}),
        mongodb=MongoSettings(uri=mongo_uri, database=f"test_{uuid.uuid4().hex[:12]}"),
    )
    await restore(other, path, "", replace=False)
    assert await names(other) == ["관심 종목"]
    async with opened(other, "kim") as services:
        assert len(await services.market_data.symbols()) > 10
        await services.stores.metadata.database.client.drop_database(other.mongodb.database)


@pytest.mark.parametrize("committed", [False, True])
async def test_a_restore_that_died_is_finished_or_undone(
    shared: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    path = tmp_path / "b.zip"
    async with opened(shared, "kim") as services:
        kim = await add_list(services, "old")
        await services.backups.start(path).wait()
        await add_list(services, "later")

    class DeadError(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise DeadError

    place = "go_forward" if committed else "_exchange_own"
    with monkeypatch.context() as patched:
        patched.setattr(f"quant_tui.services.restore_on_server.{place}", die)
        # a killed process cleans nothing up
        patched.setattr("pathlib.Path.unlink", lambda *_, **__: None)
        patched.setattr("shutil.rmtree", lambda *_, **__: None)
        jobs = JobManager()
        one = restore_into(shared, path, replace=True, user_id=kim)
        job = jobs.start("restore", "Restore", one.prepare)
        await job.wait()
        with pytest.raises(DeadError):
            await one.put_in_place()
        await jobs.shutdown()
        folders = SwapFolders(shared.locations.data)
        assert folders.note.exists()
        await one.abandon()
    async with opened(shared, "kim") as services:
        assert len(await services.market_data.symbols()) > 10
    assert await names(shared) == (["old"] if committed else ["later", "old"])
    assert not any(one.exists() for one in (folders.note, folders.staging, folders.aside))


async def test_a_backup_of_a_private_store_with_its_one_user_fits(
    shared: Settings, tmp_path: Path
) -> None:
    await fill(tmp_path / "private")
    await back_up(tmp_path / "private", tmp_path / "b.zip")
    with pytest.raises(Conflict, match="--replace"):  # of this home's bars
        await restore(shared, tmp_path / "b.zip", "", replace=False)
    await restore(shared, tmp_path / "b.zip", "", replace=True)
    assert await names(shared) == ["관심 종목"]
