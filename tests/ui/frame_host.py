"""A stand-in for the services that the frame itself asks, held in memory.

The screens' own tests use the real services; these are for the frame alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from quant_tui.config.settings import Settings, load_settings
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.user import User
from quant_tui.jobs.manager import JobContext, JobManager
from quant_tui.services.alerts import AlertFeed
from quant_tui.services.arrivals import Arrivals
from quant_tui.services.dashboard_layout import DashboardLayout, DashboardState
from quant_tui.ui.app import QuantApp

FROZEN_NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass
class Health:
    name: str
    ok: bool | None
    detail: str = ""


class HealthyStores:
    async def check(self, *, chroma: bool = False) -> list[Health]:
        return [
            Health("MongoDB", True),
            Health("DuckDB", True),
            Health("ChromaDB", None),
            Health("LLM", None),
        ]


@dataclass
class Market:
    last: date | None = date(2026, 2, 27)

    async def last_session(self) -> date | None:
        return self.last

    async def symbols(self, search: str = "") -> list[Any]:
        return [
            SimpleNamespace(
                symbol="SP500", first=date(1999, 1, 4), last=date(2018, 12, 31), source="arch"
            )
        ]


class Sessions:
    async def check(self, user: User) -> User:
        return user


class Accounts:
    def __init__(self) -> None:
        self.made: list[str] = []
        self.private = True
        self.sessions = Sessions()

    async def is_new(self) -> bool:
        return not self.made

    async def create_local(self, username: str = "") -> User:
        if " " in username:
            raise InvalidInput(f"The name {username!r} cannot be used.", field="username")
        self.made.append(username)
        return User(id="u1", email=f"{username}@localhost", username=username)


class Samples:
    def __init__(self) -> None:
        self.loaded = 0

    async def load(self, context: JobContext | None = None) -> str:
        if context is not None:
            context.progress(0.5, "half")
        self.loaded += 1
        return "done"


class Listed:
    """Strategies or backtests, for the palette."""

    def __init__(self, *found: Any) -> None:
        self.found = list(found)

    async def list(self, *args: Any, **kwargs: Any) -> list[Any]:
        return self.found


class NoChats(Listed):
    """No conversations, and none answered."""

    def answering(self) -> frozenset[str]:
        return frozenset()

    def commands(self) -> list[tuple[str, str]]:
        return []

    def warm(self) -> None:
        pass

    async def state(self, session_id: str) -> Any:
        return SimpleNamespace(model="", tokens=0, cost=None, context=0.0)


class EmptyDashboard:
    async def load(self) -> DashboardState:
        return DashboardState((DashboardLayout("Trading"),), "Trading")


class Idle:
    """Stands for what runs beside the app on its own: nothing comes of it here."""

    def begin(self) -> None:
        pass

    def subscribe(self, listener: Any) -> None:
        pass


class NoFreshness:
    async def of_store(self, *, work_out: bool = True) -> None:
        """Nothing is known of any calendar."""


@dataclass
class FrameServices:
    jobs: JobManager
    user: User | None = None
    accounts: Accounts = field(default_factory=Accounts)
    health: HealthyStores = field(default_factory=HealthyStores)
    market_data: Market = field(default_factory=Market)
    sample_data: Samples = field(default_factory=Samples)
    strategies: Listed = field(
        default_factory=lambda: Listed(
            SimpleNamespace(id="s1", name="Golden [/cross] 골든", strategy_type="SMA_CROSSOVER")
        )
    )
    backtests: Listed = field(default_factory=Listed)
    studies: Listed = field(default_factory=Listed)
    dashboards: EmptyDashboard = field(default_factory=EmptyDashboard)
    arrivals: Arrivals = field(default_factory=Arrivals)
    watchlists: Listed = field(default_factory=Listed)
    portfolios: Listed = field(default_factory=Listed)
    features: Listed = field(default_factory=Listed)
    models: Listed = field(default_factory=Listed)
    chat: NoChats = field(default_factory=NoChats)
    alert_feed: AlertFeed = field(default_factory=AlertFeed)
    model_feed: Idle = field(default_factory=Idle)
    freshness: NoFreshness = field(default_factory=NoFreshness)
    secrets: SimpleNamespace = field(default_factory=SimpleNamespace)
    backup_schedule: Idle = field(default_factory=Idle)
    watched_folders: Idle = field(default_factory=Idle)
    arrivals_elsewhere: Idle = field(default_factory=Idle)
    closed: bool = False

    async def sign_in(self, user: User) -> None:
        self.user = user

    def keep_index(self) -> None:
        """There is nothing to find."""

    async def close(self) -> None:
        await self.jobs.shutdown(1.0)
        self.closed = True


def make_user() -> User:
    return User(id="u1", email="kim@localhost", username="kim")


class Opener:
    """Opens :class:`FrameServices`, or fails first as often as asked."""

    def __init__(self, *, user: User | None = None, failures: list[Exception] | None = None):
        self.user = user
        self.failures = failures or []
        self.services: FrameServices | None = None

    async def __call__(self) -> Any:
        if self.failures:
            raise self.failures.pop(0)
        self.services = FrameServices(JobManager(2), user=self.user)
        return self.services


def make_app(
    home: Path, *, opener: Opener | None = None, settings: Settings | None = None
) -> QuantApp:
    settings = settings or load_settings(home, environment={})
    return QuantApp(settings, opener or Opener(user=make_user()))
