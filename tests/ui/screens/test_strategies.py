"""Strategies: making, checking, changing, deleting, taking back."""

from __future__ import annotations

from quant_tui.services.strategy_rules import check_text
from quant_tui.ui.screens.strategies.backtests_ahead import (
    SHOWN_BACKTESTS,
    BacktestsAhead,
    BacktestsOf,
)
from quant_tui.ui.screens.strategies.rules_text import constraints, expression, range_of, rules

from .conftest import hold_first_list


async def test_an_empty_list_offers_the_key_that_fills_it(open_app) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("3")
        assert "No strategies yet" in driver.text
        assert "New strategy from a template" in driver.text


async def test_a_parameter_out_of_bounds_is_said_beside_it_and_not_kept(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "n", "enter", "tab", "tab", "home", "ctrl+k")
        await driver.type("60")
        assert "✗ short_window must be" in driver.text
        await driver.press("ctrl+s")
        assert await driver.services.strategies.list() == []
        await driver.press("home", "ctrl+k")
        await driver.type("10")
        assert "✗" not in driver.text.replace("MongoDB ✗", "")
        await driver.press("ctrl+s")
        (kept,) = await driver.services.strategies.list()
        assert kept.parameters == {"short_window": 10, "long_window": 50}


async def test_a_name_that_is_too_long_is_said_beside_it(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "n", "enter")
        field = driver.front("strategies").query_one("#strategy-form Input")
        field.value = "가" * 201
        await driver.press("ctrl+s")
        assert "✗ The name is longer" in driver.text
        assert await driver.services.strategies.list() == []


async def test_a_korean_name_is_kept_and_lines_up(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "n", "enter", "home", "ctrl+k")
        await driver.type("골든크로스 전략")
        await driver.press("ctrl+s")
        (kept,) = await driver.services.strategies.list()
        assert kept.name == "골든크로스 전략"
        await driver.press("n", "enter", "ctrl+s")
        from rich.cells import cell_len

        lines = [line for line in driver.text.splitlines() if "SMA_CROSSOVER  " in line]
        places = {cell_len(line[: line.index("SMA_CROSSOVER")]) for line in lines}
        assert len(lines) == 2
        assert len(places) == 1


async def test_a_deleted_strategy_comes_back_with_undo(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "d")
        assert "Delete “SMA crossover”?" in driver.text
        await driver.press("y")
        await driver.until(lambda: "u undoes" in driver.text)
        assert await driver.services.strategies.list() == []
        driver.app.go_to("strategies", target="0" * 24)  # as a citation of it would
        await driver.until(lambda: "not there any more" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "Undone" in driver.text)
        assert [one.name for one in await driver.services.strategies.list()] == ["SMA crossover"]


async def test_a_changed_form_is_not_left_without_asking(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("3", "n", "enter")
        await driver.type("x")
        assert driver.front("strategies").unsaved == "The strategy's form"
        await driver.press("escape")
        assert "Leave without saving?" in driver.text
        await driver.press("y")
        await driver.until(lambda: "from which template?" in driver.text)
        await driver.press("escape")
        assert driver.front("strategies").unsaved == ""


async def test_editing_keeps_the_strategy_and_changes_it(open_app) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "e", "home", "ctrl+k")
        await driver.type("Slow cross")
        await driver.press("ctrl+s")
        assert "Slow cross" in driver.text
        assert [one.name for one in await driver.services.strategies.list()] == ["Slow cross"]


async def test_on_a_narrow_terminal_enter_goes_in_and_escape_out(open_app) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("3", "n", "enter", "ctrl+s")
        await driver.until(lambda: "Rules" not in driver.text)
        await driver.press("enter")
        assert "Rules" in driver.text
        await driver.press("escape")
        assert "Rules" not in driver.text


def test_expressions_keep_their_text() -> None:
    text = "cross_above(sma(close, short), 1.5e3) and not x[<0] 한글"
    assert expression(text, {"short"}, {"close"}).plain == text


def test_rules_and_constraints_are_written_one_a_line() -> None:
    document = {
        "name": "n",
        "params": {"a": {"type": "int"}},
        "constraints": [{"rule": "a < 3", "message": "m"}],
        "let": {"fast": "sma(close, a)"},
        "entry": "close > fast",
        "stops": {"loss": 0.1},
    }
    lines = [line.plain for line in rules(document, 60)]
    assert lines == ["fast   sma(close, a)", "entry  close > fast", "stops  loss 0.1"]
    assert [line.plain for line in constraints(document)] == ["must hold  a < 3"]


