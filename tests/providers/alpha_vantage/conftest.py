from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quant_tui.config.settings import AlphaVantageSettings, Settings, load_settings
from quant_tui.providers.alpha_vantage.provider import AlphaVantage
from quant_tui.providers.base import ProviderAccess
from quant_tui.providers.http import Patience
from tests.alpha_vantage_server import KEY, AlphaVantageServer, alpha_vantage

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning in New York."""

QUICK = Patience(attempts=3, first_pause=0.001, longest_pause=0.01)
"""Asks again at once, and waits for an answer as long as a busy machine may take for one."""

Make = Callable[..., AlphaVantage]


@pytest.fixture
def server() -> Iterator[AlphaVantageServer]:
    with alpha_vantage() as running:
        yield running


@pytest.fixture
def plan(tmp_path: Path, server: AlphaVantageServer) -> Callable[..., Settings]:
    def plan(**mine: object) -> Settings:
        found = load_settings(tmp_path / "home", environment={})
        given = {"requests_per_minute": 60_000, "base_url": server.url, **mine}
        return replace(found, alpha_vantage=AlphaVantageSettings(**given))  # type: ignore[arg-type]

    return plan


@pytest.fixture
async def make(plan: Callable[..., Settings]) -> AsyncIterator[Make]:
    made: list[AlphaVantage] = []

    def make(
        *, key: str = KEY, now: datetime = NOW, patience: Patience = QUICK, **mine: object
    ) -> AlphaVantage:
        access = ProviderAccess(plan(**mine), key)
        made.append(AlphaVantage(access, patience=patience, clock=lambda: now))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def source(make: Make) -> AlphaVantage:
    return make()
