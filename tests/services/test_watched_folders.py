"""Files that come into a folder are imported once, whole, and bad ones are left alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.providers.folders import needs_polling, read_options
from quant_tui.services import watched_folders
from quant_tui.services.composition import Services
from quant_tui.services.watched_folders import WatchedFile

GOOD = "Date,Open,High,Low,Close,Volume\n2024-01-02,10,11,9,10.5,100\n2024-01-03,10,11,9,10,90\n"
BAD = "Date,Open,High,Low,Close\n2024-01-02,10,11,9,-1\n"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_folders, "SETTLE_SECONDS", 0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "가격"
    made.mkdir()
    return made


async def symbols(services: Services) -> dict[str, int]:
    return {one.symbol: one.rows for one in await services.market_data.symbols()}


async def test_new_and_changed_files_are_imported_and_bad_ones_named_once(
    services: Services, folder: Path
) -> None:
    (folder / "GOOG.csv").write_text(GOOD)
    (folder / "bad.csv").write_text(BAD)
    (folder / ".hidden.csv").write_text(GOOD)
    (folder / "notes.md").write_text("no")
    look = services.watched_folders.look
    found = await look(folder)
    assert [one.path.name for one in found.files] == ["GOOG.csv", "bad.csv"]
    assert "row 2" in found.files[1].problem
    assert await symbols(services) == {"GOOG": 2}
    again = await look(folder)
    assert (again.files, again.known) == ((), 2)

    (folder / "bad.csv").write_text(GOOD)
    (folder / "GOOG.csv").write_text(GOOD + "2024-01-04,10,11,9,10,80\n")
    found = await look(folder)
    assert [one.problem for one in found.files] == ["", ""]
    assert await symbols(services) == {"GOOG": 3, "BAD": 2}


async def test_a_file_that_is_still_written_waits(
    services: Services, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "GOOG.csv"
    path.write_text(GOOD[: len(GOOD) // 2])
    (folder / "empty.csv").touch()
    waited = asyncio.sleep

    async def grows(seconds: float) -> None:
        with path.open("a") as file:
            file.write(GOOD[len(GOOD) // 2 :])
        await waited(seconds)

    monkeypatch.setattr(watched_folders.asyncio, "sleep", grows)
    found = await services.watched_folders.look(folder)
    assert found.files == ()
    assert {one.name for one in found.unsettled} == {"GOOG.csv", "empty.csv"}
    monkeypatch.setattr(watched_folders.asyncio, "sleep", waited)
    path.write_text(GOOD)
    found = await services.watched_folders.look(folder)
    assert [one.path.name for one in found.files] == ["GOOG.csv"]
    assert await symbols(services) == {"GOOG": 2}


async def test_the_folder_says_how_its_files_are_read(services: Services, folder: Path) -> None:
    (folder / ".quant-tui.toml").write_text(
        'source = "거래소"\ndate_format = "dmy"\nadjustment = "splits"\n'
        '[mapping]\nclose = "Last"\n',
        encoding="utf-8",
    )
    (folder / "삼성.csv").write_text("Date,Last\n03/02/2024,10\n04/02/2024,11\n", encoding="utf-8")
    found = await services.watched_folders.look(folder)
    assert [one.problem for one in found.files] == [""]
    (one,) = await services.market_data.symbols()
    assert (one.source, one.adjustment, str(one.first)) == ("거래소", "splits", "2024-02-03")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("decimal = 1", "decimal"),
        ("colour = 'red'", "colour"),
        ("symbol = 'a,b'", "not a symbol"),
        ("x = ", "Invalid value"),
    ],
)
async def test_a_mistake_in_the_options_is_named(
    services: Services, folder: Path, text: str, says: str
) -> None:
    (folder / ".quant-tui.toml").write_text(text)
    (folder / "GOOG.csv").write_text(GOOD)
    with pytest.raises(InvalidInput, match=says):
        await services.watched_folders.look(folder)
    assert await symbols(services) == {}


async def test_a_folder_that_is_not_there_is_named(services: Services, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere cannot be watched"):
        await services.watched_folders.look(tmp_path / "nowhere")


async def test_watching_imports_what_comes(services: Services, folder: Path) -> None:
    heard: asyncio.Queue[WatchedFile] = asyncio.Queue()
    services.watched_folders.subscribe(heard.put_nowait)
    (folder / "FIRST.csv").write_text(GOOD)
    task = asyncio.create_task(services.watched_folders.watch(folder))
    try:
        assert (await asyncio.wait_for(heard.get(), 60)).path.name == "FIRST.csv"
        draft = folder / ".draft"
        draft.write_text(GOOD)
        os.replace(draft, folder / "SECOND.csv")  # noqa: PTH105 -- as other programs do it
        assert (await asyncio.wait_for(heard.get(), 60)).path.name == "SECOND.csv"
        (folder / "FIRST.csv").write_text(BAD)
        told = await asyncio.wait_for(heard.get(), 60)
        assert (told.path.name, told.report) == ("FIRST.csv", None)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await symbols(services) == {"FIRST": 2, "SECOND": 2}


def test_network_file_systems_are_looked_at_again_and_again(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path}/far\\040away nfs4 rw 0 0\n"
        f"//nas/x {tmp_path}/nas cifs rw 0 0\n"
    )
    polled: Callable[[str], bool] = lambda name: needs_polling(tmp_path / name, mounts)  # noqa: E731
    assert [polled(one) for one in ("far away/sub", "nas", "nasty", "")] == [
        *(True, True, False, False)
    ]
    assert not needs_polling(tmp_path, tmp_path / "absent")
    assert read_options(tmp_path).source == "file"
