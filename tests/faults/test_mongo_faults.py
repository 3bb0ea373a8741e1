"""Killed clients, killed servers, killed everything: nothing acknowledged may be lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.mongo.servers import (
    client,
    end,
    is_running,
    kill,
    pid,
    private,
    reaper_pid,
    wait_for,
    wait_stopped,
)

WRITER = Path(__file__).with_name("writer.py")
ROOT = Path(__file__).parents[2]

BACK_SECONDS = 6.0
"""A quiet machine takes one or two; test runs share their cores with others. It is the best of
some tries that is held to it: the bound is on the program, not on what else the machine does."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    if (tmp_path / "data").is_dir():
        end(tmp_path)


def start_writer(home: Path, name: str, count: int = 1_000_000) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WRITER), str(home), str(count), name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def read_until(writer: subprocess.Popen[str], word: str) -> None:
    assert writer.stdout is not None
    for line in writer.stdout:
        if line.strip() == word:
            return
    _, errors = writer.communicate()
    raise AssertionError(f"the writer ended without {word!r}: {errors}")


def acknowledged(writer: subprocess.Popen[str]) -> tuple[list[int], str]:
    """Return which more writes a finished writer was told are safe, and its errors.

    What was read from the pipe before together with the word that was waited for is missing.
    """
    output, errors = writer.communicate(timeout=90)
    return [int(line) for line in output.splitlines() if line.strip().isdigit()], errors


def stored(home: Path, name: str) -> int:
    with private(home) as server, client(server.acquire()) as driver:
        return driver.quant_tui.watchlists.count_documents({"name": {"$regex": f"^{name} "}})


def test_two_processes_at_once_on_a_new_home(home: Path) -> None:
    writers = {name: start_writer(home, name, 200) for name in ("ada", "ben")}
    for writer in writers.values():
        numbers, errors = acknowledged(writer)
        assert (numbers, errors, writer.returncode) == (list(range(200)), "", 0)
    assert stored(home, "ada") == stored(home, "ben") == 200


def test_a_killed_client_loses_nothing_and_the_server_leaves(home: Path) -> None:
    writer = start_writer(home, "ada")
    read_until(writer, "100")
    kill(writer.pid)
    numbers, _ = acknowledged(writer)
    assert is_running(home)
    wait_stopped(home)
    assert stored(home, "ada") >= 101 + len(numbers)


def test_a_killed_server_is_back_soon_and_the_client_goes_on(home: Path) -> None:
    writer = start_writer(home, "ada", 400)
    taken = []
    for written in (100, 180, 260):
        read_until(writer, str(written))
        number = pid(home)
        began = time.monotonic()
        kill(number)
        wait_for(lambda number=number: is_running(home) and pid(home) not in (0, number))
        taken.append(time.monotonic() - began)
    assert min(taken) < BACK_SECONDS, taken
    numbers, errors = acknowledged(writer)
    assert (numbers[-1], errors, writer.returncode) == (399, "", 0)
    assert stored(home, "ada") == 400


def test_everything_killed_at_once(home: Path) -> None:
    taken = []
    for round_number in range(2):
        name = f"writer{round_number}"
        writer = start_writer(home, name)
        read_until(writer, "50")
        for number in (reaper_pid(home), writer.pid, pid(home)):
            kill(number)
        numbers, _ = acknowledged(writer)
        began = time.monotonic()
        assert stored(home, name) >= 51 + len(numbers)
        taken.append(time.monotonic() - began)
    assert min(taken) < BACK_SECONDS, taken


def test_starters_killed_at_any_moment(home: Path) -> None:
    taken = []
    for delay in (0.02, 0.08, 0.15, 0.2, 0.25, 0.3, 0.4):
        starter = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import sys; from pathlib import Path; "
                "from quant_tui.storage.mongo.server import PrivateServer; "
                "h = Path(sys.argv[1]); print('go', flush=True); "
                "PrivateServer(h/'data', h/'run', h/'logs', linger=0.2).acquire(); "
                "sys.stdin.read()",
                str(home),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert starter.stdout is not None
        assert starter.stdout.readline() == "go\n"
        time.sleep(delay)  # not a wait: the moment of the kill is what is being varied
        kill(starter.pid)
        starter.communicate()
        began = time.monotonic()
        with private(home) as server, client(server.acquire()) as driver:
            driver.x.y.insert_one({"delay": delay})
            taken.append(time.monotonic() - began)
    assert sorted(taken)[len(taken) // 2] < BACK_SECONDS, taken
    with private(home) as server, client(server.acquire()) as driver:
        assert driver.x.y.count_documents({}) == 7


def test_ctrl_c_in_the_terminal_leaves_the_server_to_the_others(home: Path) -> None:
    first, second = start_writer(home, "ada"), start_writer(home, "ben")
    read_until(first, "10")
    read_until(second, "10")
    os.killpg(first.pid, signal.SIGINT)
    acknowledged(first)
    read_until(second, "200")
    kill(second.pid)
    acknowledged(second)
    wait_stopped(home)


def test_a_stale_socket_and_pid_are_no_obstacle(home: Path) -> None:
    (home / "data").mkdir(mode=0o700)
    (home / "run").mkdir(mode=0o700)
    (home / "run" / "m.sock").touch()
    (home / "data" / "server.pid").write_text(str(os.getpid()))
    with private(home) as server, client(server.acquire()) as driver:
        driver.x.y.insert_one({})
    kill(pid(home))
    wait_for(lambda: not is_running(home))
    assert (home / "run" / "m.sock").exists()
    with private(home) as server, client(server.acquire()) as driver:
        assert driver.x.y.count_documents({}) == 1
