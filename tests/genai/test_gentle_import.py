"""Importing in the background."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path

import pytest

from quant_tui.genai import gentle_import
from quant_tui.genai.gentle_import import GentleImport


def test_it_rests_until_it_is_hurried_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"gently_{name}.py").write_text(f"HERE = {name!r}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(gentle_import, "REST_SECONDS", 3600.0)
    ended = threading.Event()

    def work() -> None:
        try:
            importlib.import_module("gently_one")
            importlib.import_module("gently_missing")
        finally:
            ended.set()

    gentle = GentleImport(work)
    assert not gentle.ended
    gentle.begin()
    gentle.begin()
    importlib.import_module("gently_two")  # others do not rest
    assert not ended.is_set()
    gentle.hurry()
    assert ended.wait(60)
    assert gentle._thread is not None
    gentle._thread.join(60)
    assert gentle.ended
    assert "gently_one" in sys.modules
    for name in ("one", "two"):
        del sys.modules[f"gently_{name}"]
