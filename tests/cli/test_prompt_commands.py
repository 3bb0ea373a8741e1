"""``chat prompts``, ``chat generate`` and ``chat generated``: from a prompt to a strategy."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from quant_tui.genai.client import ChatClient
from quant_tui.genai.endpoint import Completion, Piece, TextPiece

from .conftest import Run

RULES = """\
name: RSI 되돌림
params: {window: {int: [2, 50], default: 14}}
entry: "rsi(close, window) < 35"
exit: "rsi(close, window) > 55"
"""


@pytest.fixture
def home(tmp_path: Path, sample_duckdb: Path) -> Path:
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True, mode=0o700)
    shutil.copy(sample_duckdb, home / "data" / sample_duckdb.name)
    return home


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have every endpoint answer with Python first, then with rules; return what was asked."""
    answers = iter(["```python\nimport os\n```", f"좋아요.\n```yaml\n{RULES}```"])
    asked: list[str] = []

    async def stream(
        _self: object, _endpoint: object, messages: list[dict[str, str]], _tools: object = ()
    ) -> AsyncGenerator[Piece, None]:
        asked.append(messages[-1]["content"])
        for part in next(answers).splitlines(keepends=True):
            yield TextPiece(part)
        yield Completion()

    monkeypatch.setattr(ChatClient, "stream", stream)
    return asked


def test_from_a_prompt_of_ones_own_to_a_strategy(run: Run, asked: list[str]) -> None:
    made = run(
        "chat", "prompts", "create", "--name", "Dips", "--text", "{symbol}: {days}일 하락 후 매수",
        "--variable", "days=integer,default=3,low=1,high=10", "--tags", "idea", "--json",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["variables"]["days"]["high"] == 10
    wrong = run("chat", "prompts", "fill", "dips", "--value", "symbol=SPX", "--value", "days=11")
    assert wrong.returncode == 1
    assert "days: '11' is not in its range" in wrong.stderr

    written = run(
        "--set", "chat.model=tiny", "--set", "chat.base_url=http://127.0.0.1:9/v1",
        "--set", "chat.key=none",
        "chat", "generate", "--prompt", "dips", "-v", "symbol=SPX", "--symbols", "SPX",
        "--start", "2015-01-01", "--json",
    )  # fmt: skip
    assert written.returncode == 0, written.stderr
    found = json.loads(written.stdout)
    assert (found["status"], found["model_used"], len(found["rounds"])) == ("checked", "tiny", 2)
    assert asked[0] == "SPX: 3일 하락 후 매수"
    assert "never run" in asked[1]

    approved = run("chat", "generated", "approve", found["id"], "--name", "Dip", "--json")
    assert approved.returncode == 0, approved.stderr
    assert json.loads(approved.stdout)["backtest_id"]
    assert "approved" in run("chat", "generated", "list").stdout
    changed = run(
        "chat", "prompts", "change", "dips", "--text", "{days}일 하락", "--variable",
        "days=integer,default=5,low=", "--json",
    )  # fmt: skip
    assert json.loads(changed.stdout)["variables"] == {
        "days": {"type": "integer", "default": 5, "high": 10.0}
    }, changed.stderr
    told = run("chat", "prompts", "show", "dips")
    assert "{days}일 하락 후 매수" in told.stdout, "as it was"
    assert "--version 1" in told.stderr


def test_tools_are_decided_about(run: Run) -> None:
    assert run("chat", "tool", "permit", "news", "never").returncode == 0
    found = {one["name"]: one for one in json.loads(run("chat", "tool", "list", "--json").stdout)}
    assert (found["news"]["permission"], found["run_backtest"]["does"]) == ("never", "cost")
