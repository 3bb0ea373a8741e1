"""Workspace 6: its parts, and the features, by keys."""

from __future__ import annotations

from datetime import date

from quant_tui.services.composition import Services
from quant_tui.services.feature_cards import FeatureScope
from quant_tui.ui.screens.models.features import FeaturesPart


async def test_a_feature_from_nothing_to_production_and_back(open_app) -> None:
    """Made with completion, refused where it is wrong, changed, promoted, rolled back, deleted."""
    async with open_app((120, 36)) as driver:
        await driver.press("6")
        assert "No features yet" in driver.text
        await driver.press("n")
        await driver.type("모멘텀")
        await driver.press("down")
        await driver.type("close / sm")
        assert "Simple moving average" in driver.text
        await driver.press("right")
        await driver.type("close, 20) - 1")
        assert "first after 19 bars" in driver.text
        await driver.press("ctrl+s")
        await driver.until(lambda: "○ draft" in driver.text)
        features = driver.services.features
        (kept,) = await features.list()
        assert (kept.name, kept.expression) == ("모멘텀", "close / sma(close, 20) - 1")

        await driver.press("a")
        await driver.until(lambda: "● production" in driver.text)
        await driver.press("e", "end")
        await driver.type(" +")
        await driver.press("ctrl+s")
        assert "✗" in driver.text
        assert driver.front("models").unsaved
        await driver.type(" 1")
        await driver.press("ctrl+s")
        await driver.until(lambda: "0.1.0 +1" in driver.text)
        await driver.press("a")
        await driver.until(lambda: "close / sma(close, 20) - 1 + 1" in driver.text)
        await driver.press("A")
        await driver.until(lambda: "0.1.0 +" not in driver.text and "0.2.0" in driver.text)
        assert (await features.get("모멘텀")).version == "0.1.0"

        await driver.press("d", "y")
        await driver.until(lambda: "No features yet" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "모멘텀" in driver.text)
        assert len(await features.versions("모멘텀")) == 2
        part = driver.front("models").page("features")
        assert isinstance(part, FeaturesPart)


async def test_the_pages_of_a_feature(open_app) -> None:
    """Its card on every page, versions compared and pinned, and what goes wrong is said."""

    async def before(services: Services) -> None:
        await services.features.create("momentum", "close / sma(close, 20) - 1")
        await services.features.edit("momentum", expression="close / sma(close, 50) - 1")
        await services.features.create("rsi", "rsi(close, 14)")

    async with open_app((120, 36), before=before) as driver:
        await driver.press("6")
        part = driver.front("models").page("features")
        part.scope = FeatureScope(
            ("SPX", "GAON.SYN", "LOOM.SYN", "NARU.SYN", "TARN.SYN"), start=date(2016, 1, 1)
        )
        await driver.press("enter")
        await driver.until(lambda: "none found" in driver.text)
        assert "5 of 14 symbols, 2016-01-04 to 2018-12-31" in driver.text
        for says in ("further out", "median", "Bars ahead", "Correlation", "all of it",
                     "It does not look ahead", "0.1.0 → 0.2.0"):  # fmt: skip
            await driver.press("right_square_bracket")
            await driver.until(lambda says=says: says in driver.text)
        await driver.press("j", "p")
        await driver.until(lambda: "means 0.1.0 from now on" in driver.text)
        assert "▸ 0.1.0" in driver.text
        await driver.press("space", "k", "space", "c")
        await driver.until(lambda: "+ close / sma(close, 50) - 1" in driver.text)
        assert (await driver.services.features.get("momentum")).pinned

        await driver.press("t")
        await driver.until(lambda: "does not look ahead" in driver.text)

        part.scope = FeatureScope(("NOPE",))
        await driver.press("right_square_bracket", "r")
        await driver.until(lambda: "No 1d bars are stored of NOPE" in driver.text)
        await driver.press("w")
        await driver.type("SPY")
        await driver.press("ctrl+s")
        await driver.until(lambda: "No bars for SPY" in driver.text)
        await driver.press("escape", "escape")
        assert "Expression" in driver.text
