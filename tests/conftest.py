"""Fixtures that several folders share: isolation, a real MongoDB server, open services."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quant_tui.config.settings import MongoSettings, Settings, load_settings
from quant_tui.storage.mongo.server import PrivateServer

if TYPE_CHECKING:
    from quant_tui.services.composition import Services


@pytest.fixture(autouse=True)
def _isolated_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep the tester's own home, settings and keys out of every test."""
    for name in list(os.environ):
        if name.startswith("QUANT_TUI_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    for name in ("SSH_CONNECTION", "SSH_TTY", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("QUANT_TUI_HOME", str(home / "quant-tui"))
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0]) if isinstance(address, tuple) else str(address)
            if host not in ("127.0.0.1", "::1", "localhost"):
                raise PermissionError(f"a test tried to reach {host}")
        return connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a private server of this test run, which sweeps expired documents each second."""
    os.umask(0o077)
    home: Path = tmp_path_factory.mktemp("mongo")
    server = PrivateServer(
        home / "data",
        home / "run",
        home / "logs",
        linger=0.2,
        parameters={"ttlMonitorSleepSecs": "1"},
    )
    info = server.acquire()
    yield info.uri
    server.release()


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Services]:
    """Open services, and drop their database after."""
    from quant_tui.services.composition import open_services

    opened = await open_services(settings)
    try:
        yield opened
        database = opened.stores.metadata.database
        await database.client.drop_database(database.name)
    finally:
        await opened.close()


@pytest.fixture
def settings(tmp_path: Path, mongo_uri: str) -> Settings:
    """Settings of an empty home with a database of its own."""
    found = load_settings(tmp_path / "quant-tui", environment={})
    database = f"test_{uuid.uuid4().hex[:12]}"
    return replace(found, mongodb=MongoSettings(uri=mongo_uri, database=database))


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    """Open services of an empty home, signed in as the local account ``trader``."""
    async with _opened(settings) as opened:
        await opened.sign_in(await opened.accounts.create_local("trader"))
        yield opened


@pytest.fixture(scope="session")
def sample_duckdb(tmp_path_factory: pytest.TempPathFactory, mongo_uri: str) -> Path:
    """A DuckDB file with the sample bars, made once by the program itself."""
    home = tmp_path_factory.mktemp("sample")
    found = load_settings(home, environment={})
    database = f"sample_{uuid.uuid4().hex[:12]}"
    sample = replace(found, mongodb=MongoSettings(uri=mongo_uri, database=database))

    async def load() -> None:
        async with _opened(sample) as opened:
            await opened.sample_data.load()

    asyncio.run(load())
    return sample.locations.duckdb_file


@pytest.fixture
def stocked_settings(settings: Settings, sample_duckdb: Path) -> Settings:
    """Settings of a home whose DuckDB holds the sample bars."""
    settings.locations.create()
    shutil.copy(sample_duckdb, settings.locations.duckdb_file)
    return settings


@pytest.fixture
async def stocked(stocked_settings: Settings) -> AsyncIterator[Services]:
    """Open services over the sample bars, signed in as ``trader``."""
    async with _opened(stocked_settings) as opened:
        await opened.sign_in(await opened.accounts.create_local("trader"))
        yield opened


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds; fail after ten seconds."""
    import time

    def wait(condition: Callable[[], bool], seconds: float = 10.0) -> None:
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                pytest.fail("the condition never came true")
            time.sleep(0.01)

    return wait
