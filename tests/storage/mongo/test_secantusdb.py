"""The stand-in for machines where no mongod runs: the same store, behind a password."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pymongo
import pytest
from pymongo.errors import OperationFailure

from quant_tui.domain.errors import Conflict, InvalidInput, NotFound, StoreUnavailable
from quant_tui.domain.trading import Backtest
from quant_tui.domain.user import User
from quant_tui.storage.mongo import binary
from quant_tui.storage.mongo.lifecycle import BacktestLifecycle
from quant_tui.storage.mongo.migrations import migrate
from quant_tui.storage.mongo.repositories import Repositories
from quant_tui.storage.mongo.schema import COLLECTIONS
from quant_tui.storage.mongo.server import PrivateServer, ServerInfo
from quant_tui.storage.mongo.store import MetadataStore
from tests.storage.mongo.samples import USER
from tests.storage.mongo.servers import client, kill_under, pid, private, wait_stopped
from tests.storage.mongo.test_results import parts_left, result


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secantus")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[PrivateServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binary, "_WHEELS", ())
        patch.setenv("PATH", str(home))
        server = private(home)
        server.acquire()
    yield server
    server.release()
    wait_stopped(home)


@pytest.fixture
def info(server: PrivateServer) -> ServerInfo:
    return server.acquire()


def test_it_is_taken_where_no_mongod_runs(info: ServerInfo) -> None:
    assert info.kind == "secantusdb"
    assert "password" not in repr(info)


def test_nobody_gets_in_without_the_password(info: ServerInfo, home: Path) -> None:
    address = info.uri.partition("@")[2]
    for wrong in (f"mongodb://{address}", f"mongodb://quant:guess@{address}"):
        with pymongo.MongoClient(wrong) as stranger, pytest.raises(OperationFailure):
            stranger.x.y.find_one()
    secret = home / "data" / "secantus.password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert info.uri.split(":")[2].partition("@")[0] in secret.read_text()
    assert not any("quant:" in word for word in psutil.Process(pid(home)).cmdline())


def test_it_listens_on_this_machine_alone(info: ServerInfo, home: Path) -> None:
    connections = psutil.Process(pid(home)).net_connections("inet")
    assert {one.laddr.ip for one in connections if one.status == "LISTEN"} == {"127.0.0.1"}


async def test_the_whole_store_works_on_it(info: ServerInfo) -> None:
    store = await MetadataStore.open(info.uri, "journey")
    assert await migrate(store)
    assert await migrate(store) == []
    assert store.supports_transactions
    for spec in COLLECTIONS:
        found = await store.collection(spec.name).index_information()
        assert len(found) == len(spec.indexes) + 1
    repositories = Repositories(store)
    mine = repositories.for_user(USER)
    user = User(email="a@example.org", username="a")
    await repositories.users.create(user)
    with pytest.raises(Conflict, match="email"):
        await repositories.users.create(user)
    with pytest.raises(InvalidInput):
        await mine.strategies.create(Backtest.model_construct(user_id=USER))  # type: ignore[arg-type] # what a validator is for

    async def broken_off() -> None:
        async with store.transaction() as session:
            await mine.backtests.create(Backtest(name="b", user_id=USER), session=session)
            await mine.backtests.get("nothing", session=session)
            await mine.backtests.get(USER, session=session)

    with pytest.raises(NotFound):
        await broken_off()
    assert await mine.backtests.count() == 0

    lifecycle = BacktestLifecycle(store, repositories)
    backtest = await mine.backtests.create(Backtest(name="b", user_id=USER))
    execution = await lifecycle.begin(backtest)
    stored = await lifecycle.complete(execution, result(120_000, 5_000))
    assert await mine.results.get(stored.id) == stored
    await mine.backtests.delete(backtest.id)
    assert await parts_left(store) == 0
    await store.close()


def test_killed_in_use_it_comes_back_with_everything(
    info: ServerInfo, home: Path, server: PrivateServer
) -> None:
    with client(info) as driver:
        for number in range(50):
            driver.x.killed.insert_one({"n": number})
        before = kill_under(driver, home)
        driver.x.killed.insert_one({"n": 50})
        assert driver.x.killed.count_documents({}) == 51
        assert pid(home) != before
    assert server.acquire().uri == info.uri


def test_a_lost_password_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "server.json").write_text(
        '{"kind": "secantusdb", "path": "/x", "version": "0", "port": 0}'
    )
    (tmp_path / "data" / "secantus.password").write_text("{}")
    with pytest.raises(StoreUnavailable, match="password of the private store"):
        private(tmp_path).acquire()
    wait_stopped(tmp_path)
