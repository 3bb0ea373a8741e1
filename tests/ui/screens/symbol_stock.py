"""What the symbol view is tested with: the sample, and news, statements and actions of one."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

from quant_tui.domain.market_data import Company, EconomicIndicator, NewsData
from quant_tui.services.composition import Services
from quant_tui.storage.duck.records import CorporateAction

SYMBOL = "BYEOL.SYN"
NAME = "별무리게임즈 Byeolmuri Games (fictional)"
QUARTER_ENDS = ("2016-12-31", "2017-03-31", "2017-06-30", "2017-09-30", "2017-12-31", "2018-03-31",
                "2018-06-30", "2018-09-30")  # fmt: skip


async def stock_symbol(services: Services) -> None:
    """Load the sample, and what a provider would have brought of one Korean company."""
    await services.sample_data.load_bars()
    await services.economics.keep([*_series("CPI", 31, 250.0), *_series("TREASURY_YIELD", 7, 2.5)])
    await services.news.keep([_item(at) for at in range(30)])
    quarterly = [
        {
            "fiscal_date_ending": end,
            "reported_date": str(date.fromisoformat(end) + timedelta(days=40)),
            "total_revenue": 1_000_000_000.0 + 90_000_000.0 * at,
            "net_income": 120_000_000.0 - 35_000_000.0 * at,
            "gross_margin": 0.40 + 0.01 * at,
        }
        for at, end in enumerate(QUARTER_ENDS)
    ]
    overview = {"pe_ratio": 23.4, "market_capitalization": 12_032_559_000, "employees": 1240,
                "description": "별무리게임즈는 모바일 게임을 만드는 가공의 회사이다. An invented maker of games."}  # noqa: E501  # fmt: skip
    company = Company(
        symbol=SYMBOL, name=NAME, sector="Technology", industry="Entertainment Software",
        financials={"currency": "KRW", "overview": overview, "quarterly": quarterly[::-1]},
    )  # fmt: skip
    await services.companies.keep([company])
    services.stores.corporate_actions.upsert(
        [
            CorporateAction(SYMBOL, date(2018, 11, 13), split_ratio=2.0, source="test"),
            CorporateAction(SYMBOL, date(2018, 12, 13), dividend=0.35, source="test"),
        ]
    )


def _series(name: str, days: int, level: float) -> list[EconomicIndicator]:
    """Return figures of months, on their first days, or of weeks."""
    first = datetime(2015, 1, 1, tzinfo=UTC)
    dates = [first + timedelta(days=days * at) for at in range(1300 // days)]
    if days > 20:
        dates = [one.replace(day=1) for one in dates]
    return [
        EconomicIndicator(
            indicator_type=name, date=day, value=level * (1 + 0.002 * at + 0.01 * math.sin(at)),
            unit="percent" if days == 7 else "index 1982-1984=100", source="test",
        )
        for at, day in enumerate(dict.fromkeys(dates))
    ]  # fmt: skip


def _item(at: int) -> NewsData:
    korean = at % 2 == 0
    return NewsData(
        symbol=SYMBOL,
        title=f"별무리게임즈, 신작 {at}호 출시에 매출 전망 상향" if korean
        else f"Byeolmuri Games guides revenue higher, item {at}",
        content="회사는 올해 신작 세 편을 내놓는다.\n\nThree titles will follow this year.",
        url=f"https://news.example/{at}",
        sentiment_score=None if at % 7 == 0 else round(((at * 37) % 200 - 100) / 120, 2),
        topics=["Earnings", "게임"] if at % 3 else ["Technology"],
        source="연합뉴스" if korean else "Newswire",
        published_at=datetime(2018, 5, 30, 9, tzinfo=UTC) + timedelta(days=7 * at),
    )  # fmt: skip
