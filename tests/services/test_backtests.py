"""The main job through the services, over real stores and the sample bars."""

from __future__ import annotations

import asyncio
import json
import math
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from quant_tui.domain.errors import (
    Cancelled,
    FileExists,
    InsufficientData,
    InvalidInput,
    NotFound,
    StrategyError,
)
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine import BacktestConfig
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.backtest_rerun import rerun_bundle
from quant_tui.services.composition import Services, open_services

SYMBOLS = ("SPX", "IXIC")
REQUEST = BacktestRequest(
    symbols=SYMBOLS,
    strategy_type="SMA_CROSSOVER",
    start=date(2010, 1, 1),
    end=date(2012, 12, 31),
)


def no_nan(value: object) -> bool:
    """Whether a document holds no NaN or infinity anywhere."""
    if isinstance(value, dict):
        return all(map(no_nan, value.values()))
    if isinstance(value, list):
        return all(map(no_nan, value))
    return not isinstance(value, float) or math.isfinite(value)


async def test_a_backtest_is_run_kept_and_read_again_after_a_restart(stocked: Services) -> None:
    job = await stocked.backtests.start(REQUEST)
    report = await job.wait()
    assert report.backtest.status is RunStatus.COMPLETED
    assert job.target == report.backtest.id
    document = report.to_document()
    assert no_nan(document)
    assert document["config"]["symbols"] == ["SPX", "IXIC"]
    assert document["config"]["commission"] == 0.001
    assert document["config"]["strategy"]["params"] == {"short_window": 20, "long_window": 50}
    assert {one["symbol"] for one in document["trades"]} == {"SPX", "IXIC"}
    assert len(document["portfolio_value"]["date"]) == len(document["portfolio_value"]["value"])
    assert {one["symbol"]: one["synthetic"] for one in document["details"]["data"]} == {
        "SPX": False,
        "IXIC": False,
    }
    again = await open_services(stocked.settings)
    try:
        shown = await again.backtests.show(report.backtest.id)
        assert json.dumps(shown.to_document()) == json.dumps(document)
    finally:
        await again.close()


async def test_the_same_request_gives_the_same_numbers(stocked: Services) -> None:
    first = await (await stocked.backtests.start(REQUEST)).wait()
    second = await (await stocked.backtests.run_unsaved(REQUEST)).wait()
    assert first.result is not None
    assert second.result is not None
    assert first.result.performance == second.result.performance
    assert first.result.trades == second.result.trades
    assert first.result.fingerprint == second.result.fingerprint


async def test_an_unsaved_run_keeps_nothing(stocked: Services) -> None:
    report = await (await stocked.backtests.run_unsaved(REQUEST)).wait()
    assert report.to_document()["backtest_id"] is None
    assert await stocked.backtests.list() == []


async def test_a_rerun_is_a_new_execution_with_the_same_figures(stocked: Services) -> None:
    first = await (await stocked.backtests.start(REQUEST)).wait()
    second = await (await stocked.backtests.rerun(first.backtest.id)).wait()
    assert first.execution is not None
    assert second.execution is not None
    assert first.execution.execution_id != second.execution.execution_id
    assert first.result is not None
    assert second.result is not None
    assert first.result.performance == second.result.performance
    assert len(await stocked.backtests.list()) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"symbols": ()}, "symbols"),
        ({"symbols": ("SPXX",)}, "symbols"),
        ({"benchmark": "NONE"}, "benchmark"),
        ({"start": date(2013, 1, 1)}, "start"),
        ({"params": {"short_window": 0}}, "short_window"),
        ({"params": {"short_window": 60}}, "short_window"),
        ({"params": {"window": 3}}, "window"),
        ({"strategy_type": "NONE"}, "strategy_type"),
        ({"strategy_type": ""}, "strategy"),
    ],
)
async def test_a_request_that_cannot_run_names_its_field_and_keeps_nothing(
    stocked: Services, change: dict[str, object], field: str
) -> None:
    wrong = replace(REQUEST, **change)  # type: ignore[arg-type]
    assert field in await stocked.backtests.validate(wrong)
    with pytest.raises((InvalidInput, NotFound, StrategyError)):
        await stocked.backtests.start(wrong)
    assert await stocked.backtests.list() == []


