"""A process killed in the middle of a fetch loses nothing stored, and leaves nothing half."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from quant_tui.config.settings import AlphaVantageSettings, Settings
from quant_tui.providers.sessions import last_over
from quant_tui.services.composition import open_services
from quant_tui.services.fetch_plan import FetchRequest
from tests.alpha_vantage_server import KEY, alpha_vantage

RUNNER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from quant_tui.config.settings import AlphaVantageSettings, MongoSettings, load_settings
from quant_tui.services.composition import open_services
from quant_tui.services.fetch_plan import FetchRequest

async def main():
    home, uri, database, url = sys.argv[1:]
    found = load_settings(Path(home), environment={})
    services = await open_services(
        replace(
            found,
            mongodb=MongoSettings(uri=uri, database=database),
            alpha_vantage=AlphaVantageSettings(
                requests_per_minute=60_000, requests_per_day=500, base_url=url
            ),
        )
    )
    names = tuple(f"S{number:03d}" for number in range(40))
    job = services.fetching.start(FetchRequest(names, adjusted=True))
    await job.wait()

asyncio.run(main())
"""

NAMES = tuple(f"S{number:03d}" for number in range(40))


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stderr=subprocess.PIPE)


@pytest.mark.parametrize("requests", [4, 17, 50])
async def test_killed_in_the_middle(
    settings: Settings,
    eventually: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    requests: int,
) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    with alpha_vantage() as server:
        server.today = last_over("IBM", datetime.now(UTC))
        server.symbols = set(NAMES)
        process = start(
            [sys.executable, "-c", RUNNER, str(settings.locations.config),
             settings.mongodb.uri, settings.mongodb.database, server.url]
        )  # fmt: skip
        eventually(lambda: len(server.asked) >= requests or process.poll() is not None, seconds=90)
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate(timeout=30)
        assert process.returncode == -signal.SIGKILL, said.decode()
        asked = len(server.asked)
        mine = AlphaVantageSettings(
            requests_per_minute=60_000, requests_per_day=500, base_url=server.url
        )
        services = await open_services(replace(settings, alpha_vantage=mine))
        try:
            summaries = await services.market_data.symbols()
            covered = services.stores.fetched.coverage("alpha_vantage", "bars", NAMES, "1d")
            # A symbol is there with bars, raw bars, actions and coverage, or not at all.
            assert {one.symbol for one in summaries} == set(covered)
            for one in summaries:
                raw = services.stores.fetched.raw_prices(one.symbol, "alpha_vantage")
                assert raw.num_rows == one.rows
                assert len(services.stores.corporate_actions.list_actions([one.symbol])) == 3
            budget = await services.fetching.budget("alpha_vantage")
            assert budget is not None
            assert budget.used >= asked
            report = await services.fetching.start(FetchRequest(NAMES)).wait()
            assert not report.failed
            assert {one.name for one in report.items} == set(NAMES) - set(covered)
            # In any order of symbols, adjusted prices are the raw ones times their factor.
            assert len(await services.market_data.symbols()) == len(NAMES)
        finally:
            await services.close()
