"""Comparing, exporting and rerunning backtests from a shell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from quant_tui.cli.main import run as main

Run = Callable[..., subprocess.CompletedProcess[str]]
RUN = ("backtest", "run", "--strategy", "SMA_CROSSOVER", "--symbols", "SPX,NARU.SYN",
       "--start", "2012-01-01", "--end", "2013-12-31")  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for this file's commands, with the sample data."""
    home = tmp_path_factory.mktemp("cli") / "home"
    assert main(["--home", str(home), "data", "import", "--sample"]) == 0
    return home


@pytest.fixture
def made(run: Run) -> dict[str, object]:
    """A kept backtest, as ``backtest run --json`` printed it."""
    done = run(*RUN, "--name", "two years", "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, object] = json.loads(done.stdout)
    return document


def test_compare_prints_figures_and_differences(run: Run, made: dict[str, object]) -> None:
    other = json.loads(run(*RUN, "--param", "short_window=10", "--json").stdout)
    ids = [str(made["backtest_id"]), other["backtest_id"]]
    document = json.loads(run("backtest", "compare", *ids, "--json").stdout)
    assert document.keys() == {"runs", "warnings", "metrics", "differences", "curves"}
    assert [one["backtest_id"] for one in document["runs"]] == ids
    assert document["differences"] == [
        {"area": "parameters", "field": "short_window", "values": [20, 10]}
    ]
    assert document["curves"][1]["value"][0] == 1.0
    shown = run("backtest", "compare", *ids)
    assert shown.returncode == 0
    for text in ("1  two years", "Sharpe ratio", "2 less 1", "short_window"):
        assert text in shown.stdout
    for wrong, said in (
        (ids[:1], "1 backtest cannot be compared. Give 2 to 6."),
        ([ids[0], "nothing"], "no backtest"),
        ([ids[0], ids[0]], "given twice"),
    ):
        refused = run("backtest", "compare", *wrong)
        assert refused.returncode == 1
        assert said in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_rerun_says_that_the_result_is_the_same(
    run: Run, made: dict[str, object], tmp_path: Path
) -> None:
    identity = str(made["backtest_id"])
    document = json.loads(run("backtest", "rerun", identity, "--json").stdout)
    assert document["backtest_id"] == identity
    assert document["execution_id"] != made["execution_id"]
    assert document["rerun"]["same"] is True
    assert document["rerun"]["after"] == made["fingerprint"]
    assert "The same result: " in run("backtest", "rerun", identity).stdout
    bundle = tmp_path / "run.zip"
    assert run("backtest", "export", identity, str(bundle), "--format", "bundle").returncode == 0
    elsewhere = tmp_path / "elsewhere"
    assert main(["--home", str(elsewhere), "backtest", "rerun", str(bundle)]) == 0
    assert not elsewhere.exists(), "no store is needed"


def test_a_rerun_on_other_bars_says_what_changed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "MOVES.csv"
    rows = [f"2024-01-{day:02d},1,{day},0.5,{day},100" for day in range(2, 29)]
    path.write_text("\n".join(["Date,Open,High,Low,Close,Volume", *rows]))
    run("data", "import", str(path))
    kept = json.loads(
        run("backtest", "run", "--strategy", "BUY_AND_HOLD", "--symbols", "MOVES", "--json").stdout
    )
    path.write_text("\n".join(["Date,Open,High,Low,Close,Volume", *rows[:-1],
                               "2024-01-28,1,50,0.5,50,100"]))  # fmt: skip
    run("data", "import", str(path))
    refused = run("backtest", "export", kept["backtest_id"], str(tmp_path / "x.zip"),
                  "--format", "bundle")  # fmt: skip
    assert refused.returncode == 1
    assert "the data changed since it ran" in refused.stderr
    shown = run("backtest", "rerun", kept["backtest_id"]).stdout
    for text in ("Another result", "What changed: data", "fingerprint", "Total return"):
        assert text in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rerun", "nothing"), "no backtest"),
        (("rerun", "nowhere/at/all.zip"), "it is not a file"),
        (("rerun", __file__), "is no bundle"),
        (("export", "nothing", "out.html", "--format", "html"), "no backtest"),
    ],
)
def test_what_cannot_be_done_says_why_in_one_line(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    done = run("backtest", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_name_out_of_a_file_cannot_act_on_the_terminal(run: Run, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text('name: "x\\e[31mred"\nentry: close > 1\nexit: close < 1\n', encoding="utf-8")
    done = run("backtest", "run", "--file", str(rules), *RUN[4:], "--no-save")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("x\\x1b[31mred on SPX, NARU.SYN")
    assert "\x1b" not in done.stdout


def test_the_html_export_is_a_page(run: Run, made: dict[str, object], tmp_path: Path) -> None:
    out = tmp_path / "run.html"
    assert run("backtest", "export", str(made["backtest_id"]), str(out), "--format",
               "html").returncode == 0  # fmt: skip
    page = out.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "the prices of NARU.SYN are invented" in page


def test_every_option_of_trading_reaches_the_engine(run: Run, tmp_path: Path) -> None:
    rules = tmp_path / "short.yaml"
    rules.write_text(
        "entry: cross_above(close, sma(close, 20))\nexit: cross_below(close, sma(close, 20))\n"
        "short_entry: cross_below(close, sma(close, 20))\n"
        "short_exit: cross_above(close, sma(close, 20))\nstop_loss: 0.01\ntake_profit: 0.01\n"
    )
    given = {
        "commission": 0.002, "commission_per_share": 0.01, "commission_minimum": 2.5,
        "slippage_model": "volume_share", "slippage": 0.0005, "volume_impact": 0.1,
        "borrow_rate": 0.03, "cash_rate": 0.02, "participation_cap": 0.25,
        "intrabar": "optimistic", "sizing_window": 30, "max_leverage": 1.5,
    }  # fmt: skip
    options = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    arguments = ("backtest", "run", "--file", str(rules), "--symbols", "SPX,LOOM.SYN", "--start",
                 "2012-01-01", "--no-save", "--allow-short", "--warm-up", *options, "--sizing",
                 "volatility_target:0.2")  # fmt: skip
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    wanted = {
        **given,
        "allow_short": True,
        "warm_up": True,
        "sizing": "volatility_target",
        "sizing_value": 0.2,
    }
    assert {name: document["config"][name] for name in wanted} == wanted
    assert document["details"]["assumptions"] > 0
    shown = run(*arguments).stdout
    assert f"{document['details']['assumptions']} fills rest on an assumption" in shown
    assert "pessimistic " in shown
    for warning in document["details"]["warnings"]:
        assert f"! {warning}" in shown


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--sizing", "half"), 2, "volatility_target"),
        (("--sizing", "fraction"), 2, "fraction:VALUE"),
        (("--sizing", "all_in:1"), 2, "Write all_in"),
        (("--sizing", "fraction:much"), 2, "is no number"),
        (("--sizing", "fraction:2"), 1, "sizing_value"),
        (("--volume-impact", "0.1"), 1, "volume_impact"),
        (("--participation-cap", "0"), 1, "participation_cap"),
        (("--slippage-model", "linear"), 2, "slippage-model"),
        (("--max-leverage", "nan"), 1, "max_leverage"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(
    run: Run, options: tuple[str, ...], code: int, said: str
) -> None:
    done = run(*RUN, *options)
    assert done.returncode == code, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
