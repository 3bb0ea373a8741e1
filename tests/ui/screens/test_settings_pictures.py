"""Pictures of the settings at the three sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from quant_tui.config.settings import BackupSettings, Settings
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp
from tests.accounts import PASSWORD

from .conftest import Driver

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)


@pytest.mark.parametrize("keys", [(), ("down", "down", "down", "down", "e")], ids=["list", "form"])
@SIZES
def test_settings(
    settings: Settings, snap_compare, monkeypatch: pytest.MonkeyPatch, size, keys
) -> None:
    monkeypatch.setattr("quant_tui.ui.status.PROBE_AFTER_SECONDS", 3600)
    monkeypatch.chdir(Path(__file__).parent)
    shown = replace(
        settings,
        backup=BackupSettings(every_hours=24, folder="/자료/백업"),
        origins={"backup.every_hours": "file", "backup.folder": "environment"},
    )

    async def opener() -> Services:
        services = await open_services(shown)
        await services.sign_in(
            await services.accounts.sign_up("민수", "minsu@example.org", PASSWORD)
        )
        await services.secrets.put("alpha_vantage_api_key", "0123456789abcdef")
        await services.secrets.put("smtp_password", "short")
        return services

    # the picture must not show the address that only this run of the tests has
    visible = replace(shown, mongodb=replace(shown.mongodb, uri="", database="quant_tui"))
    app = QuantApp(visible, opener)

    async def before(pilot: Pilot[None]) -> None:
        driver = Driver(app, pilot)
        await driver.until(lambda: app.services is not None, 90)
        await driver.press("comma")
        await driver.until(lambda: driver.front("settings").loaded)
        await driver.press(*keys)
        jobs = driver.services.jobs  # the first backup is due at once
        await driver.until(lambda: jobs.jobs and not jobs.active)
        await driver.still()

    assert snap_compare(app, terminal_size=size, run_before=before)
