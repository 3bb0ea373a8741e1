"""Yahoo through objects of the shape that yfinance gives; nothing is sent anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from yfinance.exceptions import YFPricesMissingError, YFRateLimitError

from quant_tui.config.settings import load_settings
from quant_tui.domain.errors import (
    InvalidInput,
    ProviderError,
    ProviderUnreachable,
    QuantError,
    RequestRefused,
    TooManyRequests,
)
from quant_tui.providers.base import (
    FOR_SPLITS,
    Action,
    BarsQuery,
    ProviderAccess,
    get_fetcher,
    provider_names,
)
from quant_tui.providers.yahoo import Yahoo

NOW = datetime(2024, 6, 12, 15, 0, tzinfo=UTC)  # eleven in New York, the market is open


def daily() -> pd.DataFrame:
    """NVDA around its 10:1 split, as ``Ticker.history(auto_adjust=False)`` gives it."""
    index = pd.DatetimeIndex(
        ["2024-06-06", "2024-06-07", "2024-06-10", "2024-06-11", "2024-06-12"],
        tz="America/New_York",
        name="Date",
    )
    close = [120.998, 120.888, 121.79, 120.91, 123.5]
    return pd.DataFrame(
        {
            "Open": [124.04, 119.77, 120.37, 121.77, 123.0],
            "High": [125.58, 121.69, 123.1, 122.87, 124.0],
            "Low": [118.32, 118.02, 117.01, 118.74, 122.0],
            "Close": close,
            "Adj Close": close,
            "Volume": [664_696_000, 412_386_000, 314_162_700, 222_551_200, 9_000_000],
            "Dividends": [0.0, 0.0, 0.0, 0.01, 0.0],
            "Stock Splits": [0.0, 0.0, 10.0, 0.0, 0.0],
        },
        index=index,
    )


def minutes() -> pd.DataFrame:
    index = pd.date_range("2024-06-12 14:50", periods=3, freq="5min", tz="UTC").tz_convert(
        "America/New_York"
    )
    frame = daily().iloc[:3].set_index(index)
    return frame.drop(columns=["Adj Close"])


class FakeTicker:
    """What is used of ``yfinance.Ticker``."""

    def __init__(self, frame: pd.DataFrame | Exception) -> None:
        self.frame = frame
        self.asked: dict[str, object] = {}
        days = [pd.Timestamp("2024-01-31"), pd.Timestamp("2023-01-31")]
        self.info: dict[str, object] = {
            "longName": "NVIDIA Corporation",
            "sector": "Technology",
            "industry": "Semiconductors",
            "fullExchangeName": "NasdaqGS",
            "currency": "USD",
            "marketCap": 3_000_000_000_000,
            "trailingPE": 70.5,
            "companyOfficers": [{"name": "Jensen"}],
        }
        self.income_stmt = pd.DataFrame(
            {days[0]: [6.0e10, np.nan], days[1]: [2.7e10, 4.4e9]},
            index=["Total Revenue", "Net Income"],
        )
        self.balance_sheet = pd.DataFrame({days[0]: [6.5e10]}, index=["Total Assets"])
        self.cashflow = pd.DataFrame()
        self.quarterly_income_stmt = self.quarterly_balance_sheet = pd.DataFrame()
        self.quarterly_cashflow = pd.DataFrame()

    def history(self, **wanted: object) -> pd.DataFrame:
        self.asked = wanted
        if isinstance(self.frame, Exception):
            raise self.frame
        return self.frame

    def get_news(self, count: int = 10) -> list[dict[str, object]]:
        return [
            {
                "id": "1",
                "content": {
                    "title": "엔비디아, 사상 최고가",
                    "summary": "…",
                    "pubDate": "2024-06-11T20:15:00Z",
                    "provider": {"displayName": "연합뉴스"},
                    "canonicalUrl": {"url": "https://example.com/1"},
                },
            },
            {"id": "2", "content": {"title": "", "pubDate": "2024-06-11T20:15:00Z"}},
            {"id": "3", "content": {"title": "Old", "pubDate": "2020-01-01T00:00:00Z"}},
            {"id": "4"},
        ][:count]


Open = Callable[..., Yahoo]


@pytest.fixture
def yahoo(tmp_path: Path) -> Open:
    access = ProviderAccess(load_settings(tmp_path, environment={}))

    def opened(ticker: FakeTicker) -> Yahoo:
        return Yahoo(access, ticker=lambda _: ticker, search=lambda _: FOUND, clock=lambda: NOW)

    return opened


FOUND: list[dict[str, object]] = [
    {"symbol": "005930.KS", "longname": "Samsung Electronics", "typeDisp": "Equity",
     "exchDisp": "Korea"},
    {"shortname": "no symbol"},
]  # fmt: skip


async def test_daily_bars_come_with_splits_and_dividends_and_without_today(yahoo: Open) -> None:
    ticker = FakeTicker(daily())
    provider = yahoo(ticker)
    got = await provider.bars(BarsQuery("NVDA"))
    assert got.table["date"].to_pylist() == [date(2024, 6, day) for day in (6, 7, 10, 11)]
    assert got.table["close"].to_pylist()[2] == 121.79
    assert got.table["volume"].to_pylist()[0] == 664_696_000
    assert got.adjustment == FOR_SPLITS
    assert got.actions == (
        Action(date(2024, 6, 10), split_ratio=10.0),
        Action(date(2024, 6, 11), dividend=0.01),
    )
    assert (got.complete_from, got.notes, len(got.unfinished)) == (None, (), 1)
    assert (ticker.asked["period"], ticker.asked["auto_adjust"]) == ("max", False)
    assert provider.sent == 1


async def test_only_the_days_asked_for_but_every_action(yahoo: Open) -> None:
    frame = daily()
    frame.iloc[1, 3] = np.nan
    query = BarsQuery("NVDA", start=date(2024, 6, 7), end=date(2024, 6, 10))
    got = await yahoo(FakeTicker(frame)).bars(query)
    assert got.table["date"].to_pylist() == [date(2024, 6, 10)]
    assert got.complete_from == date(2024, 6, 7)
    assert got.actions is not None
    assert len(got.actions) == 2
    assert got.notes == ("1 bar(s) of NVDA without a usable price left out",)


async def test_intraday_bars_in_utc_as_long_as_yahoo_keeps_them(yahoo: Open) -> None:
    ticker = FakeTicker(minutes())
    got = await yahoo(ticker).bars(BarsQuery("NVDA", interval="5m", start=date(2020, 1, 1)))
    assert got.table["date"].to_pylist() == [
        datetime(2024, 6, 12, 14, 50),
        datetime(2024, 6, 12, 14, 55),
    ]
    assert got.unfinished == (datetime(2024, 6, 12, 15, 0, tzinfo=UTC),)
    assert got.complete_from == date(2024, 4, 14)
    assert ticker.asked["start"] == "2024-04-14"
    assert "keeps 5m bars" in got.notes[0]
    assert got.actions is None


async def test_a_company_with_its_exchange_and_statements(yahoo: Open) -> None:
    company = await yahoo(FakeTicker(daily())).company("NVDA")
    assert (company.name, company.sector) == ("NVIDIA Corporation", "Technology")
    held = company.financials
    assert (held["exchange"], held["currency"]) == ("NasdaqGS", "USD")
    assert held["overview"]["trailing_pe"] == 70.5
    assert "company_officers" not in held["overview"]
    assert held["annual"] == [
        {"fiscal_date_ending": "2024-01-31", "reported_date": None, "total_revenue": 6.0e10,
         "net_income": None, "total_assets": 6.5e10},
        {"fiscal_date_ending": "2023-01-31", "reported_date": None, "total_revenue": 2.7e10,
         "net_income": 4.4e9},
    ]  # fmt: skip
    assert held["quarterly"] == []
    nobody = FakeTicker(daily())
    nobody.info = {"trailingPegRatio": None}
    with pytest.raises(RequestRefused, match="no company behind XX"):
        await yahoo(nobody).company("XX")


async def test_news_and_search(yahoo: Open) -> None:
    provider = yahoo(FakeTicker(daily()))
    (one,) = await provider.news("NVDA", datetime(2024, 1, 1, tzinfo=UTC))
    assert (one.title, one.source, one.sentiment_score) == (
        *("엔비디아, 사상 최고가", "연합뉴스"), None,
    )  # fmt: skip
    assert one.published_at == datetime(2024, 6, 11, 20, 15, tzinfo=UTC)
    (match,) = await provider.search("samsung")
    assert (match.symbol, match.region) == ("005930.KS", "Korea")


@pytest.mark.parametrize(
    ("raised", "error", "says"),
    [
        (YFRateLimitError(), TooManyRequests, "too many requests"),
        (YFPricesMissingError("XX", ""), RequestRefused, "knows no XX"),
        (ConnectionError("no route"), ProviderUnreachable, "no route"),
        (KeyError("chart"), ProviderError, "cannot be understood"),
        (pd.DataFrame(), RequestRefused, "no 1d bars of XX"),
    ],
)
async def test_each_failure_says_what_it_is(
    yahoo: Open, raised: pd.DataFrame | Exception, error: type[QuantError], says: str
) -> None:
    with pytest.raises(error, match=says):
        await yahoo(FakeTicker(raised)).bars(BarsQuery("XX"))


def test_without_the_extra_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "yahoo" in provider_names()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InvalidInput, match=r"quant-tui\[yahoo\]"):
        get_fetcher("yahoo")(ProviderAccess(load_settings(tmp_path, environment={})))


async def test_cancelling_lets_go_at_once(yahoo: Open) -> None:
    import threading

    release = threading.Event()

    class Slow(FakeTicker):
        def history(self, **wanted: object) -> pd.DataFrame:
            release.wait(20)
            return daily()

    task = asyncio.create_task(yahoo(Slow(daily())).bars(BarsQuery("NVDA")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()
