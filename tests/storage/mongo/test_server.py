"""The private server: for this user alone, shared by their instances, gone after the last."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.mongo import launch, wire
from quant_tui.storage.mongo.mongod import socket_path
from tests.storage.mongo.servers import (
    PATIENCE_SECONDS,
    client,
    end,
    is_running,
    kill,
    kill_under,
    pid,
    private,
    reaper_pid,
    wait_for,
    wait_stopped,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root to become somebody else")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose server is gone after the test, whatever happened in it."""
    yield tmp_path
    if (tmp_path / "data").is_dir() and not (tmp_path / "data").is_symlink():
        end(tmp_path)


def test_importing_it_imports_no_driver() -> None:
    code = (
        "import sys, quant_tui.storage.mongo.server; "
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('pymongo', 'bson', 'pydantic', 'psutil', 'asyncio')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_this_user_reaches_it(home: Path) -> None:
    with private(home) as server:
        server.acquire()
        process = psutil.Process(pid(home))
        listening = [one for one in process.net_connections("inet") if one.status == "LISTEN"]
        assert listening == []
        sockets = [Path(one.laddr) for one in process.net_connections("unix") if one.laddr]
        assert set(sockets) == {home / "run" / "m.sock"}  # a connection in use has the same name
        assert stat.S_IMODE(sockets[0].stat().st_mode) == 0o600
        for folder, _, files in os.walk(home):
            assert stat.S_IMODE(Path(folder).stat().st_mode) & 0o077 == 0, folder
            # Links to the libraries of a package are not ours to hide.
            for name in (one for one in files if not (Path(folder) / one).is_symlink()):
                with contextlib.suppress(FileNotFoundError):  # the server renames some of its own
                    assert stat.S_IMODE((Path(folder) / name).stat().st_mode) & 0o077 == 0, name


@as_root
def test_another_user_is_refused_at_the_socket(home: Path) -> None:
    with private(home) as server:
        server.acquire()
        os.seteuid(65534)
        try:
            with socket.socket(socket.AF_UNIX) as attempt, pytest.raises(PermissionError):
                attempt.connect(str(home / "run" / "m.sock"))
        finally:
            os.seteuid(0)


@as_root
def test_a_folder_of_another_user_is_refused(home: Path) -> None:
    (home / "data").mkdir()
    os.chown(home / "data", 65534, 65534)
    with pytest.raises(StoreUnavailable, match="belongs to another user"):
        private(home).acquire()
    os.chown(home / "data", 0, 0)


def test_instances_share_one_server_and_the_last_stops_it(home: Path) -> None:
    first, second = private(home), private(home)
    info = first.acquire()
    number = pid(home)
    assert second.acquire() == info
    assert first.acquire() == info
    first.release()
    with client(info) as driver:
        driver.x.y.insert_one({"kept": 1})
    assert is_running(home)
    assert pid(home) == number
    second.release()
    wait_stopped(home)
    assert not psutil.pid_exists(number)
    with private(home) as third, client(third.acquire()) as driver:
        assert driver.x.y.count_documents({"kept": 1}) == 1
        assert pid(home) != number


def test_many_that_start_together_get_one_server(home: Path) -> None:
    servers = [private(home) for _ in range(6)]
    uris: list[str] = []
    threads = [
        threading.Thread(target=lambda one=one: uris.append(one.acquire().uri)) for one in servers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(uris) == 6
    assert len(set(uris)) == 1
    data = str(home / "data" / "db")
    running = [
        one for one in psutil.process_iter(["cmdline"]) if data in (one.info["cmdline"] or [])
    ]
    assert len(running) == 1
    for server in servers:
        server.release()


def test_whoever_comes_while_it_stops_gets_a_new_one(home: Path) -> None:
    private_server = private(home, linger=0.0)
    private_server.acquire()
    for _ in range(3):
        private_server.release()
        info = private_server.acquire()
        with client(info) as driver:
            driver.x.y.insert_one({})
            count = driver.x.y.count_documents({})
    assert count == 3
    private_server.release()


def test_a_home_moved_away_and_remade_leaves_no_server_behind(home: Path) -> None:
    first = private(home)
    first.acquire()
    before = psutil.Process(pid(home))
    (home / "data").rename(home / "away")
    with private(home) as second:
        second.acquire()
        assert pid(home) != before.pid
        first.release()
        before.wait(timeout=PATIENCE_SECONDS)
        assert is_running(home)


def test_it_lives_in_a_session_of_its_own(home: Path) -> None:
    with private(home) as server:
        server.acquire()
        for number in (pid(home), reaper_pid(home)):
            assert os.getsid(number) != os.getsid(0)
            assert os.getpgid(number) != os.getpgid(0)


@pytest.mark.parametrize("name", ["d" * 120, "with space, comma: colon", "한글 폴더"])
def test_paths_that_a_socket_cannot_have(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    with private(home) as server:
        info = server.acquire()
        with client(info) as driver:
            driver.x.y.insert_one({})
        path = socket_path(home / "run", home / "data")
        assert path.is_socket()
        assert len(str(path)) <= 100
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    end(home)
    shutil.rmtree(path.parent)


def test_a_short_folder_that_somebody_prepared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    long = tmp_path / ("d" * 120)
    wanted = socket_path(long, tmp_path).parent
    wanted.rmdir()
    wanted.symlink_to(tmp_path)
    try:
        with pytest.raises(StoreUnavailable, match="link"):
            socket_path(long, tmp_path)
    finally:
        wanted.unlink()


def test_a_moved_home_keeps_its_data(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    with private(before) as server, client(server.acquire()) as driver:
        driver.x.y.insert_one({"kept": 1})
    wait_stopped(before)
    before.rename(after)
    with private(after) as server, client(server.acquire()) as driver:
        assert driver.x.y.count_documents({"kept": 1}) == 1
        driver.x.y.insert_one({})
        with driver.start_session() as session, session.start_transaction():
            driver.x.y.insert_one({}, session=session)
    end(after)


def test_it_starts_again_when_it_dies_in_use(home: Path) -> None:
    with private(home) as server, client(server.acquire()) as driver:
        driver.x.y.insert_one({"n": 0})
        number = kill_under(driver, home)
        driver.x.y.insert_one({"n": 1})
        assert driver.x.y.count_documents({}) == 2
        assert pid(home) != number


def test_a_lost_reaper_is_replaced(home: Path) -> None:
    first = private(home)
    first.acquire()
    kill(reaper_pid(home))
    with private(home) as second:
        second.acquire()
        assert reaper_pid(home)
    first.release()


def test_a_removed_socket_is_mended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quant_tui.storage.mongo.server._SILENT_SECONDS", 0.5)
    first = private(home)
    first.acquire()
    (home / "run" / "m.sock").unlink()
    with private(home) as second, client(second.acquire()) as driver:
        driver.x.y.insert_one({})
    first.release()


def test_no_driver_comes_in_before_the_server_takes_writes(home: Path) -> None:
    """It would take the server for one that repeats no writes, and hand a broken write back."""
    with private(home) as server, client(server.acquire()) as driver:
        driver.x.y.insert_one({})
        entrance, own = home / "run" / "w.sock", home / "run" / "m.sock"
        assert entrance.readlink() == Path("m.sock")
        # As if whoever started it had been killed while it booted.
        wire.command(own, {"replSetStepDown": 600, "force": True})
        entrance.unlink()
        second = private(home)
        waiting = threading.Thread(target=second.acquire)
        waiting.start()
        waiting.join(1.0)
        assert waiting.is_alive()
        assert not entrance.exists()
        wire.command(own, {"replSetFreeze": 0})
        waiting.join()
        assert entrance.exists()
        second.release()
        driver.x.y.insert_one({})


def test_a_lost_entrance_is_made_again_by_who_uses_the_server(home: Path) -> None:
    with private(home) as server:
        server.acquire()
        number = pid(home)
        (home / "run" / "w.sock").unlink()
        wait_for((home / "run" / "w.sock").exists)
        assert pid(home) == number


def test_a_lost_record_is_no_lost_data(home: Path) -> None:
    with private(home) as server, client(server.acquire()) as driver:
        driver.x.y.insert_one({"kept": 1})
    end(home)
    for damage in ("{", '{"kind": 1}'):
        (home / "data" / "server.json").write_text(damage)
        with private(home) as server, client(server.acquire()) as driver:
            assert driver.x.y.count_documents({"kept": 1}) == 1
        end(home)


def test_damaged_data_are_named_and_not_touched(home: Path) -> None:
    with private(home) as server, client(server.acquire()) as driver:
        driver.x.y.insert_one({"kept": 1})
    wait_stopped(home)
    for name in ("WiredTiger.turtle", "WiredTiger.wt"):
        (home / "data" / "db" / name).write_bytes(b"\0garbage" * 100)
    with pytest.raises(StoreUnavailable, match="damaged") as refused:
        private(home).acquire()
    assert str(home / "data") in refused.value.hint
    assert list((home / "data" / "db").glob("collection-*"))


def test_a_missing_data_file_is_damage_too(home: Path) -> None:
    with private(home) as server:
        server.acquire()
    wait_stopped(home)
    (home / "data" / "db" / "WiredTiger.wt").unlink()
    with pytest.raises(StoreUnavailable, match="damaged") as refused:
        private(home).acquire()
    assert str(refused.value).isprintable()


def test_a_full_disk_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home)._replace(free=5_000_000)
    monkeypatch.setattr(launch.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StoreUnavailable, match="5 MB free"):
        private(home).acquire()
    monkeypatch.undo()
    with private(home) as server:
        server.acquire()


def test_a_home_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreUnavailable, match="not a folder"):
        private(tmp_path).acquire()


@pytest.mark.parametrize(
    ("last_words", "message"),
    [
        ("open: Permission denied", "cannot be read or written"),
        ("error while loading shared libraries: libcurl.so.4: cannot open", "libcurl.so.4"),
        ("pwrite: No space left on device", "disk is full"),
        ("UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion", "another MongoDB"),
        ("DBPathInUse: Unable to lock the lock file", "another server"),
        ("something nobody has seen before", "something nobody has seen before"),
    ],
)
def test_why_it_did_not_start(tmp_path: Path, last_words: str, message: str) -> None:
    log = tmp_path / "mongod.log"
    entry = {"s": "E", "id": 1, "msg": "Failed", "attr": {"error": last_words}}
    old = {"s": "E", "id": 2, "msg": "checksum error of an earlier start"}
    lines = [old, {"s": "I", "id": 20698, "msg": "***** SERVER RESTARTED *****"}, entry]
    log.write_text("\n".join(json.dumps(line) for line in lines))
    error = launch.explain("MongoDB stopped", tmp_path / "none", log, tmp_path)
    assert message in error.message
    assert str(log) in error.hint


def test_a_large_log_is_moved_aside(tmp_path: Path) -> None:
    log = tmp_path / "mongod.log"
    log.write_bytes(b"x" * 3_000_000)
    launch.rotate(log)
    assert not log.exists()
    assert (tmp_path / "mongod.log.1").stat().st_size == 3_000_000
