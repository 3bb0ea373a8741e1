"""Comparing, exporting and rerunning backtests from a shell."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quant_tui.cli.main import run as main

Run = Callable[..., subprocess.CompletedProcess[str]]
RUN = ("backtest", "run", "--strategy", "SMA_CROSSOVER", "--symbols", "SPX,NARU.SYN",
       "--start", "2012-01-01", "--end", "2013-12-31")  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for this file's commands, with the sample data."""
    home = tmp_path_factory.mktemp("cli") / "home"
    assert main(["--home", str(home), "data", "import", "--sample"]) == 0
    return home


@pytest.fixture
def run(home: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run one command on this file's home, in this process: imports are paid for once."""
    handlers = logging.getLogger().handlers[:]

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        code = main(["--home", str(home), *arguments])
        printed = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, printed.out, printed.err)

    yield command
    for handler in set(logging.getLogger().handlers) - set(handlers):
        logging.getLogger().removeHandler(handler)
        handler.close()


@pytest.fixture
def made(run: Run) -> dict[str, object]:
    """A kept backtest, as ``backtest run --json`` printed it."""
    done = run(*RUN, "--name", "two years", "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, object] = json.loads(done.stdout)
    return document


def test_compare_prints_figures_and_differences(run: Run, made: dict[str, object]) -> None:
    other = json.loads(run(*RUN, "--param", "short_window=10", "--json").stdout)
    ids = [str(made["backtest_id"]), other["backtest_id"]]
    document = json.loads(run("backtest", "compare", *ids, "--json").stdout)
    assert document.keys() == {"runs", "metrics", "differences", "curves"}
    assert [one["backtest_id"] for one in document["runs"]] == ids
    assert document["differences"] == [
        {"area": "parameters", "field": "short_window", "values": [20, 10]}
    ]
    assert document["curves"][1]["value"][0] == 1.0
    shown = run("backtest", "compare", *ids)
    assert shown.returncode == 0
    for text in ("1  two years", "Sharpe ratio", "2 less 1", "short_window"):
        assert text in shown.stdout
    for wrong, said in (
        (ids[:1], "1 backtest cannot be compared. Give 2 to 6."),
        ([ids[0], "nothing"], "no backtest"),
        ([ids[0], ids[0]], "given twice"),
    ):
        refused = run("backtest", "compare", *wrong)
        assert refused.returncode == 1
        assert said in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
