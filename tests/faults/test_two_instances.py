"""Several instances on one home at the same time: all work, nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "quant_tui")
DAYS = 400


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "QUANT_TUI_HOME": str(home)},
    )


def write_bars(path: Path, symbols: list[str]) -> None:
    with path.open("w") as stream:
        stream.write("symbol,date,open,high,low,close,volume\n")
        for symbol in symbols:
            for day in range(DAYS):
                date = f"{2000 + day // 336}-{day // 28 % 12 + 1:02}-{day % 28 + 1:02}"
                price = 10 + day % 7
                stream.write(f"{symbol},{date},{price},{price + 1},{price - 1},{price},100\n")


@pytest.mark.timeout(180)
def test_instances_that_read_and_write_at_once_all_succeed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    # All of them start on an empty home: server, migrations and files are made in the race.
    imports = []
    for number in range(3):
        path = tmp_path / f"bars{number}.csv"
        write_bars(path, [f"S{number}A", f"S{number}B"])
        imports.append(start(home, "data", "import", str(path), "--json"))
    for process in imports:
        out, err = process.communicate(timeout=90)
        assert process.returncode == 0, err
        assert err == ""
        assert json.loads(out)["inserted"] == 2 * DAYS
    more = tmp_path / "more.csv"
    write_bars(more, ["S3A"])
    mixed = [
        start(home, "backtest", "run", "--strategy", "SMA_CROSSOVER", "--symbols", "S0A,S1B",
              "--param", "short_window=2", "--param", "long_window=5", "--json"),
        start(home, "backtest", "run", "--strategy", "BUY_AND_HOLD", "--symbols", "S2A", "--json"),
        start(home, "data", "import", str(more), "--json"),
        start(home, "strategy", "create", "--type", "MOMENTUM", "--name", "둘째", "--json"),
    ]  # fmt: skip
    printed = []
    for process in mixed:
        out, err = process.communicate(timeout=90)
        assert process.returncode == 0, err
        assert err == ""
        printed.append(json.loads(out))
    listed = start(home, "backtest", "list", "--json").communicate(timeout=60)[0]
    assert {one["backtest_id"] for one in json.loads(listed)} == {
        printed[0]["backtest_id"],
        printed[1]["backtest_id"],
    }
    symbols = start(home, "data", "list", "--json").communicate(timeout=60)[0]
    assert {one["symbol"]: one["rows"] for one in json.loads(symbols)} == dict.fromkeys(
        ["S0A", "S0B", "S1A", "S1B", "S2A", "S2B", "S3A"], DAYS
    )
