"""A process killed while it fixes or undoes leaves the whole fix, or nothing of it."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.fixes import BarFixRepository
from quant_tui.storage.duck.records import ImportBatch

FIXER = """
import sys
from datetime import date
from pathlib import Path
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.fixes import BarFixRepository, NewFix

fixes = BarFixRepository(DuckStore(Path(sys.argv[1])))
while True:
    made = fixes.make(
        NewFix("A", "unadjusted_split", "adjust_split", (date(2040, 1, 1),), "kim",
               split_ratio=4.0)
    )
    print("made", flush=True)
    fixes.undo(made.id, "kim")
    print("undone", flush=True)
"""
BARS = "SELECT * FROM market_data ORDER BY symbol, date"
CLOSES = "SELECT sum(close_price), count(*) FROM market_data"


def read(path: Path, query: str) -> list[tuple[object, ...]]:
    store = DuckStore(path, wait_seconds=20)
    try:
        with store.read() as connection:
            return connection.execute(query).fetchall()
    finally:
        store.close()


def test_a_killed_fix_is_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "home" / "market.duckdb"
    count = 4000
    price = np.full(count, 100.0)
    store = DuckStore(path)
    BarRepository(store).upsert(
        pa.table(
            {
                "symbol": ["A"] * count,
                "date": np.datetime64("2020-01-01") + np.arange(count),
                **dict.fromkeys(("open", "high", "low", "close"), price),
                "volume": price,
            }
        ),
        ImportBatch("one"),
    )
    store.close()
    before = read(path, BARS)
    for delay in (0.0, 0.03, 0.07):
        process = subprocess.Popen(
            [sys.executable, "-c", FIXER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        time.sleep(delay)  # anywhere within an undoing or the next making
        process.kill()
        process.wait()
        process.stdout.close()
        ((total, bars),) = read(path, CLOSES)
        in_force = read(path, "SELECT id FROM data_fixes WHERE undone_at IS NULL")
        assert bars == count
        assert (total, len(in_force)) in ((100.0 * count, 0), (25.0 * count, 1))
        store = DuckStore(path, wait_seconds=20)
        for (fix_id,) in in_force:
            undone = BarFixRepository(store).undo(str(fix_id), "kim")
            assert (undone.restored, undone.kept) == (count, 0)
            assert undone.fix.last == date(2040, 1, 1)
        store.close()
        assert read(path, BARS) == before
