"""The symbol view driven by keys: lists, chart, as-of, comparison, news, jumps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import numpy as np
import pytest

from quant_tui.services.arrivals import BarsArrived
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.ui.screens.symbol.chart_dialogs import read_date
from quant_tui.ui.screens.symbol.chart_page import ChartPage
from quant_tui.ui.symbol_target import read_target, symbol_target

from .symbol_stock import NAME, SYMBOL, stock_symbol

NEXT = "right_square_bracket"


async def opened(driver, symbol: str = SYMBOL):
    """Open a symbol and return workspace and chart page."""
    driver.app.go_to("symbol", target=symbol)
    await driver.until(lambda: driver.app.front == "symbol")
    workspace = driver.front("symbol")
    await driver.until(lambda: workspace.view is not None and workspace.view.symbol == symbol)
    await driver.settle()
    return workspace, workspace.query_one(ChartPage)


async def test_a_symbol_opens_from_the_data_and_keys_step_through_the_list(open_app) -> None:
    async with open_app() as driver:
        await driver.press("0", "enter")
        await driver.until(lambda: driver.app.front == "symbol")
        symbol = driver.front("symbol")
        await driver.until(lambda: symbol.view is not None)
        await driver.settle()
        first = symbol.view.symbol
        for expected in (first, "[Chart]", "SYNTHETIC", "sma 50", "rsi 14"):
            assert expected in driver.text
        await driver.press("J")
        assert symbol.view.symbol != first
        await driver.press("K")
        assert symbol.view.symbol == first
        await driver.press("K")
        assert symbol.view.symbol == symbol.listed[-1]
        await driver.press("escape")
        assert driver.app.front == "data"


async def test_every_key_counts_however_fast_they_are(open_app) -> None:
    async with open_app() as driver:
        await driver.press("0", "enter")
        await driver.until(lambda: driver.app.front == "symbol")
        await driver.settle()
        symbol = driver.front("symbol")
        at = symbol.listed.index(symbol.view.symbol)
        for key in ("J", "J", "J", "K", "J"):
            driver.app.simulate_key(key)
        await driver.settle()
        assert symbol.view.symbol == symbol.listed[at + 3]
        await driver.press("J")
        assert symbol.view.symbol == symbol.listed[at + 4]


async def test_intervals_zoom_and_a_date(open_app) -> None:
    async with open_app() as driver:
        _, page = await opened(driver)
        daily = len(page.prices)
        start, stop = page.chart.shown
        assert stop == daily
        assert 100 <= stop - start <= 110
        await driver.press("plus")
        assert page.chart.shown[1] - page.chart.shown[0] == (stop - start) // 2
        await driver.press("p")
        assert page.prices.interval == "1wk"
        assert len(page.prices) < daily
        assert page.chart.shown[1] == len(page.prices)
        await driver.press("p", "p")
        assert page.prices.interval == "1d"
        await driver.press("ctrl+g")
        await driver.type("2016-06")
        await driver.press("enter")
        at = page.chart.cursor
        assert str(page.prices.dates[at]) == "2016-06-30"
        assert "▏2016-06-30" in driver.text
        await driver.press("y")
        assert driver.app.clipboard.startswith(f"{SYMBOL}\t2016-06-30\t")


async def test_as_of_a_bar_hides_everything_after_it_on_all_pages(open_app) -> None:
    async with open_app(before=stock_symbol) as driver:
        workspace, page = await opened(driver)
        last = page.prices.dates[-1]
        await driver.press(*["left"] * 4, "a")
        day = page.prices.dates[-1]
        assert day < last
        assert workspace.as_of == page.prices.moment(-1)
        assert f"AS OF {day}" in driver.text
        # beyond the cursor's bar, one bar after the other comes to light
        await driver.press("right")
        assert page.prices.dates[-1] > day
        assert page.chart.cursor == len(page.prices) - 1
        await driver.press("ctrl+g")
        await driver.type("2018-08-15")
        await driver.press("enter", "a")
        assert str(page.prices.dates[-1]) == "2018-08-15"
        moment = workspace.as_of
        for name in ("drawdown", "seasons", "returns", "company", "news", "economy", "data"):
            await driver.press(NEXT)
            assert workspace.pages.current == name
            assert "AS OF 2018-08-15" in driver.text
        assert "2018-12-31" not in "\n".join(driver.text.splitlines()[:-2])  # the status line
        assert "split 2:1" not in driver.text
        news = workspace.query_one("#news")
        assert news._items
        assert all(one.published_at <= moment for one in news._items.values())
        company = "\n".join(one.plain for one in workspace.query_one("#facts").lines)
        assert "2018-06-30" in company
        assert "2018-09-30" not in company
        assert "hidden" in company
        await driver.press(NEXT)
        assert workspace.pages.current == "chart"
        # weeks are as they were known then
        await driver.press("p")
        assert str(page.prices.dates[-1]) == "2018-08-15"
        await driver.press("p", "p", "left", "right", "a")
        assert workspace.as_of is None
        assert page.prices.dates[-1] == last


async def test_indicators_are_checked_beside_the_field(open_app) -> None:
    async with open_app() as driver:
        _, page = await opened(driver)
        await driver.press("i", "home", "ctrl+k")
        await driver.type("smaa(close, 5)")
        assert "there is no function smaa" in driver.text
        await driver.press("ctrl+s")
        assert page.lines[0] != "smaa(close, 5)"
        await driver.press("home", "ctrl+k")
        await driver.type("ema(close, 5), close > open")
        await driver.press("ctrl+s")
        await driver.until(lambda: "ema 5" in driver.text)
        assert page.lines[0] == "ema(close, 5), close > open"
        assert "◆" in driver.text
        assert "sma 50" not in driver.text
        kept = driver.app.settings.locations.config_file.read_text(encoding="utf-8")
        assert 'chart_indicators = "ema(close, 5), close > open; rsi(close, 14); macd' in kept


async def test_a_mistake_in_the_kept_indicators_leaves_the_bars(open_app) -> None:
    async with open_app() as driver:
        object.__setattr__(driver.app.settings.ui, "chart_indicators", "smaa(close)")
        _, page = await opened(driver)
        assert page.prices is not None
        assert page.lines == ()
        assert "there is no function smaa" in driver.text


async def test_symbols_are_compared_rebased_to_the_first_bar_shown(open_app) -> None:
    async with open_app() as driver:
        _, page = await opened(driver)
        await driver.press("c")
        await driver.type("ixic")
        await driver.press("enter")
        await driver.until(lambda: page.others == ("IXIC",))
        await driver.settle()
        data, (start, stop) = page.chart._drawn_data, page.chart.shown
        own, other = data.panes[0].series
        assert (own.name, other.name) == (SYMBOL, "IXIC")
        close = page.prices.close
        np.testing.assert_allclose(own.values[start:stop], close[start:stop] / close[start] - 1)
        assert other.values[start] == 0.0
        await driver.press("less_than_sign")
        start = page.chart.shown[0]
        assert page.chart._drawn_data.panes[0].series[0].values[start] == 0.0
        await driver.press("C")
        assert page.others == ()
        assert not page.chart._drawn_data.panes[0].rebased


async def test_another_symbol_is_found_by_its_company(open_app) -> None:
    async with open_app(before=stock_symbol) as driver:
        workspace, _ = await opened(driver, "SPX")
        await driver.press("slash")
        for letter in "별무리":
            await driver.pilot.press(letter)
        await driver.until(lambda: NAME[:6] in driver.text)
        await driver.press("enter")
        await driver.until(lambda: workspace.view.symbol == SYMBOL)


async def test_the_palette_jumps_to_a_symbol(open_app) -> None:
    async with open_app() as driver:
        await driver.press("ctrl+p")
        await driver.type("symbol: spx")
        await driver.until(lambda: "symbol: SPX" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: driver.app.front == "symbol")
        await driver.until(lambda: driver.front("symbol").view is not None)
        assert driver.front("symbol").view.symbol == "SPX"


async def test_a_round_trip_opens_its_symbol_at_the_day_of_entry(open_app) -> None:
    async with open_app() as driver:
        job = await driver.services.backtests.start(
            BacktestRequest(symbols=("GAON.SYN",), strategy_type="SMA_CROSSOVER")
        )
        await job.wait()
        await driver.press("4", "enter", *[NEXT] * 5, "enter")
        await driver.until(lambda: driver.app.front == "symbol")
        symbol = driver.front("symbol")
        await driver.until(lambda: symbol.view is not None)
        await driver.settle()
        page = symbol.query_one(ChartPage)
        result = await driver.services.backtests.list()
        report = await driver.services.backtests.show(result[0].id)
        entry = report.result.round_trips[0]["entry_date"][:10]
        assert str(page.prices.dates[page.chart.cursor]) == entry
        await driver.press("escape", "escape")
        assert driver.app.front == "backtests"


async def test_news_open_and_their_chart_fills_the_page(open_app) -> None:
    async with open_app((80, 24), before=stock_symbol) as driver:
        workspace, _ = await opened(driver)
        await driver.press(*[NEXT] * 5)
        news = workspace.query_one("#news")
        assert len(news._items) == 30
        await driver.press("enter")
        assert "Three titles will follow" in driver.text
        await driver.press("escape")
        assert "Published" in driver.text
        await driver.press("f")
        assert "sentiment" in driver.text
        await driver.press("escape", "escape")
        assert driver.app.front != "symbol"


async def test_bars_that_arrive_are_shown(open_app) -> None:
    async with open_app() as driver:
        workspace, _ = await opened(driver)
        before = workspace.view
        driver.services.arrivals.publish(BarsArrived(("OTHER",), "1d"))
        await driver.settle()
        assert workspace.view is before
        driver.services.arrivals.publish(BarsArrived((SYMBOL,), "1d"))
        await driver.until(lambda: workspace.view is not before)
        assert workspace.view.symbol == SYMBOL


async def test_bars_that_arrive_take_nobody_back_to_their_symbol(
    open_app, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app() as driver:
        workspace, _ = await opened(driver)
        service = driver.services.symbols
        going, held, fetch = asyncio.Event(), asyncio.Event(), service.profile

        async def late(symbol: str):
            found = await fetch(symbol)
            if symbol == SYMBOL:
                going.set()
                await held.wait()
            return found

        monkeypatch.setattr(service, "profile", late)
        driver.services.arrivals.publish(BarsArrived((SYMBOL,), "1d"))
        await driver.until(going.is_set)
        driver.app.go_to("symbol", target="SPX")
        await driver.until(lambda: workspace.view.symbol == "SPX")
        held.set()
        await driver.settle()
        assert workspace.view.symbol == "SPX"


@pytest.mark.parametrize("stocked", [True, False])
async def test_without_bars_it_says_so_on_every_page(open_app, stocked: bool) -> None:
    async with open_app((80, 24), stocked=stocked) as driver:
        workspace, _ = await opened(driver, "NOBODY")
        assert "No bars of NOBODY" in driver.text
        for _ in range(7):
            await driver.press(NEXT)
            assert "NOBODY" in driver.text
        assert workspace.pages.current == "data"


def test_a_target_names_the_list_that_a_symbol_is_in() -> None:
    assert read_target("GOOG") == ("GOOG", (), "")
    assert read_target(symbol_target("GOOG", ["A", "GOOG", "A"])) == ("GOOG", ("A", "GOOG"), "")
    dated = read_target(symbol_target("GOOG", ["GOOG"], day="2020-03-16"))
    assert dated == ("GOOG", ("GOOG",), "2020-03-16")


def test_dates_that_can_be_gone_to() -> None:
    end = {"hour": 23, "minute": 59, "second": 59, "microsecond": 999_999, "tzinfo": UTC}
    assert read_date("2020-02") == datetime(2020, 2, 29, **end)
    assert read_date("2020") == datetime(2020, 12, 31, **end)
    assert read_date(" 2020/03/16 ") == datetime(2020, 3, 16, **end)
    for wrong in ("", "20", "2020-13", "2020-02-30", "tomorrow", "2020-1-1-1"):
        assert read_date(wrong) is None


async def test_a_page_that_is_shown_again_shows_all_its_lines(open_app) -> None:
    async with open_app(size=(80, 24)) as driver:
        workspace, _ = await opened(driver)
        await driver.press("left_square_bracket")
        assert workspace.pages.current == "data"
        for _ in range(2):
            assert "Bars of 1d" in driver.text
            await driver.press(NEXT, "left", "a", "left_square_bracket")
            assert "Source          synthetic" in driver.text


async def test_what_is_odd_is_said_once(open_app) -> None:
    async with open_app(size=(200, 60)) as driver:
        workspace, _ = await opened(driver, "ASHBY.SYN")
        await driver.press("left_square_bracket")
        odd = [one.plain for one in workspace.query_one("#summary").lines if one.plain[:2] == "! "]
        assert len(odd) == 1
        assert odd[0].startswith("! 1 close(s)")
        assert odd[0].count("first") == 1


async def test_bars_that_come_do_not_take_the_keys_from_the_workspace_in_front(open_app) -> None:
    async with open_app() as driver:
        workspace, _ = await opened(driver)
        await driver.press("0")
        data = driver.front("data")
        focused, before = driver.app.focused, workspace.view
        driver.services.arrivals.publish(BarsArrived((SYMBOL,), "1d"))
        await driver.until(lambda: workspace.view is not before)
        await driver.settle()
        assert driver.app.focused is focused
        assert data.has_focus_within
        driver.app.go_to("symbol")
        await driver.settle()
        assert workspace.has_focus_within
