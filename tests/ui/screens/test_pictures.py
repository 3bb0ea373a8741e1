"""Pictures of the working screens, at the two sizes that people have most."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
from textual.pilot import Pilot

from quant_tui.config.settings import Settings
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp

from .conftest import Driver

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


async def stock(services: Services) -> None:
    """Make two strategies, one with a Korean name, and a run that ends and one that fails."""
    await services.sample_data.load_bars()
    made = await services.strategies.create(
        "골든크로스 전략", "SMA_CROSSOVER", {"short_window": 15}
    )
    await services.strategies.create("Calm rebound", "RSI_MEAN_REVERSION", {})
    for symbols, start in ((("BYEOL.SYN",), date(1990, 1, 1)), (("GAON.SYN", "NARU.SYN"), None)):
        job = await services.backtests.start(
            BacktestRequest(
                symbols=symbols,
                strategy_id=made.id,
                start=start,
                end=date(1991, 1, 1) if start else date(2018, 12, 31),
                benchmark="SPX",
                name="" if start is None else "실패한 시험 · too early",
            )
        )
        if job.task is not None:
            await job.task


Look = Callable[..., bool]


@pytest.fixture
def look(stocked_settings: Settings, snap_compare, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Compare the screen after some keys with its kept picture."""
    monkeypatch.setattr("quant_tui.ui.status.is_stale", lambda _last, _today: False)
    monkeypatch.chdir(Path(__file__).parent)

    def compare(
        size: tuple[int, int],
        *keys: str,
        prepare: Callable[[Services], Awaitable[None]] | None = stock,
        until: str = "",
    ) -> bool:
        async def opener() -> Services:
            services = await open_services(stocked_settings)
            await services.sign_in(await services.accounts.create_local("kim"))
            if prepare is not None:
                await prepare(services)
            return services

        app = QuantApp(stocked_settings, opener)

        async def before(pilot: Pilot[None]) -> None:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.services is not None)
            await driver.settle()
            await driver.press(*keys)
            if until:
                await driver.until(lambda: until in driver.text)
            app.clear_notifications()
            await driver.settle()

        return bool(snap_compare(app, terminal_size=size, run_before=before))

    return compare


async def nothing(services: Services) -> None:
    """Leave everything empty."""


@SIZES
def test_strategies(look: Look, size) -> None:
    assert look(size, "3")


@SIZES
def test_templates(look: Look, size) -> None:
    assert look(size, "3", "n")


@SIZES
def test_strategy_form_with_a_mistake(look: Look, size) -> None:
    assert look(size, "3", "n", "enter", "tab", "tab", "ctrl+a", "ctrl+k", "9", "9")


@SIZES
def test_no_strategies(look: Look, size) -> None:
    assert look(size, "3", prepare=nothing)


@SIZES
def test_backtests(look: Look, size) -> None:
    assert look(size, "4")


@SIZES
def test_no_backtests(look: Look, size) -> None:
    assert look(size, "4", prepare=nothing)


@SIZES
def test_run_form(look: Look, size) -> None:
    assert look(size, "4", "n")


@SIZES
def test_result_overview(look: Look, size) -> None:
    assert look(size, "4", "enter")


@SIZES
@pytest.mark.parametrize("page", ["metrics", "trades", "trips", "monthly"])
def test_result_pages(look: Look, size, page: str) -> None:
    turns = ["metrics", "trades", "trips", "monthly"].index(page) + 1
    assert look(size, "4", "enter", *["right_square_bracket"] * turns)


@SIZES
def test_failed_backtest(look: Look, size) -> None:
    assert look(size, "4", "down", "enter")


@SIZES
def test_data(look: Look, size) -> None:
    assert look(size, "0")


@SIZES
def test_no_data(settings: Settings, look: Look, size) -> None:
    settings.locations.duckdb_file.unlink()
    assert look(size, "0", prepare=nothing)
