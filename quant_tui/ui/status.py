"""Keeps the status line true, and costs nothing while nothing happens."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from quant_tui.domain.errors import NotSignedIn
from quant_tui.ui.reporting import logger
from quant_tui.ui.widgets.status_line import HealthMark, StatusLine

if TYPE_CHECKING:
    from textual.timer import Timer

    from quant_tui.services.composition import Services
    from quant_tui.ui.app import QuantApp

HEALTH_SECONDS = 30.0
PROBE_AFTER_SECONDS = 5.0
JOB_SECONDS = 0.5
"""A running job's line is repainted at most twice a second."""

STALE_SESSIONS = 3
"""Weekdays that daily data may lag: yesterday's close, and a long weekend."""


def is_stale(last_session: date | None, today: date) -> bool:
    """Return whether daily data are older than any exchange's calendar would explain.

    A plain rule that stands until the exchange's own calendar is at hand.
    """
    if last_session is None:
        return False
    day, sessions = last_session, 0
    while day < today and sessions <= STALE_SESSIONS:
        day += timedelta(days=1)
        sessions += day.weekday() < 5
    return sessions > STALE_SESSIONS


class StatusKeeper:
    """Asks the services how things are and tells the status line."""

    def __init__(self, app: QuantApp) -> None:
        self._app = app
        self._services: Services | None = None
        self._health_timer: Timer | None = None
        self._job_timer: Timer | None = None
        self._asking: asyncio.Task[None] | None = None
        self._asked_again = False

    def start(self, services: Services) -> None:
        """Begin once the services are open."""
        self._services = services
        self.look()
        if self._health_timer is None:
            self._health_timer = self._app.set_interval(HEALTH_SECONDS, self.look)
            self._app.set_timer(PROBE_AFTER_SECONDS, self._look_deeper)

    def stop(self) -> None:
        """End; nothing is asked any more."""
        self._services = None
        if self._asking is not None:
            self._asking.cancel()

    def look(self, *, deeper: bool = False) -> None:
        """Ask for health and data; while a question is open, once more after its answer."""
        if self._services is None:
            return
        if self._asking is None or self._asking.done():
            asking = self._ask_until_known(self._services, deeper=deeper)
            self._asking = asyncio.create_task(asking, name="status")
        else:  # what is under way may have read what was there before
            self._asked_again = True

    def _look_deeper(self) -> None:
        """Also try the index of ChromaDB, once, when the person has begun to work."""
        self.look(deeper=True)

    def jobs_changed(self) -> None:
        """Show the running jobs soon; keep looking while there are any."""
        if self._job_timer is None and self._app.is_running:
            self._show_jobs()
            self._job_timer = self._app.set_interval(JOB_SECONDS, self._show_jobs)

    @property
    def line(self) -> StatusLine:
        """The status line."""
        return self._app.default_screen.query_one(StatusLine)

    def _show_jobs(self) -> None:
        if self._services is None or not self._app.is_running:
            return  # a last tick, while the screen is being taken down
        active = self._app.job_watch.active
        self.line.show_jobs(active)
        self._app.jobs_tick()
        if not active and self._job_timer is not None:
            self._job_timer.stop()
            self._job_timer = None

    async def _ask_until_known(self, services: Services, *, deeper: bool) -> None:
        await self._ask(services, deeper=deeper)
        while self._asked_again and services is self._services:
            self._asked_again = False
            await self._ask(services, deeper=False)

    async def _ask(self, services: Services, *, deeper: bool) -> None:
        line = self.line
        try:
            if services.user is not None:
                services.user = await services.accounts.sessions.check(services.user)
            line.show_user(services.user.username if services.user else "")
            health = await services.health.check(chroma=deeper)
            line.show_health([HealthMark(one.name, one.ok, one.detail) for one in health])
            last = await services.market_data.last_session()
            known = await services.freshness.of_store(work_out=deeper)
            stale = known.stale if known else is_stale(last, datetime.now(UTC).date())
            line.show_data(last, stale)
        except NotSignedIn as error:
            self._app.in_background(partial(self._app.gate.expel, error))
        except Exception:  # noqa: BLE001 -- logged; the line simply stays as it was
            logger.exception("the status line could not be brought up to date")
