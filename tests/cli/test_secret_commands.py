"""``quant-tui secret``: values in by terminal or pipe alone, and never out again."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Run

KEY = "PLANTED-9f8e7d6c5b4a"
PASSPHRASE = "correct horse battery"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch):
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_key_comes_by_pipe_and_is_shown_by_its_end(run: Run, pipe, home: Path) -> None:
    pipe(f"{KEY}\n")
    done = run("secret", "set", "alpha-vantage-api-key", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["source"], found["last_four"]) == ("keyring", "5b4a")
    listed = json.loads(run("secret", "list", "--json").stdout)
    assert listed["place"] == "keyring"
    assert [one["source"] for one in listed["secrets"]] == ["keyring", "", ""]
    table = run("secret", "list").stdout
    assert "…5b4a" in table
    assert KEY not in table + done.stdout + done.stderr
    assert json.loads(run("secret", "remove", "ALPHA_VANTAGE_API_KEY", "--json").stdout) == {
        "removed": "alpha_vantage_api_key"
    }
    gone = run("secret", "remove", "alpha_vantage_api_key")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert "is not set" in gone.stderr


def test_a_value_as_an_argument_is_refused_and_not_repeated(run: Run, home: Path) -> None:
    for arguments in (("set", "openai_api_key", KEY), ("set", KEY), ("remove", KEY)):
        done = run("secret", *arguments)
        assert done.returncode == 2
        assert KEY not in done.stderr
    near = run("secret", "set", "openai_key")
    assert "Did you mean openai_api_key?" in " ".join(near.stderr.split())


def test_an_empty_value_is_refused(run: Run, pipe) -> None:
    pipe("\n")
    done = run("secret", "set", "openai_api_key")
    assert done.returncode == 1
    assert "cannot be empty" in done.stderr


def test_without_a_keyring_the_passphrase_comes_from_the_environment(
    run: Run, pipe, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    pipe(f"{KEY}\n")
    locked = run("secret", "set", "openai_api_key")
    assert locked.returncode == 1
    assert "QUANT_TUI_PASSPHRASE" in locked.stderr
    monkeypatch.setenv("QUANT_TUI_PASSPHRASE", PASSPHRASE)
    pipe(f"{KEY}\n")
    done = run("secret", "set", "openai_api_key")
    assert done.returncode == 0, done.stderr
    pipe(f"{PASSPHRASE}\nanother one entirely\n")
    assert run("secret", "passphrase").returncode == 0
    wrong = run("secret", "remove", "openai_api_key")
    assert wrong.returncode == 1
    assert "QUANT_TUI_PASSPHRASE cannot be used: The passphrase is wrong." in wrong.stderr
    monkeypatch.setenv("QUANT_TUI_PASSPHRASE", "another one entirely")
    assert run("secret", "remove", "openai_api_key").returncode == 0
    everything = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    for planted in (KEY, PASSPHRASE, "another one entirely"):
        assert planted.encode() not in everything


def test_at_a_terminal_nothing_typed_is_echoed(home: Path) -> None:
    """A real terminal: the passphrase is asked for twice, and neither it nor the key is shown."""
    parent, child = pty.openpty()
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    process = subprocess.Popen(
        [sys.executable, "-m", "quant_tui", "--home", str(home),
         "secret", "set", "openai_api_key"],
        stdin=child, stdout=child, stderr=child, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(child)
    seen = b""
    answers = [(b"API key: ", KEY), (b"passphrase: ", PASSPHRASE), (b"again: ", PASSPHRASE)]
    try:
        while True:
            try:
                chunk = os.read(parent, 1024)
            except OSError:  # the other side has closed
                break
            if not chunk:
                break
            seen += chunk
            if answers and seen.endswith(answers[0][0]):
                os.write(parent, answers.pop(0)[1].encode() + b"\n")
    finally:
        process.wait(30)
        os.close(parent)
    assert process.returncode == 0, seen
    assert "✓ Language model API key is kept".encode() in seen
    assert KEY.encode() not in seen
    assert PASSPHRASE.encode() not in seen
