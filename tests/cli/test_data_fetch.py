"""``data fetch`` and what goes with it, against a server on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quant_tui.providers.sessions import last_over
from tests.alpha_vantage_server import DAILY, KEY, AlphaVantageServer, alpha_vantage, says, silent
from tests.cli.conftest import Run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fetch")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AlphaVantageServer]:
    with alpha_vantage() as running:
        running.today = last_over("IBM", datetime.now(UTC))
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
        monkeypatch.setenv("QUANT_TUI_ALPHA_VANTAGE_BASE_URL", running.url)
        monkeypatch.setenv("QUANT_TUI_ALPHA_VANTAGE_REQUESTS_PER_MINUTE", "60000")
        monkeypatch.setenv("QUANT_TUI_ALPHA_VANTAGE_REQUESTS_PER_DAY", "200")
        yield running


def test_a_plan_sends_nothing(run: Run, server: AlphaVantageServer) -> None:
    done = run("data", "fetch", "TSLA", "--kind", "bars", "--kind", "company", "--plan", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["requests"], found["fits"]) == (8, True)
    assert found["budget"]["per_day"] == 200
    assert server.asked == []
    done = run("data", "fetch", "TSLA", "--plan")
    assert "3 requests" in done.stdout
    assert "left until" in done.stdout


def test_a_plan_needs_no_key(
    run: Run, server: AlphaVantageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALPHA_VANTAGE_API_KEY")
    done = run("data", "fetch", "TSLA", "--plan", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["requests"] == 3
    assert "needs an API key" in run("data", "fetch", "TSLA").stderr


def test_bars_are_fetched_and_listed(run: Run, server: AlphaVantageServer) -> None:
    done = run("data", "fetch", "IBM", "AAPL", "--start", "2026-06-01", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["items"]] == ["IBM", "AAPL"]
    assert found["stored"] > 100
    assert found["failed"] == 0
    listed = json.loads(run("data", "list", "--json").stdout)
    assert {one["symbol"]: one["adjustment"] for one in listed} == {
        "AAPL": "splits and dividends", "IBM": "splits and dividends"
    }  # fmt: skip
    again = run("data", "fetch", "IBM")
    assert again.returncode == 0
    assert KEY not in done.stdout + done.stderr + again.stdout


def test_a_symbol_that_fails_is_said_and_the_others_stay(
    run: Run, server: AlphaVantageServer
) -> None:
    done = run("data", "fetch", "NOPE", "TSLA", "--raw", "--start", "2026-09-01")
    assert done.returncode == 1
    assert "✗ bars of NOPE" in done.stderr
    assert "✓ bars of TSLA" in done.stdout


def test_kinds_that_are_no_bars(run: Run, server: AlphaVantageServer) -> None:
    done = run("data", "fetch", "IBM", "--kind", "company", "--kind", "news", "--json")
    assert done.returncode == 0, done.stderr
    done = run("data", "fetch", "cpi", "--kind", "economic")
    assert done.returncode == 0, done.stderr
    assert "economic of CPI: 3 new" in done.stdout


def test_search_providers_and_budget(run: Run, server: AlphaVantageServer) -> None:
    done = run("data", "search", "ibm")
    assert "International Business Machines" in done.stdout
    assert json.loads(run("data", "search", "zzz", "--json").stdout) == []
    listed = json.loads(run("data", "search", "--listed", "berk", "--json").stdout)
    assert [one["symbol"] for one in listed] == ["BRK-B"]
    found = {one["name"]: one for one in json.loads(run("data", "providers", "--json").stdout)}
    assert found["alpha_vantage"]["ready"]
    assert "bars" in found["alpha_vantage"]["capabilities"]
    budget = json.loads(run("data", "budget", "--json").stdout)
    assert budget["left"] == 200 - budget["used"]
    assert "requests left until" in run("data", "budget").stdout


def test_without_a_key(
    run: Run, server: AlphaVantageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALPHA_VANTAGE_API_KEY")
    done = run("data", "fetch", "IBM")
    assert done.returncode == 1
    assert "API key" in done.stderr
    assert "secret set" in done.stderr
    assert "no key" in run("data", "providers").stdout
    assert run("data", "budget").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("IBM", "--start", "soon"), 2, "2020-01-31"),
        (("IBM", "--kind", "bonds"), 1, "bonds"),
        (("IBM", "--interval", "3m"), 1, "3m"),
        ((), 1, "at least one symbol"),
        (("IBM", "--provider", "nobody"), 1, "nobody"),
        (("XYZ", "--kind", "economic"), 1, "XYZ"),
        (("IBM", "--start", "2024-02-01", "--end", "2024-01-01"), 1, "after the end"),
    ],
)
def test_wrong_usage(
    run: Run, server: AlphaVantageServer, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = run("data", "fetch", *arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert server.asked == []


def test_ctrl_c_ends_it_with_nothing_partial(
    run: Run,
    server: AlphaVantageServer,
    home: Path,
    tmp_path: Path,
    eventually: Callable[..., None],
) -> None:
    server.troubles = [silent]
    process = subprocess.Popen(
        [sys.executable, "-m", "quant_tui", "--home", str(tmp_path), "data", "fetch", "SLOW"],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: bool(server.asked), seconds=60)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Cancelled" in said
    assert KEY not in said


def test_the_daily_limit_is_one_line(run: Run, server: AlphaVantageServer) -> None:
    server.troubles = [says(DAILY)]
    done = run("data", "search", "ibm")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "used up" in done.stderr
    assert KEY not in done.stderr
