"""Scenarios driven by keys: made in the form, run, read on every page, deleted, brought back."""

from __future__ import annotations

from quant_tui.ui.screens.models.scenario_form import ScenarioForm

from .conftest import Driver, Open
from .model_stock import two_models
from .test_models_registry import BEFORE, turn

PAGE = "right_square_bracket"


async def page(driver: Driver, title: str) -> None:
    await driver.press(PAGE)
    await driver.until(lambda: f"[{title}]" in driver.text)


async def test_from_the_form_to_every_page(open_app: Open) -> None:
    async with open_app(before=two_models) as driver:
        await driver.press("6")
        await turn(driver, BEFORE, "Scenarios")
        await driver.until(lambda: "No scenarios yet" in driver.text)
        await driver.press("n")
        await driver.until(lambda: "Ranked by" in driver.text)
        form = driver.front("models").query_one(ScenarioForm).form
        # the last models on their symbols, in windows that they did not learn from
        assert form.values["symbols"] == "GAON.SYN, DORAN.SYN"
        assert form.values["models"] == "signal@0.2.0, signal@0.1.0"
        assert form.values["windows"] == "Fourth quarter 2018"
        await driver.press("ctrl+s")
        assert "needs a name" in driver.text
        form.field("name").value = "위기"
        form.field("windows").value = "Fourth quarter 2018, 2017=2017-01-02..2016-01-02"
        await driver.press("ctrl+s")
        assert "ends before it begins" in driver.text or "is no window" in driver.text
        form.field("windows").value = "Fourth quarter 2018, 2017=2017-01-02..2017-06-30"
        await driver.press("ctrl+s")
        await driver.until(lambda: "not run yet" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: "Not run yet" in driver.text)
        await driver.press("r")
        await driver.until(lambda: "[Result]" in driver.text, 30)
        await driver.until(lambda: "ranked in 1 of 2" in driver.text)
        await driver.until(lambda: "running mean" in driver.text)
        await page(driver, "Skill")
        await driver.until(lambda: "Fourth quarter 2018: squared error saved" in driver.text)
        await driver.press("w")
        await driver.until(lambda: "Nothing to draw" in driver.text)
        await driver.press("w")
        await page(driver, "Equity")
        await driver.until(lambda: "holding" in driver.text)
        await page(driver, "Costs")
        await driver.until(lambda: "Largest drawdown" in driver.text)
        await page(driver, "Comparison")
        await driver.until(lambda: "Sharpe Δ" in driver.text)
        for size in ((80, 24), (200, 60)):
            await driver.pilot.resize_terminal(*size)
            await driver.until(lambda: "signal@0.1.0" in driver.text)
        await driver.press("escape", "d", "y")
        await driver.until(lambda: "No scenarios yet" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "위기" in driver.text)
