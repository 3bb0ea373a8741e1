"""NEWS_SENTIMENT: one article names several symbols, each with a score of its own."""

from __future__ import annotations

from datetime import UTC, datetime

from quant_tui.domain.errors import ProviderError, RequestRefused
from quant_tui.domain.market_data import NewsData
from quant_tui.providers.alpha_vantage.answers import TITLE, number, rows_of
from quant_tui.providers.options import is_symbol

LIMIT = 1000
"""Articles of one answer, at most."""


def articles(answer: dict[str, object]) -> list[NewsData]:
    """Return one item a symbol and article; an article that names none is left out.

    Raises
    ------
    ProviderError
        An article has no title, address or time, or a score that is none.
    """
    found: list[NewsData] = []
    for row in rows_of(answer, "feed"):
        title, url = str(row.get("title") or "").strip(), str(row.get("url") or "").strip()
        if not title or not url:
            raise ProviderError(f"{TITLE}: an article has no title or no address.")
        topics = [
            str(topic["topic"]) for topic in rows_of(row, "topics") if str(topic.get("topic") or "")
        ]
        for named in rows_of(row, "ticker_sentiment"):
            symbol = str(named.get("ticker") or "").strip()
            if not is_symbol(symbol):
                continue
            score = number(named.get("ticker_sentiment_score"), "a sentiment")
            relevance = number(named.get("relevance_score"), "a relevance")
            found.append(
                NewsData(
                    symbol=symbol,
                    title=title,
                    content=str(row.get("summary") or ""),
                    url=url,
                    # Rounding has given -1.0001.
                    sentiment_score=None if score is None else max(-1.0, min(1.0, score)),
                    relevance=None if relevance is None else max(0.0, min(1.0, relevance)),
                    topics=topics,
                    source=str(row.get("source") or ""),
                    published_at=published(str(row.get("time_published") or "")),
                )
            )
    return found


def published(text: str) -> datetime:
    """Return the time of ``20240131T093000``, which Alpha Vantage writes in UTC.

    Raises
    ------
    ProviderError
        It is written in another way.
    """
    for form in ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ProviderError(f"{TITLE}: an article was published at {text[:40]!r}, no time.")


def is_empty(error: RequestRefused) -> bool:
    """Whether a refusal only says that there are no articles for the days asked."""
    return "no articles" in str(error).lower()