def test_ranges_say_bounds_and_choices() -> None:
    from quant_tui.engine.rules import ParameterSpec

    assert range_of(ParameterSpec("a", "int", 5, 1, 9, 2)) == "1 – 9, step 2"
    assert range_of(ParameterSpec("a", "bool", True)) == "true · false"


async def test_on_a_narrow_terminal_the_templates_have_the_keys_at_the_first_visit(
    open_app,
) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("4", "n")
        await driver.until(lambda: "from which template?" in driver.text)
        await driver.settle()
        await driver.press("j", "enter")
        assert "EMA_CROSSOVER" in driver.text
        assert "short_window" in driver.text

        # back to the list and on to the templates before anything is drawn
        front = driver.front("strategies")
        await driver.press("escape")
        await driver.until(lambda: front.pages.form is None)
        front.action_back()
        front.action_new()
        await driver.settle()
        await driver.press("j", "enter")
        await driver.until(lambda: front.pages.form is not None)


async def test_what_another_instance_made_is_there_when_one_comes_back(
    open_app, monkeypatch
) -> None:
    monkeypatch.setattr("quant_tui.ui.screens.strategies.workspace.FRESH_SECONDS", 0.0)
    async with open_app((120, 36)) as driver:
        await driver.press("3", "1")
        await driver.services.strategies.create("from the other one", "BUY_AND_HOLD")
        await driver.press("3")
        await driver.until(lambda: "from the other one" in driver.text)


async def test_every_strategy_is_listed_however_many_there_are(open_app, monkeypatch) -> None:
    monkeypatch.setattr("quant_tui.ui.screens.strategies.listing.PAGE", 3)

    async def seven(services) -> None:
        for number in range(7):
            await services.strategies.create(f"number {number}", "BUY_AND_HOLD")

    async with open_app((120, 36), before=seven) as driver:
        await driver.press("3")
        assert len(driver.front("strategies").table.model) == 7


async def test_the_detail_is_of_the_row_under_the_cursor_however_fast_the_keys(open_app) -> None:
    async with open_app((120, 36)) as driver:
        service = driver.services.strategies
        kinds = ("SMA_CROSSOVER", "MOMENTUM", "BUY_AND_HOLD")
        for number in range(40):
            await service.create(f"Idea {number:02}", kinds[number % 3])
        await driver.press("3")
        front = driver.front("strategies")
        for keys in (["down"] * 30, ["up"] * 7, ["G"], ["pageup", "up"], ["s", "s", "down"]):
            for key in keys:
                driver.app.simulate_key(key)
            await driver.settle()
            name = front.table.model.row(front.table.grid.cursor).values[0]
            assert front.detail.lines[0].plain == name


async def test_a_strategys_backtests_are_asked_for_ahead_and_again_after_a_change() -> None:
    now = 100.0
    ahead = BacktestsAhead(clock=lambda: now)
    service = CountingService()
    assert ahead.next(["a", "b"]) == "a"
    assert await ahead.fetch("a", service)  # type: ignore[arg-type]  # what it asks of the service
    assert ahead.next(["a", "b"]) == "b"
    await ahead.fetch("b", service)  # type: ignore[arg-type]  # as above
    assert ahead.next(["a", "b"]) is None
    assert ahead.known("a") == BacktestsOf(0, [])
    now = 120.0
    assert ahead.next(["b", "a"]) == "b", "the one under the cursor is looked at again"
    assert not await ahead.fetch("b", service)  # type: ignore[arg-type]  # as above
    assert ahead.next(["b", "a"]) is None
    now = 121.0
    ahead.changed()
    assert ahead.next(["b", "a"]) == "b"
    assert ahead.known("b") == BacktestsOf(0, []), "what is known stays until the answer"
    assert service.asked == ["a", "b", "b"]


