"""Who stands behind the symbols."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quant_tui.domain.market_data import Company
from quant_tui.storage.mongo.repositories import Repositories

FOUND_AT_MOST = 50


class CompanyService:
    """Companies; they are shared by all users of a store."""

    def __init__(self, repositories: Repositories) -> None:
        self._companies = repositories.companies

    async def of(self, symbol: str) -> Company | None:
        """Return the company of a symbol, None when nothing is known of it."""
        return await self._companies.find_one({"symbol": symbol})

    async def of_symbols(self, symbols: Sequence[str]) -> dict[str, Company]:
        """Return what is known of several symbols, by symbol."""
        found = await self._companies.list(where={"symbol": {"$in": [*symbols]}}, limit=None)
        return {one.symbol: one for one in found}

    async def search(self, text: str, *, limit: int = FOUND_AT_MOST) -> list[Company]:
        """Return the companies whose symbol, name, sector or industry holds a text.

        Symbols that begin with it come first; upper and lower case are the same.

        Parameters
        ----------
        text
            What to look for; empty finds every company.
        limit
            At most so many.
        """
        wanted = text.strip()
        if not wanted:
            return await self._companies.list(sort=[("symbol", 1)], limit=limit)
        pattern = {"$regex": re.escape(wanted), "$options": "i"}
        fields = ("symbol", "name", "sector", "industry")
        found = await self._companies.list(
            where={"$or": [{field: pattern} for field in fields]},
            sort=[("symbol", 1)],
            limit=None,
        )
        start = wanted.casefold()
        found.sort(key=lambda one: not one.symbol.casefold().startswith(start))
        return found[:limit]

    async def keep(self, companies: Sequence[Company]) -> int:
        """Store what was learnt of companies; return how many were new."""
        return await self._companies.upsert_many(companies, ["symbol"])
