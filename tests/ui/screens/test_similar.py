"""What is like a strategy or a backtest: listed, opened, also without ChromaDB."""

from __future__ import annotations

import pytest

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.domain.trading import Backtest
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.storage.chroma.store import ChromaStore


async def test_what_is_alike_is_listed_and_opened(
    open_app, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(self: ChromaStore, *, writing: bool) -> None:
        raise StoreUnavailable("The index is in use by another process.")

    monkeypatch.setattr(ChromaStore, "opened", locked)
    async with open_app((120, 36)) as driver:
        services = driver.services
        mine = services.stores.repositories.for_user(services.user.id)
        for name, kind in (("골든크로스 [x]", "SMA_CROSSOVER"), ("Rotation", "MOMENTUM"),
                           ("빠른 교차", "EMA_CROSSOVER")):  # fmt: skip
            await services.strategies.create(name, kind)
            config = {"symbols": ["SPX"], "strategy": {"name": name, "strategy_type": kind}}
            await mine.backtests.create(
                Backtest(
                    name=f"{name} on SPX",
                    config=config,
                    status=RunStatus.FAILED,
                    user_id=mine.user_id,
                )
            )
        await driver.press("3", "N")
        await driver.until(lambda: "Alike" in driver.text)
        box = driver.text[driver.text.index("Alike") :]
        assert box.index("골든크로스 [x]") < box.index("Rotation")
        await driver.pilot.resize_terminal(80, 24)
        await driver.settle()
        assert "enter opens it" in driver.text
        await driver.press("enter")
        await driver.until(lambda: "Alike" not in driver.text)
        assert driver.front("strategies")._chosen.name == "골든크로스 [x]"
        assert services.retrieval.problem == "The index is in use by another process."

        await driver.press("4", "tilde")
        await driver.until(lambda: "Alike" in driver.text)
        assert "Like 빠른 교차 on SPX" in driver.text
        await driver.press("escape")
        assert "Alike" not in driver.text
