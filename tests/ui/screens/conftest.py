"""The app over real stores with the sample bars, driven by keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from textual.app import App
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.worker import Worker

from quant_tui.config.settings import Settings
from quant_tui.services.composition import Services, open_services
from quant_tui.ui.app import QuantApp
from quant_tui.ui.workers import has_ended
from tests.accounts import sign_up
from tests.ui.idle import arrived

QUIET = frozenset(
    {
        "card",
        "chart",
        "detail",
        "inspect",
        "jump",
        "layout",
        "lines",
        "list",
        "load",
        "open",
        "part",
        "run",
        "save",
    }
    | {CommandPalette._GATHER_COMMANDS_GROUP}
)
"""Groups of workers that end by themselves, whatever lies over their screen."""

LONG = frozenset({"ask", "decide", "estimate", "listen", "live"})
"""Groups of workers that go on as long as an answer, a study or a compilation does."""


LONGEST_MESSAGE = 10.0
"""Seconds that the messages stay which are to be read before they go."""


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

    async def until(self, condition: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait for something, and until the screen that it came with has the keys."""
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                # no pytest.fail: Textual would leave the app running after it, for ever
                raise AssertionError(f"never came true; on the screen:\n{self.text}")
            await self.pilot.pause(0.01)
        await arrived(self.app)

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
        """Wait until no key is held, no worker on its way and no timer of ours starts one."""
        calm = 0
        while calm < 2:
            await self.pilot.pause(0.03)
            busy = [one for one in self.app.workers if self._is_awaited(one)]
            for worker in busy:
                await self.until(lambda worker=worker: not self._is_awaited(worker))
            calm = 0 if busy or self.app.type_ahead.pending else calm + 1

    def _is_awaited(self, worker: Worker[Any]) -> bool:
        """Tell whether a worker will end by itself: one under a dialog may wait for its answer."""
        group, screen = worker.group, self.app.screen
        if has_ended(worker) or group in LONG or group.startswith("started "):
            return False
        if worker.node is self.app:
            return not screen.is_modal
        if worker.node in screen.walk_children(with_self=True):
            return True
        return group in QUIET or group.startswith("card-")

    async def still(self) -> None:
        """Wait until nothing is on the screen that comes and goes by itself, for a picture."""
        asking = self.app.status_keeper
        await self.until(lambda: asking._asking is None or asking._asking.done())
        await self.until(lambda: not self.status_of_jobs)
        self.app.clear_notifications()
        await self.until(lambda: not self.app.query("Toast"))
        await self.settle()

    def front(self, code: str) -> Any:
        """Return a workspace that was visited."""
        return self.app.stack.built[code]

    @property
    def status_of_jobs(self) -> str:
        """What the status line says of jobs, which it does a moment after they changed."""
        _, mark, said = self.text.splitlines()[-2].partition("▸")
        return mark + said

    @property
    def text(self) -> str:
        """What is on the screen."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strips) for strips in lines)


Open = Callable[..., Any]


@pytest.fixture(autouse=True)
def _still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze how long ago things were, what time of day it was, and the day that bars are due."""
    during_last_session = datetime(2018, 12, 31, 18, tzinfo=UTC)
    monkeypatch.setattr("quant_tui.services.freshness.utc_now", lambda: during_last_session)
    monkeypatch.setattr("quant_tui.ui.format.ago", lambda _value, _now=None: "just now")
    monkeypatch.setattr("quant_tui.ui.format.moment", lambda _value: "2026-03-02 09:30")


@pytest.fixture(autouse=True)
def _lasting_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every message stay as long as any does: a busy machine may look for it seconds later."""
    told = App.notify

    def lasting(self: App[Any], message: str, *, timeout: float | None = None, **how: Any) -> None:
        told(self, message, timeout=max(timeout or 0.0, LONGEST_MESSAGE), **how)

    monkeypatch.setattr(App, "notify", lasting)


def hold_first_list(
    monkeypatch: pytest.MonkeyPatch, service: Any
) -> tuple[asyncio.Event, asyncio.Event]:
    """Keep the next list that a service has fetched from whoever asked for it.

    Returns
    -------
    tuple[asyncio.Event, asyncio.Event]
        Set when it has been fetched, and to be set to hand it out.
    """
    going, held, fetch = asyncio.Event(), asyncio.Event(), service.list

    async def late(**options: Any) -> Any:
        found = await fetch(**options)
        if not going.is_set():
            going.set()
            await held.wait()
        return found

    monkeypatch.setattr(service, "list", late)
    return going, held


@pytest.fixture
def open_app(settings: Settings, stock_home: Callable[[], Settings]) -> Open:
    """Open the app: ``async with open_app(size, stocked=False) as driver``."""

    @asynccontextmanager
    async def opened(
        size: tuple[int, int] = (120, 36),
        *,
        stocked: bool = True,
        before: Callable[[Services], Awaitable[None]] | None = None,
    ) -> AsyncIterator[Driver]:
        if stocked:
            stock_home()

        async def opener() -> Services:
            services = await open_services(settings)
            await sign_up(services, "kim")
            if stocked:
                await services.sample_data.load_bars()
            if before is not None:
                await before(services)
            return services

        app = QuantApp(settings, opener)
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.services is not None, 90)
            await driver.settle()
            yield driver

    return opened
