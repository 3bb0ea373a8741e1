"""``data quality``, ``data export``, ``data watch``: as they are scripted against."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run

GOOD = "Date,Open,High,Low,Close,Volume\n" + "".join(
    f"2024-01-{day:02},10,11,9,{10 + day / 50},{100 + day}\n" for day in (2, 3, 4, 5, 8, 10, 11, 12)
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data-commands") / "home"


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    folder = tmp_path / "prices"
    folder.mkdir()
    (folder / "GOOG.csv").write_text(GOOD)
    return folder


def test_quality_finds_fixes_and_undoes(run: Run, prices: Path) -> None:
    assert run("data", "import", str(prices / "GOOG.csv")).returncode == 0
    assert run("data", "quality", "GOOG", "--calendar", "nasdaq").stdout == "GOOG: XNYS.\n"
    document = json.loads(run("data", "quality", "GOOG", "--json").stdout)
    missing = next(one for one in document["findings"] if one["check"] == "missing_sessions")
    assert missing["dates"] == ["2024-01-09"]
    assert document["calendars"] == {"GOOG": {"calendar": "XNYS", "origin": "chosen"}}

    options = ("--check", "missing_sessions", "--fix", "fill", "--reason", "feed", "--json")
    (made,) = json.loads(run("data", "quality", "GOOG", *options).stdout)
    assert (made["kind"], made["bars"], made["reason"]) == ("fill", 1, "feed")
    again = run("data", "quality", "GOOG", *options)
    assert again.returncode == 1
    assert "Nothing to fix" in again.stderr
    assert made["id"][:8] in run("data", "quality", "--fixes").stdout
    undone = json.loads(run("data", "quality", "--undo", made["id"][:6], "--json").stdout)
    assert (undone["restored"], undone["kept"]) == (1, 0)
    assert run("data", "quality", "--undo", "zzz").returncode == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--fix", "drop"), "--fix needs"),
        (("GOOG", "--check", "colour"), "--check is one of"),
        (("--calendar", "XNYS"), "needs the symbols"),
        (("GOOG", "--date", "2024-01-09"), "--date goes with --fix"),
        (("GOOG", "--undo", "a", "--calendar", "XNYS"), "one at a time"),
    ],
)
def test_contradictions_are_wrong_usage(run: Run, options: tuple[str, ...], says: str) -> None:
    done = run("data", "quality", *options)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())


def test_an_export_by_year_comes_back(run: Run, prices: Path, tmp_path: Path) -> None:
    run("data", "import", str(prices / "GOOG.csv"), "--source", "거래소")
    out = str(tmp_path / "out")
    options = ("--format", "parquet", "--partition", "year", "--json")
    report = json.loads(run("data", "export", out, "GOOG", *options).stdout)
    assert report["rows"] == 8
    assert (tmp_path / "out" / "year=2024").is_dir()
    refused = run("data", "export", out, *options)
    assert refused.returncode == 1
    assert "is there already. Choose another name, or say --force" in refused.stderr
    assert run("data", "export", out, "--force", *options).returncode == 0
    assert run("data", "export", out, "--overwrite", *options).returncode == 0
    imported = json.loads(run("data", "import", out, "--json").stdout)
    assert (imported["rows"], imported["unchanged"]) == (8, 8)
    assert run("data", "export", out, "--start", "soon").returncode == 1


def test_a_folder_is_watched_once_and_imported_at_will(run: Run, prices: Path) -> None:
    done = run("data", "watch", str(prices), "--once", "--json")
    (file,) = json.loads(done.stdout)["files"]
    assert (done.returncode, file["symbols"], file["rows"]) == (0, ["GOOG"], 8)
    assert "Nothing new" in run("data", "watch", str(prices), "--once").stdout
    (prices / "bad.csv").write_text("Date,Close\n2024-01-02,-5\n")
    failed = run("data", "watch", str(prices), "--once")
    assert failed.returncode == 1
    assert "bad.csv" in failed.stderr
    assert run("data", "watch", str(prices), "--once").returncode == 0  # not tried again
    everything = run("data", "import", str(prices))
    assert everything.returncode == 1
    assert "GOOG.csv: GOOG, 0 new" in everything.stdout
    assert run("data", "watch", str(prices / "nowhere"), "--once").returncode == 1
    assert run("data", "watch", str(prices), "--json").returncode == 2
