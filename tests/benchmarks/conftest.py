"""The benchmarks run by explicit choice: ``pytest tests/benchmarks [--json FILE]``.

They take some ten minutes and the whole machine. Without the folder on the command line
only what is quick and steady runs; the rest is deselected. Chosen, everything runs in one
process, because two measurements at once measure each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.table import Table

_TABLE = pytest.StashKey[Table]()


def _chosen(config: pytest.Config) -> bool:
    return any("benchmarks" in str(argument) for argument in config.invocation_params.args)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--json", metavar="FILE", help="write the benchmarks' table to FILE as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow_benchmark: measured by explicit choice alone")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    return 0 if _chosen(config) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _chosen(config):
        return
    left_out = [item for item in items if item.get_closest_marker("slow_benchmark")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def _quiet_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep raptorbt from asking the network for its newest version."""
    monkeypatch.setenv("RAPTORBT_NO_VERSION_CHECK", "1")


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    found = Table()
    request.config.stash[_TABLE] = found
    yield found
    target = request.config.getoption("--json", None)
    if target:
        found.write(Path(target))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    found = config.stash.get(_TABLE, None)
    if found is not None and found.rows:
        terminalreporter.section("speed, least of several runs")
        for line in found.lines():
            terminalreporter.write_line(line)
