"""``strategy versions | restore | export | import``: there and back, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run

RULES = """\
# kept to the letter
name: 이동평균
params: {window: {int: [5, 50], default: 20}}
entry: close > sma(close, window)
exit: close < sma(close, window)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text(RULES, encoding="utf-8")
    return file


def _import(run: Run, file: Path) -> str:
    done = run("strategy", "import", str(file), "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["id"])


def test_a_file_comes_back_to_the_letter_and_is_never_replaced_unasked(
    run: Run, file: Path, tmp_path: Path
) -> None:
    made, out = _import(run, file), tmp_path / "out.yaml"
    done = run("strategy", "export", made, str(out))
    assert done.returncode == 0, done.stderr
    assert out.read_text(encoding="utf-8") == RULES
    out.write_text("mine", encoding="utf-8")
    refused = run("strategy", "export", made, str(out))
    assert refused.returncode != 0
    assert "--force" in refused.stderr
    assert out.read_text(encoding="utf-8") == "mine"
    for option in ("--overwrite", "--force"):
        assert run("strategy", "export", made, str(out), option).returncode == 0
    assert out.read_text(encoding="utf-8") == RULES


def test_exported_parameters_are_the_defaults_of_what_is_imported(run: Run, tmp_path: Path) -> None:
    made = json.loads(
        run(
            "strategy", "create", "--type", "SMA_CROSSOVER", "--name", "교차",
            "--param", "short_window=7", "--json",
        ).stdout
    )  # fmt: skip
    out = tmp_path / "cross.yaml"
    assert run("strategy", "export", made["id"], str(out)).returncode == 0
    assert run("strategy", "check", str(out)).returncode == 0
    again = json.loads(run("strategy", "import", str(out), "--json").stdout)
    assert (again["name"], again["parameters"]) == ("교차", made["parameters"])
    assert again["parameters"]["short_window"] == 7
    edited = run(
        "strategy", "edit", made["id"], "--tags", "추세, index", "--notes", "weak", "--json"
    )
    assert json.loads(edited.stdout)["tags"] == ["추세", "index"]
    assert json.loads(edited.stdout)["parameters"] == made["parameters"]
    assert run("strategy", "archive", made["id"]).returncode == 0
    found = run("strategy", "list", "weak", "--archived", "--tag", "INDEX", "--json")
    assert [one["id"] for one in json.loads(found.stdout)] == [made["id"]]
    assert made["id"] not in run("strategy", "list").stdout


def test_versions_are_listed_and_a_restored_one_adds_nothing_when_nothing_changed(
    run: Run, file: Path
) -> None:
    made = _import(run, file)
    done = run("strategy", "restore", made, "1")
    assert done.returncode == 0, done.stderr
    (only,) = json.loads(run("strategy", "versions", made, "--json").stdout)
    assert (only["number"], only["reason"], only["backtests"]) == (1, "created", [])
    assert "user_id" not in only
    named = json.loads(run("strategy", "show", made, "--json").stdout)["name"]
    assert "window=20" in run("strategy", "versions", named).stdout
    assert "are the same" in run("strategy", "versions", made, "--diff", "1", "1").stdout


def test_a_version_that_is_not_there_is_named(run: Run, file: Path) -> None:
    made = _import(run, file)
    for arguments in (("restore", made, "9"), ("versions", made, "--diff", "1", "9")):
        done = run("strategy", *arguments)
        assert done.returncode != 0
        assert "no version 9" in done.stderr
        assert "Traceback" not in done.stderr
