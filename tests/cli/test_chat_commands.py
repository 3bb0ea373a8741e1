"""``quant-tui chat``: asking, conversations and endpoints, against a scripted server."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat_server import ChatServer, calls, chat_server, delta, silence, status, text

from .conftest import Run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chat") / "home"


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


def local(server: ChatServer) -> tuple[str, ...]:
    """Return options that ask the scripted server."""
    return (
        "--set", f"chat.base_url={server.url}", "--set", "chat.model=m", "--set", "chat.key=none",
    )  # fmt: skip


def test_asking_and_looking_after_conversations(
    run: Run, server: ChatServer, home: Path, tmp_path: Path
) -> None:
    made = run("chat", "endpoint", "local", "--url", server.url, "--model", "m", "--use", "--test")
    assert made.returncode == 0, made.stderr
    assert "It answered in" in made.stdout
    server.asked.clear()
    server.replies = [text("안녕 ", "trader, 99.9 %")]
    first = run("chat", "ask", "first\x1b[31m question")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "안녕 trader, 99.9 %\n"
    assert "Not from any result of the program: 99.9 %" in first.stderr
    assert "tools" not in server.asked[-1], "off unless asked for"
    key = first.stderr.split()[-1]
    second = run("chat", "ask", "second", "--session", key, "--tools", "--model", "other", "--json")
    answer = json.loads(second.stdout)
    assert (answer["session_id"], answer["model"], answer["status"]) == (key, "other", "done")
    assert [one["role"] for one in server.asked[-1]["messages"]].count("user") == 2
    assert server.asked[-1]["tools"]
    server.replies = [status(401)]
    refused = run("chat", "ask", "third", "--session", key)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "refused the key (401)" in refused.stderr
    shown = json.loads(run("chat", "show", key, "--json").stdout)
    assert [one["status"] for one in shown["messages"]][-2:] == ["done", "failed"]
    assert shown["tokens"] == {"input": 20, "output": 10}
    out = tmp_path / "talk.md"
    assert run("chat", "export", key, str(out)).returncode == 0
    again = run("chat", "export", key, str(out))
    assert (again.returncode, "say --force" in again.stderr) == (1, True)
    assert run("chat", "export", key, str(out), "--force").returncode == 0
    assert "안녕 trader, 99.9 %[?]" in out.read_text(encoding="utf-8")
    assert out.stat().st_mode & 0o777 == 0o600
    assert run("chat", "delete", key).returncode == 0
    before = run("chat", "list").stdout
    assert key not in before
    assert "Write a question" in run("chat", "ask", " ").stderr
    for wrong in ("/compare first second", "/nonsense"):
        assert run("chat", "ask", wrong).returncode == 1
    assert run("chat", "list").stdout == before, "what cannot be asked begins no conversation"


def test_a_command_is_answered_in_lines_and_without_escapes(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = run("chat", "ask", "/").stdout
    assert "`/backtest STRATEGY SYMBOLS" in everything
    monkeypatch.setattr(sys, "stdin", None)  # as `<&-` leaves it
    closed = run("chat", "ask", "-")
    assert (closed.returncode, closed.stderr) == (1, "quant-tui: text: Write a question first.\n")
    asked = run("chat", "ask", "/rules fama")
    assert "fama(x: series, fast_limit: number = 0.5, slow_limit: number = 0.05)" in asked.stdout


def test_what_nobody_is_there_to_decide_waits(run: Run, server: ChatServer) -> None:
    wanted = [
        ("create_strategy", {"text": f"name: {name}\nentry: close < 1\nexit: close > 2\n"})
        for name in ("Dip", "Peak", "Low")
    ]
    server.replies = [calls(*wanted)]
    asked = run(*local(server), "chat", "ask", "make it", "--tools", "--json")
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    key = answer["session_id"]
    assert f"chat decide {key} --approve" in asked.stderr
    assert [one["state"] for one in answer["tool_calls"]] == ["pending"] * 3
    unsaid = run("chat", "decide", key)
    assert (unsaid.returncode, unsaid.stdout) == (0, ""), "it is shown, and that is all"
    assert "+ name: Dip" in unsaid.stderr
    assert "--approve, or --reject" in unsaid.stderr
    done = run("chat", "decide", key, "--approve")
    assert done.returncode == 0, done.stderr
    assert "✓ Done: Create strategy Dip." in done.stderr
    assert "it waits: Create strategy Peak; Create strategy Low." in done.stderr
    assert [one["name"] for one in json.loads(run("strategy", "list", "--json").stdout)] == ["Dip"]
    run("chat", "tool", "permit", "create_strategy", "never")
    undone = run(*local(server), "chat", "decide", key, "--approve")
    assert (undone.returncode, undone.stdout) == (1, ""), undone.stderr
    assert "✗ Not done: Create strategy Peak." in undone.stderr
    server.replies = [status(401)]
    left = run(*local(server), "chat", "decide", key, "--reject")
    assert left.returncode == 0, "what was decided stands, whatever is said of it"
    assert "Left as it was: Create strategy Low." in left.stderr
    assert "No answer followed" in left.stderr
    assert "Nothing waits" in run("chat", "decide", key, "--reject").stderr


def test_ctrl_c_stops_and_keeps(run: Run, server: ChatServer, home: Path) -> None:
    server.replies = [silence(delta(content="half an answer"))]
    process = subprocess.Popen(
        [sys.executable, "-m", "quant_tui", "--home", str(home), "chat", "ask", "go on"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.read(len("half an answer")) == b"half an answer"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    message = json.loads(run("chat", "show", "go on", "--json").stdout)["messages"][-1]
    assert (message["status"], message["content"]) == ("stopped", "half an answer")


def test_endpoints_are_set_listed_and_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-PLANTED-0123456789\n"))
    done = run(
        "chat", "endpoint", "desk", "--url", "https://llm.example/v1/", "--model", "big",
        "--window", "8192", "--price-input", "2.5", "--cutoff", "2025-06", "--tools", "json",
        "--ask-key", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (found["name"], found["key"], found["price_input"]) == (
        "desk", "chat_desk_api_key", 2.5,
    )  # fmt: skip
    assert (found["base_url"], found["used"]) == ("https://llm.example/v1", False)
    assert "PLANTED" not in done.stdout + done.stderr
    listed = json.loads(run("chat", "endpoint", "--json").stdout)["endpoints"]
    names = [one["name"] for one in listed]
    assert names[0] == "default"
    assert "desk" in names
    for wrong in (
        ("Two Words", "--model", "m"), ("new", "--use"), ("new", "--url", "http://x"),
    ):  # fmt: skip
        refused = run("chat", "endpoint", *wrong)
        assert refused.returncode == 1, wrong
        assert refused.stderr.count("\n") == 1
    assert run("chat", "endpoint", "--model", "m").returncode == 2


def test_an_endpoint_that_fails_is_not_used_and_can_be_removed(run: Run, home: Path) -> None:
    def listed() -> dict[str, bool]:
        found = json.loads(run("chat", "endpoint", "--json").stdout)["endpoints"]
        return {one["name"]: one["used"] for one in found}

    before = listed()
    dead = ("--url", "http://127.0.0.1:1/v1", "--model", "m")
    assert run("chat", "endpoint", "bad", *dead, "--use", "--test").returncode == 1
    assert listed() == {**before, "bad": False}
    run("chat", "endpoint", "bad", "--use")
    assert "bad" not in run("chat", "endpoint", "bad", "--remove").stdout
    assert listed() == {**dict.fromkeys(before, False), "default": True}
    assert "bad" not in (home / "config.toml").read_text(encoding="utf-8")
    for wrong in ("bad", "default"):
        assert run("chat", "endpoint", wrong, "--remove").returncode == 1
