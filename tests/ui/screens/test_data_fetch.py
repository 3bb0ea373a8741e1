"""Fetching on the screen: the form, what it takes, the result; its pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from quant_tui.config.settings import AlphaVantageSettings, Settings
from quant_tui.providers.sessions import last_over
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp
from quant_tui.ui.screens.data_fetch import FetchForm
from tests.accounts import sign_up
from tests.alpha_vantage_server import KEY, AlphaVantageServer, alpha_vantage, silent

from .conftest import Driver
from .test_pictures import Act, Look, look, nothing

__all__ = ["look"]

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)

OpenFetch = Callable[..., Any]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AlphaVantageServer]:
    with alpha_vantage() as running:
        running.today = last_over("IBM", datetime.now(UTC))
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
        yield running


@pytest.fixture
def fetching(settings: Settings, server: AlphaVantageServer) -> Settings:
    """Settings that ask the server of the test."""
    mine = AlphaVantageSettings(requests_per_minute=60_000, base_url=server.url)
    return replace(settings, alpha_vantage=mine)


@pytest.fixture
def open_fetch(fetching: Settings) -> OpenFetch:
    """Open the app over empty stores."""

    @asynccontextmanager
    async def opened(size: tuple[int, int] = (120, 36)) -> AsyncIterator[Driver]:
        async def opener() -> Services:
            services = await open_services(fetching)
            await sign_up(services, "kim")
            return services

        app = QuantApp(fetching, opener)
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.services is not None, 90)
            await driver.settle()
            yield driver

    return opened


async def test_the_form_says_what_it_takes_then_fetches(
    open_fetch: OpenFetch, server: AlphaVantageServer
) -> None:
    async with open_fetch() as driver:
        await driver.press("0", "r")
        await driver.until(lambda: "Fetch market data" in driver.text)
        await driver.type("IBM, NOPE")
        await driver.until(lambda: "Requests   6" in driver.text)
        assert "25 of 25 left" in driver.text
        assert "bars IBM" in driver.text
        assert server.asked == []
        await driver.press("ctrl+s")
        await driver.until(lambda: "1 fetched, 1 not" in driver.text)
        assert "✓ bars IBM" in driver.text
        assert "✗ bars NOPE" in driver.text
        assert "premium" in driver.text
        await driver.press("escape")
        await driver.until(lambda: "alpha_vantage" in driver.text)
        # The symbol under the cursor is offered, and is up to date.
        await driver.press("r")
        await driver.until(lambda: "no request" in driver.text)


async def test_a_wrong_field_is_said_beside_it(open_fetch: OpenFetch) -> None:
    async with open_fetch() as driver:
        await driver.press("0", "r", "ctrl+s")
        await driver.until(lambda: "which symbols?" in driver.text)
        await driver.type("IBM")
        await driver.press("down", "down", "down")
        await driver.type("2026-13-01")
        await driver.until(lambda: "✗ a day as 2020-01-31" in driver.text)
        await driver.press("ctrl+s")
        assert "Fetch market data" in driver.text


async def test_only_fields_of_use_are_shown(open_fetch: OpenFetch) -> None:
    async with open_fetch() as driver:
        await driver.press("0", "r", "down", "down", "left")
        await driver.until(lambda: "economic series" in driver.text)
        assert "From day" not in driver.text
        assert "Symbols" not in driver.text
        await driver.until(lambda: "Requests   15" in driver.text)
        await driver.press("down")
        await driver.type("cpi")
        await driver.until(lambda: "Requests   1 " in driver.text)
        await driver.press("ctrl+s")
        await driver.until(lambda: "✓ economic CPI" in driver.text)


async def test_a_missing_key_says_where_it_is_set(
    open_fetch: OpenFetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALPHA_VANTAGE_API_KEY")
    async with open_fetch() as driver:
        await driver.press("0", "r")
        await driver.type("IBM")
        await driver.until(lambda: "Set it in Settings" in driver.text)


async def test_the_providers_are_offered_however_soon_one_types(
    open_fetch: OpenFetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_fetch() as driver:
        service = driver.services.fetching
        going, held, ask = asyncio.Event(), asyncio.Event(), service.providers

        async def slow() -> Any:
            going.set()
            await held.wait()
            (one, *others) = await ask()
            return [one, *others, replace(one, name="another", title="Another one")]

        monkeypatch.setattr(service, "providers", slow)
        await driver.press("0")
        await driver.pilot.press("r")
        await driver.until(going.is_set)
        form = driver.front("data").query_one(FetchForm)
        form.form.field("symbols").value = "IBM"
        form._plan_soon()  # as soon as the typing rests
        held.set()
        await driver.until(lambda: "bars IBM" in driver.text)
        control = form.form.field("provider").control
        await driver.until(lambda: ("another", "Another one") in control.choices)


async def test_a_fetch_is_cancelled_from_the_screen(
    open_fetch: OpenFetch, server: AlphaVantageServer
) -> None:
    server.troubles = [silent]
    async with open_fetch() as driver:
        await driver.press("0", "r")
        await driver.type("IBM")
        await driver.press("ctrl+s")
        await driver.until(lambda: server.asked)
        await driver.press("ctrl+x")
        await driver.until(lambda: "Cancelled" in driver.text)
        assert "nothing half is" in driver.text
        assert await driver.services.market_data.symbols() == []


async def test_the_palette_opens_it(open_fetch: OpenFetch) -> None:
    async with open_fetch() as driver:
        await driver.press("ctrl+p")
        await driver.type("fetch from a prov")
        await driver.until(lambda: "data: Fetch" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: "Fetch market data" in driver.text)


# ------------------------------------------------------------------------ pictures


@pytest.fixture
def still(
    fetching: Settings, server: AlphaVantageServer, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings of an empty home; the clock stands still."""
    server.today = date(2026, 11, 24)
    monkeypatch.setattr("quant_tui.ui.status.is_stale", lambda _last, _today: False)
    monkeypatch.setattr("quant_tui.ui.format.duration", lambda _seconds: "1.0 s")
    fetching.locations.create()
    return fetching


def asking(symbols: str, *keys: str, told: str = "") -> Act:
    """Type symbols into the form, press keys, and wait for what they began, and its message."""

    async def act(driver: Driver) -> None:
        await driver.press("0", "r")
        await driver.type(symbols)
        await driver.press(*keys)
        await driver.until(lambda: not driver.services.jobs.active and "▸" not in driver.text)
        await driver.until(lambda: told in driver.text)

    return act


@SIZES
def test_form(look: Look, still: Settings, size: tuple[int, int]) -> None:
    act = asking("IBM 005930.KS 삼성전자")
    assert look(size, prepare=nothing, act=act, until="Requests   9", settings=still)


@SIZES
def test_result(
    look: Look, still: Settings, server: AlphaVantageServer, size: tuple[int, int]
) -> None:
    server.symbols.add("삼성전자")
    act = asking("삼성전자 IBM NOPE", "ctrl+s", told="changed, 1 not fetched")
    assert look(size, prepare=nothing, act=act, until="2 fetched, 1 not", settings=still)


@SIZES
def test_no_key(
    look: Look, still: Settings, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALPHA_VANTAGE_API_KEY")
    assert look(size, prepare=nothing, act=asking("IBM"), until="Key needed", settings=still)
