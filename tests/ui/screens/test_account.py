"""Signing in and up, the lock, the account's page and signing out, by keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from quant_tui.config.settings import AccountSettings, Settings
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp
from quant_tui.ui.modals.confirm import Confirm
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.modals.passphrase import Passphrase
from quant_tui.ui.modals.welcome import Welcome
from quant_tui.ui.screens.account.lock import LockScreen
from quant_tui.ui.screens.account.sign_in import SignIn
from tests.accounts import PASSWORD, sign_up
from tests.ui.screens.conftest import Driver

Open = Callable[..., Any]


@pytest.fixture
def open_shared(stocked_settings: Settings) -> Open:
    """Open the app at a shared store: ``async with open_shared(prepare) as driver``."""

    @asynccontextmanager
    async def opened(
        prepare: Callable[[Services], Awaitable[object]] | None = None,
        *,
        size: tuple[int, int] = (120, 36),
        settings: Settings = stocked_settings,
    ) -> AsyncIterator[Driver]:
        async def opener() -> Services:
            services = await open_services(settings)
            if prepare is not None:
                await prepare(services)
            return services

        app = QuantApp(settings, opener)
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.services is not None, 90)
            await driver.settle()
            yield driver

    return opened


async def as_kim(services: Services) -> None:
    """Sign up as somebody with a Korean name."""
    await sign_up(services, "김민준")


async def kim_was_here(services: Services) -> None:
    """Have an account that is signed out."""
    await sign_up(services, "김민준")
    await services.strategies.create("geheim strategy", "BUY_AND_HOLD", {})
    await services.accounts.sign_out()
    await services.sign_out()


async def typed(driver: Driver, *texts: str) -> None:
    """Type each text into its field and go on with enter."""
    for text in texts:
        await driver.pilot.press(*text, "enter")
        await driver.pilot.pause()


async def test_the_first_account_of_a_shared_store_signs_up(open_shared: Open) -> None:
    async with open_shared() as driver:
        await driver.until(lambda: isinstance(driver.app.screen, SignIn))
        assert "yours is the first" in driver.text
        assert driver.services.user is None
        await typed(driver, "lee", "no address", "short", "other")
        assert "At least 8 characters" in driver.text
        assert "It looks like kim@example.org" in driver.text
        assert driver.services.user is None
        await driver.pilot.press("ctrl+u")
        await typed(driver, "lee@example.org")
        await driver.pilot.press("ctrl+u")
        await typed(driver, PASSWORD)
        await driver.pilot.press("ctrl+u")
        await typed(driver, PASSWORD)
        await driver.until(lambda: driver.services.user is not None)
        await driver.settle()
        assert driver.app.screen is driver.app.default_screen
        await driver.until(lambda: " lee" in driver.text.splitlines()[-2])


async def test_a_wrong_password_is_answered_and_the_right_one_opens(open_shared: Open) -> None:
    async with open_shared(kim_was_here) as driver:
        await driver.until(lambda: isinstance(driver.app.screen, SignIn))
        assert "geheim" not in driver.text
        await typed(driver, "kim", "wrong password")
        await driver.until(lambda: "do not belong together" in driver.text)
        assert driver.app.screen.form.field("password").value == ""
        await driver.pilot.press("up", "ctrl+u")
        await typed(driver, "김민준", PASSWORD)
        await driver.until(lambda: not isinstance(driver.app.screen, SignIn))
        await driver.press("3")
        await driver.until(lambda: "geheim strategy" in driver.text)


async def test_the_passphrase_that_signing_in_needs_is_asked_for_above_it(
    open_shared: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    async with open_shared(kim_was_here) as driver:
        await driver.until(lambda: isinstance(driver.app.screen, SignIn))
        await typed(driver, "김민준")
        await driver.pilot.press(*PASSWORD, "enter")  # what it sets off waits for the passphrase
        await driver.until(lambda: isinstance(driver.app.screen, Passphrase))
        for _once_more in range(2):
            await driver.pilot.press(*"correct-horse", "enter")
        await driver.until(lambda: driver.services.user is not None)
        await driver.settle()
        assert driver.app.screen is driver.app.default_screen
        assert driver.services.accounts.unkept == ""


async def test_signing_in_goes_on_without_the_passphrase(
    open_shared: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    async with open_shared(kim_was_here) as driver:
        await driver.until(lambda: isinstance(driver.app.screen, SignIn))
        await typed(driver, "김민준")
        await driver.pilot.press(*PASSWORD, "enter")
        await driver.until(lambda: isinstance(driver.app.screen, Passphrase))
        await driver.pilot.press("escape")
        await driver.until(lambda: driver.services.user is not None)
        await driver.until(lambda: "until quitting only" in driver.text)


async def test_tab_leads_from_the_name_to_the_password(open_shared: Open) -> None:
    async with open_shared(kim_was_here) as driver:
        await driver.until(lambda: isinstance(driver.app.screen, SignIn))
        form = driver.app.screen.form
        await driver.until(lambda: form.field("username").control.has_focus)
        await driver.pilot.press("k", "tab", "p")
        assert form.field("username").value == "k"
        assert form.field("password").value == "p"
        await driver.pilot.press("shift+tab", "i")
        assert form.field("username").value == "i"  # what was there was selected


async def test_keys_and_clicks_do_nothing_before_one_has_signed_in(open_shared: Open) -> None:
    async with open_shared(kim_was_here) as driver:
        await driver.until(lambda: isinstance(driver.app.screen, SignIn))
        front = driver.app.front
        await driver.pilot.press("tab", "ctrl+p", "3", "escape", "q", "4")
        await driver.pilot.click(offset=(40, 0))
        assert isinstance(driver.app.screen, SignIn)
        assert driver.app.front == front
        driver.app.go_to("strategies")
        await driver.pilot.pause()
        assert driver.app.front == front
        assert isinstance(driver.app.screen, SignIn)


async def test_the_lock_hides_everything_until_the_password_is_given(open_shared: Open) -> None:
    async def prepare(services: Services) -> None:
        await as_kim(services)
        await services.strategies.create("geheim strategy", "BUY_AND_HOLD", {})

    async with open_shared(prepare) as driver:
        await driver.press("3")
        await driver.until(lambda: "geheim strategy" in driver.text)
        await driver.pilot.press("ctrl+backslash")
        await driver.until(lambda: isinstance(driver.app.screen, LockScreen))
        assert "geheim" not in driver.text
        assert "Locked by 김민준" in driver.text
        # what wants to open, say or go somewhere waits beneath
        driver.app.push_screen(Confirm("Delete geheim?"))
        driver.app.notify("geheim: done", markup=False)
        driver.app.go_to("backtests")
        await driver.pilot.press("ctrl+p", "escape", "9")
        await driver.pilot.pause()
        assert isinstance(driver.app.screen, LockScreen)
        assert "geheim" not in driver.text
        await typed(driver, "wrong password")
        await driver.until(lambda: "not your password" in driver.text)
        await typed(driver, PASSWORD)
        await driver.until(lambda: not driver.app.gate.closed)
        await driver.settle()
        assert isinstance(driver.app.screen, Confirm)
        await driver.until(lambda: "geheim: done" in driver.text)
        await driver.pilot.press("n")
        await driver.settle()
        assert driver.app.front == "strategies"
        assert "geheim strategy" in driver.text


async def test_keys_typed_ahead_of_the_lock_never_reach_what_it_hides(open_shared: Open) -> None:
    async def prepare(services: Services) -> None:
        await as_kim(services)
        await services.strategies.create("geheim strategy", "BUY_AND_HOLD", {})

    async with open_shared(prepare) as driver:
        await driver.press("3")
        await driver.until(lambda: "geheim strategy" in driver.text)
        # d deletes, n makes: without a pause between, as fast as a terminal gives them
        for key in ("ctrl+backslash", "d", "y", "n", "enter"):
            driver.app.simulate_key(key)
        await driver.until(lambda: isinstance(driver.app.screen, LockScreen))
        await driver.pilot.pause()
        await driver.pilot.press("ctrl+u")
        await typed(driver, PASSWORD)
        await driver.until(lambda: not driver.app.gate.closed)
        await driver.settle()
        assert driver.app.screen is driver.app.default_screen
        assert len(await driver.services.strategies.list()) == 1


async def test_without_a_password_the_lock_says_how_to_set_one(open_shared: Open) -> None:
    async def prepare(services: Services) -> None:
        services.accounts.private = True
        await services.sign_in(await services.accounts.create_local("kim"))

    async with open_shared(prepare) as driver:
        await driver.pilot.press("ctrl+backslash")
        await driver.until(lambda: "no password to unlock with" in driver.text)
        assert not driver.app.gate.closed
        driver.app.go_to("account", target="password")
        await driver.until(lambda: isinstance(driver.app.screen, FormDialog))
        await driver.pilot.pause()
        assert "Present password" not in driver.text
        await typed(driver, PASSWORD, PASSWORD)
        await driver.until(
            lambda: bool(driver.services.user and driver.services.user.password_hash)
        )
        await driver.settle()
        await driver.pilot.press("ctrl+backslash")
        await driver.until(lambda: isinstance(driver.app.screen, LockScreen))


async def test_idling_locks_and_a_key_puts_it_off(
    open_shared: Open, stocked_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = replace(stocked_settings, account=AccountSettings(idle_lock_minutes=5))
    now = [1000.0]
    monkeypatch.setattr("quant_tui.ui.gate.monotonic", lambda: now[0])
    async with open_shared(as_kim, settings=idle) as driver:
        gate = driver.app.gate
        now[0] += 200
        await driver.pilot.press("3")
        now[0] += 200
        await gate.lock_when_idle(5)
        assert not gate.closed, "a key was pressed 200 seconds ago"
        now[0] += 101
        await gate.lock_when_idle(5)
        assert gate.closed
        assert isinstance(driver.app.screen, LockScreen)


async def test_signing_out_cancels_after_asking_and_leaves_nothing(open_shared: Open) -> None:
    async def prepare(services: Services) -> None:
        await as_kim(services)
        await services.strategies.create("geheim strategy", "BUY_AND_HOLD", {})

    async with open_shared(prepare) as driver:
        await driver.press("3")
        await driver.until(lambda: "geheim strategy" in driver.text)
        workspace = driver.front("strategies")

        async def work(context: Any) -> None:
            while not context.cancel():  # noqa: ASYNC110 -- as work hears that it is cancelled
                await asyncio.sleep(0.01)
            context.cancel.raise_if_cancelled()

        job = driver.services.jobs.start("backtest", "geheim run", work)
        driver.app.action_sign_out()
        await driver.until(lambda: "geheim run is running" in " ".join(driver.text.split()))
        assert isinstance(driver.app.screen, Confirm)
        await driver.pilot.press("n")
        await driver.pilot.pause()
        assert driver.services.user is not None
        driver.app.action_sign_out()
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.pilot.press("y")
        await driver.until(lambda: isinstance(driver.app.screen, SignIn))
        await driver.pilot.pause()
        assert job.status.is_final
        assert "geheim" not in driver.text
        assert "김민준" not in driver.text
        assert driver.app.built_workspaces == []
        assert not workspace.is_attached
        assert driver.app.job_watch.jobs == []
        assert driver.services.user is None
        # the next person sees their own, empty store
        await driver.pilot.press("ctrl+n")
        await driver.pilot.pause()
        await typed(driver, "lee", "lee@example.org", PASSWORD, PASSWORD)
        await driver.until(lambda: driver.services.user is not None)
        await driver.settle()
        await driver.press("3")
        await driver.until(lambda: "No strategies yet" in driver.text)


async def test_a_session_ended_elsewhere_is_noticed(
    open_shared: Open, stocked_settings: Settings
) -> None:
    async with open_shared(as_kim) as driver:
        await driver.press("3")
        user = driver.services.user
        assert user is not None
        await driver.services.stores.repositories.for_user(user.id).sessions.end_all()
        driver.app.status_keeper.look()
        await driver.until(lambda: isinstance(driver.app.screen, SignIn))
        await driver.until(lambda: "from elsewhere" in driver.text)
        assert driver.services.user is None


async def test_the_account_page_changes_name_address_and_password(open_shared: Open) -> None:
    async with open_shared(as_kim) as driver:
        driver.app.go_to("account")
        await driver.until(lambda: "not verified" in driver.text)
        assert "this one" in driver.text
        await driver.pilot.press("e")
        await driver.until(lambda: isinstance(driver.app.screen, FormDialog))
        await driver.pilot.press("ctrl+u")
        await typed(driver, "민준", "")
        await driver.until(lambda: driver.app.screen is driver.app.default_screen)
        await driver.until(lambda: "민준 " in driver.text.splitlines()[-2])
        await driver.settle()
        await driver.pilot.press("p")
        await driver.until(lambda: isinstance(driver.app.screen, FormDialog))
        await typed(driver, "wrong password", "another password", "another password")
        await driver.until(lambda: "not your password" in driver.text)
        await driver.pilot.press("ctrl+u")
        await typed(driver, PASSWORD)
        await driver.pilot.press("ctrl+s")
        await driver.until(lambda: "password is set" in driver.text)
        assert await driver.services.accounts.sign_in("민준", "another password", keep=False)


async def test_the_address_is_verified_by_a_code(open_shared: Open) -> None:
    async def prepare(services: Services) -> None:
        services.accounts.private = services.accounts.verification._private = True
        await as_kim(services)

    async with open_shared(prepare) as driver:
        user = driver.services.user
        assert user is not None
        driver.app.go_to("account", target="verify")
        await driver.until(lambda: "quant-tui account code" in driver.text)
        sent = await driver.services.accounts.verification.send(user)
        await typed(driver, "000000" if sent.code != "000000" else "000001")
        await driver.until(lambda: "not the code" in driver.text)
        await driver.pilot.press("ctrl+u")
        await typed(driver, sent.code)
        await driver.until(lambda: "is verified" in driver.text)
        await driver.until(lambda: "✓ verified" in driver.text)


async def test_deactivating_asks_twice_and_closes_the_account(open_shared: Open) -> None:
    async with open_shared(as_kim) as driver:
        driver.app.go_to("account", target="deactivate")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.pilot.press("y")
        await driver.until(lambda: isinstance(driver.app.screen, FormDialog))
        await typed(driver, PASSWORD)
        await driver.until(lambda: isinstance(driver.app.screen, SignIn))
        await driver.pilot.pause()
        assert "yours is the first" in driver.text, "no active account is left"
        assert "김민준" not in driver.text


async def test_a_private_store_is_welcomed_again_after_its_account_was_closed(
    open_shared: Open,
) -> None:
    async def prepare(services: Services) -> None:
        services.accounts.private = True
        await services.sign_in(await services.accounts.create_local("kim"))

    async with open_shared(prepare) as driver:
        driver.app.go_to("account", target="deactivate")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.pilot.press("y")
        await driver.until(lambda: isinstance(driver.app.screen, Welcome))
        assert driver.services.user is None


async def test_quitting_behind_the_lock_names_nothing(open_shared: Open) -> None:
    async with open_shared(as_kim) as driver:

        async def work(context: Any) -> None:
            while not context.cancel():  # noqa: ASYNC110 -- as work hears that it is cancelled
                await asyncio.sleep(0.01)

        driver.services.jobs.start("backtest", "geheim run", work)
        await driver.pilot.press("ctrl+backslash")
        await driver.until(lambda: isinstance(driver.app.screen, LockScreen))
        await driver.pilot.press("ctrl+q")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        assert "Something is not finished" in driver.text
        assert "geheim" not in driver.text
        await driver.pilot.press("n")
        await driver.pilot.pause()
        assert isinstance(driver.app.screen, LockScreen)