class CountingService:
    """Strategies without backtests."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def list(self, *, strategy_id: str, limit: int) -> list[object]:
        assert limit == SHOWN_BACKTESTS
        self.asked.append(strategy_id)
        return []


def fill(driver, **values: str) -> None:
    """Put texts into the fields of the form in front."""
    for key, value in values.items():
        driver.app.screen.query_one(f"#field-{key} Input").value = value


async def test_a_strategy_is_copied_tagged_archived_filed_and_made_a_template(
    open_app, tmp_path
) -> None:
    async with open_app((120, 36), stocked=False) as driver:
        await driver.services.strategies.create("추세", "SMA_CROSSOVER", {"short_window": 7})
        await driver.press("3")
        front = driver.front("strategies")
        assert "A Archived" not in driver.text, "there is nothing to show"
        await driver.press("D")
        await driver.until(lambda: "추세 copy made" in driver.text)
        await driver.press("e")
        fill(driver, tags="index, Index", notes="weak in 2011")
        await driver.press("ctrl+s")
        await driver.until(lambda: "tags  index" in driver.text)
        assert "weak in 2011" in driver.text
        front.table.filter_by("2011 index")
        assert len(front.table.model) == 1, "tags and notes are found"
        await driver.press("escape", "M")
        await driver.until(lambda: "Save as a template of your own" in driver.text)
        await driver.press("ctrl+s")
        await driver.until(lambda: "is a template now" in driver.text)

        await driver.press("x")
        await driver.until(lambda: "Export 추세 copy" in driver.text)
        file = tmp_path / "crossover.yaml"
        fill(driver, file=str(file))
        await driver.press("ctrl+s")
        await driver.until(lambda: "exported" in driver.text)
        assert check_text(file.read_text()).parameters["short_window"] == 7
        file.write_text("mine")
        await driver.press("x")
        fill(driver, file=str(file))
        await driver.press("ctrl+s")
        await driver.until(lambda: "Write over crossover.yaml?" in driver.text)
        await driver.press("y")
        await driver.until(lambda: file.read_text() != "mine")
        await driver.until(lambda: len(driver.app.screen_stack) == 1)
        assert check_text(file.read_text()).parameters["short_window"] == 7

        await driver.press("a")
        await driver.until(lambda: "archived, its backtests stay" in driver.text)
        assert [row.values[0] for row in front.table.model.rows] == ["추세"]
        await driver.press("A")
        assert "추세 copy (archived)" in driver.text
        await driver.press("A", "i")
        await driver.until(lambda: "Import a strategy" in driver.text)
        fill(driver, file=str(tmp_path / "missing.yaml"))
        await driver.press("ctrl+s")
        await driver.until(lambda: "No such file" in driver.text)
        fill(driver, file=str(file))
        await driver.press("ctrl+s")
        await driver.until(lambda: "추세 copy imported" in driver.text)
        assert front.table.model.row(front.table.grid.cursor).values[0] == "추세 copy"

        await driver.press("n")
        assert "your own" in driver.text
        await driver.press("enter", "ctrl+s")
        await driver.until(lambda: "추세 copy 2 saved" in driver.text)
        (template,) = await driver.services.templates.own()
        assert template.usage_count == 1
        await driver.press("n", "d")
        await driver.until(lambda: "Delete the template" in driver.text)
        await driver.press("y")
        await driver.until(lambda: "your own" not in driver.text)
        await driver.press("u")
        await driver.until(lambda: "your own" in driver.text)
        assert [one.name for one in await driver.services.templates.own()] == ["추세 copy"]


async def test_a_list_that_comes_late_does_not_take_an_imported_strategy_away(
    open_app, tmp_path, monkeypatch
) -> None:
    file = tmp_path / "late.yaml"
    file.write_text("name: Imported\nentry: close > sma(close, 5)\nexit: close < sma(close, 5)\n")
    async with open_app((120, 36)) as driver:
        await driver.services.strategies.create("Older", "SMA_CROSSOVER")
        await driver.press("3", "w")
        front = driver.front("strategies")
        going, held = hold_first_list(monkeypatch, driver.services.strategies)
        front._loaded_at = 0.0
        await driver.pilot.press("escape")
        await driver.until(going.is_set)
        await driver.pilot.press("i")
        await driver.until(lambda: "Import a strategy" in driver.text)
        fill(driver, file=str(file))
        await driver.pilot.press("ctrl+s")
        await driver.until(lambda: "Imported imported" in driver.text)
        held.set()
        await driver.press("right")
        names = [row.values[0] for row in front.table.model.rows]
        assert names == ["Imported", "Older"]
        assert front.table.model.row(front.table.grid.cursor).values[0] == "Imported"
