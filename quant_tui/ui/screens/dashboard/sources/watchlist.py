"""Quotes of one watchlist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from quant_tui.ui.screens.dashboard.content import Cause, Choice, Lines, Place, Source
from quant_tui.ui.screens.watchlists.columns import BUILT_IN, SYMBOL
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table_model import Column, Row

if TYPE_CHECKING:
    from quant_tui.services.composition import Services

SHOWN = ("last", "change_fraction", "spark", "range", "rsi", "volume_ratio")
"""Codes of the columns, the most wanted first: a narrow frame shows the first of them."""

AT_MOST = 500
"""Symbols of a list that are quoted here; the workspace shows them all."""


class WatchlistQuotes(Source):
    """Last close, change, sparkline and place in the year's range."""

    empty: ClassVar[Notice] = Notice("No watchlist yet", keys=(("2", "Watchlists: make one"),))
    columns: ClassVar[tuple[Column, ...]] = (
        replace(SYMBOL, write=str, role=lambda _: "", sort=str, grow=1),
        *(BUILT_IN[code].column for code in SHOWN),
    )
    wakes_on: ClassVar[frozenset[Cause]] = frozenset({"bars"})

    async def load(self, services: Services, settings: Mapping[str, str]) -> Lines | None:
        """Quote the list chosen, or the first one there is."""
        lists = await services.watchlists.list()
        wanted = settings.get("list", "")
        one = next((one for one in lists if one.id == wanted), lists[0] if lists else None)
        if one is None:
            return None
        quotes = await services.quotes.quotes(one.symbols[:AT_MOST])
        rows = [
            Row(
                quote.symbol,
                (quote.symbol, *(BUILT_IN[code].value(quote, None, "") for code in SHOWN)),
            )
            for quote in quotes
        ]
        more = len(one.symbols) - len(rows)
        return Lines(f"{one.name} · first {AT_MOST}" if more > 0 else one.name, rows)

    async def choices(self, services: Services) -> tuple[Choice, ...]:
        """Let the list be chosen."""
        lists = await services.watchlists.list()
        options = tuple((one.id, one.name) for one in lists)
        return (Choice("list", "Watchlist", "which one", options),) if options else ()

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place:
        """Lead to the symbol, or to the lists."""
        return Place("symbol", key) if key else Place("watchlists")