async def test_a_period_without_bars_fails_and_says_what_there_is(stocked: Services) -> None:
    empty = replace(REQUEST, start=date(2030, 1, 1), end=date(2031, 1, 1))
    job = await stocked.backtests.start(empty)
    with pytest.raises(InsufficientData, match="SPX has 1999-01-04 to 2018-12-31"):
        await job.wait()
    (row,) = await stocked.backtests.list()
    assert row.status is RunStatus.FAILED
    assert "No bars of SPX, IXIC" in row.error
    report = await stocked.backtests.show(row.id)
    assert report.result is None
    assert report.execution is not None
    assert report.execution.error_details["title"] == "Not enough data"


async def test_a_cancelled_run_leaves_no_result(stocked: Services) -> None:
    job = await stocked.backtests.start(REQUEST)
    job.cancel()
    with pytest.raises(Cancelled):
        await job.wait()
    (row,) = await stocked.backtests.list()
    assert row.status is RunStatus.CANCELLED
    assert (await stocked.backtests.show(row.id)).result is None


async def test_deleting_a_strategy_keeps_its_backtests(stocked: Services) -> None:
    strategy = await stocked.strategies.create("골든크로스", "SMA_CROSSOVER", {"short_window": 10})
    request = BacktestRequest(symbols=("SPX",), strategy_id=strategy.id, end=date(2001, 1, 1))
    report = await (await stocked.backtests.start(request)).wait()
    assert report.backtest.config["strategy"]["params"]["short_window"] == 10
    await stocked.strategies.delete(strategy.id)
    (row,) = await stocked.backtests.list()
    assert row.strategy_name == "골든크로스"
    again = await (await stocked.backtests.rerun(row.id)).wait()
    assert again.result is not None
    assert report.result is not None
    assert again.result.performance == report.result.performance


async def test_a_deleted_backtest_comes_back_whole(stocked: Services) -> None:
    report = await (await stocked.backtests.start(REQUEST)).wait()
    deleted = await stocked.backtests.delete(report.backtest.id)
    assert await stocked.backtests.list() == []
    with pytest.raises(NotFound):
        await stocked.backtests.show(report.backtest.id)
    await stocked.backtests.restore(deleted)
    back = await stocked.backtests.show(report.backtest.id)
    assert back.to_document() == report.to_document()


async def test_the_benchmark_is_compared_on_the_same_dates(stocked: Services) -> None:
    report = await (await stocked.backtests.start(replace(REQUEST, benchmark="SPX"))).wait()
    assert report.result is not None
    curve, benchmark = report.result.portfolio_value, report.result.benchmark
    assert curve["date"] == benchmark["date"]
    assert report.result.performance["beta"] is not None


async def test_export_writes_whole_files(stocked: Services, tmp_path: Path) -> None:
    report = await (await stocked.backtests.start(REQUEST)).wait()
    out = tmp_path / "out"
    (path,) = await stocked.backtests.export(report.backtest.id, out / "run.json")
    assert json.loads(path.read_text(encoding="utf-8")) == report.to_document()
    written = await stocked.backtests.export(report.backtest.id, out / "tables", file_format="csv")
    assert {one.name for one in written} == {
        "metrics.csv",
        "trades.csv",
        "round_trips.csv",
        "portfolio_value.csv",
        "config.json",
    }
    trades = (out / "tables" / "trades.csv").read_text(encoding="utf-8").splitlines()
    assert len(trades) == 1 + len(report.to_document()["trades"])
    with pytest.raises(InvalidInput, match="no export format"):
        await stocked.backtests.export(report.backtest.id, out, file_format="xls")
    with pytest.raises(InvalidInput, match="cannot be written"):
        await stocked.backtests.export(report.backtest.id, tmp_path / "out" / "run.json" / "x")


