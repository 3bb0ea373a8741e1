"""A text goes to the user's own editor and back."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.ui.screens.editor.outside_editor import edit_outside


def editor(folder: Path, script: str) -> str:
    """Write a program that edits the file it is given."""
    program = folder / "my editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return f"'{program}' --wait"


@pytest.fixture(autouse=True)
def _no_editor_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)


def test_what_the_editor_wrote_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    script = f'stat -c %a "$2" > {seen}; cat "$2" >> {seen}; printf "exit: 매도\\n" >> "$2"'
    monkeypatch.setenv("EDITOR", editor(tmp_path, script))
    folder = tmp_path / "drafts"
    assert edit_outside("name: 추세\n", folder) == "name: 추세\nexit: 매도\n"
    assert seen.read_text() == "600\nname: 추세\n"
    assert list(folder.iterdir()) == []
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("script", "message"), [("exit 3", "ended with code 3"), (r'printf "\377" > "$2"', "cannot")]
)
def test_what_an_editor_does_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    monkeypatch.setenv("EDITOR", editor(tmp_path, script))
    with pytest.raises(InvalidInput, match=message):
        edit_outside("name: x\n", tmp_path / "drafts")
    assert list((tmp_path / "drafts").iterdir()) == []


def test_an_editor_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "no-such-editor")
    with pytest.raises(InvalidInput, match="no-such-editor") as caught:
        edit_outside("", tmp_path)
    assert "Set EDITOR" in caught.value.hint
