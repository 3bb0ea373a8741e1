"""The app over real stores with the sample bars, driven by keys."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from quant_tui.config.settings import Settings
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp

QUIET = frozenset({"detail", "open", "list", "chart", "load", "save", "run", "jump", "inspect"})


@dataclass
class Driver:
    """Presses keys and waits for what follows from them."""

    app: QuantApp
    pilot: Pilot[None]
    pressed: int = 0

    @property
    def services(self) -> Services:
        assert self.app.services is not None
        return self.app.services

    async def until(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                pytest.fail(f"never came true; on the screen:\n{self.text}")
            await self.pilot.pause(0.01)

    async def press(self, *keys: str) -> None:
        """Press keys, each after what the one before it set off has settled."""
        for key in keys:
            await self.pilot.press(key)
            self.pressed += 1
            await self.settle()

    async def type(self, text: str) -> None:
        for letter in text:
            await self.pilot.press(letter)
        await self.settle()

    async def settle(self) -> None:
        """Wait until no worker is on its way and no timer of ours is about to start one."""
        calm = 0
        while calm < 2:
            await self.pilot.pause(0.08)
            busy = [one for one in self.app.workers if one.group in QUIET and not one.is_finished]
            for worker in busy:
                await self.until(lambda worker=worker: worker.is_finished)
            calm = 0 if busy else calm + 1

    def front(self, code: str) -> Any:
        """Return a workspace that was visited."""
        return self.app.stack.built[code]

    @property
    def text(self) -> str:
        """What is on the screen."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strips) for strips in lines)


Open = Callable[..., Any]


@pytest.fixture(autouse=True)
def _still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze how long ago things were, and what time of day it was."""
    monkeypatch.setattr("quant_tui.ui.format.ago", lambda _value, _now=None: "just now")
    monkeypatch.setattr("quant_tui.ui.format.moment", lambda _value: "2026-03-02 09:30")


@pytest.fixture
def open_app(settings: Settings, sample_duckdb: Path) -> Open:
    """Open the app: ``async with open_app(size, stocked=False) as driver``."""

    @asynccontextmanager
    async def opened(
        size: tuple[int, int] = (120, 36),
        *,
        stocked: bool = True,
        before: Callable[[Services], Awaitable[None]] | None = None,
    ) -> AsyncIterator[Driver]:
        if stocked:
            settings.locations.create()
            shutil.copy(sample_duckdb, settings.locations.duckdb_file)

        async def opener() -> Services:
            services = await open_services(settings)
            await services.sign_in(await services.accounts.create_local("kim"))
            if stocked:
                await services.sample_data.load_bars()
            if before is not None:
                await before(services)
            return services

        app = QuantApp(settings, opener)
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.services is not None)
            await driver.settle()
            yield driver
            metadata = driver.services.stores.metadata
            await metadata.database.client.drop_database(metadata.database.name)

    return opened
