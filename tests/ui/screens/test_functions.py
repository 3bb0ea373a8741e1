"""The reference of the rule language, over any screen."""

from __future__ import annotations

from textual.widgets import Input

from quant_tui.ui.modals.functions import FunctionReference

from .test_pictures import SIZES, Look, look  # noqa: F401 -- the fixture


@SIZES
def test_reference(look: Look, size) -> None:  # noqa: F811 -- the fixture
    assert look(size, "3", "F")


@SIZES
def test_reference_searched(look: Look, size) -> None:  # noqa: F811 -- the fixture
    assert look(size, "3", "F", *"stoch", "down")


async def test_typing_searches_names_and_what_they_do(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "F")
        assert "Rule language: functions" in driver.text
        assert "First price of the bar." in driver.text
        await driver.press("slash")
        await driver.type("aroon")
        assert driver.app.screen.query_one(Input).value == "aroon"
        assert "aroon_down(window: bars = 14)" in driver.text
        await driver.press("down")
        assert "aroon_oscillator(window: bars = 14)" in driver.text
        await driver.press("enter")
        assert driver.app.clipboard == "aroon_oscillator(window: bars = 14)"
        await driver.type("xyz")
        assert "Nothing matches the filter" in driver.text
        assert "aroon_oscillator(" not in driver.text
        await driver.press("escape")
        assert "First price of the bar." in driver.text
        await driver.press("escape")
        assert "Rule language" not in driver.text


async def test_a_whole_name_is_under_the_cursor(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "F")
        await driver.type("rsi")
        assert "mfi " in driver.text, "its help says RSI, and it stands above"
        await driver.press("enter")
        assert driver.app.clipboard.startswith("rsi(")


async def test_the_palette_opens_it_from_anywhere(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("1", "ctrl+p")
        await driver.type("rule lang")
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, FunctionReference))


async def test_the_keys_of_the_strategies_name_it(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "question_mark")
        await driver.type("rule language")
        assert "What the rule language can call" in driver.text
