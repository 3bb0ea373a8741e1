"""Settings, keys and backups, driven by keys."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest
from textual.widgets import Input

from quant_tui.config.settings import Settings, load_settings
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.modals.passphrase import Passphrase
from quant_tui.ui.screens.settings import SettingsPlace
from quant_tui.ui.screens.settings.forms import EntryForm

from .conftest import Driver, Open

KEY = "PLANTED-9f8e7d6c5b4a"


async def at(driver: Driver, line: str = "") -> SettingsPlace:
    """Go to the settings, and to a line of them."""
    await driver.press("comma")
    await driver.until(lambda: driver.front("settings").loaded)
    place = driver.front("settings")
    assert isinstance(place, SettingsPlace)
    if line:
        place.table.move_to(line)
        await driver.settle()
    return place


async def clear(driver: Driver) -> None:
    field = driver.app.screen.focused
    assert isinstance(field, Input)
    field.value = ""
    await driver.settle()


async def type_hidden(driver: Driver, text: str, *keys: str) -> None:
    """Type into the question over the screen, while work below waits for its answer."""
    for letter in text:
        await driver.pilot.press("space" if letter == " " else letter)
    await driver.pilot.press(*keys)


async def test_a_key_is_set_and_removed_and_never_shown(open_app: Open, settings: Settings) -> None:
    async with open_app(stocked=False) as driver:
        place = await at(driver, "key:openai_api_key")
        assert "not set" in driver.text
        await driver.press("e")
        await driver.type(KEY)
        assert KEY not in driver.text
        await driver.press("ctrl+s")
        await driver.until(lambda: "…5b4a" in driver.text)
        assert "keyring" in driver.text
        assert KEY not in driver.text
        assert await driver.services.secrets.get("openai_api_key") == KEY
        await driver.press("d")
        assert "Remove the Language model API key?" in driver.text
        await driver.press("y")
        await driver.until(lambda: "…5b4a" not in driver.text)
        assert await driver.services.secrets.get("openai_api_key") is None
        assert place.table.cursor_key == "key:openai_api_key"
    for path in settings.locations.config.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


async def test_a_setting_is_checked_kept_and_taken_back(open_app: Open, settings: Settings) -> None:
    async with open_app(stocked=False) as driver:
        place = await at(driver, "backup.every_hours")
        await driver.press("enter")
        await clear(driver)
        await driver.type("99999")
        error = place.query_one(EntryForm).field("value").error
        assert "is between 0 and 8760" in error
        assert "✗" in driver.text
        await driver.press("ctrl+s")
        assert not settings.locations.config_file.exists()
        await clear(driver)
        await driver.type("24")
        await driver.press("ctrl+s")
        await driver.until(lambda: not place.query(EntryForm))
        await driver.settle()
        assert tomllib.loads(settings.locations.config_file.read_text()) == {
            "backup": {"every_hours": 24}
        }
        assert driver.services.backups.plan.every_hours == 24
        await driver.press("d")
        await driver.until(lambda: driver.services.backups.plan.every_hours == 0)
        assert tomllib.loads(settings.locations.config_file.read_text()) == {"backup": {}}
        await driver.press("u")
        await driver.until(lambda: driver.services.backups.plan.every_hours == 24)


async def test_what_the_environment_sets_says_so(
    settings: Settings, sample_duckdb: Path, open_app: Open
) -> None:
    found = load_settings(settings.locations.config, environment={"QUANT_TUI_JOBS_WORKERS": "3"})
    assert found.origins == {"jobs.workers": "environment"}
    async with open_app(stocked=False) as driver:
        driver.app.settings = found
        await at(driver, "jobs.workers")
        assert "environment" in driver.text
        assert "QUANT_TUI_JOBS_WORKERS wins" in " ".join(driver.text.split())


async def test_the_passphrase_is_asked_for_over_the_screen(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    async with open_app(stocked=False) as driver:
        await at(driver, "key:openai_api_key")
        await driver.press("e")
        await driver.type(KEY)
        await driver.pilot.press("ctrl+s")  # what it sets off waits for the passphrase
        await driver.until(lambda: isinstance(driver.app.screen, Passphrase))
        await type_hidden(driver, "correct horse", "enter")
        await type_hidden(driver, "correct house", "enter")
        await driver.until(lambda: "not the same" in driver.text)
        driver.app.screen.query_one("#again", Input).value = ""
        await type_hidden(driver, "correct horse", "enter")
        await driver.until(lambda: "…5b4a" in driver.text)
        assert "Passphrase" in driver.text
        assert "correct horse" not in driver.text


async def test_a_backup_is_made_and_restored_from_the_app(
    open_app: Open, tmp_path: Path, settings: Settings
) -> None:
    async with open_app() as driver:
        await at(driver)
        await driver.press("x")
        await clear(driver)
        await driver.type(str(tmp_path / "all.zip"))
        await driver.press("ctrl+s")
        await driver.until(lambda: (tmp_path / "all.zip").exists())
        with zipfile.ZipFile(tmp_path / "all.zip") as archive:
            assert "tables/market_data.parquet" in archive.namelist()


async def test_escape_goes_back_to_where_one_was(open_app: Open) -> None:
    async with open_app((80, 24), stocked=False) as driver:
        await driver.press("4")
        place = await at(driver)
        await driver.press("e")
        assert place.query(EntryForm)
        await driver.press("escape")
        assert not place.query(EntryForm)
        await driver.press("escape")
        assert driver.app.front == "backtests"


async def test_a_private_home_is_exchanged_while_the_app_stays_open(tmp_path: Path) -> None:
    from quant_tui.ui.app import QuantApp
    from tests.services.backup_home import at as over
    from tests.services.backup_home import back_up, settings_of

    async def named(name: str, services: Services) -> None:
        user = await services.accounts.create_local("kim")
        await services.sign_in(user)
        await services.strategies.create(name, "SMA_CROSSOVER", {})

    await over(tmp_path / "first", lambda services: named("first", services))
    await back_up(tmp_path / "first", tmp_path / "all.zip")
    await over(tmp_path / "second", lambda services: named("second", services))
    settings = settings_of(tmp_path / "second")
    app = QuantApp(settings, lambda: open_services(settings))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        driver = Driver(app, pilot)
        await driver.until(lambda: app.services is not None, 90)
        before = app.services
        await driver.press("3")
        await driver.until(lambda: "second" in driver.text)
        await at(driver)
        await driver.press("R")
        await driver.type(str(tmp_path / "all.zip"))
        await driver.press("ctrl+s")
        await driver.until(lambda: "Replace everything here" in driver.text, 60)
        await driver.press("y")
        await driver.until(lambda: app.services not in (None, before), 60)
        await driver.press("3")
        await driver.until(lambda: "first" in driver.text, 30)
        assert "second" not in driver.text
