"""Data: the list, the import of a good and of a bad file, sample data, completion."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from quant_tui.ui.screens.data_import import import_form
from quant_tui.ui.screens.data_import.paths import matches

GOOD = (
    "일자,시가,고가,저가,종가,거래량\n"
    '2024-01-02,"78,200","79,800","78,200","79,600","17,142,847"\n'
    '2024-01-03,"78,500","78,800","77,000","77,000","21,753,644"\n'
)
BAD = "Date,Open,High,Low,Close\n2024-01-02,10,9,8,9.5\n2024-01-03,10,11,9,-1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    (made / "sub").mkdir(parents=True)
    (made / "삼성전자.csv").write_text(GOOD, encoding="utf-8")
    (made / "bad.csv").write_text(BAD, encoding="utf-8")
    (made / "notes.docx").write_text("no", encoding="utf-8")
    (made / ".hidden.csv").write_text(GOOD, encoding="utf-8")
    return made


def test_completion_offers_folders_then_readable_files(folder: Path) -> None:
    assert matches(f"{folder}/") == [
        f"{folder}/sub/",
        f"{folder}/bad.csv",
        f"{folder}/삼성전자.csv",
    ]
    assert matches(f"{folder}/삼") == [f"{folder}/삼성전자.csv"]
    assert matches(f"{folder}/B") == [f"{folder}/bad.csv"]
    assert matches(f"{folder}/.h") == [f"{folder}/.hidden.csv"]
    assert matches(f"{folder}/nothing/x") == []


async def test_a_korean_file_is_recognised_shown_and_imported(open_app, folder: Path) -> None:
    async with open_app((120, 36), stocked=False) as driver:
        await driver.press("0")
        assert "No market data yet" in driver.text
        await driver.press("n")
        await driver.type(f"{folder}/삼")
        await driver.until(lambda: "삼성전자.csv" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: "First rows" in driver.text)
        assert "‹ 종가 ›" in driver.text
        await driver.press("ctrl+s")
        await driver.until(lambda: "✓ Imported" in driver.text)
        await driver.press("escape")
        (symbol,) = await driver.services.market_data.symbols()
        assert (symbol.symbol, symbol.rows) == ("삼성전자", 2)
        assert "삼성전자" in driver.text


async def test_a_bad_file_names_its_rows_and_leads_back_to_the_form(open_app, folder: Path) -> None:
    async with open_app((120, 36), stocked=False) as driver:
        await driver.press("0", "n")
        await driver.type(f"{folder}/bad.csv")
        await driver.until(lambda: "First rows" in driver.text)
        assert "row 2, Open" in driver.text
        await driver.press("ctrl+s")
        await driver.until(lambda: "Import failed" in driver.text)
        assert "row 3, Close" in driver.text
        assert "The store is as it was." in driver.text
        assert await driver.services.market_data.symbols() == []
        await driver.press("escape")
        assert "Import a file" in driver.text


async def test_a_mapping_can_be_changed(open_app, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("when,px\n2024-01-02,10\n2024-01-03,11\n", encoding="utf-8")
    async with open_app((120, 36), stocked=False) as driver:
        await driver.press("0", "n")
        await driver.type(str(path))
        await driver.until(lambda: "no column was recognised" in driver.text)
        await driver.press("ctrl+s")
        assert "choose the column" in driver.text
        form = driver.front("data")._form.form
        form.field("map.date").value = "when"
        form.field("map.close").value = "px"
        await driver.until(lambda: "no column was recognised" not in driver.text)
        await driver.press("ctrl+s")
        await driver.until(lambda: "✓ Imported" in driver.text)


async def test_the_sample_data_come_with_one_key(open_app) -> None:
    async with open_app((120, 36), stocked=False) as driver:
        await driver.press("0", "a")
        await driver.until(lambda: "VESSL.SYN" in driver.text, 30)
        assert "synthetic" in driver.text


async def test_symbols_are_handed_to_a_backtest(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "0", "space", "space", "b")
        await driver.until(lambda: "New backtest" in driver.text)
        assert "ASHBY.SYN, BYEOL.SYN" in driver.text


async def test_a_symbol_that_came_from_a_file_name_goes_with_that_file(
    open_app, folder: Path
) -> None:
    (folder / "둘.csv").write_text(GOOD, encoding="utf-8")
    async with open_app((120, 36), stocked=False) as driver:
        await driver.press("0", "n")
        form = driver.front("data").query_one("#import").form
        await driver.type(f"{folder}/bad.csv")
        await driver.until(lambda: form.field("symbol").value == "BAD")
        form.field("path").value = f"{folder}/둘.csv"
        await driver.until(lambda: form.field("symbol").value == "둘")
        form.field("symbol").value = "MINE"
        form.field("path").value = f"{folder}/삼성전자.csv"
        await driver.settle()
        await driver.until(lambda: "17,142,847" in driver.text)
        assert form.field("symbol").value == "MINE"
        form.field("symbol").value = ""
        await driver.settle()
        form.field("path").value = f"{folder}/삼성전자.csv"
        await driver.press("ctrl+s")
        await driver.until(lambda: "✓ Imported" in driver.text)
        (symbol,) = await driver.services.market_data.symbols()
        assert symbol.symbol == "삼성전자"


async def test_a_form_that_is_left_while_it_looks_into_a_file_tells_nothing(
    open_app, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    removals = []

    async def leave() -> None:
        removals.append(form.remove())

    def is_file(text: str) -> bool:
        if threading.current_thread() is not threading.main_thread() and not removals:
            asyncio.run_coroutine_threadsafe(leave(), loop).result()
        return True

    async with open_app((120, 36), stocked=False) as driver:
        await driver.press("0", "n")
        form = driver.front("data").query_one("#import")
        monkeypatch.setattr(import_form, "_is_file", is_file)
        form.form.field("path").value = f"{folder}/bad.csv"
        await driver.until(lambda: bool(removals))
        await removals[0]
        await driver.settle()


async def test_a_file_that_cannot_be_read_is_not_blamed_on_the_next(open_app, folder: Path) -> None:
    (folder / "empty.csv").write_text("", encoding="utf-8")
    async with open_app((80, 24), stocked=False) as driver:
        await driver.press("0", "n")
        form = driver.front("data").query_one("#import").form
        await driver.type(f"{folder}/empty.csv")
        await driver.until(lambda: "is empty" in driver.text)
        assert "✗ unreadable" in driver.text
        await driver.press("ctrl+s")
        assert "Import a file" in driver.text
        form.field("path").value = f"{folder}/삼성전자.csv"
        await driver.until(lambda: "First rows" in driver.text)
        assert "✗ unreadable" not in driver.text
        await driver.press("ctrl+s")
        await driver.until(lambda: "✓ Imported" in driver.text)
