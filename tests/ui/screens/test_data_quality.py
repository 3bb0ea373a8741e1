"""Data quality on the screen: checking, looking closer, fixing, undoing; its pictures."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from quant_tui.config.settings import Settings
from quant_tui.services.composition import Services
from quant_tui.services.quality_findings import CHECKS
from quant_tui.services.trading_calendars import TradingCalendars
from quant_tui.storage.duck.records import ImportBatch
from quant_tui.ui.screens.data_quality.fix_dialog import FixDialog

from .conftest import Driver
from .test_pictures import Act, Look, look

__all__ = ["look"]

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)
pytestmark = pytest.mark.usefixtures("few_calendars")

AFTER_THE_SAMPLE = datetime(2019, 1, 1, 23, 0, tzinfo=UTC)
"""When the sample's last session is the last one due."""


@pytest.fixture(autouse=True)
def _at_hand(
    settings: Settings, worked_out_calendars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calendars that are worked out, and a day on which little is overdue."""
    settings.locations.create()
    shutil.copytree(worked_out_calendars, settings.locations.calendars)
    for module in ("data_quality", "freshness"):
        monkeypatch.setattr(f"quant_tui.services.{module}.utc_now", lambda: AFTER_THE_SAMPLE)


async def quarrel(services: Services) -> None:
    """Add a Korean symbol on which two sources disagree, and that was split."""
    days = TradingCalendars(services.settings.locations.calendars).sessions("XKRX").days
    days = days[(days >= np.datetime64("2017-01-02")) & (days <= np.datetime64("2018-12-28"))]
    close = 50_000 + 900 * np.sin(np.arange(len(days)) / 9) + np.arange(len(days)) * 7.0
    close[300:] /= 50
    frame = {
        "symbol": ["삼성전자"] * len(days),
        "date": days,
        "open": close,
        "high": close * 1.01,
        "low": close * 0.99,
        "close": close,
        "volume": np.full(len(days), 2e5),
    }
    bars = services.stores.bars
    bars.upsert(pa.table(frame), ImportBatch("거래소"))
    other = {name: values[100:103] for name, values in frame.items()}
    other["close"] = other["close"] * 1.004
    bars.upsert(pa.table(other), ImportBatch("vendor"))


async def test_a_finding_is_looked_at_fixed_and_undone(open_app) -> None:
    async with open_app((120, 36), before=quarrel) as driver:
        await driver.press("0", "T")
        await driver.until(lambda: "findings" in driver.text)
        assert "✗ unadjusted split" in driver.text
        await driver.until(lambda: "50:1 split" in driver.text)
        await driver.until(lambda: "before" in driver.text)
        await driver.press("e")
        await driver.until(lambda: "adjust for the split" in driver.text)
        await driver.press("down")
        await driver.type("50:1 in May")
        await driver.press("ctrl+s")
        await driver.until(lambda: "adjusted for a split" in driver.text)
        await driver.until(lambda: "unadjusted split" not in driver.text)
        table = driver.services.stores.bars.load(["삼성전자"])
        assert table.close[0, 0] == pytest.approx(1000.0)
        (fix,) = await driver.services.data_quality.fixes()
        assert (fix.made_by, fix.reason, fix.bars) == ("kim", "50:1 in May", 300)

        await driver.press("u")
        await driver.until(lambda: "✗ unadjusted split" in driver.text)
        assert driver.services.stores.bars.load(["삼성전자"]).close[0, 0] == 50_000
        await driver.press("v")
        await driver.until(lambda: "undone" in driver.text)
        await driver.press("escape", "escape")
        assert "Adjusted for" in driver.text  # the list of symbols


async def test_marked_symbols_are_checked_and_marked_findings_fixed_together(open_app) -> None:
    async with open_app((120, 36), before=quarrel) as driver:
        await driver.press("0")
        view = driver.front("data")
        for symbol in ("LOOM.SYN", "MOSSY.SYN"):
            view.table.move_to(f"{symbol} 1d")
            await driver.press("space")
        await driver.press("t")
        await driver.until(lambda: "2 symbols" in driver.text)
        quality = view._quality
        await driver.press("space", "space", "e")
        await driver.until(lambda: "2 findings" in driver.text)
        await driver.press("ctrl+s")
        await driver.until(lambda: "Nothing is wrong" in driver.text)
        assert [one.kind for one in await driver.services.data_quality.fixes()] == ["closure"] * 2
        await driver.press("v")
        await driver.until(lambda: "in force" in driver.text)
        await driver.press("d")
        await driver.until(lambda: "Undo the fix of" in driver.text)
        await driver.press("y")
        await driver.until(lambda: len(quality._findings) == 1)


async def test_how_many_bars_there_are_follows_a_fix(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("0", "t")  # the first symbol: one spike
        await driver.until(lambda: "2,264 bars · 1 finding" in driver.text)
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.screen, FixDialog))
        await driver.press("ctrl+s")
        await driver.until(lambda: "2,263 bars" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "2,264 bars" in driver.text)


async def test_findings_of_several_kinds_are_not_fixed_at_once(open_app) -> None:
    async with open_app((120, 36), before=quarrel) as driver:
        await driver.press("0", "T")
        await driver.until(lambda: "findings" in driver.text)
        await driver.press("space", "space", "e")
        await driver.until(lambda: "Mark findings of one kind" in driver.text)
        assert await driver.services.data_quality.fixes() == []


async def test_the_exchange_of_a_symbol_is_set_and_remembered(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("0")
        driver.front("data").table.move_to("LOOM.SYN 1d")
        await driver.press("t")
        await driver.until(lambda: "missing sessions" in driver.text)
        await driver.press("w")
        await driver.until(lambda: "Where LOOM.SYN trades" in driver.text)
        await driver.press("home", "ctrl+k")
        await driver.type("XKRX")
        await driver.press("enter")
        await driver.until(lambda: "trades by XKRX" in driver.text)
        await driver.until(lambda: "you chose it" in driver.text)
        held = driver.services.stores.symbol_calendars.of_symbols(["LOOM.SYN"])
        assert held == {"LOOM.SYN": ("XKRX", "chosen")}


async def test_a_check_of_an_unknown_exchange_changes_nothing(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("0")
        driver.front("data").table.move_to("LOOM.SYN 1d")
        await driver.press("t")
        await driver.until(lambda: "missing sessions" in driver.text)
        await driver.press("w")
        await driver.press("home", "ctrl+k")
        await driver.type("MARS")
        await driver.press("enter")
        await driver.until(lambda: "no calendar 'MARS'" in driver.text)


async def test_the_palette_checks_everything(open_app) -> None:
    async with open_app((80, 24)) as driver:
        driver.app.go_to("data", target="quality")
        await driver.until(lambda: "findings" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: "What can be done" in driver.text)
        await driver.press("escape")
        assert "What can be done" not in driver.text


# ----------------------------------------------------------------------------- pictures


@pytest.fixture
def here(settings: Settings, sample_duckdb: Path) -> Settings:
    """Settings of this test's home, with the sample bars."""
    shutil.copy(sample_duckdb, settings.locations.duckdb_file)
    return settings


async def quarrelling(services: Services) -> None:
    await services.sample_data.load_bars()
    await quarrel(services)


def in_data(*keys: str, at: str = "") -> Act:
    """Press keys in the list of bars, each after the job that the one before began."""

    async def act(driver: Driver) -> None:
        await driver.press("0")
        if at:
            driver.front("data").table.move_to(f"{at} 1d")
        for key in keys:
            await driver.press(key)
            await driver.until(lambda: not driver.app.job_watch.active)
            await driver.settle()

    return act


@SIZES
def test_findings(look: Look, here: Settings, size: tuple[int, int]) -> None:
    act = in_data("T")
    assert look(size, prepare=quarrelling, act=act, until="findings", settings=here)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=["80x24", "200x60"])
