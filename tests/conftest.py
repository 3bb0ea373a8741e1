"""Fixtures that several folders share: isolation, a real MongoDB server, open services."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import socket
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as examples
from pymongo import MongoClient

from quant_tui.config.settings import MongoSettings, Settings, load_settings
from quant_tui.domain.base import Document
from quant_tui.storage.mongo.server import PrivateServer
from tests.accounts import sign_up
from tests.databases import Databases

if TYPE_CHECKING:
    from quant_tui.services.composition import Services


# The same examples everywhere, and no bound on the time of one: what fails for some draw, or on
# a busy machine alone, is looked for on purpose (--hypothesis-profile default), not by whoever
# changes something else.
examples.load_profile("ci")

FEW_CALENDARS = ("XNYS", "XKRX", "XTKS", "24/7")


def pytest_configure() -> None:
    """Look for garbage less often: with all that is imported here, an eighth of the time."""
    gc.set_threshold(100_000, 10, 5)


def pytest_xdist_auto_num_workers() -> int:
    """Take one worker more than there are cores: an app under test waits a third of its time."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else 2


@pytest.fixture(scope="session")
def runtime_folder() -> Iterator[Path]:
    """Return where sockets go whose own folder has too long a name; it leaves with the tests."""
    with tempfile.TemporaryDirectory(prefix="quant-tui-tests-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(autouse=True)
def _isolated_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, runtime_folder: Path
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
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime_folder))
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture(autouse=True)
def _memory_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the tester's real keyring out of every test, and of the processes it starts.

    Secrets go to :mod:`tests.memory_keyring`, empty at the start of each test. A process that
    cannot import it has no keyring at all, and takes the encrypted file.
    """
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.memory_keyring.MemoryKeyring")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    yield
    if (loaded := sys.modules.get("tests.memory_keyring")) is not None:
        loaded.MemoryKeyring.kept.clear()


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords as cheaply as Argon2 allows; what it costs is a test of its own."""
    monkeypatch.setattr("quant_tui.services.passwords.TIME_COST", 1)
    monkeypatch.setattr("quant_tui.services.passwords.MEMORY_KIB", 8)
    monkeypatch.setattr("quant_tui.services.passwords.PARALLELISM", 1)


@pytest.fixture(autouse=True)
def _no_indexing_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Index texts only where a test asks for it: encoder and index take seconds to load."""
    monkeypatch.setattr("quant_tui.services.retrieval.FIRST_LOOK_SECONDS", 3600.0)


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
    """Open services, and close them after."""
    from quant_tui.services.composition import open_services

    opened = await open_services(settings)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture(scope="session")
def databases(mongo_uri: str) -> Iterator[Databases]:
    """Databases that tests take one after another."""
    with MongoClient[Document](mongo_uri) as client:
        yield Databases(client)


@pytest.fixture
def settings(tmp_path: Path, mongo_uri: str, databases: Databases) -> Iterator[Settings]:
    """Settings of an empty home with a database of its own."""
    found = load_settings(tmp_path / "quant-tui", environment={})
    with databases.one() as name:
        yield replace(found, mongodb=MongoSettings(uri=mongo_uri, database=name))


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    """Open services of an empty home, signed up as ``trader``."""
    async with _opened(settings) as opened:
        await sign_up(opened, "trader")
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
def stock_home(
    settings: Settings, sample_duckdb: Path, worked_out_calendars: Path
) -> Callable[[], Settings]:
    """Put the sample bars, and calendars that are worked out, into the home when called."""

    def stock() -> Settings:
        settings.locations.create()
        shutil.copy(sample_duckdb, settings.locations.duckdb_file)
        shutil.copytree(worked_out_calendars, settings.locations.calendars, dirs_exist_ok=True)
        return settings

    return stock


@pytest.fixture
def stocked_settings(stock_home: Callable[[], Settings]) -> Settings:
    """Settings of a home whose DuckDB holds the sample bars."""
    return stock_home()


@pytest.fixture
async def stocked(stocked_settings: Settings) -> AsyncIterator[Services]:
    """Open services over the sample bars, signed up as ``trader``."""
    async with _opened(stocked_settings) as opened:
        await sign_up(opened, "trader")
        yield opened


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds; fail after a minute."""
    import time

    def wait(condition: Callable[[], bool], seconds: float = 60.0) -> None:
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                pytest.fail("the condition never came true")
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def worked_out_calendars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sessions of some exchanges, worked out once for all tests."""
    from quant_tui.services.trading_calendars import TradingCalendars

    folder = tmp_path_factory.mktemp("calendars")
    calendars = TradingCalendars(folder)
    for code in FEW_CALENDARS:
        calendars.sessions(code)
    return folder


@pytest.fixture
def few_calendars(monkeypatch: pytest.MonkeyPatch) -> None:
    """Infer calendars from those of ``worked_out_calendars`` alone: others take seconds."""
    inferred = tuple(code for code in FEW_CALENDARS if code != "24/7")
    monkeypatch.setattr("quant_tui.services.symbol_calendars.INFERRED", inferred)
