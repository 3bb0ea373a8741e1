"""Machine code that several processes keep in one folder, and what is found there after."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quant_tui.engine.compiled import Loop
from quant_tui.engine.kept_code import KeptCode

SOURCE = """
from quant_tui.engine.compiled import compiled

@compiled
def total(values):
    found = {start}
    for place in range(values.shape[0]):
        found += values[place]
    return found
"""
DENSE, SPARSE = np.arange(10.0), np.arange(20.0)[::2]

Started = Callable[[], Loop]
"""The loop as a process that has just started has it."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "sums.py"
    file.write_text(SOURCE.format(start=0.0))
    return file


@pytest.fixture
def started(file: Path) -> Started:
    def started() -> Loop:
        spec = importlib.util.spec_from_file_location("sums", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.total

    return started


def kept(file: Path) -> list[Path]:
    return sorted((file.parent / "__pycache__").glob("sums.total_*"))


def hits(loop: Loop) -> int:
    return sum(loop.compiled.stats.cache_hits.values())


def test_each_signature_is_found_by_the_next_process(file: Path, started: Started) -> None:
    first, second = started(), started()
    assert (first(DENSE), second(SPARSE)) == (45.0, 90.0)
    assert len(kept(file)) == 2
    third = started()
    assert (third(DENSE), third(SPARSE), hits(third)) == (45.0, 90.0, 2)


def test_two_that_keep_at_once_take_nothing_from_each_other(tmp_path: Path) -> None:
    """Whatever the order in which two processes look, write and are done."""
    made = [KeptCode(tmp_path, "loop", b"now") for _ in range(2)]
    assert [one.load(key) for one in made for key in ("dense", "sparse")] == [None] * 4
    for one, key in zip(made, ("dense", "sparse"), strict=True):
        one.save(key, f"code for {key}")
    later = KeptCode(tmp_path, "loop", b"now")
    assert (later.load("dense"), later.load("sparse")) == ("code for dense", "code for sparse")
    assert KeptCode(tmp_path, "loop", b"other source").load("dense") is None


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 2],
                                    lambda data: data[:-1] + b"?"])  # fmt: skip
def test_what_is_damaged_is_compiled_anew(
    file: Path, started: Started, damage: Callable[[bytes], bytes]
) -> None:
    started()(DENSE)
    (path,) = kept(file)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    again = started()
    assert (again(DENSE), hits(again)) == (45.0, 0)
    assert len(path.read_bytes()) == len(whole)
    last = started()
    assert (last(DENSE), hits(last)) == (45.0, 1)


def test_code_of_another_source_is_replaced(file: Path, started: Started) -> None:
    started()(DENSE)
    file.write_text(SOURCE.format(start=1000.0))
    assert started()(DENSE) == 1045.0
    assert len(kept(file)) == 1
    assert started()(DENSE) == 1045.0


def test_where_nothing_can_be_written_it_is_compiled_each_time(
    file: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as without:
        without.setattr("os.replace", full)
        assert started()(DENSE) == 45.0
    assert kept(file) == []
    (file.parent / "__pycache__").mkdir(exist_ok=True)
    monkeypatch.setattr("tempfile.TemporaryFile", full)  # how numba looks whether it may write
    assert started()(DENSE) == 45.0
    assert kept(file) == []
