"""News of symbols, with their sentiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from quant_tui.domain.market_data import NewsData
from quant_tui.storage.mongo.repositories import Repositories


@dataclass(frozen=True, slots=True)
class SentimentDay:
    """The news of one symbol on one day.

    Attributes
    ----------
    day
        UTC date of publication.
    sentiment
        Mean score of the rated items, -1 to 1.
    items
        How many were rated.
    """

    day: date
    sentiment: float
    items: int


class NewsService:
    """News items; they are shared by all users of a store."""

    def __init__(self, repositories: Repositories) -> None:
        self._news = repositories.news

    async def latest(
        self,
        symbols: Sequence[str] = (),
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> list[NewsData]:
        """Return news, the newest first.

        Parameters
        ----------
        symbols
            Of which symbols; all when empty.
        since, until
            Published at or after, and at or before.
        limit
            At most so many.
        """
        where: dict[str, object] = {}
        if symbols:
            where["symbol"] = {"$in": [*symbols]}
        bounds = {"$gte": since, "$lte": until}
        if given := {key: value for key, value in bounds.items() if value is not None}:
            where["published_at"] = given
        return await self._news.list(where=where, sort=[("published_at", -1)], limit=limit)

    async def sentiment(
        self, symbol: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[SentimentDay]:
        """Return the mean sentiment of each day that has rated news, the oldest first."""
        rows = await self._news.daily_sentiment(symbol, since, until)
        return [
            SentimentDay(
                day=date.fromisoformat(str(row["_id"])),
                sentiment=float(row["sentiment"]),
                items=int(row["items"]),
            )
            for row in rows
        ]

    async def keep(self, items: Sequence[NewsData]) -> int:
        """Store items, those of the same symbol and address anew; return how many were new."""
        return await self._news.upsert_many(items, ["symbol", "url"])