async def test_an_export_writes_over_files_only_where_it_may(
    stocked: Services, tmp_path: Path
) -> None:
    report = await (await stocked.backtests.start(REQUEST)).wait()
    (tmp_path / "trades.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExists, match=r"trades\.csv is there already") as refused:
        await stocked.backtests.export(report.backtest.id, tmp_path, file_format="csv")
    assert refused.value.path == tmp_path / "trades.csv"
    assert [one.name for one in tmp_path.glob("*.*")] == ["trades.csv"], "all of it or nothing"  # noqa: ASYNC240
    written = await stocked.backtests.export(
        report.backtest.id, tmp_path, file_format="csv", overwrite=True
    )
    assert "mine" not in (tmp_path / "trades.csv").read_text(encoding="utf-8")
    assert len(written) == 5


@pytest.mark.parametrize("name", ["x" * 201, "a\x1b[31mb", "\udcff"])
async def test_a_name_that_cannot_be_shown_is_refused(stocked: Services, name: str) -> None:
    with pytest.raises(InvalidInput, match="name") as refused:
        await stocked.backtests.start(replace(REQUEST, name=name))
    assert refused.value.field == "name"
    assert str(refused.value).isprintable()
    with pytest.raises(InvalidInput, match="name"):
        await stocked.strategies.create(name, "SMA_CROSSOVER")


async def test_export_never_replaces_what_is_no_plain_file(
    stocked: Services, tmp_path: Path
) -> None:
    report = await (await stocked.backtests.start(REQUEST)).wait()
    pipe, target, link = tmp_path / "pipe", tmp_path / "target.json", tmp_path / "link.json"
    os.mkfifo(pipe)
    link.symlink_to(target)
    reader = asyncio.create_task(asyncio.to_thread(pipe.read_text, encoding="utf-8"))
    await stocked.backtests.export(report.backtest.id, pipe)
    assert json.loads(await reader) == report.to_document()
    assert pipe.is_fifo(), "as root, /dev/null would be gone for everybody"
    await stocked.backtests.export(report.backtest.id, link)
    assert link.is_symlink()
    assert json.loads(target.read_text(encoding="utf-8")) == report.to_document()
    for folder in (Path(), tmp_path):
        with pytest.raises(InvalidInput, match="is a folder"):
            await stocked.backtests.export(report.backtest.id, folder)


async def test_another_users_backtests_are_not_there(stocked: Services) -> None:
    report = await (await stocked.backtests.start(REQUEST)).wait()
    from quant_tui.domain.user import User

    other = await stocked.stores.repositories.users.create(
        User(username="other", email="other@localhost")
    )
    await stocked.sign_in(other)
    assert await stocked.backtests.list() == []
    for attempt in (
        stocked.backtests.show,
        stocked.backtests.delete,
        stocked.backtests.rerun,
    ):
        with pytest.raises(NotFound):
            await attempt(report.backtest.id)


async def test_capital_and_costs_reach_the_engine(stocked: Services) -> None:
    config = BacktestConfig(initial_capital=5_000.0, commission=0.0, shares="whole", fill="close")
    report = await (await stocked.backtests.start(replace(REQUEST, config=config))).wait()
    assert report.result is not None
    assert report.result.portfolio_value["value"][0] == 5_000.0
    assert all(one["commission"] == 0 for one in report.result.trades)
    assert all(one["quantity"] == int(one["quantity"]) for one in report.result.trades)


async def test_warm_up_bars_come_from_before_the_start(stocked: Services, tmp_path: Path) -> None:
    rules = {"entry": "close > sma(close, 50)", "exit": "close < sma(close, 50)"}
    request = BacktestRequest(
        symbols=("SPX", "BYEOL.SYN"), document=rules, benchmark="IXIC",
        start=date(2014, 7, 1), end=date(2015, 6, 30), config=BacktestConfig(fill="close"),
    )  # fmt: skip
    cold = await (await stocked.backtests.start(request)).wait()
    warm = await (await stocked.backtests.start(replace(request, warm_up=True))).wait()
    assert cold.result is not None
    assert warm.result is not None
    dates = warm.result.portfolio_value["date"]
    assert dates == cold.result.portfolio_value["date"]
    assert dates[0] == "2014-07-01"
    assert cold.result.trades[0]["date"] > warm.result.trades[0]["date"] == "2014-07-01"
    assert warm.result.details["strategy"]["warm_up_bars"] == 49, "of SPX; BYEOL has fewer"
    (difference,) = (await stocked.backtests.compare([cold.backtest.id, warm.backtest.id])
                     ).differences[:1]  # fmt: skip
    assert (difference.field, difference.values) == ("warm_up", (False, True))
    again = await (await stocked.backtests.rerun(warm.backtest.id)).wait()
    assert again.result is not None
    assert again.result.fingerprint == warm.result.fingerprint
    (path,) = await stocked.backtests.export(
        warm.backtest.id, tmp_path / "warm.zip", file_format="bundle"
    )
    assert rerun_bundle(path).same
    nothing = replace(request, warm_up=True, start=date(1999, 1, 4), end=date(1999, 12, 31),
                      symbols=("SPX",))  # fmt: skip
    first = await (await stocked.backtests.run_unsaved(nothing)).wait()
    assert first.result is not None
    assert first.result.details["strategy"]["warm_up_bars"] == 0, "there are none before"
    late = replace(request, warm_up=True, start=date(2030, 1, 1), end=None)
    with pytest.raises(InsufficientData, match="SPX has 1999-01-04 to 2018-12-31"):
        await (await stocked.backtests.run_unsaved(late)).wait()
