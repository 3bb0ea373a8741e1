"""A restore or a backup that is killed leaves the old or the new, never half of one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from quant_tui.services.composition import Services
from quant_tui.services.home_swap import SwapFolders
from tests.services.backup_home import at, back_up, files_under, fill

RUNNER = """
import pkgutil, sys, time
from pathlib import Path
home, flag, place, *command = sys.argv[1:]
module, _, name = place.rpartition(".")
owner = pkgutil.resolve_name(module)
original = getattr(owner, name)
def stuck(*arguments, **options):
    Path(flag).touch()
    time.sleep(600)
def after(*arguments, **options):
    original(*arguments, **options)
    stuck()
setattr(owner, name, after if flag.endswith("after") else stuck)
from quant_tui.cli.main import run
sys.exit(run(["--home", home, "--set", "mongodb.linger_seconds=0", *command]))
"""


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("filled")
    target = tmp_path_factory.mktemp("backups") / "all.backup.zip"

    async def whole() -> None:
        await fill(home)
        await back_up(home, target)

    asyncio.run(whole())
    return target


def kill_at(
    home: Path,
    place: str,
    *command: str,
    after: bool = False,
    eventually: Callable[..., None],
) -> None:
    """Start a command and kill it, with kill -9, at one place of it."""
    flag = home.parent / ("after" if after else "before")
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(home), str(flag), place, *command],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stderr=subprocess.PIPE,
    )
    try:
        eventually(lambda: flag.exists() or process.poll() is not None, 60)
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


async def _names(services: Services) -> tuple[list[str], int]:
    lists = await services.stores.metadata.collection("watchlists").find().to_list()
    bars = await asyncio.to_thread(services.stores.bars.summaries)
    return [one["name"] for one in lists], sum(one.rows for one in bars)


OLD = ([], 0)


@pytest.mark.parametrize(
    ("place", "after", "renewed"),
    [
        ("quant_tui.services.restore.tables.load_tables", False, False),
        ("quant_tui.services.restore.documents.finish_schema", False, False),
        ("pathlib.Path.touch", True, False),  # the note is there, nothing was renamed
        ("quant_tui.services.home_swap._move_own_files", False, True),
        ("quant_tui.services.home_swap._place_settings", False, True),
        ("quant_tui.services.home_swap._place_settings", True, True),
    ],
)
async def test_a_killed_restore_leaves_the_old_or_the_new(
    backup: Path,
    tmp_path: Path,
    place: str,
    after: bool,
    renewed: bool,
    eventually: Callable[..., None],
) -> None:
    home = tmp_path / "home"
    assert await at(home, _names) == OLD
    command = ("restore", str(backup), "--replace")
    await asyncio.to_thread(
        lambda: kill_at(home, place, *command, after=after, eventually=eventually)
    )
    lists, bars = await at(home, _names)
    assert (lists, bars > 0) == ((["관심 종목"], True) if renewed else ([], False))
    left = SwapFolders(home / "data")
    assert not [one for one in (left.staging, left.aside, left.note) if one.exists()]
    assert ("themes/나의 테마.yaml" in files_under(home)) is renewed


async def test_a_killed_backup_leaves_no_backup_and_the_next_one_cleans_up(
    tmp_path: Path, eventually: Callable[..., None]
) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    await at(home, _names)
    await asyncio.to_thread(
        lambda: kill_at(
            home, "quant_tui.services.backup.verified", "backup", str(out / "b.zip"),
            eventually=eventually,
        )
    )  # fmt: skip
    assert [name for name in files_under(out) if not name.startswith(".")] == []
    await back_up(home, out / "b.zip")
    assert list(files_under(out)) == ["b.zip"]
