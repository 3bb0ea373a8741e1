"""The demo's throw-away home: gone after, and those of killed demos gone with the next."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from quant_tui.cli import launch


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def homes(folder: Path) -> set[str]:
    return {one.name for one in folder.glob(f"{launch.DEMO_PREFIX}*")}


def test_it_is_private_and_gone_after(temporary: Path) -> None:
    with launch._throw_away_home() as home:
        assert home.stat().st_mode & 0o777 == 0o700
        (home / "data" / "deep").mkdir(parents=True)
        (home / "config.toml").write_text("")
        assert homes(temporary) == {home.name}
    assert homes(temporary) == set()


def test_it_is_gone_after_an_error_too(temporary: Path) -> None:
    with pytest.raises(ZeroDivisionError), launch._throw_away_home():
        raise ZeroDivisionError
    assert homes(temporary) == set()


def test_two_demos_leave_each_other_alone(temporary: Path) -> None:
    with launch._throw_away_home() as first:
        with launch._throw_away_home() as second:
            assert homes(temporary) == {first.name, second.name}
        assert homes(temporary) == {first.name}


def test_homes_of_killed_demos_are_removed(temporary: Path) -> None:
    script = (
        "import os, signal, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from quant_tui.cli import launch\n"
        "with launch._throw_away_home(): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(temporary)], check=False)
    assert len(homes(temporary)) == 1
    cut_off = temporary / f"{launch.DEMO_PREFIX}cut"
    cut_off.mkdir()
    os.utime(cut_off, (0, 0))
    being_made = temporary / f"{launch.DEMO_PREFIX}new"
    being_made.mkdir()
    with launch._throw_away_home() as home:
        assert homes(temporary) == {home.name, being_made.name}
