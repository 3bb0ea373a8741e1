"""Several processes on one file, killed ones too."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from quant_tui.domain.errors import Cancelled, StoreUnavailable
from quant_tui.storage.duck import schema
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.records import ImportBatch

PRELUDE = """
import sys, time
from pathlib import Path
import numpy as np, pyarrow as pa
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.records import ImportBatch

def table(symbol, count, value=1.0):
    dates = np.datetime64("2000-01-01") + np.arange(count)
    numbers = np.full(count, value)
    names = ("open", "high", "low", "close", "volume")
    return pa.table(
        {"symbol": [symbol] * count, "date": dates, **{name: numbers for name in names}}
    )

store = DuckStore(Path(sys.argv[1]))
bars = BarRepository(store)
"""


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert err == ""
    return out


def until(predicate: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not predicate():
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.005)


def test_three_processes_read_and_write_without_error_or_loss(tmp_path: Path) -> None:
    path = tmp_path / "market.duckdb"
    script = """
    me = sys.argv[2]
    for turn in range(8):
        bars.upsert(table(f"{me}{turn}", 200), ImportBatch("csv"))
        mine = [s.symbol for s in bars.summaries() if s.symbol.startswith(me)]
        assert len(mine) == turn + 1, mine
        loaded = bars.load(mine)
        assert loaded.close.shape == (200, turn + 1)
    store.close()
    print("done")
    """
    processes = [python(script, path, name) for name in "PQR"]
    assert [finish(process) for process in processes] == ["done\n"] * 3
    store = DuckStore(path)
    assert sorted(summary.symbol for summary in BarRepository(store).summaries()) == sorted(
        f"{name}{turn}" for name in "PQR" for turn in range(8)
    )
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM market_data").fetchone() == (4800,)
    store.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "market.duckdb",
        "market.duckdb.lock",
        "market.duckdb.turnstile",
    ]


def test_two_processes_migrate_once(tmp_path: Path) -> None:
    path = tmp_path / "market.duckdb"
    processes = [python("print(len(store.migrate()))", path) for _ in range(3)]
    outputs = sorted(finish(process) for process in processes)
    assert outputs == ["0\n", "0\n", f"{len(schema.MIGRATIONS)}\n"]


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3])
def test_a_killed_upsert_leaves_no_partial_batch(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "market.duckdb"
    script = """
    bars.upsert(table("OLD", 100), ImportBatch("csv"))
    big = pa.concat_tables([table(f"N{n}", 3000) for n in range(100)])
    def report(fraction, what):
        if fraction >= 0.45:
            print("storing", flush=True)
    bars.upsert(big, ImportBatch("csv"), progress=report)
    time.sleep(60)  # it ends by being killed, however late that comes
    """
    process = python(script, path)
    assert process.stdout is not None
    assert process.stdout.readline() == "storing\n"
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(delay or 0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    store = DuckStore(path)
    bars = BarRepository(store)
    with store.read() as connection:
        stored = connection.execute("SELECT count(*) FROM market_data").fetchone()
        batches = connection.execute("SELECT count(*) FROM import_batches").fetchone()
    assert (stored, batches) in [((100,), (1,)), ((300_100,), (2,))]
    assert sum(summary.rows for summary in bars.summaries()) == (stored or (0,))[0]
    assert bars.load(["OLD"]).close.shape == (100, 1)
    store.close()


def test_a_waiting_writer_goes_before_later_readers(tmp_path: Path) -> None:
    """Readers that follow one another without a gap do not starve a writer."""
    store = DuckStore(tmp_path / "market.duckdb")
    store.migrate()
    stop = threading.Event()
    failures: list[BaseException] = []

    def keep_reading() -> None:
        try:
            while not stop.is_set():
                with store.read() as connection:
                    connection.execute("SELECT count(*) FROM range(300000)").fetchone()
        except StoreUnavailable as error:
            failures.append(error)

    readers = [threading.Thread(target=keep_reading) for _ in range(3)]
    for reader in readers:
        reader.start()
    finish(python("bars.upsert(table('W', 10), ImportBatch('csv'))", store.path))
    with store.write() as connection:
        connection.execute("DELETE FROM market_data")
    stop.set()
    for reader in readers:
        reader.join()
    store.close()
    assert not failures


def test_threads_read_what_was_committed_while_one_writes(
    store: DuckStore, bars: BarRepository, bars_of
) -> None:
    bars.upsert(bars_of(["A"], 5), ImportBatch("csv"))
    inside, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with store.write() as connection:
            connection.execute("DELETE FROM market_data")
            inside.set()
            go_on.wait(20)

    writer = threading.Thread(target=write)
    writer.start()
    assert inside.wait(20)
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM market_data").fetchone() == (5,)
        go_on.set()
        writer.join()
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM market_data").fetchone() == (0,)


def test_leases_nest_but_a_reader_cannot_turn_writer(store: DuckStore) -> None:
    with store.read() as outer, store.read() as inner:
        assert outer.execute("SELECT 1").fetchone() == inner.execute("SELECT 1").fetchone()
        with pytest.raises(RuntimeError, match="cannot ask for a write"), store.write():
            pass
    with store.write(), store.read() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_failing_block_rolls_back(store: DuckStore) -> None:
    def fail() -> None:
        with store.write() as connection:
            connection.execute("INSERT INTO sort_debt VALUES ('x', 1)")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM sort_debt").fetchone() == (0,)


def test_the_file_is_free_after_a_short_idle_time(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "market.duckdb", idle_seconds=0.05)
    assert store.ping().startswith("v")

    def free() -> bool:
        try:
            duckdb.connect(str(store.path), config={"threads": 1}).close()
        except duckdb.ConnectionException:
            return False
        return True

    until(free)
    store.close()


def test_busy_and_cancelled_while_waiting(tmp_path: Path) -> None:
    path = tmp_path / "market.duckdb"
    holder = python(
        """
        with store.write():
            print("held", flush=True)
            time.sleep(60)
        """,
        path,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    hasty = DuckStore(path, wait_seconds=0.2)
    with pytest.raises(StoreUnavailable, match="busy"):
        hasty.ping()
    asked = 0

    def cancel() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    patient = DuckStore(path, wait_seconds=60)
    patient._ready = True
    with pytest.raises(Cancelled), patient.read(cancel=cancel):
        pass
    holder.kill()
    holder.communicate()
    assert patient.ping()
    patient.close()


def test_a_foreign_program_holding_the_file_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "market.duckdb"
    store = DuckStore(path)
    store.migrate()
    foreign = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); "
            "print('held', flush=True); time.sleep(60)",
            str(path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert foreign.stdout is not None
    store.close()
    store = DuckStore(path)
    assert foreign.stdout.readline() == "held\n"
    with pytest.raises(StoreUnavailable, match="another program") as caught:
        store.ping()
    assert "DuckDB shell" in caught.value.hint
    foreign.kill()
    foreign.communicate()
    assert store.ping()
    store.close()


@pytest.mark.parametrize("damage", ["garbage", "checksum", "cut", "empty"])
def test_a_damaged_file_is_said_to_be_damaged(
    tmp_path: Path, bars_of: Callable[..., object], damage: str
) -> None:
    path = tmp_path / "market.duckdb"
    store = DuckStore(path)
    BarRepository(store).upsert(bars_of(["A"], 5000), ImportBatch("csv"))  # type: ignore[arg-type]
    store.close()
    content = bytearray(path.read_bytes())
    if damage == "garbage":
        content = bytearray(os.urandom(20_000))
    elif damage == "checksum":
        content[4096:9000] = os.urandom(9000 - 4096)
        content[9000:] = os.urandom(len(content) - 9000)
    elif damage == "cut":
        content = content[:13_000]
    else:
        content = bytearray()
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match="damaged") as caught:
        DuckStore(path).ping()
    assert "backup" in caught.value.hint
    assert str(path) in caught.value.message


def test_a_path_that_duckdb_cannot_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="question mark") as caught:
        DuckStore(tmp_path / "why?" / "market.duckdb").ping()
    assert "--home" in caught.value.hint


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "market.duckdb")
    with store.write() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (999, 'later', now()::TIMESTAMP)")
    store.close()
    with pytest.raises(StoreUnavailable, match="schema version 999") as caught:
        DuckStore(store.path).ping()
    assert "Update" in caught.value.hint


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        DuckStore(tmp_path / "file" / "market.duckdb").ping()


def test_only_the_owner_may_look(store: DuckStore, bars: BarRepository, bars_of) -> None:
    with store.write() as connection:
        connection.execute("INSERT INTO sort_debt VALUES ('x', 1)")
    bars.upsert(bars_of(["A"], 5), ImportBatch("csv"))
    folder = store.path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_a_closed_store_refuses(store: DuckStore) -> None:
    store.ping()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.ping()


def test_a_full_disk_is_said_and_harms_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk."""
    path = tmp_path / "market.duckdb"
    script = """
    import resource
    from quant_tui.domain.errors import StoreUnavailable
    bars.upsert(table("OLD", 100), ImportBatch("csv"))
    limit = Path(sys.argv[1]).stat().st_size + 300_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    big = pa.concat_tables([table(f"N{n}", 3000, n + 1.5) for n in range(300)])
    try:
        bars.upsert(big, ImportBatch("csv"))
    except StoreUnavailable as error:
        print(error.message, error.hint)
    """
    said = finish(python(script, path))
    assert "the disk is full" in said
    assert "Free some space" in said
    store = DuckStore(path)
    bars = BarRepository(store)
    assert [summary.symbol for summary in bars.summaries()] == ["OLD"]
    assert bars.load(["OLD"]).close.shape == (100, 1)
    store.close()


def test_reading_takes_less_memory_than_writing_may(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "m.duckdb", memory_limit="1GB", reading_limit="128MB")
    said = "SELECT current_setting('memory_limit')"
    with store.write() as connection:
        assert connection.execute(said).fetchone() == ("953.6 MiB",)
    with store.read() as connection:
        assert connection.execute(said).fetchone() == ("122.0 MiB",)
    store.close()
