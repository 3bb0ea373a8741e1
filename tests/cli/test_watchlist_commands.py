"""``watchlist``, ``alert`` and ``watch`` as a shell sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home of this file's own, which its tests fill one after the other."""
    return tmp_path_factory.mktemp("watchlists") / "home"


def _bars(path: Path, symbol: str, closes: list[float], first: int = 1) -> Path:
    lines = [
        f"{symbol},2026-03-{first + at:02d},{c},{c},{c},{c},100" for at, c in enumerate(closes)
    ]
    path.write_text("symbol,date,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
    return path


def test_life_of_a_list(run: Run, tmp_path: Path) -> None:
    """Made, shown, added to, taken from, written, read back, deleted."""
    assert run("data", "import", str(_bars(tmp_path / "a.csv", "AAA", [9, 10, 11]))).returncode == 0
    assert run("data", "import", str(_bars(tmp_path / "b.csv", "BBB", [5, 4, 3]))).returncode == 0
    made = json.loads(run("watchlist", "create", "Mine", "aaa", "--json").stdout)
    assert made["symbols"] == ["AAA"]

    refused = run("watchlist", "add", "mine", "BBC,AAA")
    assert refused.returncode == 1
    assert "Unknown symbol: BBC (did you mean BBB?)" in refused.stderr
    added = run("watchlist", "add", "mine", "BBB", "--group", "한국/반도체")
    assert added.stdout == "Mine holds 2 symbols.\n"

    shown = json.loads(
        run("watchlist", "show", "Mine", "--column", "close > lag(close, 1)", "--json").stdout
    )
    assert [one["last"] for one in shown["quotes"]] == [11.0, 3.0]
    assert [one["rules"]["close > lag(close, 1)"] for one in shown["quotes"]] == [True, False]
    assert shown["quotes"][0]["rsi"] is None
    table = run("watchlist", "show", "Mine").stdout
    assert "+10.00 %" in table
    assert "한국/반도체" in table

    wrong = run("watchlist", "show", "Mine", "--column", "clos > 1")
    assert wrong.returncode == 1
    assert "did you mean close?" in wrong.stderr

    out = tmp_path / "mine.csv"
    assert run("watchlist", "export", "Mine", str(out)).returncode == 0
    refused = run("watchlist", "export", "Mine", str(out))
    assert (refused.returncode, "say --force" in refused.stderr) == (1, True)
    assert run("watchlist", "export", "Mine", str(out), "--force").returncode == 0
    assert run("watchlist", "import", str(out), "--name", "Again").returncode == 0
    first, second = (json.loads(run("watchlist", "show", one, "--json").stdout) for one in
                     ("Mine", "Again"))  # fmt: skip
    assert [first[key] for key in ("symbols", "entries", "groups")] == [
        second[key] for key in ("symbols", "entries", "groups")
    ]
    out.write_text(out.read_text() + "NOBODY\nAAA\n")
    bad = run("watchlist", "import", str(out), "--name", "Bad")
    assert bad.returncode == 1
    assert "row 4, column 'symbol': unknown symbol NOBODY" in bad.stderr
    assert "row 5, column 'symbol': AAA is in row 2 already" in bad.stderr
    assert [one["name"] for one in json.loads(run("watchlist", "list", "--json").stdout)] == [
        "Again", "Mine",
    ]  # fmt: skip

    assert run("watchlist", "remove", "Mine", "BBB").stdout == "Mine holds 1 symbol.\n"
    assert run("watchlist", "delete", "Again").returncode == 0
    missing = run("watchlist", "show", "Again")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "There is no watchlist 'Again'" in missing.stderr


def test_an_alert_is_told_once_and_kept(run: Run, tmp_path: Path) -> None:
    """``watch --once`` prints one line for each alert, and nothing the second time."""
    refused = run("alert", "add", "close", "--list", "Mine")
    assert refused.returncode == 1
    assert "must be a condition" in refused.stderr
    added = run("alert", "add", "close > 20", "--list", "Mine", "--name", "높음", "--json")
    alert = json.loads(added.stdout)
    assert (alert["since"], alert["rule"]) == ("2026-03-03", "close > 20")
    quiet = run("watch", "--once")
    assert (quiet.stdout, quiet.stderr) == ("", "Nothing new became true.\n")
    run("data", "import", str(_bars(tmp_path / "a.csv", "AAA", [21.5], first=4)))
    assert run("watch", "--once").stdout == "2026-03-04  AAA  21.50  높음  (Mine)\n"
    assert run("watch", "--once").stdout == ""
    (told,) = json.loads(run("alert", "log", "--json").stdout)
    assert (told["symbol"], told["bar_date"], told["close"]) == ("AAA", "2026-03-04", 21.5)
    assert "높음" in run("alert", "list").stdout
    assert run("alert", "remove", alert["id"]).returncode == 0
    assert run("alert", "remove", alert["id"]).returncode == 1
    assert len(json.loads(run("alert", "log", "--json").stdout)) == 1


def test_a_provider_that_cannot_be_reached_stops_no_watch(run: Run) -> None:
    """What is wrong is said, and the alerts are looked at all the same."""
    run("alert", "add", "close < 1", "--list", "Mine")
    looked = run("watch", "--once", "--fetch", "nobody")
    assert looked.returncode == 0
    assert "nobody" in looked.stderr


@pytest.fixture
def watching(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Run ``watch`` in a process of its own."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "quant_tui",
            "--home",
            str(home),
            "watch",
            "--json",
            "--every",
            "0.2",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    yield process
    process.kill()
    process.wait()


def test_watch_notices_other_processes_and_ends_at_ctrl_c(
    run: Run, watching: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Bars that another command brings in are told of as a line of JSON; ctrl+c gives 130."""
    assert watching.stdout is not None
    run("alert", "add", "close < 2", "--list", "Mine", "--name", "low")
    run("data", "import", str(_bars(tmp_path / "a.csv", "AAA", [1.5], first=5)))
    line = json.loads(watching.stdout.readline())
    assert (line["symbol"], line["name"], line["bar_date"]) == ("AAA", "low", "2026-03-05")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(30) == 130