def test_a_finding_with_two_sources(look: Look, here: Settings, size: tuple[int, int]) -> None:
    act = in_data("T", "down", "enter")
    assert look(size, prepare=quarrelling, act=act, until="vendor", settings=here)


def test_how_a_finding_can_be_fixed(look: Look, here: Settings) -> None:
    act = in_data("T", "e")
    until = "adjust for the split"
    assert look((120, 36), prepare=quarrelling, act=act, until=until, settings=here)


async def known(services: Services) -> None:
    """Mark what two symbols lack as known closures, and take one of the marks back."""
    await services.sample_data.load_bars()
    service = services.data_quality
    report = await service.start_check(["LOOM.SYN", "MOSSY.SYN"]).wait()
    made = [
        await service.fix(one, "closure", made_by="김민수", reason="휴장일")
        for one in report.findings
        if "closure" in CHECKS[one.check].fixes
    ]
    await service.undo(made[0].id, undone_by="kim")


def test_the_fixes_that_were_made(look: Look, here: Settings) -> None:
    act = in_data("T", "v")
    assert look((200, 60), prepare=known, act=act, until="known closure", settings=here)


@SIZES
def test_nothing_is_wrong(look: Look, here: Settings, size: tuple[int, int]) -> None:
    act = in_data("t", at="SPX")
    assert look(size, prepare=quarrelling, act=act, until="Nothing is wrong", settings=here)
