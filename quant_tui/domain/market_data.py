"""Market data domain: bars, companies, economic series, news and indicators."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from quant_tui.domain.base import Document, Entity, Stamped, UtcDatetime, utc_now

MOST_AHEAD = timedelta(days=31)
"""How far a bar may be dated after now: one of a week or month by its end."""


class MarketData(Entity):
    """One bar of one symbol; ``date`` is the session date, or the UTC time intraday."""

    symbol: str
    date: UtcDatetime
    open_price: float
    high_price: float
    low_price: float
    close_price: float
    volume: int
    data_source: str
    created_at: UtcDatetime = Field(default_factory=utc_now)


class Company(Stamped):
    """Who stands behind a symbol. ``symbol`` is unique."""

    symbol: str
    name: str
    sector: str = ""
    industry: str = ""
    financials: Document = Field(default_factory=dict)


class EconomicIndicator(Entity):
    """One value of a macro-economic series."""

    indicator_type: str
    date: UtcDatetime
    value: float
    unit: str = ""
    source: str = ""
    created_at: UtcDatetime = Field(default_factory=utc_now)


class NewsData(Entity):
    """One news item; ``sentiment_score`` is between -1 and 1, or None when unrated.

    Beyond the data model: ``relevance``, how much the article is about the symbol (0 to 1),
    None when that was not said. An article that names several symbols is one item for each.
    """

    symbol: str
    title: str
    content: str = ""
    url: str = ""
    sentiment_score: float | None = Field(default=None, ge=-1, le=1)
    relevance: float | None = Field(default=None, ge=0, le=1)
    topics: list[str] = Field(default_factory=list)
    source: str = ""
    published_at: UtcDatetime
    created_at: UtcDatetime = Field(default_factory=utc_now)


class TechnicalIndicator(Entity):
    """Values of one indicator of one symbol on one date, by period."""

    symbol: str
    indicator_type: str
    date: UtcDatetime
    values: Document = Field(default_factory=dict)
    created_at: UtcDatetime = Field(default_factory=utc_now)
