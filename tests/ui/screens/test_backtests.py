"""Backtests: the form, runs that fail, results page by page, export."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine import BacktestConfig
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.ui.screens.backtests.result_actions import verdict
from quant_tui.ui.screens.backtests.run_options import beside_form, written
from quant_tui.ui.screens.backtests.run_request import read_request as read
from quant_tui.ui.screens.backtests.run_request import symbols_in
from quant_tui.ui.screens.results.overview import Overview

from .conftest import hold_first_list

KNOWN = {
    "SPX": (date(1999, 1, 4), date(2018, 12, 31)),
    "GAON.SYN": (date(2010, 1, 4), date(2018, 12, 31)),
}
VALUES = {
    "strategy": "s1",
    "symbols": "SPX",
    "start": "2010-01-01",
    "end": "2012-12-31",
    **written({}, commission=0.001),
    "warm_up": "within",
    "benchmark": "",
    "name": "",
}


def read_request(values, known):
    return read(values, known, {})


async def one_run(services, **changes) -> str:
    request = BacktestRequest(
        symbols=("SPX", "GAON.SYN"), strategy_type="SMA_CROSSOVER", benchmark="IXIC"
    )
    job = await services.backtests.start(replace(request, **changes))
    return (await job.wait()).backtest.id


def test_percentages_become_fractions_and_separators_go() -> None:
    request, errors = read_request({**VALUES, "slippage": "0.05%"}, KNOWN)
    assert errors == {}
    assert request.config.commission == 0.001
    assert request.config.slippage == pytest.approx(0.0005)
    assert request.config.initial_capital == 100_000.0
    assert request.start == date(2010, 1, 1)


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("symbols", "", "choose at least one"),
        ("symbols", "NOPE", "no bars for NOPE"),
        ("start", "2010-13-01", "write it as 2016-03-31"),
        ("commission", "x", "must be a number"),
        ("commission", "nan", "must be a number"),
        ("commission", "90", "must be from 0 to 50 %"),
        ("slippage", "50.1", "must be from 0 to 50 %"),
        ("volume_impact", "10", "only by volume share"),
        ("participation_cap", "0", "above 0, at most 100 %"),
        ("cash_rate", "-11", "must be from -10 to 100 %"),
        ("max_leverage", "0", "above 0, at most 100"),
        ("max_leverage", "", "must be a number"),
        ("sizing_window", "1", "a whole number from 2"),
        ("seed", "1.5", "must be a whole number"),
        ("sizing_value", "10", "this sizing takes none"),
        ("commission", "0,1", "commas only between thousands; decimals after a point"),
        ("initial_capital", "10,00", "commas only between thousands; decimals after a point"),
        ("initial_capital", "1e9999999", "must be a number"),
        ("initial_capital", "1e999", "must be a number"),
        ("name", "x" * 201, "The name is longer than 200 characters. Shorten it."),
        ("benchmark", "NOPE", "no bars for NOPE"),
        ("initial_capital", "-5", "must be from 0.01 to 1e+15"),
    ],
)
def test_what_is_wrong_is_said_for_its_field(field: str, text: str, message: str) -> None:
    request, errors = read_request({**VALUES, field: text}, KNOWN)
    assert request is None
    assert errors == {field: message}


def test_a_size_is_needed_where_the_sizing_needs_one() -> None:
    request, errors = read_request({**VALUES, "sizing": "fraction", "sizing_value": "25"}, KNOWN)
    assert errors == {}
    assert request.config.sizing_value == 0.25
    assert "sizing_value" in read_request({**VALUES, "sizing": "fixed_cash"}, KNOWN)[1]
    _, errors = read_request({**VALUES, "sizing": "fraction", "sizing_value": "101"}, KNOWN)
    assert errors == {"sizing_value": "above 0, at most 100 %"}


def test_every_option_of_an_earlier_run_comes_back_as_it_was() -> None:
    config = BacktestConfig(
        initial_capital=1234.56,
        commission=0.07,
        commission_per_share=0.005,
        commission_minimum=1.0,
        slippage_model="volume_share",
        slippage=0.0005,
        volume_impact=0.1,
        participation_cap=1 / 3,
        borrow_rate=0.029,
        cash_rate=-0.01,
        allow_short=True,
        max_leverage=1.5,
        fill="close",
        shares="whole",
        sizing="volatility_target",
        sizing_value=0.15,
        sizing_window=60,
        size_at="decision",
        intrabar="optimistic",
        finalize="last_open",
        risk_free=0.02,
        seed=2**53 + 1,
    )
    document = config.to_document()
    assert all(document[name] != usual for name, usual in BacktestConfig().to_document().items()
               if name not in ("cash_short", "delist_after", "annualization"))  # fmt: skip
    values = {**VALUES, **written(document, commission=0.001), "warm_up": "before"}
    request, errors = read(values, KNOWN, beside_form(document))
    assert errors == {}
    assert request.config == config
    assert request.warm_up


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = {"commission": "90", "borrow_rate": "x", "sizing": "fraction", "seed": "-1"}
    _, errors = read_request({**VALUES, **wrong, "start": "", "warm_up": "before"}, KNOWN)
    assert set(errors) == {"commission", "borrow_rate", "sizing_value", "seed", "warm_up"}


def test_leverage_lets_an_entry_be_larger_than_the_equity() -> None:
    sized = {**VALUES, "sizing": "fraction", "sizing_value": "150"}
    assert read_request(sized, KNOWN)[1] == {"sizing_value": "above 0, at most 100 %"}
    request, errors = read_request({**sized, "max_leverage": "2"}, KNOWN)
    assert errors == {}
    assert request.config.sizing_value == 1.5


@pytest.mark.parametrize(
    ("text", "number"), [("1,234,567.5", 1_234_567.5), (" 2500 ", 2500.0), ("1_000", 1000.0)]
)
def test_numbers_are_read_as_people_write_them(text: str, number: float) -> None:
    request, errors = read_request({**VALUES, "initial_capital": text}, KNOWN)
    assert errors == {}
    assert request.config.initial_capital == number


def test_a_period_without_bars_names_the_symbol_and_its_own() -> None:
    _, errors = read_request({**VALUES, "start": "2019-01-01", "end": "2020-01-01"}, KNOWN)
    assert errors == {"start": "SPX has bars from 1999-01-04 to 2018-12-31"}
    _, errors = read_request({**VALUES, "start": "2012-01-01", "end": "2011-01-01"}, KNOWN)
    assert errors == {"end": "is before the start"}


def test_symbols_are_split_and_kept_once() -> None:
    assert symbols_in(" SPX, GAON.SYN;SPX  삼성전자 ") == ["SPX", "GAON.SYN", "삼성전자"]


async def test_typing_filters_and_enter_completes_a_symbol(open_app) -> None:
    async with open_app() as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "r", "home", "ctrl+k")
        await driver.type("gao")
        assert "✗ no bars for gao" in driver.text
        assert "TARN.SYN" not in driver.text
        await driver.press("enter")
        assert "GAON.SYN" in driver.text
        assert "✗ no bars" not in driver.text


async def test_marking_symbols_writes_them_and_their_common_dates(open_app) -> None:
    async with open_app() as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "r", "home", "ctrl+k", "ctrl+t")
        await driver.press("space", "space", "ctrl+t")
        form = driver.front("backtests").form.form
        assert form.field("symbols").value == "ASHBY.SYN, BYEOL.SYN"
        assert form.field("start").value == "2014-05-15"
        assert form.field("end").value == "2018-12-31"


async def test_a_wrong_form_is_not_run(open_app) -> None:
    async with open_app() as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "r", "home", "ctrl+k")
        await driver.type("NOPE")
        await driver.press("ctrl+s")
        assert "no bars for NOPE" in driver.text
        assert await driver.services.backtests.list() == []


async def test_what_else_can_be_set_is_one_key_away_and_stays_open(open_app) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "r")
        assert "▸ More" in driver.text
        assert "Borrow %" not in driver.text
        await driver.press("up", *["down"] * 20)
        form = driver.front("backtests").form.form
        assert form.field("name").control.has_focus
        await driver.press("ctrl+o", "right")
        assert "▾ More" in driver.text
        assert "‹ before it ›" in driver.text
        await driver.press("down", "home", "ctrl+k")
        assert "✗ must be a number" in driver.text
        await driver.type("0.01")
        await driver.press("ctrl+o")
        assert "Warm-up before it  Per share 0.01" in driver.text
        await driver.press("ctrl+o", "escape", "n")
        assert "▾ More" in driver.text


async def test_a_mistake_in_a_hidden_field_shows_it(open_app) -> None:
    async with open_app() as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "r", "ctrl+o", "down")
        await driver.press("home", "ctrl+k", "ctrl+o")
        assert "▸ More" in driver.text
        await driver.press("ctrl+s")
        assert "✗ must be a number" in driver.text
        await driver.type("0.02")
        await driver.press("ctrl+o", "ctrl+s")
        await driver.until(lambda: driver.app.jumps.place is not None)
        one = (await driver.services.backtests.list())[0]
        kept = await driver.services.backtests.show(one.id)
        assert kept.backtest.config["commission_per_share"] == 0.02
        await driver.press("o", "r")
        assert "Per share 0.02" in driver.text


async def test_a_failed_run_shows_its_cause_and_can_be_tried_again(open_app) -> None:
    async def failing(services) -> None:
        request = BacktestRequest(
            symbols=("BYEOL.SYN",),
            strategy_type="SMA_CROSSOVER",
            start=date(2010, 1, 1),
            end=date(2012, 1, 1),
        )
        job = await services.backtests.start(request)
        with pytest.raises(Exception, match="No bars"):
            await job.wait()

    async with open_app((80, 24), before=failing) as driver:
        await driver.press("4")
        assert "✗ failed" in driver.text
        await driver.press("enter")
        assert "No bars of BYEOL.SYN" in driver.text
        assert "Try again" in driver.text
        await driver.press("enter")
        await driver.until(lambda: driver.app.jumps.place is not None)
        await driver.until(lambda: "o opens it" in driver.text)


async def test_every_page_of_a_result_is_reached_with_brackets(open_app) -> None:
    async def before(services) -> None:
        await one_run(services)

    async with open_app((120, 36), before=before) as driver:
        await driver.press("4", "enter")
        seen = []
        for expected in (
            "Profit factor",
            "[Trust]",
            "Conditional VaR",
            "Distribution of returns",
            "Commission",
            "Entry",
            "months:",
            "Orders fill at",
        ):
            assert expected in driver.text
            seen.append(expected)
            await driver.press("right_square_bracket")
        assert "[Overview]" in driver.text
        await driver.press("left_square_bracket")
        assert "[Run]" in driver.text
        assert "SYNTHETIC" in driver.text
        await driver.press("escape")
        assert "✓ done" in driver.text


async def test_a_result_is_exported_where_it_is_asked_to(open_app, tmp_path) -> None:
    async def before(services) -> None:
        await one_run(services)

    async with open_app((120, 36), before=before) as driver:
        await driver.press("4", "x", "tab", "home", "ctrl+k")
        out = tmp_path / "결과.json"
        await driver.type(str(out))
        await driver.press("ctrl+s")
        await driver.until(out.exists)
        document = json.loads(out.read_text(encoding="utf-8"))
        assert document["status"] == RunStatus.COMPLETED

        async def again(answer: str) -> None:
            out.write_text("mine", encoding="utf-8")
            await driver.press("x", "tab", "home", "ctrl+k")
            await driver.type(str(out))
            await driver.press("ctrl+s")
            await driver.until(lambda: "Write over 결과.json?" in driver.text)
            await driver.press(answer)
            await driver.until(lambda: len(driver.app.screen_stack) == 1)

        await again("n")
        assert out.read_text(encoding="utf-8") == "mine"
        await again("y")
        await driver.until(lambda: out.read_text(encoding="utf-8") != "mine")
        assert json.loads(out.read_text(encoding="utf-8")) == document


async def test_a_deleted_backtest_comes_back_with_its_result(open_app) -> None:
    async def before(services) -> None:
        await one_run(services)

    async with open_app((120, 36), before=before) as driver:
        await driver.press("4", "d", "y")
        await driver.until(lambda: "No backtests yet" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "✓ done" in driver.text)
        await driver.press("enter")
        assert "Profit factor" in driver.text


async def test_a_list_that_comes_late_does_not_bring_a_deleted_backtest_back(
    open_app, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def before(services) -> None:
        await one_run(services)

    async with open_app((120, 36), before=before) as driver:
        await driver.press("4")
        front, service = driver.front("backtests"), driver.services.backtests
        going, held = hold_first_list(monkeypatch, service)
        front.refresh_soon()
        await driver.until(going.is_set)
        await service.delete(front.table.cursor_key)
        newer = asyncio.create_task(front.refresh_list())
        await asyncio.wait({newer}, timeout=0.3)  # it waits for the older one
        held.set()
        await newer
        await driver.settle()
        assert len(front.table.model) == 0


async def test_a_changed_run_begins_with_the_earlier_settings(open_app) -> None:
    async def before(services) -> None:
        await services.strategies.create("Cross", "SMA_CROSSOVER", {})
        await one_run(services, start=date(2011, 1, 3), end=date(2013, 12, 31))

    async with open_app((120, 36), before=before) as driver:
        await driver.press("4", "r")
        values = driver.front("backtests").form.form.values
        assert values["start"] == "2011-01-03"
        assert values["end"] == "2013-12-31"
        assert values["symbols"] == "SPX, GAON.SYN"
        assert values["benchmark"] == "IXIC"


async def test_a_cancelled_run_says_so_and_can_be_tried_again(open_app) -> None:
    async def cancelled(services) -> None:
        job = await services.backtests.start(
            BacktestRequest(symbols=("SPX",), strategy_type="SMA_CROSSOVER")
        )
        job.cancel()
        assert job.task is not None
        await job.task

    async with open_app((80, 24), before=cancelled) as driver:
        await driver.press("4")
        await driver.until(lambda: "■ cancell" in driver.text or "■ stopped" in driver.text)
        await driver.press("enter")
        assert "The run was stopped before its end." in driver.text
        await driver.press("enter")
        await driver.until(lambda: driver.app.jumps.place is not None)
        await driver.until(lambda: "Profit factor" in driver.text)


async def test_enter_on_a_trade_leads_to_its_symbol_and_escape_back(open_app) -> None:
    async def before(services) -> None:
        await one_run(services)

    async with open_app((80, 24), before=before) as driver:
        await driver.press("4", "enter", *["left_square_bracket"] * 4)
        await driver.press("down", "enter")
        await driver.until(lambda: driver.app.front == "symbol")
        await driver.until(lambda: "S&P 500" in driver.text)
        await driver.press("escape", "escape")
        await driver.until(lambda: "[Trades]" in driver.text)


async def test_without_prices_the_form_says_where_they_come_from(open_app) -> None:
    async with open_app((120, 36), stocked=False) as driver:
        await driver.press("3", "n", "enter", "ctrl+s", "r")
        assert "No bars yet" in driver.text
        await driver.press("ctrl+s")
        assert "choose at least one" in driver.text


async def test_without_a_strategy_a_new_run_leads_to_the_templates(open_app) -> None:
    async with open_app((120, 36)) as driver:
        await driver.press("4", "n")
        await driver.until(lambda: "from which template?" in driver.text)


async def seven_runs(services) -> None:
    for number in range(7):
        await one_run(services, name=f"number {number}")


async def test_every_backtest_is_listed_however_many_there_are(open_app, monkeypatch) -> None:
    monkeypatch.setattr("quant_tui.ui.screens.backtests.workspace.PAGE", 3)
    async with open_app((120, 36), before=seven_runs) as driver:
        await driver.press("4")
        table = driver.front("backtests").table
        await driver.until(lambda: len(table.model) == 7)
        names = [table.model.row(line).values[1] for line in range(7)]
        assert names == [f"number {number}" for number in range(6, -1, -1)]
        await driver.press("G", "d", "y")
        await driver.until(lambda: len(table.model) == 6)
        await driver.press("u")
        await driver.until(lambda: len(table.model) == 7)
        assert table.cursor_key == table.model.row(6).key
        await one_run(driver.services, name="the eighth")
        await driver.until(lambda: len(table.model) == 8)
        assert table.model.row(0).values[1] == "the eighth"


async def test_a_backtest_is_listed_and_found_by_the_name_it_was_given(open_app) -> None:
    async def two(services) -> None:
        await one_run(services, name="코스피 첫 시도")
        await one_run(services)

    async with open_app((120, 36), before=two) as driver:
        await driver.press("4")
        assert "코스피 첫 시도" in driver.text
        table = driver.front("backtests").table
        assert [table.model.row(line).values[1] for line in range(2)] == [
            "SMA_CROSSOVER",
            "코스피 첫 시도",
        ]
        table.filter_by("첫 crossover")
        assert len(table.model) == 1


async def test_what_another_instance_ran_is_there_when_one_comes_back(
    open_app, monkeypatch
) -> None:
    monkeypatch.setattr("quant_tui.ui.list_workspace.FRESH_SECONDS", 0.0)
    async with open_app((120, 36)) as driver:
        await driver.press("4", "1")
        front = driver.front("backtests")
        front._unsubscribe()  # as a job of another process is not heard of
        await one_run(driver.services, name="from the other one")
        await driver.press("4")
        await driver.until(lambda: "from the other one" in driver.text)


async def test_another_result_after_a_table_has_its_own_picture_and_the_keys(open_app) -> None:
    async def two(services) -> None:
        await one_run(services, end=date(2012, 12, 31))
        await one_run(services, start=date(2018, 12, 3), strategy_type="BUY_AND_HOLD")

    def picture(driver) -> list[str]:
        chart = driver.front("backtests").result.query_one(Overview).chart
        return [strip.text for strip in chart._strips]

    async with open_app((80, 24), before=two) as driver:
        await driver.press("4", "enter")
        await driver.until(lambda: picture(driver))
        first = picture(driver)
        await driver.press("right_square_bracket", "right_square_bracket", "escape", "j", "enter")
        await driver.until(lambda: "2012" in driver.text)
        await driver.until(lambda: picture(driver) and picture(driver) != first)
        await driver.press("right_square_bracket", "right_square_bracket")
        assert "Initial capital" in driver.text
        await driver.press("escape")
        assert driver.front("backtests").table.has_keys


async def three_runs(services) -> None:
    for name, changes in (
        ("한 종목", {"symbols": ("SPX",)}),
        ("Two symbols", {}),
        ("Short windows", {"params": {"short_window": 5}}),
    ):
        await one_run(services, name=name, **changes)


async def test_marked_backtests_are_compared_and_stay_marked(open_app) -> None:
    async with open_app((120, 36), before=three_runs) as driver:
        await driver.press("4", "c")
        assert "Mark two to six backtests with space; none are marked." in driver.text
        await driver.press("space", "c")
        assert "1 is marked" in driver.text
        await driver.press("space", "space", "c")
        await driver.until(lambda: "Comparison of 3 backtests" in driver.text)
        for said in ("A ━━ Short windows", "C ╾╾ 한 종목", "max DD"):
            assert said in driver.text
        await driver.press("right_square_bracket")
        assert "B − A" in driver.text
        assert "★" in driver.text
        await driver.press("right_square_bracket")
        assert "short window" in driver.text
        assert "symbols" in driver.text
        await driver.press("ctrl+p")
        await driver.type("compare: eq")
        await driver.until(lambda: "compare: Equity" in driver.text)
        await driver.press("escape", "escape")
        await driver.until(lambda: "✓ done" in driver.text)
        assert len(driver.front("backtests").table.marked) == 3
        await driver.press("c")
        await driver.until(lambda: "Comparison of 3 backtests" in driver.text)


def test_the_same_result_on_other_bars_is_not_said_to_be_the_same_run() -> None:
    def run(data: str) -> SimpleNamespace:
        document = {"fingerprint": {"data": data, "result": "0123456789abcdef"}}
        return SimpleNamespace(backtest=SimpleNamespace(name="A"), to_document=lambda: document)

    assert verdict(run("one"), run("one"))[1] == "result hash 0123456789ab"
    assert verdict(run("one"), run("two"))[1].endswith(", though not as before: data")


async def test_a_run_that_is_repeated_says_whether_it_found_the_same(open_app) -> None:
    async def before(services) -> None:
        await one_run(services)

    async with open_app((120, 36), before=before) as driver:
        await driver.press("4", "enter", "R")
        await driver.until(lambda: "the same again" in driver.text)
        await driver.until(lambda: "[Overview]" in driver.text)
        results = driver.services.stores.metadata.database["backtest_results"]
        await results.update_many(
            {}, {"$set": {"fingerprint.result": "0" * 64, "fingerprint.data": "other"}}
        )
        driver.app.clear_notifications()
        await driver.press("R")
        await driver.until(lambda: "another result" in driver.text)
        assert "000000000000 before" in driver.text
        assert "as before: data" in driver.text
