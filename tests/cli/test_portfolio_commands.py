"""Portfolios from a shell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from quant_tui.cli.main import run as main

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for this file's commands, with the sample data."""
    home = tmp_path_factory.mktemp("cli") / "home"
    assert main(["--home", str(home), "data", "import", "--sample"]) == 0
    return home


def done(run: Run, *arguments: str) -> object:
    """Return what a command printed as JSON."""
    found = run("portfolio", *arguments, "--json")
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_a_portfolio_from_its_making_to_its_end(run: Run, tmp_path: Path) -> None:
    assert done(run, "list") == []
    assert "No portfolios yet" in run("portfolio", "list").stdout
    made = done(run, "create", "--name", "장기 투자", "--benchmark", "SPX", "--currency", "usd")
    identity = made["portfolio_id"]
    for entry in ("deposit 100000 2012-01-03", "buy 100 NARU.SYN @ 20 fee 1.5 2012-01-04"):
        done(run, "add", identity, *entry.split(" "))
    csv = tmp_path / "more.csv"
    csv.write_text(
        "date,type,symbol,quantity,price\n2012-02-01,buy,SPX,10,1300\n"
        "2012-02-02,sell,SPX,4,1310\n2012-02-02,sell,NARU.SYN,500,1\n"
    )
    refused = run("portfolio", "import", identity, str(csv))
    assert refused.returncode == 1
    assert "row 4: sell 500 NARU.SYN @ 1 on 2012-02-02: only 100 are held" in refused.stderr
    csv.write_text(csv.read_text().replace(",500,", ",50,"))
    found = done(run, "import", "장기 투자", str(csv))
    assert (found["rows"], found["added"], found["known"]) == (3, 3, 0)
    listed = done(run, "transactions", identity)
    assert [one["type"] for one in listed] == ["deposit", "buy", "buy", "sell", "sell"]
    shown = done(run, "show", identity)
    assert {one["symbol"]: one["quantity"] for one in shown["positions"]} == {
        "SPX": 6, "NARU.SYN": 50 * 2 * 7,
    }  # fmt: skip
    assert shown["figures"]["value"] == shown["value"]["value"][-1]
    assert shown["performance"]["beta"] is not None
    assert sum(one["share"] for one in shown["risk"]["contributions"]) == pytest.approx(1.0)
    text = run("portfolio", "show", identity).stdout
    for said in ("장기 투자", "money-weighted return", "NARU.SYN", "risk share"):
        assert said in text
    (line,) = done(run, "list", "장기")
    assert line["value"] == shown["figures"]["value"]
    orders = tmp_path / "orders.csv"
    plan = done(
        run, "rebalance", identity, "--target", "SPX=60%", "--target", "NARU.SYN=0.2",
        "--commission", "0.001", "--out", str(orders), "--save",
    )  # fmt: skip
    assert {one["symbol"] for one in plan["orders"]} == {"SPX", "NARU.SYN"}
    assert plan["residual"] < 0.05
    assert len(orders.read_text().splitlines()) == 3
    assert done(run, "rebalance", identity)["orders"] == plan["orders"]  # as it was kept
    again = ("portfolio", "rebalance", identity, "--target", "SPX=10%", "--out", str(orders))
    refused = run(*again, "--save")
    assert (refused.returncode, "say --force" in refused.stderr) == (1, True)
    assert done(run, "rebalance", identity)["orders"] == plan["orders"], "nothing was kept"
    assert run(*again, "--force").returncode == 0
    assert "Residual" in run("portfolio", "rebalance", identity).stdout
    removed = done(run, "remove", identity, listed[-1]["transaction_id"])
    assert removed == {"removed": 1}
    assert done(run, "delete", identity)["transactions"] == 4
    assert done(run, "list") == []


def test_a_backtest_becomes_a_portfolio(run: Run) -> None:
    backtest = run(
        "backtest", "run", "--strategy", "BUY_AND_HOLD", "--symbols", "SPX,NARU.SYN",
        "--start", "2012-01-01", "--end", "2013-12-31", "--json",
    )  # fmt: skip
    document = json.loads(backtest.stdout)
    made = done(run, "create", "--from-backtest", document["backtest_id"])
    shown = done(run, "show", made["portfolio_id"])
    day = shown["value"]["date"].index("2013-12-31")
    assert shown["value"]["value"][day] == pytest.approx(document["portfolio_value"]["value"][-1])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "nothing"), 1, "There is no portfolio 'nothing'"),
        (("create",), 2, "Give --name"),
        (("create", "--name", "x", "--cost-method", "lifo"), 2, "fifo or average"),
        (("create", "--name", "x", "--currency", "dollar"), 1, "is not a currency"),
        (("create", "--name", "x", "--benchmark", "SPY"), 1, "No bars for SPY"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    run: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    found = run("portfolio", *arguments)
    assert found.returncode == code
    assert said in found.stderr
