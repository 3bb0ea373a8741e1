"""Companies, economic series and news, and the word that new bars are there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from quant_tui.domain.market_data import Company, EconomicIndicator, NewsData
from quant_tui.providers.options import ReadOptions
from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.services.composition import Services
from quant_tui.services.market_data import ImportRequest
from quant_tui.services.news import SentimentDay

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def test_a_company_is_found_by_any_part_of_what_it_is(services: Services) -> None:
    await services.companies.keep(
        [
            Company(symbol="005930", name="삼성전자", sector="Technology"),
            Company(symbol="GOOG", name="Alphabet", sector="Communication (US)"),
            Company(symbol="AGO", name="Assured", industry="Insurance"),
        ]
    )
    assert [one.symbol for one in await services.companies.search("go")] == ["GOOG", "AGO"]
    assert [one.symbol for one in await services.companies.search("삼성")] == ["005930"]
    assert [one.symbol for one in await services.companies.search("(us)")] == ["GOOG"]
    assert await services.companies.search(".*") == []
    assert (await services.companies.of("AGO") or Company(symbol="", name="")).name == "Assured"
    assert await services.companies.of("ago") is None
    assert set(await services.companies.of_symbols(["GOOG", "NONE"])) == {"GOOG"}


async def test_an_economic_series_says_what_it_is(services: Services) -> None:
    def value(month: int, figure: float, unit: str) -> EconomicIndicator:
        moment = datetime(2026, month, 1, tzinfo=UTC)
        return EconomicIndicator(
            indicator_type="CPI", date=moment, value=figure, unit=unit, source="alpha_vantage"
        )

    values = [value(2, 311.0, "index 1982-1984=100"), value(1, 310.0, "index")]
    assert await services.economics.keep(values) == 2
    assert await services.economics.keep(values) == 0
    (series,) = await services.economics.series()
    assert (series.name, series.values) == ("CPI", 2)
    assert (series.unit, series.source) == ("index 1982-1984=100", "alpha_vantage")
    assert (series.first, series.last) == (date(2026, 1, 1), date(2026, 2, 1))
    assert [one.value for one in await services.economics.values("CPI")] == [310.0, 311.0]
    assert await services.economics.values("GDP") == []


async def test_sentiment_is_the_mean_of_the_rated_news_of_a_day(services: Services) -> None:
    def item(hours: int, score: float | None, symbol: str = "GOOG") -> NewsData:
        return NewsData(
            symbol=symbol,
            title=f"{symbol} {hours}",
            url=f"https://news.example/{hours}",
            sentiment_score=score,
            published_at=NOON + timedelta(hours=hours),
        )

    items = [item(0, 0.5), item(1, -0.1), item(2, None), item(24, 0.3), item(0, -1.0, "AGO")]
    assert await services.news.keep(items) == 5
    assert await services.news.keep(items[:2]) == 0  # the same article again
    assert await services.news.sentiment("GOOG") == [
        SentimentDay(date(2026, 3, 2), 0.2, 2),
        SentimentDay(date(2026, 3, 3), 0.3, 1),
    ]
    later = await services.news.sentiment("GOOG", since=NOON + timedelta(hours=3))
    assert [one.day for one in later] == [date(2026, 3, 3)]
    newest = await services.news.latest(["GOOG"], until=NOON + timedelta(hours=2), limit=2)
    assert [one.title for one in newest] == ["GOOG 2", "GOOG 1"]
    assert len(await services.news.latest()) == 5


async def test_an_import_tells_whose_bars_arrived(services: Services, tmp_path: Path) -> None:
    heard: list[BarsArrived] = []
    stop = services.arrivals.subscribe(heard.append)
    path = tmp_path / "bars.csv"
    path.write_text("Date,Open,High,Low,Close,Volume\n2026-03-02,1,2,1,2,10\n")
    request = ImportRequest(path, ReadOptions(symbol="GOOG"))
    await services.market_data.start_import(request).wait()
    await services.market_data.start_import(request).wait()  # nothing new the second time
    assert heard == [BarsArrived(("GOOG",), "1d")]
    stop()
    path.write_text("Date,Open,High,Low,Close,Volume\n2026-03-03,1,2,1,2,10\n")
    await services.market_data.start_import(request).wait()
    assert len(heard) == 1


def test_a_listener_that_fails_keeps_nobody_from_hearing() -> None:
    arrivals, heard = Arrivals(), []

    def fail(_arrived: BarsArrived) -> None:
        raise ValueError("no")

    arrivals.subscribe(fail)
    arrivals.subscribe(heard.append)
    arrivals.publish(BarsArrived(("GOOG",), "1d"))
    assert len(heard) == 1
