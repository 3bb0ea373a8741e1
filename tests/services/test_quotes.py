"""Quotes over the sample bars and over bars made for the purpose."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from quant_tui.engine.indicators.rolling import rolling_max, rolling_min, sma
from quant_tui.engine.indicators.smoothed import rsi
from quant_tui.services.composition import Services
from quant_tui.services.price_series import PriceSeries, resample
from quant_tui.services.quotes import CLOSES
from quant_tui.storage.duck.records import ImportBatch


def _store(services: Services, symbol: str, closes: list[float], *, last: date) -> None:
    days = [last - timedelta(days=len(closes) - 1 - at) for at in range(len(closes))]
    table = pa.table(
        {
            "symbol": [symbol] * len(closes),
            "date": pa.array(days, pa.date32()),
            "open": closes,
            "high": [one * 1.01 for one in closes],
            "low": [one * 0.99 for one in closes],
            "close": closes,
            "volume": [1000.0 + at for at in range(len(closes))],
        }
    )
    services.stores.bars.upsert(table, ImportBatch("test"))


async def test_figures_are_those_of_the_engine_over_all_bars(stocked: Services) -> None:
    """Each figure of a quote is what the engine's indicators say of the symbol's whole history."""
    symbols = [one.symbol for one in await stocked.market_data.symbols()]
    assert len(symbols) > 5
    for quote in await stocked.quotes.quotes(symbols):
        bars = await stocked.market_data.load_bars([quote.symbol])
        close, volume = bars.close[:, 0], bars.volume[:, 0]
        assert quote.date == bars.dates[-1].item()
        assert quote.last == close[-1]
        assert quote.change == close[-1] - close[-2]
        assert quote.closes == tuple(close[-CLOSES:])
        assert quote.rsi == pytest.approx(rsi(close, 14)[-1], abs=1e-6)
        for window, found in ((50, quote.from_sma_50), (200, quote.from_sma_200)):
            assert found == pytest.approx(close[-1] / sma(close, window)[-1] - 1.0, abs=1e-12)
        assert quote.volume_ratio == pytest.approx(volume[-1] / sma(volume, 20)[-1], rel=1e-12)
        year = int((bars.dates >= bars.dates[-1] - np.timedelta64(364, "D")).sum())
        assert quote.high == rolling_max(bars.high[:, 0], year)[-1]
        assert quote.low == rolling_min(bars.low[:, 0], year)[-1]
        assert quote.place is not None
        assert 0.0 <= quote.place <= 1.0


async def test_what_does_not_exist_is_none_with_a_reason(services: Services) -> None:
    """Young, unknown and unmoved symbols have gaps, and each gap says why."""
    _store(services, "YOUNG", [10.0, 11.0], last=date(2026, 3, 2))
    _store(services, "FIRST", [10.0], last=date(2026, 3, 2))
    young, unknown, first = await services.quotes.quotes(["YOUNG", "NOBODY", "FIRST"])
    assert (young.last, young.change_fraction, young.bars) == (11.0, pytest.approx(0.1), 2)
    assert young.rsi is None
    assert young.why("rsi") == "needs 15 bars, there are 2"
    assert young.why("last") == ""
    assert unknown.last is None
    assert unknown.why("last") == "no daily bars of NOBODY"
    assert first.change is None
    assert first.why("change") == "needs 2 bars, there are 1"


async def test_a_symbol_that_ended_long_ago_keeps_its_own_year(services: Services) -> None:
    """The window ends with each symbol's own last bar, not with the newest of all."""
    _store(services, "OLD", [float(one) for one in range(1, 301)], last=date(2001, 5, 4))
    _store(services, "NEW", [5.0] * 300, last=date(2026, 5, 4))
    old, new = await services.quotes.quotes(["OLD", "NEW"])
    assert (old.last, old.date, old.rsi) == (300.0, date(2001, 5, 4), 100.0)
    assert new.from_sma_200 == 0.0
    assert new.rsi == 0.0


def _store_minutes(services: Services, symbol: str, interval: str, minutes: int) -> PriceSeries:
    """Store two days' worth of bars of a length, and return them."""
    first = np.datetime64("2026-03-02T00:00", "us")
    dates = first + np.arange(2880 // minutes) * np.timedelta64(minutes, "m")
    close = 100.0 + np.random.default_rng(7).normal(size=len(dates)).cumsum()
    prices = PriceSeries(
        symbol, interval, dates, close + 0.1, close + 0.5, close - 0.5, close,
        np.arange(len(dates), dtype=float),
    )  # fmt: skip
    columns = {name: getattr(prices, name) for name in ("open", "high", "low", "close", "volume")}
    table = pa.table({"symbol": [symbol] * len(dates), "date": pa.array(dates), **columns})
    services.stores.bars.upsert(table, ImportBatch("test", interval=interval))
    return prices


async def test_days_are_made_of_intraday_bars_where_there_are_no_others(
    services: Services,
) -> None:
    """As the symbol's own view makes them: of the longest bars; daily ones are left alone."""
    _store(services, "BOTH", [10.0, 11.0], last=date(2026, 3, 2))
    for symbol in ("MINUTES", "BOTH"):
        _store_minutes(services, symbol, "5m", 5)
    days = resample(_store_minutes(services, "MINUTES", "1h", 60), "1d")
    minutes, both, nobody = await services.quotes.quotes(["MINUTES", "BOTH", "NOBODY"])
    assert (minutes.date, minutes.bars) == (date(2026, 3, 3), 2)
    assert minutes.closes == tuple(days.close.tolist())
    assert minutes.last == days.close[-1]
    assert minutes.change == days.close[-1] - days.close[-2]
    assert minutes.volume == days.volume[-1]
    assert (minutes.low, minutes.high) == (days.low.min(), days.high.max())
    assert (both.last, both.bars) == (11.0, 2)
    assert nobody.bars == 0


async def test_no_symbols(services: Services) -> None:
    """An empty list has no quotes."""
    assert await services.quotes.quotes([]) == []
