"""The main job: from the start to a result that was read, with few keys."""

from __future__ import annotations

import pytest

from quant_tui.domain.vocabulary import RunStatus

MOST_KEYS = 10


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_strategy_run_and_result_take_fewer_than_ten_keys(open_app, size) -> None:
    async with open_app(size) as driver:
        await driver.press("3", "n")
        assert "Open" in driver.text
        await driver.press("enter")
        assert "^s Save" in driver.text
        await driver.press("ctrl+s")
        assert "r Run" in driver.text
        await driver.press("r")
        assert "^s Run" in driver.text
        await driver.press("ctrl+s")
        await driver.until(lambda: driver.app.jumps.place is not None)
        await driver.settle()
        assert "o opens it" in driver.text
        await driver.press("o")
        assert driver.pressed < MOST_KEYS
        assert "Total return" in driver.text
        assert "Drawdown" in driver.text
        report = (await driver.services.backtests.list())[0]
        assert report.status is RunStatus.COMPLETED
        assert len(report.symbols) == 2


async def test_the_app_and_the_services_give_the_same_figures(open_app) -> None:
    from quant_tui.services.backtest_request import BacktestRequest

    async with open_app() as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "r", "ctrl+s")
        await driver.until(lambda: driver.app.jumps.place is not None)
        one = (await driver.services.backtests.list())[0]
        request = BacktestRequest(
            symbols=one.symbols,
            strategy_type="SMA_CROSSOVER",
            start=one.start,
            end=one.end,
            benchmark="SPX",
        )
        job = await driver.services.backtests.run_unsaved(request)
        report = await job.wait()
        kept = await driver.services.backtests.show(one.id)
        assert kept.result.performance == report.result.performance
        assert kept.result.trades == report.result.trades


async def test_the_next_run_begins_with_the_last_symbols(open_app) -> None:
    async with open_app() as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "r", "home")
        await driver.press("ctrl+k")
        await driver.type("GAON.SYN, NARU.SYN")
        await driver.press("ctrl+s")
        await driver.until(lambda: driver.app.jumps.place is not None)
        await driver.press("n")
        assert "GAON.SYN, NARU.SYN" in driver.text
