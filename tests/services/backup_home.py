"""A home full of things, and ways to look at all of it."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from quant_tui.config.settings import Settings, load_settings
from quant_tui.domain.base import utc_now
from quant_tui.domain.user import User, Watchlist
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services, open_services
from quant_tui.services.restore import Restore, RestoreReport
from quant_tui.storage.mongo.dump import PASSING
from quant_tui.storage.secrets.encrypted_file import EncryptedFileKeyring

T = TypeVar("T")
PASSPHRASE = "correct horse battery"
PLANTED = "PLANTED-9f8e7d6c5b4a"
CONFIG = """# mine
[mongodb]
linger_seconds = 0

[ui]
theme = "amber"
"""
THEME = "name: 나의 테마\ndark: true\n"
REQUEST = BacktestRequest(
    symbols=("SPX", "IXIC"),
    strategy_type="SMA_CROSSOVER",
    start=date(2010, 1, 1),
    end=date(2012, 12, 31),
)


def settings_of(home: Path) -> Settings:
    """Settings of a home whose private server leaves with its last user."""
    return load_settings(home, environment={}, flags={"mongodb.linger_seconds": "0"})


async def at(home: Path, work: Callable[[Services], Awaitable[T]]) -> T:
    """Do something over a home's services, signed in as its first user."""
    services = await open_services(settings_of(home))
    try:
        if services.user is None and (users := await services.stores.repositories.users.list()):
            await services.sign_in(users[0])
        return await work(services)
    finally:
        await services.close()


async def fill(home: Path) -> str:
    """Fill a home and return the id of a stored backtest."""
    settings = settings_of(home)
    settings.locations.create()
    settings.locations.config_file.write_text(CONFIG)
    settings.locations.user_themes.mkdir()
    (settings.locations.user_themes / "나의 테마.yaml").write_text(THEME)
    keep_secret(home)

    async def work(services: Services) -> str:
        user = await services.stores.repositories.users.create(
            User(username="민수", email="minsu@example.org", password_hash="$argon2id$hash")
        )
        await services.sign_in(user)
        await services.sample_data.load()
        mine = services.stores.repositories.for_user(user.id)
        await mine.watchlists.create(Watchlist(user_id=user.id, name="관심 종목", symbols=["SPX"]))
        metadata = services.stores.metadata
        await metadata.collection("backtest_series.files").insert_one({"_id": 1, "filename": "x"})
        await metadata.collection("backtest_series.chunks").insert_one(
            {"_id": 1, "files_id": 1, "n": 0, "data": bytes(range(256)) * 400}
        )
        await metadata.collection("password_tries").insert_one(
            {"key": PLANTED, "failures": 1, "locked_until": None,
             "expires_at": utc_now() + timedelta(hours=1)}
        )  # fmt: skip
        report = await (await services.backtests.start(REQUEST)).wait()
        return report.backtest.id

    return await at(home, work)


def keep_secret(home: Path) -> None:
    """Keep a secret in the home's encrypted file."""
    secrets = EncryptedFileKeyring(settings_of(home).locations.secrets_file)
    secrets.unlock(PASSPHRASE)
    secrets.set_password("", "alpha_vantage_api_key", PLANTED)


async def back_up(home: Path, target: Path) -> None:
    """Back a home up."""

    async def work(services: Services) -> None:
        await services.backups.start(target).wait()

    await at(home, work)


async def restore(home: Path, backup: Path, *, replace: bool = False) -> RestoreReport:
    """Restore a backup into a home."""
    jobs = JobManager()

    async def whole(job: JobContext) -> RestoreReport:
        async with Restore(settings_of(home), backup, replace=replace) as one:
            await one.prepare(job)
            return await one.put_in_place()

    try:
        job: Job[RestoreReport] = jobs.start("restore", "Restore", whole)
        return await job.wait()
    finally:
        await jobs.shutdown()


async def contents(services: Services) -> dict[str, Any]:
    """Return everything that the stores hold, indexes and validators included."""
    database = services.stores.metadata.database
    found: dict[str, Any] = {}
    for name in await database.list_collection_names():
        if name in PASSING or name == "schema_migrations":
            continue
        collection = database[name]
        found[name] = await collection.find().sort("_id", 1).to_list()
        indexes = await collection.index_information()
        found[f"{name}: indexes"] = {key: dict(value) for key, value in indexes.items()}
        options = {"validationAction": "error", "validationLevel": "strict"}
        found[f"{name}: options"] = {**options, **await collection.options()}  # with defaults
    with services.stores.duck.read() as connection:
        tables = connection.execute(
            "SELECT table_name, sql FROM duckdb_tables() WHERE table_name <> 'schema_migrations'"
        ).fetchall()
        for name, sql in tables:
            found[f"{name}: definition"] = sql
            found[f"{name}: rows"] = connection.execute(f'SELECT * FROM "{name}"').fetchall()
        found["duckdb indexes"] = sorted(
            connection.execute("SELECT index_name, sql FROM duckdb_indexes()").fetchall()
        )
    return found


def files_under(folder: Path) -> dict[str, bytes]:
    """Return every file under a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rewritten(backup: Path, target: Path, change: Callable[[dict[str, bytes]], bool]) -> Path:
    """Write a backup again with its members changed; ``change`` says whether to seal it."""
    with zipfile.ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sealed = change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = b"0" * 64
    content = target.read_bytes()[:-64]
    seal = hashlib.sha256(content).hexdigest() if sealed else "0" * 64
    target.write_bytes(content + seal.encode())
    return target
