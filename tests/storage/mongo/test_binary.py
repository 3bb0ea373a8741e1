"""Which server program is taken, and why one is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.mongo import binary
from quant_tui.storage.mongo.binary import ServerBinary, resolve


def program(folder: Path, body: str, name: str = "mongod") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return path


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "_WHEELS", ())


def test_the_wheels_own_comes_first(tmp_path: Path) -> None:
    found = resolve(data_dir=tmp_path)
    assert found.kind == "mongod"
    assert "fiftyone" in str(found.path)


def test_what_wrote_the_data_comes_before_it(tmp_path: Path) -> None:
    mine = program(tmp_path, "echo 'db version v7.0.1'")
    assert resolve(recorded=ServerBinary("mongod", mine, "7.0.1")).path == mine


def test_then_the_one_on_path(
    tmp_path: Path, no_wheel: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = program(tmp_path, "echo 'db version v8.0.4'")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert resolve() == ServerBinary("mongod", mine, "8.0.4")


@pytest.mark.parametrize(
    "body",
    [
        "echo 'error while loading shared libraries: libcurl.so.4: no such file' >&2; exit 127",
        "exit 1",
        "echo hello",
        "kill -ILL $$",
        "echo 'db version v4.4.29'",
    ],
)
def test_one_that_does_not_run_is_passed_over(
    tmp_path: Path, no_wheel: None, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    program(tmp_path, body)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert resolve().kind == "secantusdb"


def test_without_any_it_says_what_is_missing(
    tmp_path: Path, no_wheel: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "echo 'error while loading shared libraries: libcurl.so.4: no' >&2; exit 127")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binary, "find_spec", lambda _: None)
    with pytest.raises(StoreUnavailable, match=r"libcurl\.so\.4 is missing") as refused:
        resolve()
    assert "libcurl4" in refused.value.hint


def test_a_configured_one_that_does_not_run_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="does not run"):
        resolve(explicit=tmp_path / "absent")


def test_older_than_the_data_is_refused() -> None:
    gone = ServerBinary("mongod", Path("/nowhere/mongod"), "9.0.0")
    with pytest.raises(StoreUnavailable, match=r"written by mongod 9\.0\.0"):
        resolve(recorded=gone)


def test_data_of_one_kind_are_not_hidden_by_another(
    no_wheel: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreUnavailable, match="which secantusdb cannot read"):
        resolve(recorded=ServerBinary("mongod", Path("/nowhere/mongod"), "6.0.5"))
    assert resolve(recorded=ServerBinary("secantusdb", Path("/x"), "0.1")).kind == "secantusdb"
