"""A configured server that is no replica set: no transactions, and said so."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from quant_tui.domain.trading import Backtest
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.storage.mongo import wire
from quant_tui.storage.mongo.binary import resolve
from quant_tui.storage.mongo.lifecycle import BacktestLifecycle
from quant_tui.storage.mongo.migrations import migrate
from quant_tui.storage.mongo.repositories import Repositories
from quant_tui.storage.mongo.store import MetadataStore
from tests.storage.mongo.samples import USER
from tests.storage.mongo.servers import wait_for
from tests.storage.mongo.test_results import parts_left, result


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "s.sock"
    (tmp_path / "db").mkdir()
    program = resolve(data_dir=tmp_path)
    options = ["--dbpath", str(tmp_path / "db"), "--bind_ip", str(path), "--nounixsocket"]
    with subprocess.Popen(
        [*program.command, *options],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_for(lambda: path.exists() and wire.listens(path))
        yield f"mongodb://{quote(str(path), safe='')}/?directConnection=true"
        process.kill()


async def test_the_store_works_without_transactions(standalone: str) -> None:
    store = await MetadataStore.open(standalone)
    assert not store.supports_transactions
    await migrate(store)
    async with store.transaction() as session:
        assert session is None
    repositories = Repositories(store)
    mine = repositories.for_user(USER)
    lifecycle = BacktestLifecycle(store, repositories)
    backtest = await mine.backtests.create(Backtest(name="b", user_id=USER))
    stored = await lifecycle.complete(await lifecycle.begin(backtest), result(6_000, 2_500))
    assert await mine.results.get(stored.id) == stored
    assert (await mine.backtests.get(backtest.id)).status is RunStatus.COMPLETED
    await mine.backtests.delete(backtest.id)
    assert await parts_left(store) == 0
    await store.close()
