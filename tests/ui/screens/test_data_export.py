"""Exporting bars from the list of symbols."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq


async def test_marked_symbols_are_exported(open_app, tmp_path: Path) -> None:
    target = tmp_path / "two.parquet"
    async with open_app((120, 36)) as driver:
        await driver.press("0")
        for symbol in ("LOOM.SYN", "SPX"):
            driver.front("data").table.move_to(f"{symbol} 1d")
            await driver.press("space")
        await driver.press("x")
        await driver.until(lambda: "Export bars" in driver.text)
        await driver.press("home", "ctrl+k")
        await driver.type(str(target))
        await driver.press("down", "down")
        await driver.type("2018-12-32")
        await driver.press("ctrl+s")
        assert "as 2015-01-31" in driver.text
        await driver.press("backspace", "backspace", "1", "7", "ctrl+s")
        await driver.until(target.exists)
        await driver.until(lambda: "bars in" in driver.text)
    table = pq.read_table(target)
    assert sorted(set(table["symbol"].to_pylist())) == ["LOOM.SYN", "SPX"]
    assert min(table["date"].to_pylist()).isoformat() == "2018-12-17"


async def test_an_existing_file_is_asked_about(open_app, tmp_path: Path) -> None:
    target = tmp_path / "mine.parquet"
    target.write_text("mine")
    async with open_app((80, 24)) as driver:
        await driver.press("0", "x")
        await driver.until(lambda: "Export bars" in driver.text)
        await driver.press("home", "ctrl+k")
        await driver.type(str(target))
        await driver.press("ctrl+s")
        await driver.until(lambda: "Write over mine.parquet?" in driver.text)
        await driver.press("n")
        await driver.until(lambda: len(driver.app.screen_stack) == 1)
        assert target.read_text() == "mine"
        await driver.press("x", "home", "ctrl+k")
        await driver.type(str(target))
        await driver.press("ctrl+s")
        await driver.until(lambda: "Write over mine.parquet?" in driver.text)
        await driver.press("y")
        await driver.until(lambda: "bars in" in driver.text)
    assert pq.read_table(target).num_rows
