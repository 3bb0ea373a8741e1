"""``quant-tui data show``: facts, last bars, indicators, chart, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quant_tui.cli.main import run as main

from .conftest import Run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for this file's commands, with the sample data."""
    home = tmp_path_factory.mktemp("cli") / "home"
    assert main(["--home", str(home), "data", "import", "--sample"]) == 0
    return home


def test_json_has_facts_bars_and_indicators(run: Run) -> None:
    done = run("data", "show", "BYEOL.SYN", "--bars", "3", "--as-of", "2018-06-03",
               "--indicator", "sma(close, 50), rsi(close)", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["symbol"] == "BYEOL.SYN"
    assert "별무리" in document["name"]
    assert document["synthetic"] is True
    assert [one["date"] for one in document["bars"]] == ["2018-05-30", "2018-05-31", "2018-06-01"]
    last = document["bars"][-1]
    assert last["close"] == document["last"]["close"]
    assert set(last["indicators"]) == {"sma(close, 50)", "rsi(close, 14)"}
    assert 0 < last["indicators"]["rsi(close, 14)"] < 100
    assert document["range_52_weeks"]["low"] <= last["close"] <= document["range_52_weeks"]["high"]


def test_what_is_undefined_is_null(run: Run) -> None:
    done = run("data", "show", "BYEOL.SYN", "--as-of", "2014-05-15", "--indicator",
               "sma(close, 50)", "--json")  # fmt: skip
    (bar,) = json.loads(done.stdout)["bars"]
    assert bar["indicators"] == {"sma(close, 50)": None}
    assert bar["change"] is None


def test_a_table_and_a_chart_of_months(run: Run) -> None:
    done = run("data", "show", "SPX", "--interval", "1mo", "--chart", "--bars", "2")
    assert done.returncode == 0, done.stderr
    assert "S&P 500" in done.stdout
    assert "┃" in done.stdout
    assert "█" in done.stdout
    assert "2018-12-31" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("NOPE",), "No bars for NOPE"),
        (("SPX", "--interval", "5m"), "no bars to make 5m"),
        (("SPX", "--as-of", "1990-01-01"), "Its first is of 1999-01-04"),
        (("SPX", "--indicator", "sma(close)"), "takes 2 argument(s)"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(
    run: Run, arguments: tuple[str, ...], part: str
) -> None:
    done = run("data", "show", *arguments)
    assert done.returncode == 1
    assert part in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
