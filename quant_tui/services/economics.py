"""Macro-economic series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from quant_tui.domain.market_data import EconomicIndicator
from quant_tui.storage.mongo.repositories import Repositories


@dataclass(frozen=True, slots=True)
class EconomicSeries:
    """One series as a list names it.

    Attributes
    ----------
    name
        The indicator's type, for example ``CPI``.
    unit, source
        As the newest value has them.
    first, last
        Dates of its first and last value.
    values
        How many there are.
    """

    name: str
    unit: str
    source: str
    first: date
    last: date
    values: int


class EconomicsService:
    """Economic series; they are shared by all users of a store."""

    def __init__(self, repositories: Repositories) -> None:
        self._values = repositories.economic_indicators

    async def series(self) -> list[EconomicSeries]:
        """Return what series there are, by name."""
        rows = await self._values.summarise()
        return [
            EconomicSeries(
                name=str(row["_id"]),
                unit=str(row["unit"]),
                source=str(row["source"]),
                first=_day(row["first"]),
                last=_day(row["last"]),
                values=int(row["values"]),
            )
            for row in rows
        ]

    async def values(self, name: str) -> list[EconomicIndicator]:
        """Return the values of a series, the oldest first; none when there is no such series."""
        return await self._values.list(
            where={"indicator_type": name}, sort=[("date", 1)], limit=None
        )

    async def keep(self, values: Sequence[EconomicIndicator]) -> int:
        """Store values, those of a known series, date and source anew; return how many were new."""
        return await self._values.upsert_many(values, ["indicator_type", "date", "source"])


def _day(moment: datetime) -> date:
    return moment.date()
