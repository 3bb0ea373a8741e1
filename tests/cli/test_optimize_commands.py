"""Searching parameters from a shell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from quant_tui.cli.main import run as main
from quant_tui.cli.optimize_space import parse_objectives, parse_space, parse_split
from quant_tui.engine.optimization.space import ParameterRange

Run = Callable[..., subprocess.CompletedProcess[str]]
STUDY = ("optimize", "run", "--strategy", "SMA_CROSSOVER", "--symbols", "SPX",
         "--start", "2008-01-01", "--end", "2013-12-31", "--space", "short_window=int:5:30",
         "--space", "long_window=int:20:90:5", "--trials", "24", "--min-trades", "3",
         "--walk-forward", "3")  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for this file's commands, with the sample data."""
    home = tmp_path_factory.mktemp("cli") / "home"
    assert main(["--home", str(home), "data", "import", "--sample"]) == 0
    return home


def test_run_list_show_export_apply_undo_delete(run: Run, home: Path) -> None:
    done = run(*STUDY, "--name", "slow", "--seed", "4", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["status"], document["done_trials"]) == ("completed", 24)
    assert len(document["trials"]) == 24
    assert document["trust"]["trials"] == 24
    assert {one["key"] for one in document["trust"]["lines"]} >= {"luck", "deflated_sharpe"}
    assert len(document["walk_forward"]["steps"]) == 3
    again = json.loads(run(*STUDY, "--seed", "4", "--json").stdout)
    assert again["trials"] == document["trials"]
    study_id = document["study_id"]
    listed = json.loads(run("optimize", "list", "slow", "--json").stdout)
    assert [one["study_id"] for one in listed] == [study_id]
    assert json.loads(run("optimize", "show", study_id, "--json").stdout) == document
    shown = run("optimize", "show", study_id)
    for text in ("Trust: ", "suggested", "Importance: ", "Luck of the search"):
        assert text in shown.stdout
    trials = home / "trials.csv"
    assert run("optimize", "export", study_id, str(trials)).stdout.strip() == str(trials)
    assert len(trials.read_text("utf-8").splitlines()) == 25
    refused = run("optimize", "export", study_id, str(trials))
    assert (refused.returncode, "say --force" in refused.stderr) == (1, True)
    assert run("optimize", "export", study_id, str(trials), "--force").returncode == 0
    applied = json.loads(run("optimize", "apply", study_id, "--json").stdout)
    assert applied["parameters"] == document["suggested"]["params"]
    undone = run("optimize", "apply", study_id, "--undo")
    assert "is gone again" in undone.stdout
    grown = json.loads(run("optimize", "resume", study_id, "--more", "6", "--json").stdout)
    assert grown["trials"][:24] == document["trials"]
    assert len(grown["trials"]) == 30
    assert run("optimize", "delete", study_id).returncode == 0
    assert run("optimize", "show", study_id).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--space", "short_window=5"), 2, "write NAME=int:LOW:HIGH"),
        (("--out-of-sample", "soon"), 2, "no share"),
        (("--metric", "sharp"), 1, "no metric 'sharp'"),
        (("--space", "short=int:5:9"), 1, "not a parameter"),
        (("--space", "short_window=int:5:9", "--space", "short_window=int:5:9"), 2, "twice"),
        (("--constraint", "short_window >"), 1, "cannot be read"),
        (("--id", "x"), 2, "Give one of"),
    ],
)
def test_wrong_use_is_told_in_one_line(
    run: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = run("optimize", "run", "--strategy", "SMA_CROSSOVER", "--symbols", "SPX", *arguments)
    assert done.returncode == code
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_how_ranges_and_objectives_are_written() -> None:
    found = parse_space([
        "a=int:1:9", "b=float:0.1:1:log", "c=cat:1|x|true", "d=float:0:1:0.5@c=x|true",
    ])  # fmt: skip
    assert found == {
        "a": ParameterRange("int", 1, 9),
        "b": ParameterRange("float", 0.1, 1, log=True),
        "c": ParameterRange("cat", choices=(1, "x", True)),
        "d": ParameterRange("float", 0, 1, 0.5, when=("c", ("x", True))),
    }
    first, second = parse_objectives(["max_drawdown:min", "cagr - abs(max_drawdown)"])
    assert (first.rule, first.direction) == ("max_drawdown", "minimize")
    assert (second.rule, second.direction) == ("cagr - abs(max_drawdown)", "maximize")
    assert parse_split("none") is None
    assert parse_split("0.25") == 0.25
    for wrong in ("a=list:1", "a=int:1", "=int:1:2", "a=cat:1@b", "a=int:x:2"):
        with pytest.raises(typer.BadParameter):
            parse_space([wrong])
