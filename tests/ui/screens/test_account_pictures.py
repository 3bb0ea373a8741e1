"""Pictures of sign-in, lock and account at three sizes; the name is Korean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from quant_tui.config.settings import Settings
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp
from tests.accounts import PASSWORD, sign_up
from tests.ui.screens.conftest import Driver

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)

Look = Callable[..., bool]


@pytest.fixture
def look(stocked_settings: Settings, snap_compare, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Compare the screen after some keys with its kept picture."""
    monkeypatch.setattr("quant_tui.ui.status.PROBE_AFTER_SECONDS", 3600)
    monkeypatch.setattr("quant_tui.services.sessions.platform.node", lambda: "desk-7")
    monkeypatch.chdir(Path(__file__).parent)

    def compare(
        size: tuple[int, int],
        *keys: str,
        prepare: Callable[[Services], Awaitable[None]],
        until: str,
        place: str = "",
    ) -> bool:
        async def opener() -> Services:
            services = await open_services(stocked_settings)
            services.stores.public_uri = "mongodb://db.example.org:27017/"
            await prepare(services)
            return services

        app = QuantApp(stocked_settings, opener)

        async def before(pilot: Pilot[None]) -> None:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.services is not None, 90)
            await driver.until(lambda: app.gate.closed or driver.services.user is not None)
            await driver.settle()
            if place:
                app.go_to(place)
                await driver.settle()
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
            await driver.until(lambda: until in driver.text)
            if not app.gate.closed:
                await driver.still()

        return bool(snap_compare(app, terminal_size=size, run_before=before))

    return compare


async def nobody(services: Services) -> None:
    """Leave the store without an account."""


async def signed_out(services: Services) -> None:
    """Have an account, and nobody signed in."""
    await sign_up(services, "김민준")
    await services.accounts.sign_out()
    await services.sign_out()


async def kim(services: Services) -> None:
    """Be somebody with a Korean name and no data."""
    await sign_up(services, "김민준")


@SIZES
def test_sign_up_with_mistakes(look: Look, size: tuple[int, int]) -> None:
    keys = ["k", "enter", "k", "enter", "s", "enter", "t", "enter"]
    assert look(size, *keys, prepare=nobody, until="At least 8")


@SIZES
def test_sign_in_refused(look: Look, size: tuple[int, int]) -> None:
    keys = ["k", "i", "m", "enter", "x", "enter"]
    assert look(size, *keys, prepare=signed_out, until="do not belong")


@SIZES
def test_lock(look: Look, size: tuple[int, int]) -> None:
    keys = ["ctrl+backslash", *"wrong", "enter"]
    assert look(size, *keys, prepare=kim, until="not your password")


@SIZES
def test_account(look: Look, size: tuple[int, int]) -> None:
    assert look(size, prepare=kim, until="this one", place="account")


@SIZES
def test_change_password(look: Look, size: tuple[int, int]) -> None:
    keys = ["p", *PASSWORD[:4], "enter", "a", "enter", "b", "enter"]
    assert look(size, *keys, prepare=kim, until="At least 8", place="account")
