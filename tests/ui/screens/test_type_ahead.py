"""Keys pressed at once, before the stores are open or a form is loaded, get there all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events
from textual.keys import _character_to_key

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import StoreUnavailable
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.screens.account import Account
from quant_tui.ui.type_ahead import MOST_HELD
from tests.accounts import sign_up
from tests.ui.screens.conftest import Driver, Open

Closed = Callable[..., Any]

JOURNEY = ("3", "n", "enter", "ctrl+s", "r", "ctrl+s", "o")


def press_at_once(app: QuantApp, keys: Iterable[str]) -> None:
    """Put keys into the app's queue as a terminal that sends them in one piece does."""
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        app.post_message(events.Key(name, key if len(key) == 1 else None))


@pytest.fixture
def open_closed(stocked_settings: Settings) -> Callable[..., Any]:
    """Open the app, its stores closed until ``gate.set()``: ``as (driver, gate)``."""

    @asynccontextmanager
    async def opened(
        failure: Exception | None = None,
    ) -> AsyncIterator[tuple[Driver, asyncio.Event]]:
        gate = asyncio.Event()

        async def opener() -> Services:
            await gate.wait()
            if failure is not None:
                raise failure
            services = await open_services(stocked_settings)
            await sign_up(services, "kim")
            await services.sample_data.load_bars()
            return services

        app = QuantApp(stocked_settings, opener)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            driver = Driver(app, pilot)
            yield driver, gate

    return opened


async def test_the_journey_typed_at_once_before_the_stores_are_open(
    open_closed: Closed,
) -> None:
    async with open_closed() as (driver, gate):
        press_at_once(driver.app, JOURNEY)
        await driver.until(lambda: "Opening the stores" in driver.text)
        gate.set()
        await driver.until(lambda: "Total return" in driver.text and "Drawdown" in driver.text)
        assert driver.app.front == "backtests"
        (report,) = await driver.services.backtests.list()
        assert report.status is RunStatus.COMPLETED


async def test_the_main_journey_typed_at_once_later(open_app: Open) -> None:
    async with open_app() as driver:
        press_at_once(driver.app, JOURNEY)
        await driver.until(lambda: "Total return" in driver.text and "Drawdown" in driver.text)


async def test_a_result_wanted_before_its_end_does_not_come_when_another_key_was_pressed(
    open_app: Open,
) -> None:
    async with open_app() as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "r")
        press_at_once(driver.app, ["ctrl+s", "o", "9"])
        await driver.until(lambda: driver.app.jumps.place is not None)
        await driver.settle()
        assert driver.app.front == "jobs"
        assert "o opens it" in driver.text


async def test_letters_typed_ahead_go_into_the_form_they_were_meant_for(
    open_app: Open,
) -> None:
    async with open_app() as driver:
        await driver.press("3")
        press_at_once(driver.app, ["n", "enter", "home", "ctrl+k", *"qr 골든 12", "ctrl+s"])
        await driver.until(lambda: "qr 골든 12 saved" in driver.text)


async def test_a_digit_works_at_once_and_takes_the_later_keys_along(
    open_closed: Closed,
) -> None:
    async with open_closed() as (driver, gate):
        press_at_once(driver.app, ["3", "n", "enter"])
        await driver.until(lambda: "Opening the stores" in driver.text)
        press_at_once(driver.app, ["0", "n"])
        await driver.until(lambda: driver.app.front == "data")
        gate.set()
        await driver.until(lambda: "Import" in driver.text and driver.front("data")._form)
        await driver.press("escape", "3")
        assert driver.front("strategies").pages.current == "detail"


async def test_help_and_quitting_do_not_wait(open_closed: Closed) -> None:
    async with open_closed() as (driver, _gate):
        press_at_once(driver.app, ["3", "n"])
        await driver.until(lambda: "Opening the stores" in driver.text)
        await driver.pilot.press("question_mark")
        await driver.until(lambda: "Everywhere" in driver.text)
        await driver.pilot.press("escape")
        await driver.pilot.press("q")
        await driver.until(lambda: driver.app._exit)


async def test_escape_drops_what_was_typed_ahead(open_closed: Closed) -> None:
    async with open_closed() as (driver, gate):
        press_at_once(driver.app, ["3", "n", "escape"])
        await driver.until(lambda: driver.app.front == "strategies")
        await driver.until(lambda: "Opening the stores" in driver.text)
        gate.set()
        await driver.until(lambda: driver.front("strategies").loaded)
        await driver.settle()
        assert driver.front("strategies").pages.current == "detail"


async def test_an_error_drops_what_was_typed_ahead(open_closed: Closed) -> None:
    failure = StoreUnavailable("The disk is full.")
    async with open_closed(failure) as (driver, gate):
        press_at_once(driver.app, ["3", "n", "enter"])
        await driver.until(lambda: "Opening the stores" in driver.text)
        gate.set()
        await driver.until(lambda: "Try again" in driver.text)
        await driver.settle()
        assert not driver.app.type_ahead._held
        # enter would have tried again
        assert "The disk is full." in driver.text


async def test_only_so_many_keys_are_held_and_none_after_a_gap(open_closed: Closed) -> None:
    async with open_closed() as (driver, gate):
        press_at_once(driver.app, ["3"])
        await driver.until(lambda: "Opening the stores" in driver.text)
        press_at_once(driver.app, ["n"] * (MOST_HELD + 5))
        await driver.until(lambda: len(driver.app.type_ahead._held) == MOST_HELD)
        gate.set()
        await driver.until(lambda: not driver.app.type_ahead._held)
        await driver.settle()
        assert driver.front("strategies").pages.current == "picker"


async def test_a_question_gets_the_key_typed_ahead(open_app: Open) -> None:
    async with open_app() as driver:
        await driver.press("3", "n", "enter", "ctrl+s")
        press_at_once(driver.app, ["d", "y"])
        await driver.until(lambda: "deleted" in driver.text)


async def test_a_key_after_the_loading_panel_left_and_before_its_heir_has_the_focus_is_not_lost(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app() as driver:
        held: list[Callable[[], object]] = []
        with monkeypatch.context() as patched:
            patched.setattr(Account, "call_after_refresh", lambda _self, call: held.append(call))
            driver.app.go_to("account")
            await driver.until(lambda: held and driver.app.focused is None)
        press_at_once(driver.app, "e")
        await driver.pilot.pause()
        held.pop()()
        await driver.until(lambda: isinstance(driver.app.screen, FormDialog))
