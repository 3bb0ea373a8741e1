"""What Alpha Vantage's answers mean."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from quant_tui.domain.errors import InvalidInput, ProviderError, RequestRefused
from quant_tui.providers.alpha_vantage.companies import snake
from quant_tui.providers.alpha_vantage.provider import AlphaVantage
from quant_tui.providers.base import Action, BarsQuery, get_fetcher, get_provider
from tests.alpha_vantage_server import DIVIDEND_DAY, NO_NEWS, SPLIT_DAY, AlphaVantageServer
from tests.providers.alpha_vantage.conftest import Make


async def test_daily_bars_come_as_traded_with_their_splits_and_dividends(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    server.premium = True
    found = await source.bars(BarsQuery("IBM"))
    assert server.functions == ["TIME_SERIES_DAILY", "SPLITS", "DIVIDENDS"]
    assert server.asked[0]["outputsize"] == "full"
    assert found.adjustment == "none"
    assert found.complete_from is None
    days = found.table["date"].to_pylist()
    assert days == sorted(set(days))
    assert days[-1] == date(2026, 11, 24)
    before = days.index(date(2026, 6, 5))
    assert found.table["close"][before].as_py() == 2 * (100.0 + days[before].toordinal() % 10)
    assert found.table["volume"][0].as_py() == 1000.0
    assert found.actions == (
        Action(date(1962, 5, 10), dividend=0.005),
        Action(SPLIT_DAY, split_ratio=2.0),
        Action(DIVIDEND_DAY, dividend=1.5),
    )


async def test_a_premium_plan_asks_once_for_bars_and_actions(
    make: Make, server: AlphaVantageServer
) -> None:
    server.premium = True
    source = make(plan="premium")
    found = await source.bars(BarsQuery("IBM"))
    assert server.functions == ["TIME_SERIES_DAILY_ADJUSTED"]
    assert found.adjustment == "none"
    assert found.actions == (Action(SPLIT_DAY, 2.0), Action(DIVIDEND_DAY, dividend=1.5))
    assert source.requests("bars", BarsQuery("IBM")) == 1


async def test_a_free_plan_gives_a_hundred_sessions_and_says_so_once(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    first = await source.bars(BarsQuery("IBM", adjusted=False))
    assert [one["outputsize"] for one in server.asked] == ["full", "compact"]
    assert first.table.num_rows == 100
    assert first.complete_from == first.table["date"][0].as_py()
    assert "premium" in first.notes[0]
    await source.bars(BarsQuery("AAPL", adjusted=False))
    assert [one["outputsize"] for one in server.asked] == ["full", "compact", "compact"]


async def test_a_short_gap_is_asked_for_compactly(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    server.premium = True
    found = await source.bars(BarsQuery("IBM", start=date(2026, 11, 2), adjusted=False))
    assert [one["outputsize"] for one in server.asked] == ["compact"]
    assert found.notes == ()


async def test_the_bar_of_a_session_that_goes_on_is_left_out(
    source: AlphaVantage, server: AlphaVantageServer, make: Make
) -> None:
    server.today = date(2026, 11, 25)
    found = await source.bars(BarsQuery("IBM", adjusted=False))
    assert found.unfinished == (datetime(2026, 11, 25, tzinfo=UTC),)
    assert found.table["date"][-1].as_py() == date(2026, 11, 24)
    after = make(now=datetime(2026, 11, 25, 22, 0, tzinfo=UTC))
    found = await after.bars(BarsQuery("IBM", adjusted=False))
    assert found.unfinished == ()
    assert found.table["date"][-1].as_py() == date(2026, 11, 25)
    # The Korea Exchange closed hours ago.
    found = await source.bars(BarsQuery("005930.KS", adjusted=False))
    assert found.table["date"][-1].as_py() == date(2026, 11, 25)


async def test_intraday_bars_are_in_utc_a_month_an_answer(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    query = BarsQuery("IBM", "1h", date(2026, 9, 20), date(2026, 11, 3))
    assert source.requests("bars", query) == 3
    found = await source.bars(query)
    assert [one["month"] for one in server.asked] == ["2026-09", "2026-10", "2026-11"]
    assert {one["interval"] for one in server.asked} == {"60min"}
    assert server.asked[0]["adjusted"] == "true"
    assert server.asked[0]["extended_hours"] == "false"
    times = found.table["date"].to_pylist()
    # Summer time until 1 November: 9:30 in New York is 13:30, then 14:30.
    assert datetime(2026, 10, 30, 13, 30) in times
    assert datetime(2026, 11, 2, 14, 30) in times
    assert found.adjustment == "splits and dividends"
    assert times == sorted(times)


async def test_recent_intraday_bars_take_one_request_and_no_unfinished_one(
    make: Make, server: AlphaVantageServer
) -> None:
    server.today = date(2026, 11, 25)
    source = make(now=datetime(2026, 11, 25, 15, 2, tzinfo=UTC))
    found = await source.bars(BarsQuery("IBM", "5m", date(2026, 11, 20), extended_hours=True))
    assert len(server.asked) == 1
    assert "month" not in server.asked[0]
    assert server.asked[0]["extended_hours"] == "true"
    assert found.table["date"][-1].as_py() == datetime(2026, 11, 25, 14, 55)
    assert found.unfinished[0] == datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


async def test_a_company_has_its_reports_with_the_day_they_were_known(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    assert source.requests("company") == 5
    found = await source.company("IBM")
    assert len(server.asked) == 5
    assert (found.name, found.sector) == ("International Business Machines", "Technology")
    facts = found.financials
    assert "pe_ratio" not in facts["overview"]
    assert "dividend_per_share" not in facts["overview"]
    assert facts["overview"]["52_week_high"] == 280.1
    assert facts["overview"]["cik"] == "51143"
    newest = facts["quarterly"][0]
    assert newest["fiscal_date_ending"] == "2026-09-30"
    assert newest["reported_date"] == "2026-10-21"
    assert newest["total_revenue"] == 120.0
    assert newest["reported_eps"] == 2.4
    assert newest["ebitda"] is None
    assert newest["operating_cashflow"] == pytest.approx(24.0)
    assert facts["annual"][0]["reported_date"] == "2026-01-28"
    assert facts["revenue"] == 400.0


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("PERatio", "pe_ratio"),
        ("EPS", "eps"),
        ("52WeekHigh", "52_week_high"),
        ("EVToEBITDA", "ev_to_ebitda"),
        ("DilutedEPSTTM", "diluted_eps_ttm"),
        ("totalShareholderEquity", "total_shareholder_equity"),
        ("QuarterlyEarningsGrowthYOY", "quarterly_earnings_growth_yoy"),
    ],
)
def test_fields_are_named_as_ours(theirs: str, ours: str) -> None:
    assert snake(theirs) == ours


async def test_an_unknown_company_is_named(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    server.answers["EARNINGS"] = {}
    with pytest.raises(RequestRefused, match="NOPE"):
        await source.company("NOPE")


async def test_an_article_is_one_item_for_each_symbol_it_names(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    found = await source.news("IBM")
    assert [(one.symbol, one.sentiment_score, one.relevance) for one in found] == [
        ("IBM", 0.14, 0.91),
        ("AAPL", -0.2, 0.12),
        ("IBM", 0.15, 0.91),
        ("AAPL", -0.2, 0.12),
    ]
    assert found[0].published_at == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert found[0].topics == ["Technology"]
    assert found[0].title == "IBM 신제품 발표 14"
    assert server.asked[0]["sort"] == "LATEST"


async def test_news_since_a_time_asks_from_there(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    found = await source.news("IBM", datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
    assert server.asked[0]["time_from"] == "20261123T1500"
    assert {one.url for one in found} == {"https://news.example/15"}
    server.answers["NEWS_SENTIMENT"] = NO_NEWS
    assert await source.news("IBM", datetime(2026, 11, 24, tzinfo=UTC)) == []


async def test_economic_series_have_units_and_no_gaps_as_figures(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    found = await source.economic("CPI")
    assert [(one.date.date(), one.value) for one in found] == [
        (date(2026, 7, 1), 314.0),
        (date(2026, 9, 1), 316.0),
        (date(2026, 10, 1), 317.5),
    ]
    assert {one.unit for one in found} == {"index 1982-1984=100"}
    assert {one.source for one in found} == {"alpha_vantage"}
    await source.economic("TREASURY_YIELD_10Y")
    assert server.asked[1] == {
        "function": "TREASURY_YIELD", "interval": "daily", "maturity": "10year"
    }  # fmt: skip
    assert len(source.series()) == 15


async def test_symbols_are_searched_and_listed(source: AlphaVantage) -> None:
    found = await source.search("ibm")
    assert (found[0].symbol, found[0].score, found[0].currency) == ("IBM", 1.0, "USD")
    listed = await source.listed()
    assert [one.symbol for one in listed] == ["A", "BRK-B"]
    assert listed[1].name == "Berkshire, Class B"
    assert listed[0].since == date(1999, 11, 18)
    assert listed[0].until is None


async def test_a_bar_that_cannot_be_is_left_out_and_named(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    good = {"1. open": "10", "2. high": "11", "3. low": "9", "4. close": "10", "5. volume": "5"}
    series = {
        "2026-11-20": good,
        "2026-11-19": {**good, "4. close": "0.0000"},
        "2026-11-18": {**good, "2. high": "9.5"},
    }
    server.answers["TIME_SERIES_DAILY"] = {"Meta Data": {}, "Time Series (Daily)": series}
    found = await source.bars(BarsQuery("IBM", adjusted=False))
    assert found.table.num_rows == 1
    assert "2 bars left out" in found.notes[0]
    assert "2026-11-19" in found.notes[0]
    del series["2026-11-20"]
    with pytest.raises(ProviderError, match="no bar of IBM can be used"):
        await source.bars(BarsQuery("IBM", adjusted=False))


@pytest.mark.parametrize(
    "answer",
    [
        {"Meta Data": {}},
        {"Time Series (Daily)": []},
        {"Time Series (Daily)": {"2026-11-20": "1"}},
        {"Time Series (Daily)": {"yesterday": {"1. open": "1"}}},
        {"Time Series (Daily)": {"2026-11-20": {"1. open": "x"}}},
        {"Time Series (Daily)": {"2026-11-20": {"1. open": "1e999"}}},
        "[]",
        "null",
        "",
        '{"Time Series (Daily)": ',
    ],
)
async def test_an_answer_of_another_shape_is_an_error(
    source: AlphaVantage, server: AlphaVantageServer, answer: dict[str, object] | str
) -> None:
    server.answers["TIME_SERIES_DAILY"] = answer
    with pytest.raises(ProviderError, match="Alpha Vantage"):
        await source.bars(BarsQuery("IBM", adjusted=False))


def test_it_is_found_by_its_name() -> None:
    assert get_provider("alpha_vantage") is AlphaVantage
    assert get_fetcher("alpha_vantage") is AlphaVantage
    with pytest.raises(InvalidInput, match="CSV"):
        get_fetcher("file")
