"""A process killed in the middle of its work leaves nothing half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from quant_tui.config.settings import Settings
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.services.composition import open_services
from tests.accounts import PASSWORD, sign_up

RUNNER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
import quant_tui.services.backtests as backtests
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.config.settings import MongoSettings, load_settings
from quant_tui.services.composition import open_services

async def main():
    home, uri, database, password, flag = sys.argv[1:]
    found = load_settings(Path(home), environment={})
    services = await open_services(
        replace(found, mongodb=MongoSettings(uri=uri, database=database))
    )
    await services.sign_in(await services.accounts.sign_in("trader", password, keep=False))
    def stuck(*arguments, **options):
        Path(flag).touch()
        while True:
            pass
    backtests.run_backtest = stuck
    job = await services.backtests.start(
        BacktestRequest(symbols=("SPX",), strategy_type="BUY_AND_HOLD")
    )
    await job.wait()

asyncio.run(main())
"""


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stderr=subprocess.PIPE)


async def test_a_run_whose_process_was_killed_is_failed_at_the_next_start(
    stocked_settings: Settings, tmp_path: Path, eventually: Callable[..., None]
) -> None:
    first = await open_services(stocked_settings)
    await sign_up(first, "trader")
    await first.close()
    flag = tmp_path / "running"
    home = stocked_settings.locations.config
    process = start(
        [sys.executable, "-c", RUNNER, str(home), stocked_settings.mongodb.uri,
         stocked_settings.mongodb.database, PASSWORD, str(flag)]
    )  # fmt: skip
    try:
        eventually(lambda: flag.exists() or process.poll() is not None, 60)
        assert process.poll() is None, process.stderr
        other = await open_services(stocked_settings)
        await other.sign_in(await other.accounts.sign_in("trader", PASSWORD, keep=False))
        (row,) = await other.backtests.list()
        assert row.status is RunStatus.RUNNING, "a living run is left alone"
        await other.close()
    finally:
        process.kill()
    process.wait()
    assert process.stderr is not None
    process.stderr.close()
    again = await open_services(stocked_settings)
    try:
        await again.sign_in(await again.accounts.sign_in("trader", PASSWORD, keep=False))
        (row,) = await again.backtests.list()
        assert row.status is RunStatus.FAILED
        assert row.error
        assert (await again.backtests.show(row.id)).result is None
        report = await (await again.backtests.rerun(row.id)).wait()
        assert report.backtest.status is RunStatus.COMPLETED
        assert (await again.market_data.symbols("SPX"))[0].last == date(2018, 12, 31)
    finally:
        await again.close()


def test_a_command_killed_in_an_import_leaves_the_store_as_it_was(
    tmp_path: Path, eventually: Callable[..., None]
) -> None:
    home = tmp_path / "home"
    environment = {**os.environ, "QUANT_TUI_HOME": str(home)}
    big = tmp_path / "BIG.csv"
    with big.open("w") as stream:
        stream.write("symbol,date,open,high,low,close,volume\n")
        for number in range(1_000_000):
            day = number % 3000
            when = date.fromordinal(730_000 + day).isoformat()
            stream.write(f"S{number // 3000},{when},1,1,1,1,1\n")
    command = (sys.executable, "-m", "quant_tui")
    process = subprocess.Popen([*command, "data", "import", str(big)], env=environment)
    eventually(lambda: (home / "data" / "market.duckdb").exists(), 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    listed = subprocess.run(
        [*command, "data", "list", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(listed.stdout) == []
    leftovers = [one for one in home.rglob("*") if "stage" in one.name or one.suffix == ".tmp"]
    assert leftovers == []
