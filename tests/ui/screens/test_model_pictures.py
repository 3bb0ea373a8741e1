"""Pictures of the features: the list, a card, an error; one at each size."""

from __future__ import annotations

from quant_tui.services.composition import Services

from .conftest import Driver
from .test_pictures import Look, look

__all__ = ["look"]


async def features(services: Services) -> None:
    """Make four features, one of them in production with a newer draft."""
    await services.sample_data.load_bars()
    store = services.features
    await store.create("모멘텀_20", "close / sma(close, 20) - 1", description="한 달 평균과의 거리")
    await store.create("rsi_14", "rsi(close, 14)", description="Relative strength of 14 bars")
    await store.create("calm", "stddev(roc(close, 1), 20) < 1.5")
    await store.create("place", "rank(roc(close, 20))", description="Rank among the symbols")
    await store.promote("모멘텀_20")
    await store.edit("모멘텀_20", expression="close / sma(close, 50) - 1")


def test_korean_list(look: Look) -> None:
    """What the feature under the cursor is, and its versions, stand below."""
    assert look((120, 36), "6", "escape", "G", prepare=features, until="한 달 평균과의 거리")


def test_information(look: Look) -> None:
    """IC by horizon over the chart of its course, where there is little room."""
    keys = ("6", "escape", "G", "enter", "]", "]", "]")

    async def drawn(driver: Driver) -> None:
        await driver.until(lambda: "2,244" in driver.text and "mean of 63 bars" in driver.text)

    assert look((80, 24), *keys, prepare=features, act=drawn)


def test_overview(look: Look) -> None:
    """Judgement and figures, where there is much room."""
    assert look((200, 60), "6", "escape", "G", "enter", prepare=features, until="None yet.")
