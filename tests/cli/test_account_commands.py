"""The account from the command line: one cause a line, and no password where it may be read."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.accounts import PASSWORD
from tests.cli.conftest import Run

NEW = "another battery staple"

Say = Callable[..., None]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mongo_uri: str) -> Path:
    """Return a home at a shared store that is empty."""
    monkeypatch.setenv("QUANT_TUI_MONGODB_URI", mongo_uri)
    monkeypatch.setenv("QUANT_TUI_MONGODB_DATABASE", f"test_{uuid.uuid4().hex[:12]}")
    return tmp_path / "home"


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Give lines on stdin to the next command."""

    def given(*lines: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return given


def test_a_shared_store_asks_in_one_line(run: Run, say: Say) -> None:
    say()
    for command in (["data", "list"], ["strategy", "list", "--json"], ["backtest", "list"],
                    ["account", "show"], ["account", "code"]):  # fmt: skip
        done = run(*command)
        assert done.returncode == 1, command
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert "account sign-in" in done.stderr
    assert run("doctor").returncode in (0, 1)


def test_signing_up_staying_signed_in_and_out(run: Run, say: Say, home: Path) -> None:
    say(PASSWORD)
    made = run("account", "sign-up", "김민준", "--email", "Kim@example.org", "--json")
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)
    assert (found["username"], found["email"]) == ("김민준", "kim@example.org")
    assert not found["is_verified"]
    assert [one["here"] for one in found["sessions"]] == [True]
    say()
    created = run("strategy", "create", "--type", "BUY_AND_HOLD", "--name", "of kim", "--json")
    assert created.returncode == 0, created.stderr
    assert run("account", "sign-out").returncode == 0
    assert run("strategy", "list").returncode == 1
    say("not the password")
    wrong = run("account", "sign-in", "kim@example.org")
    assert wrong.returncode == 1
    assert "do not belong together" in wrong.stderr
    say(PASSWORD)
    assert run("account", "sign-in", "KIM@example.org").returncode == 0
    say()
    assert "of kim" in run("strategy", "list").stdout
    log = (home / "logs" / "quant-tui.log").read_text("utf-8")
    assert PASSWORD not in log


def test_a_sign_in_that_cannot_be_kept_says_what_to_do(
    run: Run, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    say(PASSWORD)
    made = run("account", "sign-up", "kim", "--email", "kim@example.org")
    assert made.returncode == 0
    assert "Made the account kim" in made.stdout
    assert "need a passphrase" in made.stderr
    say(PASSWORD)
    done = run("account", "sign-in", "kim")
    assert (done.returncode, done.stdout) == (1, "")
    assert "set QUANT_TUI_PASSPHRASE" in done.stderr
    assert "QUANT_TUI_ACCOUNT=kim" in done.stderr

    monkeypatch.setenv("QUANT_TUI_PASSPHRASE", "correct horse")
    say(PASSWORD)
    assert run("account", "sign-in", "kim").returncode == 0
    say()
    assert run("strategy", "list").returncode == 0
    monkeypatch.setenv("QUANT_TUI_PASSPHRASE", "another horse")
    wrong = run("strategy", "list")
    assert wrong.returncode == 1
    assert "QUANT_TUI_PASSPHRASE cannot be used" in wrong.stderr
    monkeypatch.delenv("QUANT_TUI_PASSPHRASE")
    locked = run("strategy", "list")
    assert locked.returncode == 1
    assert "need a passphrase" in locked.stderr


def test_one_command_as_another_account(
    run: Run, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("kim", "lee"):
        say(PASSWORD)
        assert run("account", "sign-up", name, "--email", f"{name}@x.org").returncode == 0
        say()
        assert run(
            "strategy", "create", "--type", "BUY_AND_HOLD", "--name", f"of {name}"
        ).returncode == 0  # fmt: skip
    monkeypatch.setenv("QUANT_TUI_ACCOUNT", "kim")
    say(PASSWORD)
    listed = run("strategy", "list").stdout
    assert "of kim" in listed
    assert "of lee" not in listed
    say("not the password")
    assert run("strategy", "list").returncode == 1
    say()
    empty = run("strategy", "list")
    assert empty.returncode == 1
    assert "nothing to read" in empty.stderr
    monkeypatch.delenv("QUANT_TUI_ACCOUNT")
    assert "of lee" in run("strategy", "list").stdout, "the kept session is left alone"


def test_the_password_changes_and_too_many_tries_lock(run: Run, say: Say) -> None:
    say(PASSWORD)
    run("account", "sign-up", "kim", "--email", "kim@x.org")
    say(PASSWORD, "short")
    short = run("account", "password")
    assert short.returncode == 1
    assert "At least 8" in short.stderr
    say(PASSWORD, NEW)
    changed = run("account", "password")
    assert changed.returncode == 0, changed.stderr
    run("account", "sign-out")
    for _ in range(5):
        say(PASSWORD)
        assert run("account", "sign-in", "kim").returncode == 1
    say(NEW)
    locked = run("account", "sign-in", "kim")
    assert locked.returncode == 1
    assert "Too many" in locked.stderr


def test_names_change_and_the_account_closes(run: Run, say: Say) -> None:
    say(PASSWORD)
    run("account", "sign-up", "kim", "--email", "kim@x.org")
    say()
    assert "lee@x.org" in run("account", "change", "--name", "lee", "--email", "lee@x.org").stdout
    shown = json.loads(run("account", "show", "--json").stdout)
    assert shown["username"] == "lee"
    assert "password" not in {key for key in shown if key != "has_password"}
    asked = run("account", "deactivate")
    assert asked.returncode == 130
    say("not the password")
    assert run("account", "deactivate", "--yes").returncode == 1
    say(PASSWORD)
    closed = run("account", "deactivate", "--yes", "--json")
    assert json.loads(closed.stdout) == {"username": "lee", "is_active": False}
    say(PASSWORD)
    assert run("account", "sign-in", "lee").returncode == 1


def test_a_code_is_not_shown_at_a_shared_store(run: Run, say: Say) -> None:
    say(PASSWORD)
    run("account", "sign-up", "kim", "--email", "kim@x.org")
    refused = run("account", "code")
    assert refused.returncode == 1
    assert "[smtp]" in refused.stderr


def test_no_option_takes_a_password(run: Run) -> None:
    for command in ("sign-up", "sign-in", "password", "deactivate", "change"):
        assert "--password" not in run("account", command, "--help").stdout
