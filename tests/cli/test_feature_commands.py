"""``feature``: a feature's whole life from the command line, and what it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """A hundred bars of six symbols."""
    lines = ["symbol,date,open,high,low,close,volume"]
    for number in range(6):
        for day in range(100):
            price = 50 + number + 5 * math.sin(day / (3 + number))
            date = f"20{10 + day // 336}-{1 + day // 28 % 12:02d}-{1 + day % 28:02d}"
            lines.append(f"S{number},{date},{price},{price + 1},{price - 1},{price},{1000 + day}")
    file = tmp_path / "bars.csv"
    file.write_text("\n".join(lines))
    return file


def _json(run: Run, *arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_features_life(run: Run, bars: Path) -> None:
    made = _json(run, "feature", "create", "모멘텀", "close/sma(close,5)-1", "--description", "a")
    assert (made["version"], made["status"]) == ("0.1.0", "draft")
    assert made["expression"] == "close / sma(close, 5) - 1"
    edited = _json(run, "feature", "edit", "모멘텀", "--expression", "close / sma(close, 9) - 1")
    assert [one["version"] for one in edited["versions"]] == ["0.2.0", "0.1.0"]
    wrong = run("feature", "edit", "모멘텀", "--expression", "smaa(close, 3)")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("quant-tui: expression:1: there is no function smaa (did you")
    assert _json(run, "feature", "promote", "모멘텀")["version"] == "0.2.0"
    back = _json(run, "feature", "rollback", "모멘텀", "--version", "0.1.0")
    assert (back["version"], back["status"]) == ("0.1.0", "production")
    pinned = _json(run, "feature", "pin", made["id"], "--version", "0.2.0")
    assert (pinned["version"], pinned["pinned"]) == ("0.2.0", True)
    changes = _json(run, "feature", "diff", "모멘텀", "0.1.0", "0.2.0")["changes"]
    assert {one["field"] for one in changes} == {"expression", "status", "warm_up"}

    nothing = run("feature", "check", "모멘텀")
    assert nothing.returncode == 1
    assert "no 1d bars" in nothing.stderr
    assert run("data", "import", str(bars)).returncode == 0
    checked = _json(run, "feature", "check", "모멘텀", "--symbols", "S0,S1")
    assert (checked["leaks"], checked["symbols"]) == (False, 2)
    card = _json(run, "feature", "show", "모멘텀@0.1.0", "--card")
    assert (card["version"], card["universe"]["symbols"][0]) == ("0.1.0", "S0")
    assert card["summary"]["count"] == 6 * 96
    assert card["information"]["decay"][0]["rank_ic"]["count"] == 95
    listed = run("feature", "list")
    assert "모멘텀" in listed.stdout
    assert "0.2.0 pinned" in listed.stdout
    assert run("feature", "delete", "모멘텀").returncode == 0
    assert run("feature", "show", "모멘텀").returncode == 1


def test_wrong_usage_is_said(run: Run) -> None:
    """Before anything is opened, with exit code 2."""
    for arguments, says in (
        (("edit", "x"), "Give --expression"),
        (("show", "x", "--symbols", "SPX"), "need --card"),
        (("pin", "x"), "--release"),
        (("check", "x", "--start", "yesterday"), "yesterday"),
    ):
        done = run("feature", *arguments)
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
