"""``strategy stress``: by id, file and type, some checks or all, for people and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quant_tui.config.settings import Settings
from quant_tui.engine.robustness.every_check import CHECKS

from .conftest import Run

ON = ("--symbols", "SPX,NARU.SYN", "--start", "2014-01-01", "--end", "2016-12-31")
RULES = """\
name: 이동평균
params: {window: {int: [5, 50], default: 20}}
entry: close > sma(close, window)
exit: close < sma(close, window)
"""


@pytest.fixture
def home(stocked_settings: Settings) -> Path:
    return stocked_settings.locations.config


def test_every_check_of_a_saved_strategy_as_json(run: Run) -> None:
    made = json.loads(
        run("strategy", "create", "--type", "SMA_CROSSOVER", "--name", "교차", "--json").stdout
    )
    done = run("strategy", "stress", made["id"], *ON, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["strategy_id"] == made["id"]
    assert "user_id" not in found
    lines = {line["key"]: line for line in found["card"]["lines"]}
    assert set(lines) > set(CHECKS)
    costs = lines["cost_stress"]["table"]
    assert [row[0] for row in costs["rows"]] == ["x0", "x1", "x2", "x4"]
    assert [one["key"] for one in costs["columns"]][:4] == [
        "changed", "sharpe_ratio", "total_return", "max_drawdown",
    ]  # fmt: skip


def test_some_checks_of_a_file_with_their_figures(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(RULES, encoding="utf-8")
    done = run(
        "strategy", "stress", str(file), *ON, "--only", "jitter", "--only", "leave_one_out",
        "--figures",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 of 8 checks made" in done.stdout
    assert "window = 2" in done.stdout
    assert "without NARU.SYN" in done.stdout
    assert "Cost stress" not in done.stdout


def test_a_wrong_name_symbol_or_strategy_is_one_line(run: Run) -> None:
    wrong = run("strategy", "stress", "SMA_CROSSOVER", *ON, "--only", "speed")
    assert wrong.returncode == 1
    assert "There is no check 'speed'" in wrong.stderr
    assert "look_ahead" in wrong.stderr
    assert run("strategy", "stress", "0" * 24, *ON).returncode == 1
    symbol = run("strategy", "stress", "SMA_CROSSOVER", "--symbols", "SPY")
    assert symbol.returncode == 1
    assert "No bars for SPY" in symbol.stderr
    dated = run("strategy", "stress", "SMA_CROSSOVER", "--symbols", "SPX", "--start", "2016")
    assert dated.returncode == 2
