"""Pictures of the working screens, at the two sizes that people have most."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
from textual.pilot import Pilot

from quant_tui.config.settings import Settings
from quant_tui.engine import BacktestConfig
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp

from .conftest import Driver
from .test_result_pages import DETAILS

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


async def stock_with_card(services: Services) -> None:
    """Do the same, and put a trust card and findings about the bars beside the result."""
    await stock(services)
    results = services.stores.metadata.database["backtest_results"]
    await results.update_many({}, {"$set": {f"details.{key}": v for key, v in DETAILS.items()}})


async def five_bars(services: Services) -> None:
    """Run a few days, without benchmark, closed round trip, or whole month."""
    await services.sample_data.load_bars()
    job = await services.backtests.start(
        BacktestRequest(
            symbols=("SPX",),
            strategy_type="BUY_AND_HOLD",
            start=date(2018, 12, 24),
            end=date(2018, 12, 31),
            name="다섯 봉",
        )
    )
    if job.task is not None:
        await job.task
    results = services.stores.metadata.database["backtest_results"]
    await results.update_many({}, {"$unset": {"details.trust": ""}})


Look = Callable[..., bool]


@pytest.fixture
def look(stocked_settings: Settings, snap_compare, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Compare the screen after some keys with its kept picture."""
    monkeypatch.setattr("quant_tui.ui.status.is_stale", lambda _last, _today: False)
    # whether ChromaDB has answered before the picture is taken would be chance
    monkeypatch.setattr("quant_tui.ui.status.PROBE_AFTER_SECONDS", 3600)
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


@pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)
def test_run_form_with_more(look: Look, size) -> None:
    assert look(size, "4", "n", "ctrl+o", "down", "ctrl+a", "ctrl+k", "x")


PAGES = ("overview", "trust", "sheet", "charts", "trades", "trips", "monthly")
NEXT = "right_square_bracket"


@SIZES
@pytest.mark.parametrize("page", PAGES)
def test_result_pages(look: Look, size, page: str) -> None:
    assert look(size, "4", "enter", *[NEXT] * PAGES.index(page), prepare=stock_with_card)


@pytest.mark.parametrize("page", ["overview", "trust"])
def test_result_pages_on_a_large_terminal(look: Look, page: str) -> None:
    keys = [NEXT] * PAGES.index(page)
    assert look((200, 60), "4", "enter", *keys, prepare=stock_with_card)


@pytest.mark.parametrize("chart", ["rolling", "drawdowns", "excursions"])
def test_charts_one_at_a_time(look: Look, chart: str) -> None:
    tabs = ["tab"] * (1 + ["rolling", "drawdowns", "excursions"].index(chart))
    assert look((80, 24), "4", "enter", *[NEXT] * 3, *tabs, "home", "right", "right")


@SIZES
def test_fills_and_drawdown_under_the_cursor(look: Look, size) -> None:
    assert look(size, "4", "enter", "plus", "plus", "plus", "home", *["right"] * 9)


@pytest.mark.parametrize("page", ["overview", "trust", "sheet", "charts"])
def test_what_a_run_of_five_bars_has_not(look: Look, page: str) -> None:
    turns = [NEXT] * PAGES.index(page)
    assert look((80, 24), "4", "enter", *turns, prepare=five_bars)


@pytest.mark.parametrize("page", ["overview", "charts", "monthly"])
def test_results_in_sixteen_colours(look: Look, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert look((80, 24), "4", "enter", *[NEXT] * PAGES.index(page))


async def stock_to_compare(services: Services) -> None:
    """Make the same strategy's runs on other symbols, windows and costs."""
    await services.sample_data.load_bars()
    for name, symbols, window, commission in (
        ("골든크로스 · 지수", ("SPX",), 15, 0.001),
        ("Slow", ("SPX",), 40, 0.001),
        ("GAON, dear", ("GAON.SYN",), 15, 0.005),
    ):
        request = BacktestRequest(
            symbols=symbols,
            strategy_type="SMA_CROSSOVER",
            params={"short_window": window},
            config=BacktestConfig(commission=commission),
            end=date(2018, 12, 31),
            name=name,
        )
        job = await services.backtests.start(request)
        if job.task is not None:
            await job.task


@pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)
@pytest.mark.parametrize("part", ["curves", "figures", "differences"])
def test_comparison(look: Look, size, part: str) -> None:
    turns = [NEXT] * ["curves", "figures", "differences"].index(part)
    assert look(size, "4", "space", "space", "space", "c", *turns, prepare=stock_to_compare)


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
