"""The editor: from an empty text to a saved, previewed and restored strategy."""

from __future__ import annotations

from rich.cells import cell_len

from quant_tui.services.composition import Services

from .test_pictures import SIZES, Look, look  # noqa: F401 -- the fixture

RULES = """\
name: 추세 추종
# 종가가 평균 위에 있을 때
params:
  window: {int: [5, 200], default: 50, description: bars of the average}
let:
  trend: sma(close, window)
entry: close > trend and rsi(close, 14) < 70
exit: close < trend
"""
WRONG = RULES.replace("sma(", "smma(")


async def written(services: Services) -> None:
    """Keep a strategy with three versions, and a wrong text as its draft."""
    first = await services.strategies.save_text(RULES, {})
    second = await services.strategies.save_text(RULES.replace("70", "60"), {}, first)
    await services.strategies.restore_version(second.id, 1)


@SIZES
def test_empty(look: Look, size) -> None:  # noqa: F811 -- the fixture
    assert look(size, "3", "W", until="ctrl+space offers")


@SIZES
def test_rules(look: Look, size) -> None:  # noqa: F811 -- the fixture
    keys = ("3", "w", *["down"] * 6, "end", "left", "left", "left", "left", "left", "left", "left")
    assert look(size, *keys, prepare=written, until="✓ right")


@SIZES
def test_offers_and_mistake(look: Look, size) -> None:  # noqa: F811 -- the fixture
    keys = ("3", "w", *["down"] * 6, "end", "space", "o", "r", "space", "s", "t", "o")
    assert look(size, *keys, prepare=written, until="✗")


@SIZES
def test_versions(look: Look, size) -> None:  # noqa: F811 -- the fixture
    turns = ["ctrl+g"] * (3 if size[0] < 100 else 2)
    assert look(size, "3", "w", *turns, "down", prepare=written, until="Version 2")


def test_parameters_narrow(look: Look) -> None:  # noqa: F811 -- the fixture
    assert look((80, 24), "3", "w", "ctrl+g", "ctrl+g", prepare=written, until="5 – 200")


def test_rules_on_a_large_terminal(look: Look) -> None:  # noqa: F811 -- the fixture
    keys = ("3", "w", "ctrl+g", "ctrl+g")
    assert look((200, 60), *keys, prepare=written, until="no costs")


def test_preview_narrow(look: Look) -> None:  # noqa: F811 -- the fixture
    assert look((80, 24), "3", "w", *["ctrl+g"] * 4, prepare=written, until="no costs")


async def test_a_strategy_from_an_empty_text(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "W")
        editor = driver.front("editor")
        await driver.until(lambda: editor.code.has_focus)
        assert "How a strategy is written" in driver.text
        await driver.type("name: q3 /dn?")
        await driver.press("enter")
        await driver.type("en")
        assert editor.code.text == "name: q3 /dn?\nen", "letters type"
        assert editor.offers.display
        await driver.press("tab")
        await driver.type("close > sma(close, 20)")
        await driver.press("enter")
        await driver.type("exit: close < smma(close, 20)")
        await driver.until(lambda: "✗ 3:15" in driver.text)
        assert "did you mean sma?" in driver.text
        await driver.press("ctrl+s")
        assert await driver.services.strategies.list() == []
        assert editor.code.cursor_location == (2, 14)
        await driver.press("right", "delete")
        await driver.until(lambda: editor.look.document is not None)
        await driver.press("ctrl+s")
        await driver.until(lambda: "version 1" in driver.text)
        (kept,) = await driver.services.strategies.list()
        assert kept.name == "q3 /dn?"
        assert kept.source == editor.code.text
        assert editor.unsaved == ""
        await driver.press("ctrl+r")
        assert driver.app.stack.front == "backtests"


async def test_what_is_missing_is_named_and_a_key_indented_too_far_explained(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "W")
        editor = driver.front("editor")
        await driver.until(lambda: editor.code.has_focus)
        editor.code.load_text("name: Mine\n")
        await driver.until(lambda: "✗ entry is missing" in driver.text)
        editor.code.load_text(
            "name: Mine\nparams:\n  w: {int: [5, 50], default: 20}\n  entry: close > 5\n"
        )
        await driver.until(lambda: "✗ 4:3" in driver.text)
        assert "as a rule begins at the left" in driver.text


async def test_versions_search_undo_and_symbol(open_app) -> None:
    async with open_app((120, 36), before=written) as driver:
        await driver.press("3", "v")
        editor = driver.front("editor")
        await driver.until(lambda: "[Versions]" in driver.text)
        assert "restored version 1" in driver.text
        await driver.press("c")
        assert "Mark two versions with space" in driver.text
        await driver.press("space", "space", "c")
        await driver.until(lambda: "From version 2 to version 3" in driver.text)
        assert "-entry: close > trend" in driver.text
        await driver.press("escape")
        assert driver.app.stack.front == "strategies", "back to where one came from"

        await driver.press("w", "ctrl+f")
        for key in "RSI":
            await driver.pilot.press(key)
        assert editor.code.selected_text == "rsi"
        await driver.press("escape", *["ctrl+g"] * 3, "down", "b")
        await driver.until(lambda: "Version 2 restored" in driver.text)
        assert "< 60" in editor.code.text
        assert editor.unsaved == ""
        await driver.press("escape", "ctrl+z")
        assert editor.code.text == RULES, "undo goes behind the restored version"
        assert editor.unsaved

        await driver.press("ctrl+t")
        await driver.type("SPX")
        await driver.press("enter")
        await driver.until(lambda: "SPX · 504 bars" in driver.text)

        kept = driver.services.settings.locations.drafts.glob
        await driver.until(lambda: list(kept(f"*/{editor.strategy.id}.json")))
        await driver.press("escape")
        await driver.until(lambda: driver.app.stack.front == "strategies")
        await driver.services.strategies.create("Other", "BUY_AND_HOLD")
        await editor.jump("new")
        assert editor.code.text == ""
        await editor.jump((await driver.services.strategies.list("추세"))[0].id)
        assert editor.code.text == RULES, "what was not saved is back"
        driver.app.go_to("editor")
        await driver.settle()
        head = driver.text.splitlines()[1]
        await driver.pilot.click("#editor-head", offset=(cell_len(head[: head.index("Param")]), 0))
        await driver.until(lambda: "[Parameters]" in driver.text)
