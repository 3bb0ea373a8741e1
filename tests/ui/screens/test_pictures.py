"""Pictures of the working screens, at the two sizes that people have most."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual.pilot import Pilot

from quant_tui.config.settings import Settings
from quant_tui.domain.user import User
from quant_tui.engine import BacktestConfig
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp
from tests.accounts import sign_up

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
Act = Callable[[Driver], Awaitable[None]]


@pytest.fixture
def look(request: pytest.FixtureRequest, snap_compare, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Compare the screen after some keys, and what ``act`` does then, with its kept picture.

    Without ``settings`` the home is one with the sample bars.
    """
    # whether ChromaDB has answered before the picture is taken would be chance
    monkeypatch.setattr("quant_tui.ui.status.PROBE_AFTER_SECONDS", 3600)
    monkeypatch.chdir(Path(__file__).parent)

    def compare(
        size: tuple[int, int],
        *keys: str,
        prepare: Callable[[Services], Awaitable[None]] | None = stock,
        act: Act | None = None,
        until: str = "",
        settings: Settings | None = None,
    ) -> bool:
        home: Settings = settings or request.getfixturevalue("stocked_settings")

        async def opener() -> Services:
            services = await open_services(home)
            await sign_up(services, "kim")
            if prepare is not None:
                await prepare(services)
            return services

        app = QuantApp(home, opener)

        async def before(pilot: Pilot[None]) -> None:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.services is not None, 90)
            await driver.settle()
            await driver.press(*keys)
            if act is not None:
                await act(driver)
            if until:
                await driver.until(lambda: until in driver.text)
            await driver.still()

        return bool(snap_compare(app, terminal_size=size, run_before=before))

    return compare


async def nothing(services: Services) -> None:
    """Leave everything empty."""


Leaf = Callable[..., Awaitable[None]]


@pytest.fixture
def leaf_through(
    stocked_settings: Settings, snapshot: Any, monkeypatch: pytest.MonkeyPatch
) -> Leaf:
    """Compare each page with its kept picture, in one app: opening it costs more than a page.

    ``pages`` are all that the keys and then ``turn`` lead through, ``only`` those with
    pictures; a picture is named after its page, and the size where ``by_size``.
    """
    monkeypatch.setattr("quant_tui.ui.status.PROBE_AFTER_SECONDS", 3600)
    kept = snapshot.use_extension(SVGImageExtension)
    prepared: list[User] = []
    home = stocked_settings

    async def compare(
        size: tuple[int, int],
        *keys: str,
        pages: Sequence[str],
        only: Sequence[str] = (),
        by_size: bool = True,
        turn: str = NEXT,
        prepare: Callable[[Services], Awaitable[None]] = stock,
    ) -> None:
        async def opener() -> Services:
            services = await open_services(home)
            if prepared:  # for the size before
                await services.sign_in(prepared[0])
                return services
            prepared.append(await sign_up(services, "kim"))
            await prepare(services)
            return services

        app = QuantApp(home, opener)
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.services is not None, 90)
            await driver.settle()
            await driver.press(*keys)
            for page in pages:
                if page != pages[0]:
                    await driver.press(turn)
                if page in (only or pages):
                    await driver.still()
                    name = f"{page}-{size[0]}x{size[1]}" if by_size else page
                    picture = app.export_screenshot(title=app.title, simplify=True)
                    assert picture == kept(name=name), name

    return compare


@SIZES
def test_strategies(look: Look, size) -> None:
    assert look(size, "3")


@SIZES
def test_templates(look: Look, size) -> None:
    assert look(size, "3", "n")


@SIZES
def test_strategy_form_with_a_mistake(look: Look, size) -> None:
    assert look(size, "3", "n", "enter", "tab", "tab", "home", "ctrl+k", "9", "9")


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
    assert look(size, "4", "n", "ctrl+o", "down", "home", "ctrl+k", "x")


PAGES = ("overview", "trust", "sheet", "charts", "trades", "trips", "monthly")
NEXT = "right_square_bracket"


async def test_result_pages(leaf_through: Leaf) -> None:
    for size in ((80, 24), (120, 36)):
        await leaf_through(size, "4", "enter", pages=PAGES, prepare=stock_with_card)


async def test_result_pages_on_a_large_terminal(leaf_through: Leaf) -> None:
    two = PAGES[:2]
    await leaf_through((200, 60), "4", "enter", pages=two, by_size=False, prepare=stock_with_card)


@pytest.mark.parametrize("chart", ["rolling", "drawdowns", "excursions"])
def test_charts_one_at_a_time(look: Look, chart: str) -> None:
    tabs = ["tab"] * (1 + ["rolling", "drawdowns", "excursions"].index(chart))
    assert look((80, 24), "4", "enter", *[NEXT] * 3, *tabs, "home", "right", "right")


@SIZES
def test_fills_and_drawdown_under_the_cursor(look: Look, size) -> None:
    assert look(size, "4", "enter", "plus", "plus", "plus", "home", *["right"] * 9)


async def test_what_a_run_of_five_bars_has_not(leaf_through: Leaf) -> None:
    await leaf_through((80, 24), "4", "enter", pages=PAGES[:4], by_size=False, prepare=five_bars)


async def test_results_in_sixteen_colours(
    leaf_through: Leaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    only = ("overview", "charts", "monthly")
    await leaf_through((80, 24), "4", "enter", pages=PAGES, only=only, by_size=False)


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


async def test_comparison(leaf_through: Leaf) -> None:
    keys = ("4", "space", "space", "space", "c")
    parts = ("curves", "figures", "differences")
    for size in ((80, 24), (120, 36), (200, 60)):
        await leaf_through(size, *keys, pages=parts, prepare=stock_to_compare)


@SIZES
def test_failed_backtest(look: Look, size) -> None:
    assert look(size, "4", "down", "enter")


@SIZES
def test_data(look: Look, size) -> None:
    assert look(size, "0")


@SIZES
def test_no_data(settings: Settings, look: Look, size) -> None:
    assert look(size, "0", prepare=nothing, settings=settings)
