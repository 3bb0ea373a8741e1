"""Backup and restore over real private stores: the same comes back, or nothing is touched."""

from __future__ import annotations

import asyncio
import hashlib
import json
import pkgutil
import stat
import threading
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from quant_tui.domain.errors import Cancelled, Conflict, InvalidInput, StoreUnavailable
from quant_tui.domain.user import User
from quant_tui.services import home_swap
from quant_tui.services.backtest_rerun import compare_rerun
from quant_tui.services.backup_archive import MANIFEST, verified
from quant_tui.services.composition import Services, open_services
from quant_tui.services.study_report import StudyReport
from quant_tui.services.study_request import StudyRequest
from quant_tui.services.training_request import TrainingRequest
from quant_tui.storage.locks import FileLock, make_private_folder
from quant_tui.storage.mongo.server import PrivateServer
from tests.services.backup_home import (
    CONFIG,
    PLANTED,
    THEME,
    at,
    back_up,
    contents,
    files_under,
    fill,
    keep_secret,
    restore,
    rewritten,
    settings_of,
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("filled")
    return home, asyncio.run(fill(home))


@pytest.fixture(scope="module")
def backup(filled: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("backups") / "all.backup.zip"
    asyncio.run(back_up(filled[0], target))
    return target


async def test_everything_comes_back_on_another_machine(
    filled: tuple[Path, str], backup: Path, tmp_path: Path
) -> None:
    home, backtest_id = filled
    report = await restore(tmp_path / "new", backup)
    assert not report.replaced
    before, after = await at(home, contents), await at(tmp_path / "new", contents)
    assert before.keys() == after.keys()
    for name, expected in before.items():
        assert after[name] == expected, name
    assert len(before["market_data: rows"]) > 10_000
    files = files_under(tmp_path / "new")
    assert files["config.toml"].decode() == CONFIG
    assert files["themes/나의 테마.yaml"].decode() == THEME

    async def rerun(services: Services) -> bool:
        again = await (await services.backtests.rerun(backtest_id)).wait()
        return compare_rerun(await services.backtests.show(backtest_id), again).same

    assert await at(tmp_path / "new", rerun)
    assert open_to_others(tmp_path / "new") == []


def test_a_backup_is_private_and_holds_no_secret(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(files_under(backup.parent)) == [backup.name]
    with zipfile.ZipFile(backup) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        whole = b"".join(archive.read(name) for name in names)
    assert PLANTED.encode() not in whole
    assert "documents/password_tries.bson" not in names
    assert b"$argon2id$hash" in whole  # accounts have to work after it is restored
    assert not [name for name in names if "secret" in name]
    manifest = verified(backup).manifest
    assert manifest["scope"] == "everything"
    assert manifest["one_moment"] is True
    assert any("one-time codes" in one for one in manifest["left_out"])


async def test_the_address_of_a_server_stays_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    # as a comment: it is not used, and holds a password all the same
    (home / "config.toml").write_text(
        "[mongodb]\n# mongodb://me:hunter22@db/\nlinger_seconds = 0\n[ui]\nmax_fps = 30\n"
    )
    await back_up(home, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        config = archive.read("settings/config.toml").decode()
    assert "hunter22" not in config
    assert "max_fps = 30" in config


async def test_a_home_with_data_is_kept_unless_it_is_to_be_replaced(
    backup: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    await at(home, _nothing)
    keep_secret(home)
    leave_backup(home)
    with pytest.raises(Conflict, match="--replace"):
        await restore(home, backup)
    assert await at(home, _watchlists) == []
    report = await restore(home, backup, replace=True)
    assert report.replaced
    assert await at(home, _watchlists) == ["관심 종목"]
    files = files_under(home / "data")
    assert files["backups/mine.zip"] == b"mine"
    assert b"alpha_vantage_api_key" in files["secrets.sealed"]
    assert beside(home) == [".data.restore.lock"]


async def test_a_home_that_is_open_elsewhere_is_not_replaced(backup: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    other = await open_services(settings_of(home))
    try:
        with pytest.raises(StoreUnavailable, match="open"):
            await restore(home, backup, replace=True)
        assert await _watchlists(other) == []
    finally:
        await other.close()
    assert await at(home, _watchlists) == []


def test_a_server_that_is_just_being_stopped_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stops it after its last user has its users' lock alone, for as long as that takes."""
    monkeypatch.setattr(home_swap, "IN_USE_SECONDS", 0.05)
    locations = settings_of(tmp_path).locations
    locations.create()
    folder = make_private_folder(locations.mongodb)
    with FileLock(folder / "clients.lock") as stopping, FileLock(folder / "clients.lock") as user:
        assert stopping.try_exclusive()
        timer = threading.Timer(0.3, stopping.unlock)
        timer.start()
        with home_swap.alone(locations):
            assert not user.try_shared()
        timer.join()
        assert user.try_shared()
        with pytest.raises(StoreUnavailable, match="open"), home_swap.alone(locations):
            pass


def test_no_server_is_left_of_a_killed_restore(tmp_path: Path) -> None:
    locations = settings_of(tmp_path / "home").locations
    locations.create()
    folders = home_swap.SwapFolders(locations.data)
    staged = make_private_folder(folders.staging) / locations.mongodb.name
    with PrivateServer(staged, tmp_path / "run", locations.logs, linger=20.0) as server:
        server.acquire()
    with FileLock(staged / "server.lock") as lives:
        assert not lives.try_exclusive(), "the process that is to stop it has not come to it"
        home_swap.finish_interrupted(locations)
        assert lives.try_exclusive()
    assert not folders.staging.exists()


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flip(place: float) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        at = int(len(content) * place)
        return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]

    return change


@pytest.mark.parametrize(
    "change",
    [
        _cut,
        *(_flip(place) for place in (0.01, 0.2, 0.5, 0.8, 0.97, 0.9999)),
        lambda content: content + b"more",
        lambda content: b"",
        lambda content: b"not a zip at all",
    ],
)
async def test_a_damaged_file_is_refused_before_anything_is_touched(
    backup: Path, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    damaged = rewritten_bytes(backup, tmp_path / "damaged.zip", change)
    with pytest.raises(InvalidInput):
        await restore(tmp_path / "home", damaged)
    assert files_under(tmp_path / "home") == {}


def _signed(members: dict[str, bytes], manifest: dict[str, object]) -> bool:
    members[MANIFEST] = json.dumps(manifest).encode()
    return True


def _slip(members: dict[str, bytes]) -> bool:
    members["settings/themes/../../../evil.yaml"] = b"x"
    manifest = json.loads(members[MANIFEST])
    manifest["members"]["settings/themes/../../../evil.yaml"] = {
        "sha256": hashlib.sha256(b"x").hexdigest(), "bytes": 1, "rows": 0,
    }  # fmt: skip
    return _signed(members, manifest)


def _newer_form(members: dict[str, bytes]) -> bool:
    return _signed(members, {**json.loads(members[MANIFEST]), "version": 2})


def _newer_documents(members: dict[str, bytes]) -> bool:
    return _signed(members, {**json.loads(members[MANIFEST]), "documents_version": 999})


def _other_rows(members: dict[str, bytes]) -> bool:
    manifest = json.loads(members[MANIFEST])
    manifest["members"]["documents/users.bson"]["rows"] = 2
    return _signed(members, manifest)


def _unsigned(members: dict[str, bytes]) -> bool:
    members[MANIFEST] = members[MANIFEST].replace(b'"everything"', b'"user"')
    return False


def _missing(members: dict[str, bytes]) -> bool:
    del members["documents/users.bson"]
    return True


def _swapped(members: dict[str, bytes]) -> bool:
    name = "settings/config.toml"
    members[name] = members[name].replace(b"amber", b"other")
    return True


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_slip, "which no backup has"),
        (_newer_form, "newer"),
        (_newer_documents, "newer"),
        (_other_rows, "as many documents"),
        (_unsigned, "was changed"),
        (_missing, "does not list"),
        (_swapped, "is not the one"),
    ],
)
async def test_a_file_that_was_tampered_with_is_refused(
    backup: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], bool], why: str
) -> None:
    tampered = rewritten(backup, tmp_path / "tampered.zip", change)
    home = tmp_path / "home"
    await at(home, _nothing)
    before = {name for name in files_under(home / "data") if "mongodb" not in name}
    with pytest.raises(InvalidInput, match=why):
        await restore(home, tampered, replace=True)
    assert {name for name in files_under(home / "data") if "mongodb" not in name} == before
    assert not (tmp_path / "evil.yaml").exists()
    assert not (home / ".data.restoring").exists()


async def test_a_backup_shows_one_moment_while_others_write(tmp_path: Path) -> None:
    """Each pair of documents is written as one: a backup has both or neither."""
    home = tmp_path / "home"

    async def work(services: Services) -> None:
        metadata = services.stores.metadata
        left, right = metadata.collection("aaa"), metadata.collection("zzz")
        await left.insert_many([{"padding": "x" * 1000} for _ in range(2000)])
        await right.insert_many([{"padding": "x" * 1000} for _ in range(2000)])
        stop = asyncio.Event()

        async def write() -> None:
            while not stop.is_set():
                async with metadata.transaction() as session:
                    await left.insert_one({"new": 1}, session=session)
                    await right.insert_one({"new": 1}, session=session)

        writing = asyncio.create_task(write())
        await services.backups.start(tmp_path / "b.zip").wait()
        stop.set()
        await writing
        assert await left.count_documents({}) > 2000

    await at(home, work)
    members = verified(tmp_path / "b.zip").members
    assert members["documents/aaa.bson"].rows == members["documents/zzz.bson"].rows >= 2000


@pytest.mark.parametrize("step", ["storage.mongo.dump.Snapshot.pin", "services.backup.verified"])
async def test_a_cancelled_backup_leaves_nothing(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(services: Services) -> None:
        module, _, name = f"quant_tui.{step}".rpartition(".")
        owner = pkgutil.resolve_name(module)
        original = getattr(owner, name)
        reached = []

        def cancelling(*arguments: object, **options: object) -> object:
            reached.append(step)
            job.token.cancel()
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, cancelling)
        job = services.backups.start(tmp_path / "out" / "b.zip")
        with pytest.raises(Cancelled):
            await job.wait()
        assert reached

    await at(tmp_path / "home", work)
    assert files_under(tmp_path / "out") == {}


async def test_what_exists_is_not_overwritten(services: Services, tmp_path: Path) -> None:
    taken = tmp_path / "taken.zip"
    taken.write_bytes(b"mine")
    with pytest.raises(InvalidInput, match="exists already"):
        services.backups.start(taken)
    assert services.backups.checked_target(tmp_path).parent == tmp_path
    nowhere = taken / "below" / "b.zip"
    with pytest.raises(InvalidInput, match="cannot be written"):
        await services.backups.start(nowhere).wait()
    assert taken.read_bytes() == b"mine"


async def test_on_a_shared_server_a_backup_holds_ones_own_objects(
    services: Services, tmp_path: Path
) -> None:
    from quant_tui.domain.user import User, Watchlist

    users = services.stores.repositories.users
    other = await users.create(User(username="other", email="other@example.org"))
    user = services.user
    assert user is not None
    for owner in (user, other):
        mine = services.stores.repositories.for_user(owner.id)
        await mine.watchlists.create(Watchlist(user_id=owner.id, name=f"of {owner.username}"))
    report = await services.backups.start(tmp_path / "b.zip").wait()
    assert report.scope == "user"
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        lists = archive.read("documents/watchlists.bson")
        accounts = archive.read("documents/users.bson")
        assert "documents/strategy_templates.bson" in archive.namelist()
    assert b"of trader" in lists
    assert b"of other" not in lists
    assert b"other@example.org" not in accounts


def rewritten_bytes(backup: Path, target: Path, change: Callable[[bytes], bytes]) -> Path:
    target.write_bytes(change(backup.read_bytes()))
    return target


def leave_backup(home: Path) -> None:
    folder = home / "data" / "backups"
    folder.mkdir()
    (folder / "mine.zip").write_bytes(b"mine")


def open_to_others(folder: Path) -> list[Path]:
    """Files that anybody else may read, sockets apart."""
    files = (path for path in folder.rglob("*") if path.is_file() or path.is_dir())
    return [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]


def beside(home: Path) -> list[str]:
    """What a restore left beside the data folder."""
    return sorted(one.name for one in home.iterdir() if one.name.startswith(".data"))


async def _nothing(services: Services) -> None:
    return None


async def _watchlists(services: Services) -> list[str]:
    found = await services.stores.metadata.collection("watchlists").find().to_list()
    return [one["name"] for one in found]


async def test_a_study_comes_back_with_its_trials_beside_those_that_are_there(
    tmp_path: Path,
) -> None:
    async def sign_in(services: Services) -> None:
        users = services.stores.repositories.users
        known = await users.list(limit=1) or [
            await users.create(User(username="a", email="a@example.org", password_hash="$x"))
        ]
        await services.sign_in(known[0])

    async def search(services: Services) -> StudyReport:
        await sign_in(services)
        await services.sample_data.load()
        request = StudyRequest(
            symbols=("SPX",),
            strategy_type="SMA_CROSSOVER",
            sampler="random",
            trials=9,
            start=date(2009, 1, 1),
            end=date(2012, 12, 31),
            walk_forward=None,
        )
        training = TrainingRequest("signal", ("SPX",), parameters={"rounds": 1})
        await (await services.training.start(training)).wait()
        return await (await services.studies.start(request)).wait()

    home, target = tmp_path / "home", tmp_path / "all.backup.zip"
    kept = await at(home, search)
    await back_up(home, target)
    later = await at(home, search)
    await restore(home, target, replace=True)

    async def read(services: Services) -> tuple[list[str], StudyReport]:
        await sign_in(services)
        (model,) = await services.models.list()
        assert len((await services.models.load(model)).columns) == 6
        return (
            [one.id for one in await services.studies.list()],
            await services.studies.report(kept.study.id),
        )

    listed, back = await at(home, read)
    assert listed == [kept.study.id]
    assert back.trials == kept.trials
    assert back.trust == kept.trust
    journals = {path.name: path.stat().st_mode & 0o777 for path in (home / "data").rglob("*.log")}
    assert journals == {f"{one.study.id}.log": 0o600 for one in (kept, later)}
    artifacts = [path.stat().st_mode & 0o777 for path in (home / "data" / "models").rglob("*.zip")]
    assert artifacts == [0o600]  # both trainings came to the same
