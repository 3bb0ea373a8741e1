"""Rows of technical indicators: written behind the chart, renewed when bars change, pruned."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from dataclasses import replace

import numpy as np
import pytest
import talib

from quant_tui.services import indicator_rows
from quant_tui.services.arrivals import BarsArrived
from quant_tui.services.indicator_rows import IndicatorRowService, row_key
from quant_tui.services.indicators import read_indicator

SYMBOL = "GAON.SYN"


@pytest.fixture
async def rows(stocked):
    made = IndicatorRowService(stocked.stores.indicators, stocked.arrivals, delay=0.0)
    yield made
    await made.close()


async def prices_of(services, symbol: str = SYMBOL):
    return await services.symbols.prices(await services.symbols.profile(symbol), "1d")


def test_type_and_period_of_an_indicator() -> None:
    def key(text: str):
        return row_key(read_indicator(text))

    assert key("sma(close, 50)") == ("sma", "50")
    assert key("macd(close)") == ("macd", "12,26")
    assert key("sma(volume, 20)") == ("sma(volume)", "20")
    assert key("bollinger_upper(close, 20, 2)") == ("bollinger_upper", "20,2,sma")
    assert key("atr(14)") == ("atr", "14")
    assert key("true_range()") == ("true_range", "value")
    assert key("close - sma(close, 5)") is None
    assert key("cross_above(close, sma(close, 5))") is None


async def test_rows_are_written_in_the_background_as_talib_computes_them(stocked, rows) -> None:
    prices = await prices_of(stocked)
    rows.keep(prices, [read_indicator("sma(close, 50)"), read_indicator("rsi(close, 14)")])
    assert stocked.stores.indicators.kept(SYMBOL) == []  # asking for it waits for nothing
    rows.keep(prices, [read_indicator("sma(close, 20)"), read_indicator("close > open")])
    await rows.settle()
    found = stocked.stores.indicators.rows(SYMBOL, "sma")
    fast, slow = talib.SMA(prices.close, 20), talib.SMA(prices.close, 50)
    assert [one.date.date().isoformat() for one in found] == [str(d) for d in prices.dates[19:]]
    for at, one in enumerate(found, 19):
        assert one.values["20"] == pytest.approx(fast[at], rel=1e-12)
        if math.isnan(slow[at]):
            assert one.values["50"] is None
        else:
            assert one.values["50"] == pytest.approx(slow[at], rel=1e-12)
    assert found[0].id == f"{SYMBOL}:sma:{found[0].date:%Y-%m-%d %H:%M:%S}"
    momentum = stocked.stores.indicators.rows(SYMBOL, "rsi", prices.dates[-1].item())
    assert [one.values for one in momentum] == [
        {"14": pytest.approx(talib.RSI(prices.close, 14)[-1])}
    ]
    with stocked.stores.duck.read() as connection:
        texts = connection.execute('SELECT "values" FROM technical_indicators').fetchall()
    assert all("NaN" not in text for (text,) in texts)
    assert isinstance(json.loads(texts[0][0]), dict)


async def test_what_is_there_is_not_written_again_and_a_new_period_joins_it(stocked, rows) -> None:
    prices = await prices_of(stocked)
    rows.keep(prices, [read_indicator("sma(close, 50)")])
    await rows.settle()
    first = stocked.stores.indicators.kept(SYMBOL)
    rows.keep(prices, [read_indicator("sma(close, 50)")])
    await rows.settle()
    assert stocked.stores.indicators.kept(SYMBOL) == first
    rows.keep(prices, [read_indicator("sma(close, 10)")])
    await rows.settle()
    last = stocked.stores.indicators.rows(SYMBOL, "sma")[-1]
    assert set(last.values) == {"10", "50"}


async def test_rows_go_when_bars_arrive_and_follow_the_bars_content(stocked, rows) -> None:
    prices = await prices_of(stocked)
    rows.keep(prices, [read_indicator("sma(close, 5)")])
    await rows.settle()
    stocked.arrivals.publish(BarsArrived((SYMBOL, "OTHER"), "1d"))
    await rows.settle()
    assert stocked.stores.indicators.kept(SYMBOL) == []
    assert stocked.stores.indicators.rows(SYMBOL, "sma") == []
    rows.keep(prices, [read_indicator("sma(close, 5)")])
    await rows.settle()
    # bars that changed without word, as by another program
    other = replace(prices, close=prices.close * 2.0, high=prices.high * 2.0)
    rows.keep(other, [read_indicator("rsi(close, 14)")])
    await rows.settle()
    last = stocked.stores.indicators.rows(SYMBOL, "sma")[-1]
    assert last.values["5"] == pytest.approx(float(np.mean(other.close[-5:])))
    hashes = {one.bars_hash for one in stocked.stores.indicators.kept(SYMBOL)}
    assert hashes == {other.content_hash}


async def test_symbols_used_longest_ago_are_pruned(stocked, rows, monkeypatch) -> None:
    monkeypatch.setattr(indicator_rows, "MOST_SYMBOLS", 2)
    for symbol in ("GAON.SYN", "NARU.SYN", "TARN.SYN"):
        rows.keep(await prices_of(stocked, symbol), [read_indicator("sma(close, 5)")])
        await rows.settle()
    kept = [one for one in ("GAON.SYN", "NARU.SYN", "TARN.SYN") if
            stocked.stores.indicators.kept(one)]  # fmt: skip
    assert kept == ["NARU.SYN", "TARN.SYN"]


async def test_closing_gives_up_what_waits(stocked) -> None:
    service = IndicatorRowService(stocked.stores.indicators, stocked.arrivals, delay=60.0)
    service.keep(await prices_of(stocked), [read_indicator("sma(close, 5)")])
    await asyncio.wait_for(service.close(), 30.0)
    assert stocked.stores.indicators.kept(SYMBOL) == []


async def test_closing_waits_for_what_is_being_written(stocked, monkeypatch) -> None:
    begun, go_on, store = threading.Event(), threading.Event(), IndicatorRowService._store

    def slowly(*arguments) -> None:
        begun.set()
        go_on.wait(60)
        store(*arguments)

    monkeypatch.setattr(IndicatorRowService, "_store", slowly)
    service = IndicatorRowService(stocked.stores.indicators, stocked.arrivals, delay=0.0)
    service.keep(await prices_of(stocked), [read_indicator("sma(close, 5)")])
    await asyncio.to_thread(begun.wait)
    closing = asyncio.create_task(service.close())
    done, _ = await asyncio.wait({closing}, timeout=0.1)
    assert not done
    go_on.set()
    await closing
    assert len(stocked.stores.indicators.kept(SYMBOL)) == 1
