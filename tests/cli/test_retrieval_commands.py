"""``chat find`` and ``chat index`` as a shell sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home of this file's own."""
    return tmp_path_factory.mktemp("retrieval") / "home"


def test_what_was_made_is_found_and_indexed(run: Run) -> None:
    made = run("strategy", "create", "--type", "RSI_MEAN_REVERSION", "--name", "저점 매수")
    assert made.returncode == 0
    (found,) = json.loads(run("chat", "find", "과매도에서 사는 전략", "--json").stdout)
    assert (found["kind"], found["title"]) == ("strategy", "저점 매수")
    assert set(found) == {"document_id", "kind", "object_id", "title", "excerpt", "score"}
    state = json.loads(run("chat", "index", "--json").stdout)
    assert (state["ok"], state["objects"]) == (True, {"strategy": 1})
