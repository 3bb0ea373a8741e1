"""A plan's requests are counted once for every instance."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quant_tui.domain.errors import DailyLimitReached
from quant_tui.providers.budget import Plan, RequestBudget

EVENING = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
"""Ten in the evening of the 25th in New York."""

MANY = """
import asyncio, sys
from pathlib import Path
from quant_tui.domain.errors import DailyLimitReached
from quant_tui.providers.budget import Plan, RequestBudget

async def main():
    budget = RequestBudget(Path(sys.argv[1]), Plan(600_000, 50), "a provider")
    taken = 0
    try:
        while True:
            await budget.turn()
            taken += 1
    except DailyLimitReached:
        print(taken)

asyncio.run(main())
"""


class Clock:
    def __init__(self, now: datetime = EVENING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def make(path: Path, plan: Plan, clock: Clock) -> RequestBudget:
    return RequestBudget(path / "provider.json", plan, "A provider", clock)


async def test_the_day_allows_so_many_and_no_more(tmp_path: Path) -> None:
    clock = Clock()
    budget = make(tmp_path, Plan(600_000, 2), clock)
    assert (budget.state().used, budget.state().left) == (0, 2)
    await budget.turn()
    await budget.turn()
    assert budget.state().left == 0
    with pytest.raises(DailyLimitReached, match="2") as caught:
        await budget.turn()
    assert "00:00 EST, in 2 hours" in caught.value.hint
    assert budget.state().used == 2


async def test_the_day_begins_at_the_providers_midnight(tmp_path: Path) -> None:
    clock = Clock()
    budget = make(tmp_path, Plan(600_000, 1), clock)
    await budget.turn()
    assert budget.state().resets_at == datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
    clock.now += timedelta(hours=1, minutes=59)
    assert budget.state().left == 0
    clock.now += timedelta(minutes=1)
    assert budget.state().left == 1
    await budget.turn()


async def test_what_the_provider_says_counts_more(tmp_path: Path) -> None:
    clock = Clock()
    unlimited = make(tmp_path, Plan(600_000, 0), clock)
    assert unlimited.state().left is None
    unlimited.exhaust()
    assert unlimited.state().left == 0
    with pytest.raises(DailyLimitReached):
        await unlimited.turn()
    clock.now += timedelta(hours=3)
    await unlimited.turn()


async def test_requests_are_spread_evenly_over_instances(tmp_path: Path) -> None:
    plan = Plan(1200, 0)
    mine = RequestBudget(tmp_path / "p.json", plan, "p")
    other = RequestBudget(tmp_path / "p.json", plan, "p")
    began = time.monotonic()
    await asyncio.gather(*(one.turn() for one in (mine, other) for _ in range(4)))
    assert time.monotonic() - began >= 7 * 0.05 - 0.01
    assert mine.state().eta_seconds(5) == pytest.approx(0.2)


def test_two_processes_share_one_count(tmp_path: Path) -> None:
    path = tmp_path / "requests" / "p.json"
    processes = [
        subprocess.Popen([sys.executable, "-c", MANY, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    taken = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(taken) == 50


async def test_the_files_are_private(tmp_path: Path) -> None:
    budget = make(tmp_path / "requests", Plan(600_000, 5), Clock())
    await budget.turn()
    assert stat.S_IMODE((tmp_path / "requests").stat().st_mode) == 0o700
    for file in (tmp_path / "requests").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"day": "yesterday"}', '{"day": 3}'])
async def test_a_damaged_count_begins_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "provider.json").write_text(content, encoding="utf-8")
    budget = make(tmp_path, Plan(600_000, 5), Clock())
    await budget.turn()
    assert budget.state().used == 1


async def test_a_clock_set_back_blocks_nobody(tmp_path: Path) -> None:
    clock = Clock()
    budget = make(tmp_path, Plan(4, 0), clock)
    await budget.turn()
    clock.now -= timedelta(hours=1)
    await asyncio.wait_for(make(tmp_path, Plan(4, 0), clock).turn(), 10)
