"""Runs beside each other: figures in line, curves from 1.0, and what differs between them."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date

import pytest

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.domain.trading import Backtest, BacktestResult
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine import BacktestConfig
from quant_tui.engine.rules import parse_document
from quant_tui.engine.templates import TEMPLATES
from quant_tui.services.backtest_compare import compare_reports
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services

DOCUMENT = parse_document(TEMPLATES["SMA_CROSSOVER"].document).to_document()


def report(number: int, **changes: object) -> BacktestReport:
    """Return a run with a result, made by hand."""
    config: Document = {
        "symbols": ["A"], "start_date": None, "end_date": None,
        **BacktestConfig().to_document(), "benchmark": None,
        "strategy": {"name": "SMA", "strategy_type": "SMA_CROSSOVER",
                     "params": {"short_window": 5}, "document": copy.deepcopy(DOCUMENT)},
    }  # fmt: skip
    result = BacktestResult(
        backtest_id=str(number),
        execution_id="x",
        user_id="u",
        performance={"total_return": 0.1 * number, "cagr": None},
        risk_metrics={"skew": 1.0},
        portfolio_value={"date": ["2020-01-01", "2020-01-02"], "value": [200.0, 250.0]},
        fingerprint={"data": "d", "engine_version": "1"},
        details={"data": [{"symbol": "A", "source": "csv", "synthetic": False}]},
    )
    backtest = Backtest(
        id=str(number), name=f"run {number}", user_id="u", config=config,
        status=RunStatus.COMPLETED,
    )  # fmt: skip
    made = BacktestReport(backtest, None, result)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_figures_stand_in_the_order_of_the_runs_and_curves_start_at_one() -> None:
    second = report(2)
    assert second.result is not None
    del second.result.risk_metrics["skew"]
    document = compare_reports([report(1), second, report(3)]).to_document()
    figures = {one["key"]: one for one in document["metrics"]}
    assert figures["total_return"]["values"] == [0.1, 0.2, pytest.approx(0.3)]
    assert (figures["total_return"]["unit"], figures["total_return"]["group"]) == (
        "percent",
        "Return",
    )
    assert figures["cagr"]["values"] == [None, None, None]
    assert figures["skew"]["values"] == [1.0, None, 1.0]
    assert document["curves"][0] == {"date": ["2020-01-01", "2020-01-02"], "value": [1.0, 1.25]}
    assert [one["backtest_id"] for one in document["runs"]] == ["1", "2", "3"]
    assert document["differences"] == []
    assert document["warnings"] == []
    assert second.result is not None
    second.result.portfolio_value["date"][1] = "2020-01-03"
    (said,) = compare_reports([report(1), second]).warnings
    assert "different periods" in said


def test_every_kind_of_difference_is_found_where_it_is() -> None:
    other = report(2)
    assert other.result is not None
    config = other.backtest.config
    config["commission"] = 0.002
    config["benchmark"] = "SPX"
    config["symbols"] = ["A", "B"]
    config["strategy"]["params"] = {"short_window": 5, "long_window": 9}
    rules = config["strategy"]["document"]
    rules["entry"] = "fast > slow"
    rules["let"]["fast"] = "ema(close, short_window)"
    rules["stop_loss"] = 0.1
    rules["name"] = "told apart by nothing"
    rules["constraints"] = []
    other.result.fingerprint.update(data="e", engine_version="2")
    other.result.details["data"][0]["source"] = "feed"
    other.result.portfolio_value["date"][0] = "2019-12-31"
    found = {
        (one.area, one.field): one.values for one in compare_reports([report(1), other]).differences
    }
    assert found == {
        ("configuration", "commission"): (0.0, 0.002),
        ("configuration", "benchmark"): (None, "SPX"),
        ("parameters", "long_window"): (None, 9),
        ("rules", "let.fast"): ("sma(close, short_window)", "ema(close, short_window)"),
        ("rules", "entry"): ("cross_above(fast, slow)", "fast > slow"),
        ("rules", "constraints.1.rule"): ("short_window < long_window", None),
        ("rules", "constraints.1.message"): ("short_window must be less than long_window", None),
        ("rules", "stop_loss"): (None, 0.1),
        ("data", "symbols"): (["A"], ["A", "B"]),
        ("data", "fingerprint"): ("d", "e"),
        ("data", "first bar"): ("2020-01-01", "2019-12-31"),
        ("data", "A source"): ("csv", "feed"),
        ("code", "engine_version"): ("1", "2"),
    }


def test_where_bars_are_from_is_compared_for_symbols_of_all_runs() -> None:
    other = report(2)
    assert other.result is not None
    other.result.details["data"] = [
        {"symbol": "B", "source": "feed"}, {"symbol": "A", "source": "feed", "synthetic": False}
    ]  # fmt: skip
    found = compare_reports([report(1), other]).differences
    assert [(one.field, one.values) for one in found] == [("A source", ("csv", "feed"))]


def test_a_run_from_before_a_setting_existed_does_not_differ_in_it() -> None:
    older = report(1)
    del older.backtest.config["delist_after"]
    assert compare_reports([older, report(2)]).differences == ()


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        ([report(1)], "1 backtest cannot be compared. Give 2 to 6."),
        ([report(at) for at in range(7)], "7 backtests cannot be compared"),
        ([report(1), report(1)], "1 is given twice"),
        ([report(1), report(2, result=None)], r"run 2 \(2\) has no result to compare"),
    ],
)
def test_what_cannot_be_compared_is_refused(reports: list[BacktestReport], said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        compare_reports(reports)
    assert refused.value.field == "ids"


async def test_stored_runs_are_compared(stocked: Services) -> None:
    request = BacktestRequest(symbols=("SPX",), strategy_type="SMA_CROSSOVER", end=date(2001, 1, 1))
    backtests = stocked.backtests
    ids = []
    for params in ({"short_window": 5}, {"short_window": 9}):
        done = await (await backtests.start(replace(request, params=params))).wait()
        ids.append(done.backtest.id)
    found = await backtests.compare(ids)
    assert [(one.field, one.values) for one in found.differences] == [("short_window", (5, 9))]
    sharpe = next(one for one in found.figures if one.figure.key == "sharpe_ratio")
    assert sharpe.values[0] != sharpe.values[1]
    with pytest.raises(NotFound):
        await backtests.compare([ids[0], "0" * 24])
    with pytest.raises(InvalidInput, match="Give 2 to 6"):
        await backtests.compare(ids[:1])
